// The data directory of a node as it starts: opens the Raft log and the executed state, and mends what is damaged where the others can make up
// for it (docs/operators.md, "Damaged disks"). What is set aside is kept as evidence; nothing of it is changed.
//
//   raft-log, raft-log.synced       the Raft log (storage/raft_log.h) and its synced-up-to mark
//   state                           the executed state (storage/state_store.h)
//   raft-log.damaged-N (.synced)    set aside, the highest N last; may be deleted once the node is whole
//   state.damaged-N                 likewise
//   raft-log.repair                 there while the log lacks what this node once held
//   raft-log.new (.synced)          a log begun anew that is not in its place yet
#pragma once
#include <memory>
#include <string>

#include "ledger/expected.h"
#include "ledger/genesis.h"
#include "storage/raft_log.h"
#include "storage/state_store.h"

namespace daftar::node {

struct Disks {
  std::unique_ptr<storage::RaftLog> log;
  std::unique_ptr<storage::StateStore> store;   // initialised
  /// The log lacks entries that this node may have acknowledged, and perhaps its term and vote: consensus::Restored::in_doubt.
  bool log_incomplete = false;
};

/// The sentence says what stands in the way: an I/O error, a full disk, another process, another ledger. Damage does not: each step of its
/// repair is one line in the node's log.
/// `alone`: there is no other node, so damage is not mended but refused.
Expected<Disks, std::string> open_disks(const std::string& data_dir, const ledger::Genesis& genesis, storage::StateStoreOptions state_options,
                                        bool alone = false);

/// The log is whole again.
void note_log_is_whole(const std::string& data_dir);

}  // namespace daftar::node
