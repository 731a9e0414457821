#include "consensus/quorum.h"

#include <algorithm>
#include <functional>

namespace daftar::consensus {

std::uint64_t majority_reached(std::span<std::uint64_t> values) {
  if (values.empty()) return 0;
  auto nth = values.begin() + static_cast<std::ptrdiff_t>(majority(values.size()) - 1);
  std::nth_element(values.begin(), nth, values.end(), std::greater<>{});
  return *nth;
}

VoteOutcome tally(std::span<const NodeId> voters, std::span<const NodeId> granted, std::span<const NodeId> refused) {
  auto among = [&](std::span<const NodeId> answers) {
    return static_cast<std::size_t>(std::count_if(voters.begin(), voters.end(), [&](NodeId voter) {
      return std::find(answers.begin(), answers.end(), voter) != answers.end();
    }));
  };
  if (among(granted) >= majority(voters.size())) return VoteOutcome::won;
  if (voters.size() - among(refused) < majority(voters.size())) return VoteOutcome::lost;
  return VoteOutcome::pending;
}

VoteOutcome tally(const Membership& membership, std::span<const NodeId> granted, std::span<const NodeId> refused) {
  const VoteOutcome coming = tally(membership.voters, granted, refused);
  if (!membership.joint()) return coming;
  const VoteOutcome outgoing = tally(membership.outgoing, granted, refused);
  if (coming == VoteOutcome::lost || outgoing == VoteOutcome::lost) return VoteOutcome::lost;
  return coming == VoteOutcome::won && outgoing == VoteOutcome::won ? VoteOutcome::won : VoteOutcome::pending;
}

std::uint64_t quorum_reached(const Membership& membership, const std::function<std::uint64_t(NodeId)>& value_of,
                             std::vector<std::uint64_t>& scratch) {
  auto reached_by = [&](const std::vector<NodeId>& voters) {
    scratch.clear();
    for (const NodeId voter : voters) scratch.push_back(value_of(voter));
    return majority_reached(scratch);
  };
  const std::uint64_t coming = reached_by(membership.voters);
  return membership.joint() ? std::min(coming, reached_by(membership.outgoing)) : coming;
}

}  // namespace daftar::consensus
