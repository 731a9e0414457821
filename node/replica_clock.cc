// The time of blocks: the leader asks for the others' clocks, and dates by them; a follower judges what it is sent (block_time.h).
#include <algorithm>

#include "node/replica.h"

namespace daftar::node {

void Replica::ask_clocks() {
  if (!is_leader()) return;
  const auto question = quorum_clock_.ask(now_);
  if (!question) return;
  for (const consensus::NodeId voter : raft_.membership().all_voters())
    if (voter != options_.raft.self) output_.send.push_back({voter.value, *question});
}

void Replica::receive_clock(std::uint64_t from, const ClockReply& reply) {
  if (!is_leader()) return;
  quorum_clock_.heard({from}, reply, now_);
  if (const auto quorum_ms = quorum_time_ms())
    if (auto complaint = quorum_clock_.complaint(*quorum_ms, genesis_->clock_skew_ms(), now_)) warn(std::move(*complaint));
  pump();
}

/// The newest block at or before a place in our log.
BlockMoment Replica::moment_at(std::uint64_t raft_index) const {
  const auto after = chain_.upper_bound(raft_index);
  const ChainPlace& place = after == chain_.begin() ? after->second : std::prev(after)->second;
  return {place.height, place.time_ms};
}

/// Nothing: no quorum's clocks are known, or a block of an earlier leader, dated ahead of them, is not committed yet. What follows that one
/// would be refused until it is.
std::optional<std::uint64_t> Replica::next_block_time() const {
  const auto quorum_ms = quorum_time_ms();
  if (!quorum_ms) return std::nullopt;
  const ChainPlace& last = tip();
  const std::uint64_t time_ms = std::max(*quorum_ms, last.time_ms + 1);
  if (time_ms > latest_block_time(last.height + 1, moment_at(committed_index_), *quorum_ms, genesis_->clock_skew_ms())) return std::nullopt;
  return time_ms;
}

bool Replica::too_far_ahead(const ledger::Block& block, BlockMoment committed, bool inherited) {
  return block.time_ms() > latest_block_time(block.height(), committed, now_.wall_ms, genesis_->clock_skew_ms()) && patience_.refuses(inherited, now_);
}

}  // namespace daftar::node
