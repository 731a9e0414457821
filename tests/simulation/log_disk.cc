#include "tests/simulation/log_disk.h"

#include "ledger/check.h"
#include "storage/keys.h"
#include "storage/synced_mark.h"

namespace daftar::simulation {
namespace {

constexpr std::string_view magic = "DWRT";
constexpr std::size_t header_size = 12;

using storage::StorageError;

StorageError error(StorageError::Kind kind, std::string detail) { return {.kind = kind, .path = "raft-log", .detail = std::move(detail)}; }

void append_row(std::string& body, std::string_view row) {
  storage::append_number(body, row.size(), 4);
  body += row;
}

}  // namespace

// ---------------------------------------------------------------------------------------------- the disk

std::size_t LogDisk::append(const std::string& bytes) {
  last_write_ = content_.size();
  if (!misdirect_ || content_.size() < 2 * bytes.size()) {
    content_ += bytes;
    return last_write_;
  }
  const std::size_t place = *misdirect_ % (content_.size() - bytes.size());
  misdirect_.reset();
  damage_.push_back({place, content_.substr(place, bytes.size())});
  content_.replace(place, bytes.size(), bytes);
  damage_.push_back({content_.size(), bytes});
  content_.append(bytes.size(), '\0');
  return last_write_;
}

void LogDisk::sync(std::uint64_t write_number) {
  if (lying_) return;
  synced_ = content_.size();
  mark_ = last_write_number_ = write_number;
  ++unsynced_notes_;
  const auto between = static_cast<Millis>(storage::SyncedMark::time_between_syncs.count());
  if (unsynced_notes_ < storage::SyncedMark::writes_between_syncs && schedule_.now() - mark_synced_at_ < between && damage_.empty()) return;
  synced_mark_ = mark_;
  unsynced_notes_ = 0;
  mark_synced_at_ = schedule_.now();
}

void LogDisk::opened(std::size_t whole_bytes, std::uint64_t write_number) {
  content_.resize(whole_bytes);
  synced_ = whole_bytes;
  mark_ = synced_mark_ = last_write_number_ = write_number;
}

void LogDisk::process_died(Chance& chance) {
  if (chance.one_in(2)) content_.resize(std::max(synced_, last_write_));  // the write under way never reached the system
}

void LogDisk::remember(std::vector<storage::StoredRecollection> memory) {
  const auto window = static_cast<Millis>(storage::SyncedMark::time_between_syncs.count());
  while (memory_.size() > 1 && memory_[1].written + window <= schedule_.now()) memory_.pop_front();
  memory_.push_back({schedule_.now(), std::move(memory)});
}

bool LogDisk::power_cut(Chance& chance, bool torn) {
  const auto window = static_cast<Millis>(storage::SyncedMark::time_between_syncs.count());
  while (memory_.size() > 1 && memory_.back().written + window > schedule_.now() && chance.one_in(2)) memory_.pop_back();
  if (damage_.empty()) mark_ = chance.one_in(2) ? mark_ : synced_mark_;
  if (content_.size() == synced_) return false;
  const std::size_t unsynced = content_.size() - synced_;
  if (!torn) {
    content_.resize(synced_);
    return true;
  }
  std::size_t kept = chance.below(unsynced + 1);
  content_.resize(synced_ + kept);
  // Sectors reach the disk in any order: some of what is there may be zeros yet.
  if (kept > 0 && chance.one_in(2)) {
    const std::size_t from = synced_ + chance.below(kept);
    std::fill(content_.begin() + static_cast<std::ptrdiff_t>(from), content_.begin() + static_cast<std::ptrdiff_t>(std::min(from + 512, content_.size())), '\0');
  }
  return true;
}

bool LogDisk::rot(Chance& chance) {
  const std::size_t limit = synced_mark_ == last_write_number_ ? synced_ : std::min(synced_, last_write_);
  if (limit == 0) return false;
  const std::size_t offset = chance.below(limit);
  damage_.push_back({offset, content_.substr(offset, 1)});
  content_[offset] = static_cast<char>(content_[offset] ^ (1 << chance.below(8)));
  return true;
}

void LogDisk::mend() {
  misdirect_.reset();
  for (auto it = damage_.rbegin(); it != damage_.rend(); ++it)
    if (it->offset + it->good.size() <= content_.size()) content_.replace(it->offset, it->good.size(), it->good);
  damage_.clear();
}

void LogDisk::put_back(const Copy& copy) {
  content_ = copy.content;
  synced_ = content_.size();
  last_write_ = 0;
  mark_ = synced_mark_ = last_write_number_ = copy.mark;
  unsynced_notes_ = 0;
  misdirect_.reset();
  damage_.clear();
  memory_.clear();
  if (!copy.memory.empty()) memory_.push_back({0, copy.memory});
}

// ---------------------------------------------------------------------------------------------- the port

std::optional<SimRaftLog::Write> SimRaftLog::write_at(const std::string& content, std::size_t at) {
  const std::string_view all(content);
  if (content.size() < at + header_size || all.substr(at, 4) != magic) return std::nullopt;
  const std::size_t length = storage::number_at(all.substr(at + 8), 4);
  if (length > content.size() - at - header_size) return std::nullopt;
  const std::string_view body = all.substr(at + header_size, length);
  if (storage::number_at(all.substr(at + 4), 4) != storage::crc32c({body})) return std::nullopt;
  Write write;
  write.end = at + header_size + length;
  for (std::size_t row = 0; row < body.size();) {
    const std::size_t size = storage::number_at(body.substr(row), 4);
    const std::string_view frame = body.substr(row + 4, size);
    if (row == 0) {
      const auto meta = storage::decode_meta(frame);
      if (!meta) return std::nullopt;
      write.meta = *meta;
    } else {
      const auto record = storage::decode_record(frame);
      if (!record) return std::nullopt;
      write.records.emplace_back(record->index, Place{at + header_size + row + 4, size});
    }
    row += 4 + size;
  }
  return write;
}

void SimRaftLog::adopt(const Write& write) {
  const std::uint64_t first = meta_.first;
  meta_ = write.meta;
  if (!write.records.empty()) places_.resize(write.records.front().first - first);
  for (const auto& [index, place] : write.records) places_.push_back(place);
  for (std::uint64_t index = first; index < meta_.first && !places_.empty(); ++index) places_.pop_front();
  if (meta_.last < meta_.first) places_.clear();
  DAFTAR_CHECK(places_.size() == meta_.last + 1 - meta_.first);
  const std::uint64_t kept = write.records.empty() ? meta_.last : write.records.front().first - 1;
  while (!cached_.empty() && cached_.back().index > kept) cached_.pop_back();
  while (!cached_.empty() && cached_.front().index < meta_.first) cached_.pop_front();
}

Expected<std::unique_ptr<SimRaftLog>, StorageError> SimRaftLog::open(LogDisk& disk, Leniency leniency) {
  std::unique_ptr<SimRaftLog> log(new SimRaftLog(disk));
  const std::string& content = disk.content();
  std::size_t at = 0;
  while (auto write = write_at(content, at)) {
    if (write->meta.write_number != log->meta_.write_number + 1) break;
    log->adopt(*write);
    at = write->end;
  }
  if (at < content.size() && !leniency.damage_is_a_tail)
    for (std::size_t behind = content.find(magic, at + 1); behind != std::string::npos; behind = content.find(magic, behind + 1))
      if (const auto write = write_at(content, behind); write && write->meta.write_number > log->meta_.write_number)
        return tl::make_unexpected(error(StorageError::Kind::corruption, "damage at byte " + std::to_string(at) + ", with write " +
                                                                              std::to_string(write->meta.write_number) + " whole behind it"));
  if (log->meta_.write_number < disk.mark() && !leniency.ignores_the_mark)
    return tl::make_unexpected(error(StorageError::Kind::corruption, "the log ends with write " + std::to_string(log->meta_.write_number) + ", but write " +
                                                                         std::to_string(disk.mark()) + " was durable"));
  disk.opened(at, log->meta_.write_number);
  return log;
}

Expected<void, StorageError> SimRaftLog::write(const std::optional<storage::StoredHardState>& hard_state, std::span<const storage::LogRecord> records) {
  begin_write(hard_state, records);
  return finish_write();
}

Expected<void, StorageError> SimRaftLog::compact(storage::LogPlace through) {
  if (!begin_compact(through)) return {};
  return finish_write();
}

Expected<void, StorageError> SimRaftLog::restart(storage::LogPlace place) {
  begin_restart(place);
  return finish_write();
}

void SimRaftLog::begin_write(const std::optional<storage::StoredHardState>& hard_state, std::span<const storage::LogRecord> records) {
  Write write;
  write.meta = meta_;
  if (hard_state) write.meta.hard_state = *hard_state;
  if (!records.empty()) {
    DAFTAR_CHECK(records.front().index >= meta_.first && records.front().index <= meta_.last + 1);
    write.meta.last = records.back().index;
    write.meta.last_term = records.back().term;
  }
  append(std::move(write), records);
}

bool SimRaftLog::begin_compact(storage::LogPlace through) {
  if (through.index < meta_.first) return false;
  DAFTAR_CHECK(through.index <= meta_.last);
  if (const auto record = read(through.index, through.index, 0)) DAFTAR_CHECK(record->front().term == through.term);
  Write write;
  write.meta = meta_;
  write.meta.first = through.index + 1;
  write.meta.compacted_term = through.term;
  append(std::move(write), {});
  return true;
}

void SimRaftLog::begin_restart(storage::LogPlace place) {
  DAFTAR_CHECK(place.index > 0 && place.term <= meta_.hard_state.term);
  Write write;
  write.meta = meta_;
  write.meta.first = place.index + 1;
  write.meta.last = place.index;
  write.meta.compacted_term = write.meta.last_term = place.term;
  append(std::move(write), {});
}

void SimRaftLog::append(Write write, std::span<const storage::LogRecord> records) {
  DAFTAR_CHECK(!under_way_);
  ++write.meta.write_number;
  std::string body;
  append_row(body, storage::encode_meta(write.meta));
  for (const auto& record : records) {
    const std::string frame = storage::record_header(record) + (record.payload ? *record.payload : std::string());
    write.records.emplace_back(record.index, Place{header_size + body.size() + 4, frame.size()});
    append_row(body, frame);
  }
  std::string bytes(magic);
  storage::append_number(bytes, storage::crc32c({body}), 4);
  storage::append_number(bytes, body.size(), 4);
  bytes += body;
  const std::size_t offset = disk_.append(bytes);
  for (auto& [index, place] : write.records) place.offset += offset;
  under_way_ = std::move(write);
  records_under_way_.assign(records.begin(), records.end());
}

Expected<void, StorageError> SimRaftLog::finish_write() {
  DAFTAR_CHECK(under_way_.has_value());
  if (failing_) return tl::make_unexpected(error(StorageError::Kind::io, "while syncing: Input/output error"));
  disk_.sync(under_way_->meta.write_number);
  ++syncs_;
  adopt(*under_way_);
  under_way_.reset();
  for (auto& record : records_under_way_) cached_.push_back(std::move(record));
  while (cached_.size() > cached_max) cached_.pop_front();
  records_under_way_.clear();
  return {};
}

Expected<std::vector<storage::LogRecord>, StorageError> SimRaftLog::read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) const {
  if (failing_) return tl::make_unexpected(error(StorageError::Kind::io, "while reading: Input/output error"));
  if (from < meta_.first || to > meta_.last) return tl::make_unexpected(error(StorageError::Kind::not_found, "records outside the log"));
  std::vector<storage::LogRecord> records;
  std::size_t bytes = 0;
  for (std::uint64_t index = from; index <= to && bytes <= bytes_max; ++index) {
    if (!cached_.empty() && index >= cached_.front().index) {
      records.push_back(cached_[index - cached_.front().index]);
    } else {
      const Place& place = places_[index - meta_.first];
      auto record = storage::decode_record(std::string_view(disk_.content()).substr(place.offset, place.size));
      if (!record || record->index != index)
        return tl::make_unexpected(error(StorageError::Kind::corruption, "record " + std::to_string(index) + " fails its checksum"));
      records.push_back(std::move(*record));
    }
    bytes += records.back().payload ? records.back().payload->size() : 0;
  }
  return records;
}

}  // namespace daftar::simulation
