// The line between the node's core (replica, loop, links) and what faces clients (HTTP API). The API sees the ledger only through this.
// All functions may be called from any thread; callbacks come on a thread of the core and must not block.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contracts/execute.h"
#include "contracts/governance/governed.h"
#include "ledger/genesis.h"
#include "ledger/rejection.h"
#include "ledger/transaction.h"
#include "storage/state_store.h"

namespace daftar::node {

enum class WaitFor : std::uint8_t { committed, certified };

/// What became of a submitted transaction.
struct SubmitReply {
  enum class Status : std::uint8_t {
    committed,   // executed and accepted; on disk on a quorum
    certified,   // the same, and a certificate covers it
    rejected,    // refused for good: judged before ordering (rejection only) or executed and refused (entry is set)
    unknown,     // the deadline passed or the node is stopping; ask again by id
    busy,        // not taken: definitely not in the ledger through this call; retry after retry_after_ms
  };
  Status status = Status::unknown;
  ledger::Digest id;
  ledger::Rejection rejection;                 // for rejected and (in words) busy
  std::optional<std::uint64_t> entry_index;    // when executed
  std::uint64_t height = 0;
  std::string result;                          // encoded contracts::ExecutionResult when executed
  std::uint32_t retry_after_ms = 0;

  static SubmitReply busy(const ledger::Digest& id, std::string why, std::uint32_t retry_after_ms) {
    return {Status::busy, id, {ledger::RejectionCode::ok, std::move(why)}, std::nullopt, 0, {}, retry_after_ms};
  }
};

struct NodeStatus {
  std::uint32_t node = 0;
  std::string role;                 // leader | follower | candidate | stopped
  std::uint32_t leader = 0;         // 0: none known
  std::uint64_t term = 0;
  std::uint64_t raft_first = 0;     // of the log on disk: what is before it has left it
  std::uint64_t raft_last = 0, raft_commit = 0;
  std::uint64_t height = 0;         // executed
  std::uint64_t entries = 0;
  std::uint64_t block_time_ms = 0;
  std::string root;                 // hex, of the tree at `height`
  std::uint64_t certified_size = 0; // tree size of the newest certificate
  struct Peer { std::uint32_t node = 0; bool connected = false; std::uint64_t match = 0; };
  std::vector<Peer> peers;
  // The membership that consensus is in, by node; `outgoing` is not empty while the voters change: then both majorities count.
  std::vector<std::uint32_t> voters, learners, outgoing;
  bool ready = false;               // executed everything it knows to be committed, and there is a leader
  std::string not_ready_because;    // one sentence for people when not ready
  std::string stopped_because;      // why the node halted itself, or empty
  std::uint64_t mempool_transactions = 0;
  std::uint32_t protocol_version = 1;   // by which the next block is executed
  std::uint32_t protocol_known = contracts::governance::protocol_version_known;   // the newest that this node can execute
  // counters since start
  std::uint64_t fsyncs = 0, blocks = 0, flushes = 0, seals = 0, certificates = 0, committed = 0, rejected = 0;
  std::uint64_t snapshots_installed = 0, snapshot_bytes_sent = 0, snapshot_bytes_received = 0;
  std::uint64_t signatures_verified = 0, bytes_sent = 0, bytes_received = 0;
};

class NodeService {
 public:
  virtual ~NodeService() = default;
  virtual std::shared_ptr<const ledger::Genesis> genesis() const = 0;
  virtual NodeStatus status() const = 0;

  /// Takes parsed transactions (signatures not yet verified; the core's pool does that). `done(i, reply)` is called exactly once for each,
  /// in any order, possibly before submit returns. A transaction already in the ledger gets its first outcome again, even when expired.
  virtual void submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, WaitFor wait,
                      std::chrono::milliseconds timeout, std::function<void(std::size_t index, SubmitReply reply)> done) = 0;

  /// `done(true)`: snapshots taken from now on hold all that any client of any node was told before this call (linearizable reads).
  /// `done(false)`: no quorum has confirmed it, or this node has not executed so far, within `timeout`. Called exactly once.
  virtual void linearizable(std::chrono::milliseconds timeout, std::function<void(bool confirmed)> done) = 0;

  /// The state as executed here (may lag the leader by a moment).
  virtual std::shared_ptr<const storage::StateSnapshot> snapshot() const = 0;
  /// Runs the transaction on the current state without writing anything. Signatures are judged if present.
  virtual contracts::ExecutionResult dry_run(const ledger::Transaction& transaction) const = 0;
  /// What the ledger goes by in the states that snapshot() gives.
  virtual std::shared_ptr<const contracts::governance::Governed> governed() const = 0;
  /// By which transactions are read: those in force in the state as executed here.
  virtual ledger::TransactionLimits transaction_limits() const = 0;
  /// A receipt (C2SP tlog-proof) of the entry, or nothing while no certificate covers it yet.
  virtual std::optional<std::string> receipt(std::uint64_t entry_index) const = 0;
};

}  // namespace daftar::node
