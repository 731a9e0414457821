// StateStore over RocksDB. One database, eight column families (keys.h), no write-ahead log: the Raft log can always execute again what is
// lost here. commit() writes one WriteBatch over all families into their memtables; when these have grown to `memtable_bytes` together,
// RocksDB flushes them all in one atomic step. So what is on disk is always the whole of some earlier height, and a crash goes back to it.
//
// commit() runs on the execution thread, put_certificate() on another; a lock lets one batch in at a time and publishes a snapshot after
// each, paired with its mark. snapshot() only copies that pointer, and so never waits for a write.
//
// The database lies in a numbered folder (state_folders.h). replace() points to the next one, opens it, and lets go of the present one, whose
// folder goes with the last snapshot of it.
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "ledger/check.h"
#include "storage/keys.h"
#include "storage/latest_state.h"
#include "storage/rocks_database.h"
#include "storage/rocks_options.h"
#include "storage/rocks_snapshot_sink.h"
#include "storage/rocks_snapshot_source.h"
#include "storage/rocks_state_database.h"
#include "storage/rocks_state_reads.h"
#include "storage/state_folders.h"
#include "storage/tile_writer.h"

namespace daftar::storage {

namespace {

constexpr std::chrono::milliseconds gap_awaited{500};  // between RocksDB's own flushes, for one that is asked for

class RocksStateStore final : public StateStore {
 public:
  RocksStateStore(std::shared_ptr<StateFolders> folders, StateStoreOptions options, const CurrentState& current)
      : folders_(std::move(folders)), options_(std::move(options)), folder_(current.folder), install_pending_(current.install_pending),
        latest_(options_.value_cache_bytes) {}
  ~RocksStateStore() override {
    if (!failed_ && !fresh_) static_cast<void>(flush());  // a clean stop leaves nothing to execute again; a failure only leaves more
  }
  /// Opens the database of `folder_`, creating it when `fresh_allowed`.
  Expected<void, StorageError> open_database(bool fresh_allowed);

  bool fresh() const override { return fresh_; }
  Expected<void, StorageError> initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state, const AppliedMark& mark) override;
  std::string ledger_id() const override { return ledger_id_; }
  Expected<void, StorageError> commit(const BlockCommit& block) override;
  const ledger::StateView& latest() const override { return latest_; }
  const AppliedMark& mark() const override { return mark_; }
  std::shared_ptr<const StateSnapshot> snapshot() const override;
  Expected<void, StorageError> put_certificate(std::uint64_t tree_size, std::string_view note) override;
  Expected<void, StorageError> flush() override;
  std::uint64_t flush_count() const override { return flushes_before_ + present()->watch().flushes(); }
  Expected<AppliedMark, StorageError> flushed_mark() const override;
  std::optional<StorageError> background_error() const override { return present()->watch().error(); }

  Expected<std::shared_ptr<const SnapshotSource>, StorageError> checkpoint() override;
  Expected<std::unique_ptr<SnapshotSink>, StorageError> receive(std::string_view manifest) override;
  Expected<void, StorageError> replace(std::unique_ptr<SnapshotSink> sink) override;
  bool install_pending() const override { return install_pending_; }
  Expected<void, StorageError> finish_install() override;

 private:
  void put(rocksdb::WriteBatch& batch, std::size_t family_index, std::string_view key, std::string_view value) {
    batch.Put(database_->family(family_index), key, value).PermitUncheckedError();  // an in-memory batch without limits cannot refuse
  }
  void put_state(rocksdb::WriteBatch& batch, const ledger::ChangeSet& changes);
  void put_entries(rocksdb::WriteBatch& batch, const BlockCommit& block);
  void put_rows(rocksdb::WriteBatch& batch, const BlockCommit& block);
  void put_tree(rocksdb::WriteBatch& batch, const BlockCommit& block);
  void put_mark(rocksdb::WriteBatch& batch, const AppliedMark& mark, const ledger::Digest& root);
  Expected<void, StorageError> write_locked(rocksdb::WriteBatch& batch);
  Expected<std::uint64_t, StorageError> flush_locked(std::unique_lock<std::mutex>& lock, bool wait);
  void publish();
  std::shared_ptr<Database> present() const {
    const std::lock_guard lock(snapshot_mutex_);
    return database_;
  }

  const std::shared_ptr<StateFolders> folders_;
  const StateStoreOptions options_;
  std::atomic<std::uint64_t> folder_;       // of the present database
  std::atomic<bool> install_pending_;
  std::atomic<std::uint64_t> flushes_before_{0};  // of the databases before this one
  std::shared_ptr<FolderDatabase> holder_;
  std::shared_ptr<Database> database_;      // changes under both mutexes
  LatestState latest_;
  bool fresh_ = true;
  std::string ledger_id_;

  std::mutex checkpoint_mutex_;             // one picture at a time
  TableDigests digests_;
  std::string digests_of_;                  // the database whose tables they are

  std::mutex write_mutex_;                  // one batch at a time, and its snapshot
  std::optional<StorageError> failed_;      // the first failure; nothing is written after it
  AppliedMark mark_;                        // written by the execution thread under write_mutex_
  TileWriter tiles_;
  ledger::MerkleFrontier frontier_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const RocksSnapshot> snapshot_;
};

Expected<void, StorageError> RocksStateStore::open_database(bool fresh_allowed) {
  const std::string path = folders_->database(folder_);
  auto database_options = state_database_options(options_, folders_->env());
  database_options.create_if_missing = fresh_allowed;
  auto opened = Database::open(path, database_options, state_column_families(options_));
  if (!opened) return Unexpected<StorageError>(opened.error());
  if (auto named = sync_directory(folders_->env(), folders_->path()); !named) return named;
  auto loaded = load_state(**opened);
  if (!loaded) return Unexpected<StorageError>(loaded.error());
  if (!*loaded && !fresh_allowed) return corrupt(path, "the database is empty");
  if (*loaded && !options_.ledger_id.empty() && (*loaded)->ledger_id != options_.ledger_id)
    return Unexpected<StorageError>({.kind = StorageError::Kind::foreign, .path = path,
                                     .detail = "the store holds ledger " + ledger::to_hex((*loaded)->ledger_id) + ", not " + ledger::to_hex(options_.ledger_id)});
  {
    const std::lock_guard lock(snapshot_mutex_);
    holder_ = std::make_shared<FolderDatabase>(folders_, std::move(*opened));
    database_ = FolderDatabase::database(holder_);
  }
  latest_.read_from(database_);
  if (!*loaded) return {};
  if (fresh_) {  // else other threads may be reading them
    fresh_ = false;
    ledger_id_ = (*loaded)->ledger_id;
  }
  mark_ = std::move((*loaded)->mark);
  frontier_ = std::move((*loaded)->frontier);
  tiles_ = std::move((*loaded)->tiles);
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
  DAFTAR_CHECK(!install_pending_);
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
  put_rows(batch, block);
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
  std::map<std::string, std::uint64_t> first;   // of each id, in the order of ids: as state_column_families() says
  for (std::size_t i = 0; i < block.entries.size(); ++i) {
    const ledger::Entry& entry = block.entries[i];
    DAFTAR_CHECK(entry.index == mark_.entries + i);
    put(batch, family::entries, number_key(entry.index), ledger::encode_entry(entry));
    first.try_emplace(std::string(entry.id.view()), entry.index);
  }
  // A bad leader may put one transaction into two blocks; the second entry, a refusal, does not replace the first.
  std::vector<std::string> ids;
  ids.reserve(first.size());
  for (const auto& [id, index] : first) ids.push_back(id);
  const std::vector<bool> known = latest_.have_entries(ids);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!known[i]) put(batch, family::ids, ids[i], number_key(first.at(ids[i])));
}

void RocksStateStore::put_rows(rocksdb::WriteBatch& batch, const BlockCommit& block) {
  std::vector<std::string> keys;
  keys.reserve(block.index_rows.size());
  for (const auto& row : block.index_rows) keys.push_back(row_key(row.kind, row.id, row.entry_index));
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) put(batch, family::rows, key, {});
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
  std::unique_lock lock(write_mutex_);
  if (auto flushed = flush_locked(lock, true); !flushed) return Unexpected<StorageError>(flushed.error());
  return {};
}

/// RocksDB 7.8 notes why it flushes with the column families, not with the request, and asserts that those of a request agree: no second request may
/// come before the first has begun. It makes requests of its own when it is written to, so ours is made when none of these is open, and is begun
/// before the lock is let go of for good. Under a load whose memtables fill as fast as they are flushed there is always one: after a while commits are
/// held up, too, and then there is none when those under way are done. `wait`: until ours is done.
/// Returns how many flushes there had been before.
Expected<std::uint64_t, StorageError> RocksStateStore::flush_locked(std::unique_lock<std::mutex>& lock, bool wait) {
  const auto in_good_order = [this] { return !failed_ && !database_->watch().error(); };
  const auto patience = std::chrono::steady_clock::now() + gap_awaited;
  while (in_good_order() && (database_->flush_pending() || database_->flush_running())) {
    const bool commits_go_on = std::chrono::steady_clock::now() < patience;
    if (commits_go_on) lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (commits_go_on) lock.lock();
  }
  if (failed_) return Unexpected<StorageError>(*failed_);
  const std::uint64_t before = database_->watch().flushes();
  rocksdb::FlushOptions options;
  options.wait = wait;
  options.allow_write_stall = true;
  if (const auto status = database_->db().Flush(options, database_->families()); !status.ok()) {
    failed_ = to_error(status, database_->path(), "flushing");
    return Unexpected<StorageError>(*failed_);
  }
  while (in_good_order() && database_->flush_pending()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return before;
}

/// What RocksDB has in files: a version of them becomes the present one only when it is durable.
Expected<AppliedMark, StorageError> RocksStateStore::flushed_mark() const {
  const auto database = present();
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kPersistedTier;
  std::string row;
  const auto status = database->db().Get(options, database->family(family::meta), mark_key, &row);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, database->path(), "reading the flushed mark"));
  auto mark = decode_mark(row);
  if (!mark) return corrupt(database->path(), "the flushed mark cannot be decoded");
  return std::move(*mark);
}

Expected<std::shared_ptr<const SnapshotSource>, StorageError> RocksStateStore::checkpoint() {
  DAFTAR_CHECK(!fresh_);
  const std::lock_guard lock(checkpoint_mutex_);
  std::shared_ptr<Database> database;
  std::uint64_t before;
  {
    std::unique_lock writing(write_mutex_);
    const auto begun = flush_locked(writing, false);
    if (!begun) return Unexpected<StorageError>(begun.error());
    before = *begun;
    database = database_;
  }
  // Commits go on, and other flushes may follow ours without a gap. With nothing to flush none runs, and none is counted.
  const auto& watch = database->watch();
  while (!watch.error() && watch.flushes() == before && database->flush_running()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (auto error = database->watch().error()) return Unexpected<StorageError>(*error);
  if (digests_of_ != database->path()) digests_.clear();
  digests_of_ = database->path();
  return make_snapshot(folders_, *database, digests_);
}

Expected<std::unique_ptr<SnapshotSink>, StorageError> RocksStateStore::receive(std::string_view bytes) {
  DAFTAR_CHECK(!fresh_);
  const auto manifest = decode_manifest(bytes);
  if (!manifest) return corrupt(folders_->receiving_path(), "the manifest of the snapshot cannot be decoded");
  if (manifest->ledger_id != ledger_id_)
    return Unexpected<StorageError>({.kind = StorageError::Kind::foreign, .path = folders_->receiving_path(),
                                     .detail = "the snapshot is of ledger " + ledger::to_hex(manifest->ledger_id) + ", not " + ledger::to_hex(ledger_id_)});
  if (manifest->size > options_.snapshot_bytes_max)
    return Unexpected<StorageError>({.kind = StorageError::Kind::full, .path = folders_->receiving_path(),
                                     .detail = "the snapshot has " + std::to_string(manifest->size) + " bytes, and " + std::to_string(options_.snapshot_bytes_max) + " are allowed"});
  auto sink = RocksSnapshotSink::open(folders_, folder_ + 1, *manifest);
  if (!sink) return Unexpected<StorageError>(sink.error());
  return std::unique_ptr<SnapshotSink>(std::move(*sink));
}

Expected<void, StorageError> RocksStateStore::replace(std::unique_ptr<SnapshotSink> given) {
  auto* const sink = dynamic_cast<RocksSnapshotSink*>(given.get());
  DAFTAR_CHECK(sink != nullptr && sink->finished() && sink->folder() == folder_ + 1);
  DAFTAR_CHECK(sink->manifest().raft_index >= mark_.raft_index);
  given.reset();
  const std::lock_guard lock(write_mutex_);
  if (!failed_) failed_ = database_->watch().error();
  if (failed_) return Unexpected<StorageError>(*failed_);
  const auto before = holder_;
  const std::uint64_t flushes = database_->watch().flushes();
  // From here on an error leaves the disk with the new state and the memory with the old one: nothing more may be written.
  const auto failed = [&](const StorageError& error) {
    failed_ = error;
    return Unexpected<StorageError>(error);
  };
  if (auto pointed = folders_->point_to({folder_ + 1, true}); !pointed) return failed(pointed.error());
  ++folder_;
  install_pending_ = true;
  if (auto opened = open_database(false); !opened) return failed(opened.error());
  flushes_before_ += flushes;
  before->replaced();
  if (auto ended = folders_->end_receiving(); !ended) return failed(ended.error());
  return {};
}

Expected<void, StorageError> RocksStateStore::finish_install() {
  if (!install_pending_) return {};
  if (auto pointed = folders_->point_to({folder_, false}); !pointed) return pointed;
  install_pending_ = false;
  return {};
}

}  // namespace

Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  auto folders = StateFolders::open(env, options.path);
  if (!folders) return Unexpected<StorageError>(folders.error());
  const auto current = (*folders)->current();
  if (!current) return Unexpected<StorageError>(current.error());
  if (auto removed = (*folders)->remove_leftovers(current->folder); !removed) return Unexpected<StorageError>(removed.error());
  auto store = std::make_unique<RocksStateStore>(*folders, options, *current);
  if (auto opened = store->open_database(current->folder == 1); !opened) return Unexpected<StorageError>(opened.error());
  return store;
}

Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options) {
  return open_rocks_state_store(options, nullptr);
}

}  // namespace daftar::storage
