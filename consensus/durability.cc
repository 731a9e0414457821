#include "consensus/durability.h"

#include <algorithm>

#include "consensus/invariant.h"

namespace daftar::consensus {

void Durability::issued(BatchId batch, Index last, const std::optional<HardState>& hard_state) {
  CONSENSUS_INVARIANT(batch > newest_);
  newest_ = batch;
  under_way_.push_back({batch, last, hard_state});
}

void Durability::truncated(Index from) {
  CONSENSUS_INVARIANT(from > Index{0});
  const Index kept = from - 1;
  index_ = std::min(index_, kept);
  for (UnderWay& write : under_way_) write.last = std::min(write.last, kept);
}

void Durability::restarted(Index index) {
  truncated(Index{1});
  index_ = index;
}

void Durability::synced(BatchId batch) {
  while (!under_way_.empty() && under_way_.front().batch <= batch) {
    const UnderWay& write = under_way_.front();
    index_ = std::max(index_, write.last);
    if (write.hard_state) hard_state_ = *write.hard_state;
    under_way_.pop_front();
  }
}

}  // namespace daftar::consensus
