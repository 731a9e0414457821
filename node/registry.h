// The nodes of the ledger as one height of the executed state has them: whom links trust, whom Raft is to consist of, whose checkpoint lines
// count at which size of the tree. Governance changes it (contracts/nodes.h); everything here is read from the state, at the start, after
// blocks that change it, and when a snapshot was installed.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "consensus/types.h"
#include "contracts/nodes.h"
#include "storage/state_store.h"

namespace daftar::node {

/// Checkpoint keys by node.
using Validators = std::map<std::uint32_t, ledger::PublicKey>;
/// Sets of validators by the tree size above which each is in force; the one of the genesis, at 0, first. Never empty in a Registry.
using ValidatorHistory = std::map<std::uint64_t, Validators>;
/// The set whose lines count for a tree of `size`.
const Validators& validators_at(const ValidatorHistory& history, std::uint64_t size);

struct Registry {
  std::vector<contracts::NodeRecord> nodes;   // ascending by number; those that were removed too
  ValidatorHistory validators;

  const contracts::NodeRecord* find(std::uint64_t node) const;
  /// Validators vote and observers learn. What Raft's own membership is brought to, by its leader, when this differs from it.
  consensus::Membership membership() const;
};

/// `state` holds heights up to its mark, so the sizes at which sets came into force are all there.
Registry read_registry(const storage::StateSnapshot& state);

}  // namespace daftar::node
