// What a replica starts from after a stop or a crash: the Raft log and the executed state, read together and held against each other.
#pragma once
#include <string>

#include "contracts/execute.h"
#include "node/replica.h"
#include "storage/raft_log.h"
#include "storage/state_store.h"

namespace daftar::node {

/// `store` has been initialised. `validators`: how many vote, numbered from 1. The sentence says why a node with these disks may not take part:
/// the log is shorter than what was executed, cannot be read, or its term is behind its own entries.
Expected<ReplicaRestored, std::string> restore(const storage::RaftLog& log, const storage::StateStore& store, const contracts::Engine& engine,
                                               std::size_t validators);

}  // namespace daftar::node
