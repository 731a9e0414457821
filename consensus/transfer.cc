// Leadership transfer (thesis 3.10): stop proposals, bring the target's log up to date, tell it to campaign.
#include <algorithm>

#include "consensus/raft.h"

namespace daftar::consensus {

Expected<void, ProposeError> Raft::transfer_leadership(NodeId to) {
  Leader* leader = as_leader();
  if (!leader) return tl::unexpected(error(ProposeFailure::not_leader));
  const std::vector<NodeId>& voters = membership().voters;  // not of those on their way out
  if (to == options_.self || std::find(voters.begin(), voters.end(), to) == voters.end()) return tl::unexpected(error(ProposeFailure::target_unfit));
  if (leader->transfer) {
    if (leader->transfer->to == to) return {};
    return tl::unexpected(error(ProposeFailure::transfer_in_progress));
  }
  leader->transfer = Transfer{to, 0, false};
  continue_transfer(*leader);
  return {};
}

void Raft::continue_transfer(Leader& leader) {
  if (!leader.transfer || leader.transfer->sent) return;
  if (peer(leader.transfer->to)->match() < log_.last().index) return;
  leader.transfer->sent = true;
  offer(leader.transfer->to, TimeoutNow{term_});
}

}  // namespace daftar::consensus
