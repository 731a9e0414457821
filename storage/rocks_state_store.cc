// StateStore over RocksDB. One database, eight column families (keys.h), no write-ahead log: the Raft log can always execute again what is
// lost here. commit() writes one WriteBatch over all families into their memtables; when these have grown to `memtable_bytes` together,
// RocksDB flushes them all in one atomic step. So what is on disk is always the whole of some earlier height, and a crash goes back to it.
//
// commit() runs on the execution thread, put_certificate() on another; a lock lets one batch in at a time and publishes a snapshot after
// each, paired with its mark. snapshot() only copies that pointer, and so never waits for a write.
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <set>

#include "ledger/check.h"
#include "storage/keys.h"
#include "storage/rocks_database.h"
#include "storage/rocks_options.h"
#include "storage/value_cache.h"
#include "storage/rocks_state_reads.h"
#include "storage/tile_writer.h"

namespace daftar::storage {

namespace {

rocksdb::DBOptions database_options(const StateStoreOptions& options, rocksdb::Env* env) {
  rocksdb::DBOptions out;
  out.env = env;
  out.create_if_missing = true;
  out.atomic_flush = true;
  out.avoid_flush_during_shutdown = false;
  out.db_write_buffer_size = options.memtable_bytes;
  out.max_background_jobs = 2;
  return out;
}

rocksdb::CompressionType block_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const StateStoreOptions& options) {
  // Few threads read, so few shards: with RocksDB's own choice of 64 a shard is so small that a larger block never stays in it.
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, /*num_shard_bits*/ 2);
  std::vector<rocksdb::ColumnFamilyDescriptor> out;
  for (std::size_t i = 0; i < std::size(family::names); ++i) {
    rocksdb::BlockBasedTableOptions table;
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    table.block_cache = cache;
    // Index and filters are counted in the cache and stay there while their file is open (max_open_files bounds them). Left to be evicted,
    // the filter of a file of a million keys, over a megabyte, was read and checksummed anew for each look-up: 2 ms for a payment.
    table.cache_index_and_filter_blocks = true;
    table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
    const bool looked_up_when_absent = i == family::state || i == family::ids;
    rocksdb::ColumnFamilyOptions of_family;
    if (looked_up_when_absent) {
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      of_family.memtable_whole_key_filtering = true;       // new ids are looked for and not found: not by a walk through the skip list
      of_family.memtable_prefix_bloom_size_ratio = 0.02;
    }
    of_family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    of_family.write_buffer_size = options.memtable_bytes;  // the sum over all families is what triggers: db_write_buffer_size
    of_family.arena_block_size = std::clamp<std::size_t>(options.memtable_bytes / 64, 4096, 1u << 20);
    of_family.max_write_buffer_number = 4;                 // go on while a flush is written
    const bool hashes = i == family::ids || i == family::tiles || i == family::heights;
    of_family.compression = hashes ? rocksdb::kNoCompression : block_compression();
    out.emplace_back(family::names[i], of_family);
  }
  return out;
}

/// What execution reads: the newest state, through the cache. Execution thread only.
class LatestState final : public ledger::StateView {
 public:
  LatestState(std::shared_ptr<const Database> database, std::size_t cache_bytes) : reads_(std::move(database), nullptr), cache_(cache_bytes) {}
  std::optional<std::string> get(std::string_view key) const override {
    if (const auto* value = cache_.find(key)) return *value;
    auto value = reads_.get(key);
    if (value) cache_.put(key, *value);
    return value;
  }
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override { reads_.scan(from, to, visit); }
  bool has_id(std::string_view id) const { return reads_.value(family::ids, id).has_value(); }
  void committed(const ledger::ChangeSet& changes) {
    for (const auto& [key, value] : changes.writes()) {
      if (value)
        cache_.put(key, *value);
      else
        cache_.erase(key);
    }
  }

 private:
  const RocksReads reads_;
  mutable ValueCache cache_;
};

class RocksStateStore final : public StateStore {
 public:
  RocksStateStore(std::shared_ptr<Database> database, std::size_t cache_bytes)
      : database_(std::move(database)), latest_(database_, cache_bytes) {}
  ~RocksStateStore() override {
    if (!failed_ && !fresh_) static_cast<void>(flush());  // a clean stop leaves nothing to execute again; a failure only leaves more
  }
  Expected<void, StorageError> load(const std::string& expected_ledger_id);

  bool fresh() const override { return fresh_; }
  Expected<void, StorageError> initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state, const AppliedMark& mark) override;
  std::string ledger_id() const override { return ledger_id_; }
  Expected<void, StorageError> commit(const BlockCommit& block) override;
  const ledger::StateView& latest() const override { return latest_; }
  const AppliedMark& mark() const override { return mark_; }
  std::shared_ptr<const StateSnapshot> snapshot() const override;
  Expected<void, StorageError> put_certificate(std::uint64_t tree_size, std::string_view note) override;
  Expected<void, StorageError> flush() override;
  std::uint64_t flush_count() const override { return database_->watch().flushes(); }
  std::optional<StorageError> background_error() const override { return database_->watch().error(); }

 private:
  void put(rocksdb::WriteBatch& batch, std::size_t family_index, std::string_view key, std::string_view value) {
    batch.Put(database_->family(family_index), key, value).PermitUncheckedError();  // an in-memory batch without limits cannot refuse
  }
  void put_state(rocksdb::WriteBatch& batch, const ledger::ChangeSet& changes);
  void put_entries(rocksdb::WriteBatch& batch, const BlockCommit& block);
  void put_tree(rocksdb::WriteBatch& batch, const BlockCommit& block);
  void put_mark(rocksdb::WriteBatch& batch, const AppliedMark& mark, const ledger::Digest& root);
  Expected<void, StorageError> write_locked(rocksdb::WriteBatch& batch);
  void publish();

  const std::shared_ptr<Database> database_;
  LatestState latest_;
  bool fresh_ = true;
  std::string ledger_id_;

  std::mutex write_mutex_;                  // one batch at a time, and its snapshot
  std::optional<StorageError> failed_;      // the first failure; nothing is written after it
  AppliedMark mark_;                        // written by the execution thread under write_mutex_
  TileWriter tiles_;
  ledger::MerkleFrontier frontier_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const RocksSnapshot> snapshot_;
};

Unexpected<StorageError> corrupt(const std::string& path, std::string detail) {
  return Unexpected<StorageError>({.kind = StorageError::Kind::corruption, .path = path, .detail = std::move(detail)});
}

Expected<void, StorageError> RocksStateStore::load(const std::string& expected_ledger_id) {
  std::optional<std::string> rows[3];
  const std::string_view keys[] = {format_key, ledger_key, mark_key};
  for (int i = 0; i < 3; ++i) {
    auto row = database_->get(family::meta, keys[i]);
    if (!row) return Unexpected<StorageError>(row.error());
    rows[i] = std::move(*row);
  }
  const auto& [format, ledger, mark_row] = rows;
  if (!format && !ledger && !mark_row) return {};
  if (!format || !ledger || !mark_row || format->size() != 4) return corrupt(database_->path(), "the store's format, ledger id or mark is missing");
  if (number_at(*format, 4) != format_version)
    return corrupt(database_->path(), "the store has format " + std::to_string(number_at(*format, 4)) + ", this program reads " + std::to_string(format_version));
  if (!expected_ledger_id.empty() && *ledger != expected_ledger_id)
    return Unexpected<StorageError>({.kind = StorageError::Kind::foreign, .path = database_->path(),
                                     .detail = "the store holds ledger " + ledger::to_hex(*ledger) + ", not " + ledger::to_hex(expected_ledger_id)});
  const auto mark = decode_mark(*mark_row);
  if (!mark) return corrupt(database_->path(), "the mark cannot be decoded");
  auto frontier = ledger::MerkleFrontier::restore(mark->entries, mark->frontier);
  if (!frontier) return corrupt(database_->path(), "the mark's subtrees do not fit its " + std::to_string(mark->entries) + " entries");
  std::optional<StorageError> failed;
  const bool tiles_fit = tiles_.restore(mark->entries, [&](unsigned level, std::uint64_t index) {
    auto tile = database_->get(family::tiles, tile_key(level, index));
    if (!tile) failed = tile.error();
    return tile && *tile ? **tile : std::string();
  });
  if (failed) return Unexpected<StorageError>(*failed);
  if (!tiles_fit) return corrupt(database_->path(), "the tiles do not fit " + std::to_string(mark->entries) + " entries");
  fresh_ = false;
  ledger_id_ = *ledger;
  mark_ = *mark;
  frontier_ = std::move(*frontier);
  publish();
  return {};
}

Expected<void, StorageError> RocksStateStore::initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state, const AppliedMark& mark) {
  DAFTAR_CHECK(fresh_);
  DAFTAR_CHECK(!ledger_id.empty());
  DAFTAR_CHECK(mark.height == 0 && mark.entries == 0 && mark.frontier.empty());
  {
    const std::lock_guard lock(write_mutex_);
    rocksdb::WriteBatch batch;
    std::string format;
    append_number(format, format_version, 4);
    put(batch, family::meta, format_key, format);
    put(batch, family::meta, ledger_key, ledger_id);
    put_state(batch, genesis_state);
    put_mark(batch, mark, frontier_.root());
    if (auto written = write_locked(batch); !written) return written;
    ledger_id_ = ledger_id;
    mark_ = mark;
    fresh_ = false;
    publish();
  }
  return flush();
}

Expected<void, StorageError> RocksStateStore::commit(const BlockCommit& block) {
  DAFTAR_CHECK(!fresh_);
  const std::lock_guard lock(write_mutex_);
  if (failed_) return Unexpected<StorageError>(*failed_);
  DAFTAR_CHECK(block.mark.raft_index >= mark_.raft_index);
  DAFTAR_CHECK(block.mark.height == mark_.height || block.mark.height == mark_.height + 1);
  DAFTAR_CHECK(block.mark.entries == mark_.entries + block.entries.size());
  DAFTAR_CHECK(block.leaf_hashes.size() == block.entries.size());
  rocksdb::WriteBatch batch;
  put_state(batch, block.changes);
  put_entries(batch, block);
  put_tree(batch, block);
  for (const auto& row : block.index_rows) put(batch, family::rows, row_key(row.kind, row.id, row.entry_index), {});
  put_mark(batch, block.mark, frontier_.root());
  if (auto written = write_locked(batch); !written) return written;
  latest_.committed(block.changes);
  mark_ = block.mark;
  publish();
  return {};
}

void RocksStateStore::put_state(rocksdb::WriteBatch& batch, const ledger::ChangeSet& changes) {
  for (const auto& [key, value] : changes.writes()) {
    if (value)
      put(batch, family::state, key, *value);
    else
      batch.Delete(database_->family(family::state), key).PermitUncheckedError();
  }
}

void RocksStateStore::put_entries(rocksdb::WriteBatch& batch, const BlockCommit& block) {
  std::set<ledger::Digest> in_block;
  for (std::size_t i = 0; i < block.entries.size(); ++i) {
    const ledger::Entry& entry = block.entries[i];
    DAFTAR_CHECK(entry.index == mark_.entries + i);
    put(batch, family::entries, number_key(entry.index), ledger::encode_entry(entry));
    // A bad leader may put one transaction into two blocks; the second entry, a refusal, does not replace the first.
    const bool first = in_block.insert(entry.id).second && !latest_.has_id(entry.id.view());
    if (first) put(batch, family::ids, entry.id.view(), number_key(entry.index));
  }
}

void RocksStateStore::put_tree(rocksdb::WriteBatch& batch, const BlockCommit& block) {
  const auto put_tile = [&](unsigned level, std::uint64_t index, const std::string& hashes) { put(batch, family::tiles, tile_key(level, index), hashes); };
  for (const std::string& hash : block.leaf_hashes) {
    const auto leaf = ledger::Digest::from_bytes(hash);
    DAFTAR_CHECK(leaf.has_value());
    tiles_.append(*leaf, put_tile);
    frontier_.append(*leaf);
  }
  tiles_.put_partial(put_tile);
  DAFTAR_CHECK(frontier_.subtrees() == block.mark.frontier);
}

void RocksStateStore::put_mark(rocksdb::WriteBatch& batch, const AppliedMark& mark, const ledger::Digest& root) {
  put(batch, family::meta, mark_key, encode_mark(mark));
  put(batch, family::heights, number_key(mark.height), number_key(mark.entries) + std::string(root.view()));
}

/// With write_mutex_ held.
Expected<void, StorageError> RocksStateStore::write_locked(rocksdb::WriteBatch& batch) {
  if (!failed_) failed_ = database_->watch().error();
  if (failed_) return Unexpected<StorageError>(*failed_);
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  if (const auto status = database_->db().Write(options, &batch); !status.ok()) {
    failed_ = to_error(status, database_->path(), "committing");
    return Unexpected<StorageError>(*failed_);
  }
  return {};
}

/// With write_mutex_ held, or before the store is shared.
void RocksStateStore::publish() {
  auto fresh_snapshot = std::make_shared<const RocksSnapshot>(database_, mark_);
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_.swap(fresh_snapshot);
}

std::shared_ptr<const StateSnapshot> RocksStateStore::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  DAFTAR_CHECK(snapshot_ != nullptr);  // nothing to see before initialise()
  return snapshot_;
}

Expected<void, StorageError> RocksStateStore::put_certificate(std::uint64_t tree_size, std::string_view note) {
  const std::lock_guard lock(write_mutex_);
  DAFTAR_CHECK(!fresh_);
  rocksdb::WriteBatch batch;
  put(batch, family::certificates, number_key(tree_size), note);
  // The mark again, unchanged: flushes are counted by its family, which every batch must touch.
  put(batch, family::meta, mark_key, encode_mark(mark_));
  if (auto written = write_locked(batch); !written) return written;
  publish();
  return {};
}

Expected<void, StorageError> RocksStateStore::flush() {
  const std::lock_guard lock(write_mutex_);
  if (failed_) return Unexpected<StorageError>(*failed_);
  rocksdb::FlushOptions options;
  options.wait = true;
  options.allow_write_stall = true;
  if (const auto status = database_->db().Flush(options, database_->families()); !status.ok()) {
    failed_ = to_error(status, database_->path(), "flushing");
    return Unexpected<StorageError>(*failed_);
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  if (auto made = make_directories(parent_of(options.path)); !made) return Unexpected<StorageError>(made.error());
  auto database = Database::open(options.path, database_options(options, env), column_families(options));
  if (!database) return Unexpected<StorageError>(database.error());
  if (auto named = sync_directory(env, parent_of(options.path)); !named) return Unexpected<StorageError>(named.error());
  auto store = std::make_unique<RocksStateStore>(std::move(*database), options.value_cache_bytes);
  if (auto loaded = store->load(options.ledger_id); !loaded) return Unexpected<StorageError>(loaded.error());
  return store;
}

Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options) {
  return open_rocks_state_store(options, nullptr);
}

}  // namespace daftar::storage
