#include "storage/raft_log_check.h"

namespace daftar::storage::raft_log {

Expected<LogMeta, StorageError> read_meta(const Database& database) {
  const std::unique_ptr<rocksdb::Iterator> at(database.db().NewIterator({}, database.family(only_family)));
  at->SeekToLast();
  if (!at->status().ok()) return Unexpected<StorageError>(to_error(at->status(), database.path(), "reading the meta row"));
  if (!at->Valid()) return LogMeta{};
  if (!is_meta_key(at->key())) return corrupt(database.path(), "the log does not end with a meta row");
  const auto meta = decode_meta(at->value().ToStringView());
  if (!meta || at->key() != meta_key(meta->last)) return corrupt(database.path(), "the meta row of the log cannot be decoded");
  if (meta->first == 0 || meta->first > meta->last + 1 || meta->compacted_term > meta->last_term || (meta->first == 1 && meta->compacted_term != 0))
    return corrupt(database.path(), "the bounds of the log contradict each other");
  return *meta;
}

namespace {

/// Walks from the newest record back until `bytes_max` of payload are checked: nothing missing, every checksum good, terms descending to that of
/// the compacted part, the end where the meta row says. Older records are checked when they are read, forgotten ones never.
Expected<void, StorageError> check_records(const Database& database, const LogMeta& meta, std::size_t bytes_max) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(database.db().NewIterator(options, database.family(only_family)));
  std::uint64_t expected = meta.last, term = meta.last_term;
  std::size_t bytes = 0;
  for (at->SeekToLast(); at->Valid() && bytes <= bytes_max; at->Prev()) {
    if (is_meta_key(at->key())) continue;
    if (expected < meta.first) {
      if (meta.first == 1) return corrupt(database.path(), "there is a record outside the log's bounds");
      break;
    }
    const auto record = checked_record(database, *at, expected);
    if (!record) return Unexpected<StorageError>(record.error());
    if (expected == meta.last ? record->term != term : record->term > term)
      return corrupt(database.path(), "record " + std::to_string(expected) + " has term " + std::to_string(record->term) + " before term " + std::to_string(term));
    term = record->term;
    bytes += record->payload->size();
    --expected;
  }
  const bool complete = expected < meta.first;
  if (complete && (meta.last < meta.first ? meta.compacted_term != term : meta.compacted_term > term))
    return corrupt(database.path(), "record " + std::to_string(meta.first) + " has term " + std::to_string(term) + " after term " + std::to_string(meta.compacted_term));
  if (!at->status().ok()) return Unexpected<StorageError>(to_error(at->status(), database.path(), "checking the records"));
  if (!at->Valid() && expected >= meta.first) return corrupt(database.path(), "record " + std::to_string(expected) + " is missing");
  return {};
}

}  // namespace

Expected<LogRecord, StorageError> checked_record(const Database& database, const rocksdb::Iterator& at, std::uint64_t expected_index) {
  const std::string place = "record " + std::to_string(expected_index);
  if (!is_record_key(at.key()) || number_at(at.key().ToStringView(), 8) != expected_index) return corrupt(database.path(), place + " is missing");
  auto record = decode_record(at.value().ToStringView());
  if (!record) return corrupt(database.path(), place + " fails its checksum");
  if (record->index != expected_index) return corrupt(database.path(), place + " holds record " + std::to_string(record->index));
  return std::move(*record);
}

Expected<LogMeta, StorageError> check_log(const Database& database, const std::optional<SyncedPoint>& mark, std::size_t verify_bytes) {
  auto meta = read_meta(database);
  if (!meta) return meta;
  if (!mark && meta->write_number > 0) return corrupt(database.path(), "the synced-up-to mark beside the log is missing");
  if (mark && meta->write_number < mark->write_number)
    return corrupt(database.path(), "the log ends with write " + std::to_string(meta->write_number) + " at index " + std::to_string(meta->last) +
                                        ", but write " + std::to_string(mark->write_number) + " at index " +
                                        std::to_string(mark->last_index) + " was durable: it has lost what this node may have promised");
  if (auto records = check_records(database, *meta, verify_bytes); !records) return Unexpected<StorageError>(records.error());
  return meta;
}

}  // namespace daftar::storage::raft_log
