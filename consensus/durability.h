// Which batches are on their way to the disk, and what the disk therefore holds for certain.
//
// An acknowledgement names a batch, not an index, and a batch vouches only for those of its entries that no later batch replaces:
// else, when entry 5 is replaced and then comes back, the sync of its first writing would vouch for a disk that has the replacement
// (the ABA case of etcd-io/raft rawnode.go).
#pragma once

#include <deque>
#include <optional>

#include "consensus/types.h"

namespace daftar::consensus {

class Durability {
 public:
  Durability(HardState hard_state, Index last) : hard_state_(hard_state), index_(last) {}

  /// Last index that is on disk and that no batch under way replaces.
  Index index() const { return index_; }
  /// As it is on disk.
  const HardState& hard_state() const { return hard_state_; }
  /// No batch is under way.
  bool settled() const { return under_way_.empty(); }
  /// The batch that the disk owes longest; 0 if none is under way.
  BatchId oldest() const { return under_way_.empty() ? BatchId{} : under_way_.front().batch; }

  /// `last`: index of the batch's last entry; 0 if it has none.
  void issued(BatchId batch, Index last, const std::optional<HardState>& hard_state);
  /// Entries at or after `from` were replaced in memory; the batch that writes the replacement is yet to be issued.
  void truncated(Index from);
  /// The log was replaced by a durable snapshot up to `index`: no batch under way says anything of entries any more.
  void restarted(Index index);
  /// Acknowledges `batch` and all before it. One that was never issued here (it had nothing to write), or is acknowledged already, adds nothing.
  void synced(BatchId batch);

 private:
  struct UnderWay {
    BatchId batch;
    Index last;
    std::optional<HardState> hard_state;
  };
  HardState hard_state_;
  Index index_;
  BatchId newest_{};
  std::deque<UnderWay> under_way_;
};

}  // namespace daftar::consensus
