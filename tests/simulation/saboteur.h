// Planted mistakes: where a test may make a node break a rule, from outside the code under test. The simulator itself plants none: every
// function here does nothing, and only tests/simulation/broken_test.cc overrides them. Nodes are numbered from 1.
#pragma once
#include <optional>
#include <vector>

#include "node/replica.h"
#include "tests/simulation/log_disk.h"
#include "tests/simulation/state_disk.h"

namespace daftar::simulation {

class Saboteur {
 public:
  virtual ~Saboteur() = default;
  /// What the replica of a node that starts is told its disks held.
  virtual void restored(std::uint64_t /*node*/, node::ReplicaRestored&) {}
  /// What a crash left of the state, before the node reads it.
  virtual void reopened(std::uint64_t /*node*/, StateImage& /*flushed*/, const StateImage& /*newest*/) {}
  virtual SimRaftLog::Leniency leniency() { return {}; }
  /// The node tells its core that a batch is durable when the write has only begun.
  virtual bool vouches_early() { return false; }
  virtual bool syncs_lie() { return false; }
  virtual bool ignores_disk_errors() { return false; }
  virtual void writing(std::uint64_t /*node*/, std::optional<storage::StoredHardState>&, std::vector<storage::LogRecord>&) {}
  virtual void sending(std::uint64_t /*node*/, std::uint64_t /*to*/, node::PeerMessage&) {}
  /// False: the message is swallowed. `replies` leave at once, as if the node had sent them.
  virtual bool receiving(std::uint64_t /*node*/, std::uint64_t /*from*/, node::PeerMessage&, std::vector<node::Replica::Send>& /*replies*/) { return true; }
  /// What the node takes as said by others when this has arrived.
  virtual std::vector<std::pair<std::uint64_t, node::PeerMessage>> imagines(std::uint64_t /*node*/, std::uint64_t /*from*/, const node::PeerMessage&) { return {}; }
  /// False: the others are not told that this node runs in a new process.
  virtual bool greets_anew(std::uint64_t /*node*/) { return true; }
  /// What a leader hears of another node's clock; `own_ms` is what its own shows.
  virtual void hears_clock(std::uint64_t /*own_ms*/, node::ClockReply&) {}
  /// False: the block is not executed, but reported as if it were empty.
  virtual void executing(std::uint64_t /*node*/, node::ExecuteTask&) {}
  virtual void executed(std::uint64_t /*node*/, node::ExecutedBlock&) {}
  virtual void compacting(std::uint64_t /*node*/, storage::LogPlace&, const SimRaftLog&) {}
  /// The mark that a picture of the state will have in it.
  virtual void picturing(std::uint64_t /*node*/, storage::AppliedMark&) {}
  /// True: the state of a snapshot is installed, and the log goes on as it was.
  virtual bool keeps_the_log(std::uint64_t /*node*/) { return false; }
  /// True: reads are answered at once from what is executed here, whoever leads.
  virtual bool reads_unconfirmed() { return false; }
  /// True: a client is told `committed` as soon as its transaction is taken.
  virtual bool answers_early() { return false; }
};

}  // namespace daftar::simulation
