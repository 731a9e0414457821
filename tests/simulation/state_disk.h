// A simulated disk under the executed state, and the port over it, with the durability of storage/state_store.h: a commit is atomic and not
// durable; now and then everything is flushed at once, and a crash goes back to the last flush. Snapshots as in storage/snapshot.h, of bytes
// that have the whole disk in them; what is received survives in whole pages, and is put in the place of the state at once.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/state_store.h"

namespace daftar::simulation {

/// The state at one height. `hash` is the sum of the hashes of all rows: equal states have equal ones, whatever order wrote them.
struct StateImage {
  std::map<std::string, std::string, std::less<>> rows;
  std::uint64_t hash = 0;
  storage::AppliedMark mark;
  void put(std::string_view key, std::optional<std::string_view> value);
};

/// What survives the process. Entries, roots and certificates only grow: of those, a crash keeps what the flushed mark covers.
struct StateDisk {
  std::optional<StateImage> flushed;   // none: never initialised
  StateImage newest;                   // of the process that runs, or ran last
  std::string ledger_id;
  std::vector<std::string> entries;    // encoded, as the real store keeps them
  std::vector<std::string> leaf_hashes;
  std::map<ledger::Digest, std::uint64_t> ids;
  std::vector<storage::StateSnapshot::HeightRoot> roots;   // by height
  std::map<std::uint64_t, std::string> certificates;       // by tree size
  std::vector<std::uint64_t> unflushed_certificates;
  bool install_pending = false;
  struct Receiving { std::string manifest; std::string bytes; };
  std::optional<Receiving> receiving;
  /// The process is gone, or the machine: the state is what was flushed last.
  void crash();
};

class SimStateStore final : public storage::StateStore, public storage::StateSnapshot {
 public:
  /// `flush_blocks`: flushes itself after so many commits, > 0.
  SimStateStore(StateDisk& disk, std::uint64_t flush_blocks) : disk_(disk), flush_blocks_(flush_blocks) {}

  bool fresh() const override { return !disk_.flushed; }
  Expected<void, storage::StorageError> initialise(std::string_view ledger_id, const ledger::ChangeSet& genesis_state, const storage::AppliedMark& mark) override;
  std::string ledger_id() const override { return disk_.ledger_id; }
  Expected<void, storage::StorageError> commit(const storage::BlockCommit& block) override;
  const ledger::StateView& latest() const override { return *this; }
  const storage::AppliedMark& mark() const override { return disk_.newest.mark; }
  /// The store itself: valid until the next commit or replacement. One thread, which never keeps a snapshot over one.
  std::shared_ptr<const storage::StateSnapshot> snapshot() const override { return {std::shared_ptr<void>(), this}; }
  Expected<void, storage::StorageError> put_certificate(std::uint64_t tree_size, std::string_view note) override;
  Expected<void, storage::StorageError> flush() override;
  std::uint64_t flush_count() const override { return flushes_; }
  Expected<storage::AppliedMark, storage::StorageError> flushed_mark() const override;
  std::optional<storage::StorageError> background_error() const override { return std::nullopt; }

  Expected<std::shared_ptr<const storage::SnapshotSource>, storage::StorageError> checkpoint() override;
  Expected<std::unique_ptr<storage::SnapshotSink>, storage::StorageError> receive(std::string_view manifest) override;
  Expected<void, storage::StorageError> replace(std::unique_ptr<storage::SnapshotSink> sink) override;
  bool install_pending() const override { return disk_.install_pending; }
  Expected<void, storage::StorageError> finish_install() override;

  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  std::optional<ledger::Entry> entry(std::uint64_t index) const override;
  std::optional<std::uint64_t> find_entry(const ledger::Digest& id) const override;
  std::vector<std::uint64_t> find_rows(std::uint8_t kind, std::string_view id, std::uint64_t from_index, std::size_t limit) const override;
  std::vector<std::uint64_t> find_rows_reverse(std::uint8_t kind, std::string_view id, std::uint64_t before_index, std::size_t limit) const override;
  std::string tile(unsigned tile_level, std::uint64_t tile_index) const override;
  std::optional<HeightRoot> root_at(std::uint64_t height) const override;
  std::optional<std::string> latest_certificate() const override;
  std::optional<std::string> certificate_covering(std::uint64_t index) const override;

  std::uint64_t state_hash() const { return disk_.newest.hash; }
  /// Writes fail from now on, or no longer.
  void fail(bool failing) { failing_ = failing; }

 private:
  Expected<void, storage::StorageError> failed() const;
  StateDisk& disk_;
  const std::uint64_t flush_blocks_;
  std::uint64_t commits_ = 0, flushes_ = 0;
  bool failing_ = false;
};

}  // namespace daftar::simulation
