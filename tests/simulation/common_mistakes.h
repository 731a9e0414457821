// The planted mistakes that more than one test uses.
#pragma once
#include "tests/simulation/saboteur.h"

namespace daftar::simulation {

/// 3.8: votedFor survives a restart; here it does not.
struct VoteForgotten : Saboteur {
  void restored(std::uint64_t, node::ReplicaRestored& r) override { r.raft.hard_state.voted_for = {}; }
};

struct AcknowledgedBeforeSync : Saboteur {
  bool vouches_early() override { return true; }
};

/// A leader dates blocks by its own clock, whatever the others' show: block time as it was before leaders asked for them (docs/consensus.md, "Block time").
struct OwnClockTrusted : Saboteur {
  void hears_clock(std::uint64_t own_ms, node::ClockReply& reply) override { reply.wall_ms = own_ms; }
};

}  // namespace daftar::simulation
