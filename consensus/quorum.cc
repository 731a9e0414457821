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

}  // namespace daftar::consensus
