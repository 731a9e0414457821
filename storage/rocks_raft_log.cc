// RaftLog over RocksDB, in one column family: records by index, and after the last record of every write() a meta row (keys.h).
//
// One write() is one WriteBatch, synced: removed suffix, records, and a meta row with the hard state, the new bounds and the number of the
// write. The newest meta row has the largest key of all. Why not one row that is always overwritten: it would be in every table file, their
// key ranges would overlap, and compaction would rewrite the whole log again and again instead of moving files. Why not a second column
// family for it: a RocksDB that fails between the switches of two memtables cannot be closed any more (it aborts on a leaked reference).
//
// compact() writes only a meta row with a later `first`: what is before it is forgotten, and ignored wherever it still lies. Table files with
// nothing else in them are then deleted whole. No tombstone over the forgotten range: it would span the log as that one row would. restart(),
// which is rare, does write one over everything, since records above its place would come after its meta row.
//
// On opening all must fit together, and the write number must not be below the synced-up-to mark (synced_mark.h). RocksDB must first
// accept its write-ahead log without any complaint (kAbsoluteConsistency). If it does not, the damage must be behind the last whole write
// (wal_tail.h), and what is left must reach the mark; both are judged before any file changes. Only then is the tail cut.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <deque>
#include <shared_mutex>

#include "ledger/check.h"
#include "storage/keys.h"
#include "storage/raft_log.h"
#include "storage/raft_log_check.h"
#include "storage/record_frame.h"
#include "storage/rocks_database.h"
#include "storage/rocks_options.h"
#include "storage/synced_mark.h"
#include "storage/wal_tail.h"

namespace daftar::storage {

namespace {

using namespace raft_log;

rocksdb::DBOptions database_options(rocksdb::Env* env, rocksdb::WALRecoveryMode recovery) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.wal_recovery_mode = recovery;
  options.track_and_verify_wals_in_manifest = true;  // a missing or shortened older log file is noticed
  options.recycle_log_file_num = 0;     // a recycled file keeps old bytes behind its end: kAbsoluteConsistency could not tell them from rot
  options.allow_fallocate = true;       // the log file's blocks are reserved ahead; its length still grows with each write
  options.wal_bytes_per_sync = 0;       // every write is synced anyway
  options.max_total_wal_size = 256u << 20;
  options.wal_compression = rocksdb::kNoCompression;  // signatures and hashes do not compress
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RaftLogOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.block_size = 32u << 10;  // records are read in runs
  table.block_cache = rocksdb::NewLRUCache(32u << 20);
  rocksdb::ColumnFamilyOptions records;
  records.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  records.compression = rocksdb::kNoCompression;
  records.write_buffer_size = options.memtable_bytes;
  records.max_write_buffer_number = 3;
  return {{rocksdb::kDefaultColumnFamilyName, records}};
}

class RocksRaftLog final : public RaftLog {
 public:
  RocksRaftLog(std::shared_ptr<Database> database, std::unique_ptr<SyncedMark> mark, const LogMeta& meta, std::vector<StoredRecollection> memory,
               std::size_t cache_bytes)
      : database_(std::move(database)), mark_(std::move(mark)), meta_(meta), memory_(std::move(memory)), cache_bytes_max_(cache_bytes) {}
  ~RocksRaftLog() override {
    if (!failed_) static_cast<void>(mark_->sync());  // a failure here leaves the mark behind, not wrong
  }

  Expected<void, StorageError> write(const std::optional<StoredHardState>& hard_state, std::span<const LogRecord> records) override;
  StoredHardState hard_state() const override { return bounds().hard_state; }
  std::uint64_t first() const override { return bounds().first; }
  std::uint64_t last() const override { return bounds().last; }
  LogPlace compacted() const override {
    const LogMeta now = bounds();
    return {now.first - 1, now.compacted_term};
  }
  Expected<void, StorageError> compact(LogPlace through) override;
  Expected<void, StorageError> restart(LogPlace place) override;
  Expected<std::vector<LogRecord>, StorageError> read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) const override;
  std::uint64_t sync_count() const override { return syncs_; }
  Expected<void, StorageError> write_memory(std::span<const StoredRecollection> memory) override;
  std::vector<StoredRecollection> memory() const override {
    const std::shared_lock lock(mutex_);
    return memory_;
  }
  Expected<void, StorageError> settle() override;

 private:
  LogMeta bounds() const {
    const std::shared_lock lock(mutex_);
    return meta_;
  }
  Expected<void, StorageError> may_write();
  Expected<void, StorageError> write_durably(rocksdb::WriteBatch& batch, LogMeta meta, std::span<const LogRecord> records);
  void remember(const LogMeta& meta, std::span<const LogRecord> records);
  Expected<void, StorageError> delete_files_through(std::uint64_t index);
  bool read_cached(std::uint64_t from, std::uint64_t to, std::size_t bytes_max, std::vector<LogRecord>& out) const;
  Expected<void, StorageError> fail(StorageError error) {
    failed_ = error;
    return Unexpected<StorageError>(std::move(error));
  }

  const std::shared_ptr<Database> database_;
  const std::unique_ptr<SyncedMark> mark_;
  std::optional<StorageError> failed_;      // the first failure; nothing is written after it
  std::atomic<std::uint64_t> syncs_{0};
  mutable std::shared_mutex mutex_;         // guards what follows, for the readers of other threads
  LogMeta meta_;
  std::vector<StoredRecollection> memory_;
  std::deque<LogRecord> newest_;            // consecutive, ending at meta_.last: what replication asks for over and over
  std::size_t newest_bytes_ = 0;
  const std::size_t cache_bytes_max_;
};

std::size_t payload_size(const LogRecord& record) { return record.payload ? record.payload->size() : 0; }

Expected<void, StorageError> RocksRaftLog::may_write() {
  if (failed_) return Unexpected<StorageError>(*failed_);
  if (auto error = database_->watch().error()) return fail(*error);
  return {};
}

Expected<void, StorageError> RocksRaftLog::write(const std::optional<StoredHardState>& hard_state, std::span<const LogRecord> records) {
  if (auto may = may_write(); !may) return may;
  LogMeta meta = meta_;
  if (hard_state) meta.hard_state = *hard_state;
  rocksdb::WriteBatch batch;
  auto* const family = database_->family(only_family);
  if (!records.empty()) {
    DAFTAR_CHECK(records.front().index >= meta.first && records.front().index <= meta.last + 1);
    for (std::size_t i = 0; i < records.size(); ++i) {
      DAFTAR_CHECK(records[i].index == records.front().index + i);
      const std::string key = number_key(records[i].index), header = record_header(records[i]);
      const rocksdb::Slice value[] = {header, records[i].payload ? rocksdb::Slice(*records[i].payload) : rocksdb::Slice()};
      const rocksdb::Slice keys[] = {key};
      batch.Put(family, rocksdb::SliceParts(keys, 1), rocksdb::SliceParts(value, 2)).PermitUncheckedError();
    }
    // The new records lie over the old ones; what else the dropped suffix had is deleted one by one: it is short.
    for (std::uint64_t index = records.front().index; index <= meta.last; ++index) {
      if (index > records.back().index) batch.Delete(family, number_key(index)).PermitUncheckedError();
      batch.Delete(family, meta_key(index)).PermitUncheckedError();
    }
    meta.last = records.back().index;
    meta.last_term = records.back().term;
  }
  return write_durably(batch, meta, records);
}

/// Completes the batch by the meta row. `records`: those in it.
Expected<void, StorageError> RocksRaftLog::write_durably(rocksdb::WriteBatch& batch, LogMeta meta, std::span<const LogRecord> records) {
  ++meta.write_number;
  batch.Put(database_->family(only_family), meta_key(meta.last), encode_meta(meta)).PermitUncheckedError();
  rocksdb::WriteOptions options;
  options.sync = true;
  if (const auto status = database_->db().Write(options, &batch); !status.ok()) return fail(to_error(status, database_->path(), "writing"));
  ++syncs_;
  remember(meta, records);
  if (auto noted = mark_->note({meta.write_number, meta.last, meta.last_term}); !noted) return fail(noted.error());
  return {};
}

Expected<void, StorageError> RocksRaftLog::write_memory(std::span<const StoredRecollection> memory) {
  if (failed_) return Unexpected<StorageError>(*failed_);
  if (auto remembered = mark_->remember(memory); !remembered) return fail(remembered.error());
  const std::unique_lock lock(mutex_);
  memory_.assign(memory.begin(), memory.end());
  return {};
}

Expected<void, StorageError> RocksRaftLog::settle() {
  if (failed_) return Unexpected<StorageError>(*failed_);
  if (auto synced = mark_->sync(); !synced) return fail(synced.error());
  return {};
}

Expected<void, StorageError> RocksRaftLog::compact(LogPlace through) {
  if (auto may = may_write(); !may) return may;
  if (through.index < meta_.first) return {};
  const auto record = read(through.index, through.index, 0);
  if (!record) return fail(record.error());
  DAFTAR_CHECK(record->front().term == through.term);
  LogMeta meta = meta_;
  meta.first = through.index + 1;
  meta.compacted_term = through.term;
  rocksdb::WriteBatch batch;
  if (auto written = write_durably(batch, meta, {}); !written) return written;
  return delete_files_through(through.index);
}

Expected<void, StorageError> RocksRaftLog::restart(LogPlace place) {
  if (auto may = may_write(); !may) return may;
  DAFTAR_CHECK(place.index > 0 && place.term <= meta_.hard_state.term);
  LogMeta meta = meta_;
  meta.first = place.index + 1;
  meta.last = place.index;
  meta.compacted_term = meta.last_term = place.term;
  rocksdb::WriteBatch batch;
  const std::string end(9, '\xff');  // behind every key there can be
  batch.DeleteRange(database_->family(only_family), rocksdb::Slice(), end).PermitUncheckedError();
  if (auto written = write_durably(batch, meta, {}); !written) return written;
  return delete_files_through(place.index);
}

/// Of forgotten records: what reads and checks ignore, so that a crash before, between or after does not matter. The newest meta row comes after
/// the key of every forgotten record, so it is in none of these files.
Expected<void, StorageError> RocksRaftLog::delete_files_through(std::uint64_t index) {
  const std::string last = number_key(index);
  const rocksdb::Slice end = last;
  if (const auto status = rocksdb::DeleteFilesInRange(&database_->db(), database_->family(only_family), nullptr, &end); !status.ok())
    return fail(to_error(status, database_->path(), "deleting compacted files"));
  return {};
}

void RocksRaftLog::remember(const LogMeta& meta, std::span<const LogRecord> records) {
  const std::unique_lock lock(mutex_);
  meta_ = meta;
  const std::uint64_t kept = records.empty() ? meta.last : records.front().index - 1;
  while (!newest_.empty() && newest_.back().index > kept) {
    newest_bytes_ -= payload_size(newest_.back());
    newest_.pop_back();
  }
  for (const auto& record : records) {
    newest_.push_back(record);
    newest_bytes_ += payload_size(record);
  }
  while (!newest_.empty() && (newest_.front().index < meta.first || (newest_bytes_ > cache_bytes_max_ && newest_.size() > 1))) {
    newest_bytes_ -= payload_size(newest_.front());
    newest_.pop_front();
  }
}

bool RocksRaftLog::read_cached(std::uint64_t from, std::uint64_t to, std::size_t bytes_max, std::vector<LogRecord>& out) const {
  const std::shared_lock lock(mutex_);
  if (newest_.empty() || from < newest_.front().index || to > newest_.back().index) return false;
  std::size_t bytes = 0;
  for (std::uint64_t index = from; index <= to && bytes <= bytes_max; ++index) {
    out.push_back(newest_[index - newest_.front().index]);
    bytes += payload_size(out.back());
  }
  return true;
}

Expected<std::vector<LogRecord>, StorageError> RocksRaftLog::read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) const {
  const auto absent = [&](const LogMeta& now) {
    return Unexpected<StorageError>({.kind = StorageError::Kind::not_found, .path = database_->path(),
                                     .detail = "records " + std::to_string(from) + " to " + std::to_string(to) + " of a log from " +
                                               std::to_string(now.first) + " to " + std::to_string(now.last)});
  };
  if (const LogMeta now = bounds(); from < now.first || from > to || to > now.last) return absent(now);
  std::vector<LogRecord> out;
  if (read_cached(from, to, bytes_max, out)) return out;
  const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator({}, database_->family(only_family)));
  std::size_t bytes = 0;
  for (at->Seek(number_key(from)); at->Valid() && out.size() < to - from + 1 && bytes <= bytes_max; at->Next()) {
    if (is_meta_key(at->key())) continue;
    auto record = checked_record(*database_, *at, from + out.size());
    if (!record && from < bounds().first) return absent(bounds());
    if (!record) return Unexpected<StorageError>(record.error());
    bytes += record->payload->size();
    out.push_back(std::move(*record));
  }
  if (!at->status().ok()) return Unexpected<StorageError>(to_error(at->status(), database_->path(), "reading records"));
  if (out.size() == to - from + 1 || bytes > bytes_max) return out;
  // Records are missing: either the writer has dropped or forgotten them since the bounds were read, or they are lost.
  if (const LogMeta now = bounds(); from < now.first || to > now.last) return absent(now);
  return corrupt(database_->path(), "record " + std::to_string(from + out.size()) + " is missing");
}

/// After RocksDB refused its own write-ahead log: may its tail be cut? Changes no file.
Expected<void, StorageError> may_cut_tail(const RaftLogOptions& options, rocksdb::Env* env, const std::optional<SyncedPoint>& mark,
                                          const StorageError& refusal) {
  const auto wals = read_wals(env, options.path);
  if (!wals) return Unexpected<StorageError>(wals.error());
  if (!wals->damaged) return Unexpected<StorageError>(refusal);
  auto look = Database::open_read_only(options.path, database_options(env, rocksdb::WALRecoveryMode::kPointInTimeRecovery), column_families(options));
  if (!look) return Unexpected<StorageError>(look.error());
  if ((*look)->db().GetLatestSequenceNumber() < wals->last_sequence)
    return corrupt(options.path, "the write-ahead log is damaged before its last write: " + wals->detail);
  if (auto checked = check_log(**look, mark, options.verify_bytes); !checked) {
    auto error = checked.error();
    error.detail += " (" + wals->detail + ")";
    return Unexpected<StorageError>(std::move(error));
  }
  return {};
}

/// The newest meta row, when nothing that was ever durable can lie behind it.
std::optional<LogMeta> salvage_meta(const RaftLogOptions& options, rocksdb::Env* env, const SyncedPoint& mark) {
  const auto wals = read_wals(env, options.path);
  const auto look = Database::open_read_only(options.path, database_options(env, rocksdb::WALRecoveryMode::kPointInTimeRecovery), column_families(options));
  if (!wals || !look || (*look)->db().GetLatestSequenceNumber() < wals->last_sequence) return std::nullopt;
  const auto meta = read_meta(**look);
  if (!meta || meta->write_number < mark.write_number) return std::nullopt;
  return *meta;
}

}  // namespace

RaftLogSalvage salvage_rocks_raft_log(const RaftLogOptions& options, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  const std::string mark_path = options.path + ".synced";
  RaftLogSalvage out;
  if (auto memory = SyncedMark::read_memory(env, mark_path)) out.memory = std::move(*memory);
  const auto mark = SyncedMark::read(env, mark_path);
  if (!mark || !*mark || !env->FileExists(options.path + "/CURRENT").ok()) return out;
  if (const auto meta = salvage_meta(options, env, **mark)) out.hard_state = meta->hard_state;
  return out;
}

RaftLogSalvage salvage_rocks_raft_log(const RaftLogOptions& options) { return salvage_rocks_raft_log(options, nullptr); }

Expected<std::unique_ptr<RaftLog>, StorageError> open_rocks_raft_log(const RaftLogOptions& options, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  const std::string mark_path = options.path + ".synced";
  if (auto made = make_directories(parent_of(options.path)); !made) return Unexpected<StorageError>(made.error());
  const auto mark = SyncedMark::read(env, mark_path);
  if (!mark) return Unexpected<StorageError>(mark.error());
  using rocksdb::WALRecoveryMode;
  if (*mark && (*mark)->write_number > 0 && !env->FileExists(options.path + "/CURRENT").ok())
    return corrupt(options.path, "the log is gone, but its synced-up-to mark says that it had " + std::to_string((*mark)->write_number) + " writes");
  auto database = Database::open(options.path, database_options(env, WALRecoveryMode::kAbsoluteConsistency), column_families(options));
  if (!database && database.error().kind == StorageError::Kind::corruption) {
    if (auto may = may_cut_tail(options, env, *mark, database.error()); !may) return Unexpected<StorageError>(may.error());
    database = Database::open(options.path, database_options(env, WALRecoveryMode::kPointInTimeRecovery), column_families(options));
  }
  if (!database) return Unexpected<StorageError>(database.error());
  const auto meta = check_log(**database, *mark, options.verify_bytes);
  if (!meta) return Unexpected<StorageError>(meta.error());
  if (auto named = sync_directory(env, parent_of(options.path)); !named) return Unexpected<StorageError>(named.error());
  auto keeper = SyncedMark::open(env, mark_path, {meta->write_number, meta->last, meta->last_term});
  if (!keeper) return Unexpected<StorageError>(keeper.error());
  auto memory = SyncedMark::read_memory(env, mark_path);
  if (!memory) return Unexpected<StorageError>(memory.error());
  return std::make_unique<RocksRaftLog>(std::move(*database), std::move(*keeper), *meta, std::move(*memory), options.cache_bytes);
}

Expected<std::unique_ptr<RaftLog>, StorageError> open_rocks_raft_log(const RaftLogOptions& options) { return open_rocks_raft_log(options, nullptr); }

}  // namespace daftar::storage
