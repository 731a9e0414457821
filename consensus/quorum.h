// Majority arithmetic (thesis 3.4, 3.6.2; of two configurations at once: 4.3), free of any state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "consensus/types.h"

namespace daftar::consensus {

/// Fewest members of `size` of which any two such groups share one.
constexpr std::size_t majority(std::size_t size) { return size / 2 + 1; }

/// The largest value that a majority has reached: one value per voter, in any order; `values` is reordered. 0 when empty.
std::uint64_t majority_reached(std::span<std::uint64_t> values);

enum class VoteOutcome : std::uint8_t { pending, won, lost };

/// The answers so far. Answers of nodes that are not voters count for nothing, repeated ones once. Lost: no majority is possible any more.
VoteOutcome tally(std::span<const NodeId> voters, std::span<const NodeId> granted, std::span<const NodeId> refused);

/// The same by a quorum: of a joint membership, by a majority of each configuration (never of both taken together).
VoteOutcome tally(const Membership& membership, std::span<const NodeId> granted, std::span<const NodeId> refused);

/// The largest value that a quorum has reached; of a joint membership, what a majority of each configuration has. `value_of` is asked for
/// each voter; `scratch` spares an allocation.
std::uint64_t quorum_reached(const Membership& membership, const std::function<std::uint64_t(NodeId)>& value_of,
                             std::vector<std::uint64_t>& scratch);

}  // namespace daftar::consensus
