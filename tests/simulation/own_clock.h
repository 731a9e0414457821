// A planted mistake that two tests use: block time as it was before leaders asked for the others' clocks (docs/consensus.md, "Block time").
#pragma once
#include "tests/simulation/saboteur.h"

namespace daftar::simulation {

/// A leader dates blocks by its own clock, whatever the others' show.
struct OwnClockTrusted : Saboteur {
  void hears_clock(std::uint64_t own_ms, node::ClockReply& reply) override { reply.wall_ms = own_ms; }
};

}  // namespace daftar::simulation
