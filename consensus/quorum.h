// Majority arithmetic (thesis 3.4, 3.6.2), free of any state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "consensus/types.h"

namespace daftar::consensus {

/// Fewest members of `size` of which any two such groups share one.
constexpr std::size_t majority(std::size_t size) { return size / 2 + 1; }

/// The largest value that a majority has reached: one value per voter, in any order; `values` is reordered. 0 when empty.
std::uint64_t majority_reached(std::span<std::uint64_t> values);

enum class VoteOutcome : std::uint8_t { pending, won, lost };

/// The answers so far. Answers of nodes that are not voters count for nothing, repeated ones once. Lost: no majority is possible any more.
VoteOutcome tally(std::span<const NodeId> voters, std::span<const NodeId> granted, std::span<const NodeId> refused);

}  // namespace daftar::consensus
