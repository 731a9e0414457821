// What a replica starts from after a stop or a crash: the Raft log and the executed state, read together and held against each other.
#pragma once
#include <string>

#include "contracts/execute.h"
#include "node/replica.h"
#include "storage/raft_log.h"
#include "storage/state_store.h"

namespace daftar::node {

/// The membership in force at `mark`: as it was stored with it, or as the genesis has it.
consensus::Membership membership_at(const storage::AppliedMark& mark, const ledger::Genesis& genesis);

/// Where `store` stands.
ExecutedState executed_state(const storage::StateStore& store, const contracts::Engine& engine);

/// `store` has been initialised. A snapshot whose installation was cut off is installed to its end first: the log begins anew after it. The
/// sentence says why a node with these disks may not take part: the log is shorter than what was executed, cannot be read, or its term is
/// behind its own entries.
Expected<ReplicaRestored, std::string> restore(storage::RaftLog& log, storage::StateStore& store, const contracts::Engine& engine,
                                               const ledger::Genesis& genesis);

}  // namespace daftar::node
