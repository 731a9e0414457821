// Port: the executed state, the entries of the ledger, their indexes, the tiles of the Merkle log and the certificates.
// One writer (the execution thread); reads from any thread through snapshots.
//
// Durability: commit() is atomic but NOT durable when it returns (no WAL; memtables are flushed atomically over all column families). After
// a crash the store stands at some earlier committed height, flushed_height(); the node executes the blocks after it again from its Raft log.
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
#include "storage/error.h"

namespace daftar::storage {

struct StoredIndexRow {
  std::uint8_t kind = 0;
  std::string id;
  std::uint64_t entry_index = 0;
};

/// How far execution has come; written in the same batch as what it describes.
struct AppliedMark {
  std::uint64_t raft_index = 0;     // last Raft entry applied
  std::uint64_t raft_term = 0;
  std::uint64_t height = 0;         // last block executed; 0: genesis
  std::uint64_t block_time_ms = 0;
  std::string block_hash;           // 32 bytes; the ledger id at height 0
  std::uint64_t entries = 0;        // size of the Merkle log
  std::vector<ledger::Digest> frontier;  // its complete subtrees
  bool operator==(const AppliedMark&) const = default;
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
  /// The first background error met, if any: the node polls it and stops.
  virtual std::optional<StorageError> background_error() const = 0;
};

struct StateStoreOptions {
  std::string path;
  std::size_t memtable_bytes = 64u << 20;   // flush threshold over all column families: bounds what is executed again after a crash
  std::size_t block_cache_bytes = 128u << 20;
  std::size_t value_cache_bytes = 256u << 20;  // newest values of the state, for execution (value_cache.h)
  std::string ledger_id = {};               // not empty: opening the store of another ledger is refused (foreign)
};
Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options);

}  // namespace daftar::storage
