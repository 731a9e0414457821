// Port: the executed state, the entries of the ledger, their indexes, the tiles of the Merkle log and the certificates.
// One writer (the execution thread); reads from any thread through snapshots.
//
// Durability: commit() is atomic but NOT durable when it returns (no WAL; memtables are flushed atomically over all column families). After
// a crash the store stands at some earlier committed mark, not before flushed_mark(); the node executes what comes after it again from its Raft
// log, which therefore keeps everything after flushed_mark().
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/change_set.h"
#include "ledger/entry.h"
#include "ledger/merkle_log.h"
#include "ledger/state_view.h"
#include "storage/applied_mark.h"
#include "storage/error.h"
#include "storage/snapshot.h"

namespace daftar::storage {

struct StoredIndexRow {
  std::uint8_t kind = 0;
  std::string id;
  std::uint64_t entry_index = 0;
};

struct BlockCommit {
  AppliedMark mark;                            // after this block
  ledger::ChangeSet changes;
  std::vector<ledger::Entry> entries;          // consecutive indexes ending at mark.entries - 1
  std::vector<std::string> leaf_hashes;        // 32 bytes each, same order: go into the tiles
  std::vector<StoredIndexRow> index_rows;
};

/// A consistent picture of one applied height. Cheap; hold it briefly (it pins old data).
class StateSnapshot : public ledger::StateView {
 public:
  virtual const AppliedMark& mark() const = 0;
  virtual std::optional<ledger::Entry> entry(std::uint64_t index) const = 0;
  /// The first outcome, for ever: id -> entry index.
  virtual std::optional<std::uint64_t> find_entry(const ledger::Digest& id) const = 0;
  /// Entry indexes of (kind, id), ascending from `from_index`, at most `limit` (1..1000).
  virtual std::vector<std::uint64_t> find_rows(std::uint8_t kind, std::string_view id, std::uint64_t from_index, std::size_t limit) const = 0;
  /// The same, descending from `before_index` (exclusive; UINT64_MAX = newest first).
  virtual std::vector<std::uint64_t> find_rows_reverse(std::uint8_t kind, std::string_view id, std::uint64_t before_index, std::size_t limit) const = 0;
  /// Up to 256 concatenated hashes (C2SP tlog-tiles, height 8).
  virtual std::string tile(unsigned tile_level, std::uint64_t tile_index) const = 0;
  /// Tree size and Merkle root after `height`, kept for every height (for "are the roots equal").
  struct HeightRoot { std::uint64_t size = 0; ledger::Digest root; };
  virtual std::optional<HeightRoot> root_at(std::uint64_t height) const = 0;
  /// The newest certificate (a signed note), and the smallest one whose tree size is > `index`: it covers that entry.
  virtual std::optional<std::string> latest_certificate() const = 0;
  virtual std::optional<std::string> certificate_covering(std::uint64_t index) const = 0;
};

class StateStore {
 public:
  virtual ~StateStore() = default;
  /// True when nothing has been initialised yet: call initialise() once.
  virtual bool fresh() const = 0;
  /// Writes the genesis state at height 0, durably. `ledger_id` is checked at every later opening.
  [[nodiscard]] virtual Expected<void, StorageError> initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state, const AppliedMark& mark) = 0;
  virtual std::string ledger_id() const = 0;
  [[nodiscard]] virtual Expected<void, StorageError> commit(const BlockCommit& block) = 0;
  /// A view of the newest committed state for the execution thread itself (no snapshot taken).
  virtual const ledger::StateView& latest() const = 0;
  virtual const AppliedMark& mark() const = 0;          // execution thread only
  virtual std::shared_ptr<const StateSnapshot> snapshot() const = 0;
  /// Certificates arrive after the block they certify, from another thread; keyed by tree size.
  [[nodiscard]] virtual Expected<void, StorageError> put_certificate(std::uint64_t tree_size, std::string_view note) = 0;
  /// Flushes all column families atomically: what is applied now is durable when it returns.
  [[nodiscard]] virtual Expected<void, StorageError> flush() = 0;
  virtual std::uint64_t flush_count() const = 0;        // memtable flushes since opening
  /// The mark that would be found after a power cut now: the Raft log may forget entries up to its raft_index, none after. Any thread; one
  /// look-up in the newest files.
  [[nodiscard]] virtual Expected<AppliedMark, StorageError> flushed_mark() const = 0;
  /// The first background error met, if any: the node polls it and stops.
  virtual std::optional<StorageError> background_error() const = 0;

  // Snapshots (storage/snapshot.h).

  /// A picture of the state as of some moment during the call, flushed to disk: its mark is durable here too. Any thread but the execution
  /// thread, one call at a time: it waits for the flush and computes the digests of the files that are new since the last picture. Commits go
  /// on meanwhile; where flushes follow each other without a gap they wait for those under way, so that this one can begin.
  [[nodiscard]] virtual Expected<std::shared_ptr<const SnapshotSource>, StorageError> checkpoint() = 0;
  /// Takes up the reception of the snapshot that `manifest` (encoded) names: where it stood, if the last one received was the same; anew
  /// otherwise, and what was kept of the other is deleted. One sink at a time: let go of the one before first. Any thread.
  /// corruption: not a manifest; foreign: of another ledger; full: larger than snapshot_bytes_max: nothing is kept.
  [[nodiscard]] virtual Expected<std::unique_ptr<SnapshotSink>, StorageError> receive(std::string_view manifest) = 0;
  /// Puts what `sink` (finished()) received in the place of the present state, durably and at once: a crash leaves the old or the new one
  /// whole. Execution thread, or while it rests. Then latest() (the same object), mark() and snapshot() speak of the new state; snapshots taken
  /// before stay as they were until let go. An error: the caller must stop the node; which of the two states it has, the next opening shows.
  [[nodiscard]] virtual Expected<void, StorageError> replace(std::unique_ptr<SnapshotSink> sink) = 0;
  /// From replace() until finish_install(), also after a crash: the Raft log does not belong to this state, and has to be begun anew at
  /// mark() (RaftLog::restart), before anything of it is used. Any thread.
  virtual bool install_pending() const = 0;
  /// The Raft log has been begun anew, durably. Durable when it returns. Execution thread, or while it rests.
  [[nodiscard]] virtual Expected<void, StorageError> finish_install() = 0;
};

struct StateStoreOptions {
  std::string path;                         // a folder; state_folders.h says what lies in it
  std::size_t memtable_bytes = 64u << 20;   // flush threshold over all column families: bounds what is executed again after a crash
  std::size_t block_cache_bytes = 128u << 20;
  std::size_t value_cache_bytes = 256u << 20;  // newest values of the state, for execution (value_cache.h)
  std::uint64_t snapshot_bytes_max = std::uint64_t{1} << 40;  // a larger one is not received
  std::string ledger_id = {};               // not empty: opening the store of another ledger is refused (foreign)
};
Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options);

}  // namespace daftar::storage
