// consensus/quorum.cc with one mistake, chosen by DAFTAR_MISTAKE: linked in its place, to see that the cluster test sees it.
#include "consensus/quorum.h"

#include <algorithm>

#include "tests/consensus/broken/planted_mistake.h"

namespace daftar::consensus {

const int test::planted_mistake = DAFTAR_MISTAKE;

namespace {

enum Mistake { none, quorum_over_the_union, outgoing_ignored, coming_ignored, half_is_enough };

// The sets of which each must agree.
std::vector<std::vector<NodeId>> deciding(const Membership& membership) {
  if (!membership.joint()) return {membership.voters};
  switch (DAFTAR_MISTAKE) {
    case quorum_over_the_union: return {membership.all_voters()};
    case outgoing_ignored: return {membership.voters};
    case coming_ignored: return {membership.outgoing};
    default: return {membership.voters, membership.outgoing};
  }
}

std::size_t enough(std::size_t size) { return DAFTAR_MISTAKE == half_is_enough ? (size + 1) / 2 : majority(size); }

}  // namespace

std::uint64_t quorum_reached(const Membership& membership, const std::function<std::uint64_t(NodeId)>& value_of,
                             std::vector<std::uint64_t>& scratch) {
  std::uint64_t reached = ~std::uint64_t{0};
  for (const auto& voters : deciding(membership)) {
    scratch.clear();
    for (const NodeId voter : voters) scratch.push_back(value_of(voter));
    std::sort(scratch.rbegin(), scratch.rend());
    reached = std::min(reached, scratch[enough(scratch.size()) - 1]);
  }
  return reached;
}

VoteOutcome tally(const Membership& membership, std::span<const NodeId> granted, std::span<const NodeId> refused) {
  auto count = [](const std::vector<NodeId>& voters, std::span<const NodeId> answers) {
    return static_cast<std::size_t>(std::count_if(voters.begin(), voters.end(), [&](NodeId voter) {
      return std::find(answers.begin(), answers.end(), voter) != answers.end();
    }));
  };
  bool won = true;
  for (const auto& voters : deciding(membership)) {
    if (voters.size() - count(voters, refused) < enough(voters.size())) return VoteOutcome::lost;
    won = won && count(voters, granted) >= enough(voters.size());
  }
  return won ? VoteOutcome::won : VoteOutcome::pending;
}

}  // namespace daftar::consensus
