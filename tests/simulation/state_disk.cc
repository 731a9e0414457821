#include "tests/simulation/state_disk.h"

#include "ledger/check.h"
#include "tests/simulation/state_transfer.h"

namespace daftar::simulation {
namespace {

std::uint64_t row_hash(std::string_view key, std::string_view value) {
  std::uint64_t hash = 1469598103934665603u;
  const auto step = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    hash = (hash ^ bytes.size()) * 1099511628211u;
  };
  step(key);
  step(value);
  return hash ^ hash >> 29;
}

}  // namespace

void StateImage::put(std::string_view key, std::optional<std::string_view> value) {
  auto it = rows.find(key);
  if (it != rows.end()) {
    hash -= row_hash(key, it->second);
    if (!value) {
      rows.erase(it);
      return;
    }
    it->second = *value;
  } else if (value) {
    rows.emplace(key, *value);
  } else {
    return;
  }
  hash += row_hash(key, *value);
}

void StateDisk::crash() {
  constexpr std::size_t page = 4096;
  if (receiving) receiving->bytes.resize(receiving->bytes.size() / page * page);
  if (!flushed) return;
  newest = *flushed;
  const auto& mark = flushed->mark;
  if (entries.size() > mark.entries) {
    std::erase_if(ids, [&](const auto& row) { return row.second >= mark.entries; });
    entries.resize(mark.entries);
    leaf_hashes.resize(mark.entries);
  }
  if (roots.size() > mark.height + 1) roots.resize(mark.height + 1);
  for (const std::uint64_t size : unflushed_certificates) certificates.erase(size);
  unflushed_certificates.clear();
}

Expected<void, storage::StorageError> SimStateStore::failed() const {
  return tl::make_unexpected(storage::StorageError{storage::StorageError::Kind::io, "state", "while committing: Input/output error"});
}

Expected<void, storage::StorageError> SimStateStore::initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state,
                                                                const storage::AppliedMark& mark) {
  DAFTAR_CHECK(fresh());
  disk_.ledger_id = ledger_id;
  for (const auto& [key, value] : genesis_state.writes()) disk_.newest.put(key, value);
  disk_.newest.mark = mark;
  disk_.roots = {{0, ledger::empty_root()}};
  return flush();
}

Expected<void, storage::StorageError> SimStateStore::commit(const storage::BlockCommit& block) {
  if (failing_) return failed();
  DAFTAR_CHECK(!disk_.install_pending);
  auto& mark = disk_.newest.mark;
  DAFTAR_CHECK(block.mark.raft_index >= mark.raft_index && (block.mark.height == mark.height || block.mark.height == mark.height + 1));
  DAFTAR_CHECK(block.mark.entries == mark.entries + block.entries.size() && block.leaf_hashes.size() == block.entries.size());
  for (const auto& [key, value] : block.changes.writes()) disk_.newest.put(key, value);
  for (const auto& entry : block.entries) {
    disk_.ids.emplace(entry.id, entry.index);   // the first stays
    disk_.entries.push_back(ledger::encode_entry(entry));
  }
  disk_.leaf_hashes.insert(disk_.leaf_hashes.end(), block.leaf_hashes.begin(), block.leaf_hashes.end());
  mark = block.mark;
  const auto frontier = ledger::MerkleFrontier::restore(mark.entries, mark.frontier);
  DAFTAR_CHECK(frontier && (disk_.roots.size() == mark.height || disk_.roots.size() == mark.height + 1));
  disk_.roots.resize(mark.height);
  disk_.roots.push_back({mark.entries, frontier->root()});
  if (++commits_ % flush_blocks_ == 0) return flush();
  return {};
}

Expected<void, storage::StorageError> SimStateStore::put_certificate(std::uint64_t tree_size, std::string_view note) {
  if (failing_) return failed();
  disk_.certificates[tree_size] = note;
  disk_.unflushed_certificates.push_back(tree_size);
  return {};
}

Expected<void, storage::StorageError> SimStateStore::flush() {
  if (failing_) return failed();
  disk_.flushed = disk_.newest;
  disk_.unflushed_certificates.clear();
  ++flushes_;
  return {};
}

Expected<storage::AppliedMark, storage::StorageError> SimStateStore::flushed_mark() const {
  DAFTAR_CHECK(disk_.flushed);
  return disk_.flushed->mark;
}

Expected<std::shared_ptr<const storage::SnapshotSource>, storage::StorageError> SimStateStore::checkpoint() {
  if (auto flushed = flush(); !flushed) return tl::make_unexpected(flushed.error());
  return std::make_shared<const SimSnapshotSource>(disk_);
}

Expected<std::unique_ptr<storage::SnapshotSink>, storage::StorageError> SimStateStore::receive(std::string_view bytes) {
  if (failing_) return tl::make_unexpected(failed().error());
  using Kind = storage::StorageError::Kind;
  const auto manifest = storage::decode_manifest(bytes);
  if (!manifest) return storage::corrupt("state", "the manifest of the snapshot cannot be decoded");
  if (manifest->ledger_id != disk_.ledger_id) return tl::make_unexpected(storage::StorageError{Kind::foreign, "state", "the snapshot is of another ledger"});
  if (!disk_.receiving || disk_.receiving->manifest != bytes) disk_.receiving = StateDisk::Receiving{std::string(bytes), {}};
  return std::make_unique<SimSnapshotSink>(disk_, *manifest);
}

/// All at once: a crash before it leaves the old state, a crash after it the new one.
Expected<void, storage::StorageError> SimStateStore::replace(std::unique_ptr<storage::SnapshotSink> given) {
  if (failing_) return failed();
  auto* const sink = dynamic_cast<SimSnapshotSink*>(given.get());
  DAFTAR_CHECK(sink != nullptr && sink->finished() && sink->manifest().raft_index >= disk_.newest.mark.raft_index);
  disk_ = sink->take();
  disk_.install_pending = true;
  return {};
}

Expected<void, storage::StorageError> SimStateStore::finish_install() {
  if (failing_) return failed();
  disk_.install_pending = false;
  return {};
}

std::optional<std::string> SimStateStore::get(std::string_view key) const {
  const auto it = disk_.newest.rows.find(key);
  if (it == disk_.newest.rows.end()) return std::nullopt;
  return it->second;
}

void SimStateStore::scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const auto& rows = disk_.newest.rows;
  for (auto it = rows.lower_bound(from); it != rows.end() && it->first < to; ++it)
    if (!visit(it->first, it->second)) return;
}

std::optional<ledger::Entry> SimStateStore::entry(std::uint64_t index) const {
  if (index >= disk_.entries.size()) return std::nullopt;
  return ledger::decode_entry(disk_.entries[index]);
}

std::optional<std::uint64_t> SimStateStore::find_entry(const ledger::Digest& id) const {
  const auto it = disk_.ids.find(id);
  if (it == disk_.ids.end()) return std::nullopt;
  return it->second;
}

// Index rows serve the HTTP API alone, which no simulation has: who asks for them here is mistaken.
std::vector<std::uint64_t> SimStateStore::find_rows(std::uint8_t, std::string_view, std::uint64_t, std::size_t) const {
  check_failed("index rows are not simulated", __FILE__, __LINE__);
}
std::vector<std::uint64_t> SimStateStore::find_rows_reverse(std::uint8_t, std::string_view, std::uint64_t, std::size_t) const {
  check_failed("index rows are not simulated", __FILE__, __LINE__);
}

std::string SimStateStore::tile(unsigned tile_level, std::uint64_t tile_index) const {
  std::uint64_t leaves = 1;   // under one hash of this level
  for (unsigned level = 0; level < tile_level; ++level) leaves *= ledger::tile_width;
  std::string hashes;
  for (std::uint64_t i = 0; i < ledger::tile_width; ++i) {
    const std::uint64_t from = (tile_index * ledger::tile_width + i) * leaves;
    if (from + leaves > disk_.leaf_hashes.size()) break;
    std::vector<ledger::Digest> row;
    for (std::uint64_t leaf = from; leaf < from + leaves; ++leaf) row.push_back(*ledger::Digest::from_bytes(disk_.leaf_hashes[leaf]));
    hashes += ledger::root_of(row).view();
  }
  return hashes;
}

std::optional<SimStateStore::HeightRoot> SimStateStore::root_at(std::uint64_t height) const {
  if (height >= disk_.roots.size()) return std::nullopt;
  return disk_.roots[height];
}

std::optional<std::string> SimStateStore::latest_certificate() const {
  if (disk_.certificates.empty()) return std::nullopt;
  return disk_.certificates.rbegin()->second;
}

std::optional<std::string> SimStateStore::certificate_covering(std::uint64_t index) const {
  const auto it = disk_.certificates.upper_bound(index);
  if (it == disk_.certificates.end()) return std::nullopt;
  return it->second;
}

}  // namespace daftar::simulation
