// A running node: the replica, its threads, its links and its disks, started and stopped in one place. Implements NodeService.
//
// Threads: one owns the replica (replica_loop.h); one writes the Raft log; one executes blocks; a pool verifies signatures; one moves
// bytes between nodes. None of them waits for another except through bounded queues.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/expected.h"
#include "ledger/keys.h"
#include "node/service.h"

namespace daftar::node {

struct PeerAddress {
  std::uint32_t node = 0;
  std::string host;
  std::uint16_t port = 0;
  std::optional<ledger::PublicKey> link_key{};   // pinned, of a node that the genesis does not name
};

struct NodeOptions {
  std::uint32_t node = 0;                       // from 1: as in the genesis, or as governance numbered it later
  std::string data_dir;                         // created if absent; holds raft-log/ and state/
  std::shared_ptr<const ledger::Genesis> genesis;
  std::string link_seed;                        // 32 bytes each
  std::string checkpoint_seed;
  std::string link_host = "127.0.0.1";
  std::uint16_t link_port = 0;                  // 0: given by the system
  std::vector<PeerAddress> peers;               // where other nodes are; comes before what the ledger says of it
  std::chrono::milliseconds tick{50};
  std::chrono::milliseconds heartbeat{100};
  std::chrono::milliseconds election_timeout{1000};  // each wait is drawn from [1, 2) of it
  unsigned verifier_threads = 0;                // 0: one per core
  std::uint64_t log_retain_bytes = 512u << 20;  // of the Raft log, behind what is executed: see replica.h
  std::uint64_t log_retain_for_laggards_bytes = 2048ull << 20;
  std::size_t memtable_bytes = 64u << 20;
  std::size_t block_cache_bytes = 128u << 20;
  std::size_t value_cache_bytes = 256u << 20;
  std::uint32_t protocol_known = contracts::governance::protocol_version_known;   // as for contracts::Engine: another one in tests only, no option of a node
};

/// protocol: the ledger goes by a version of the protocol that this program does not know.
enum class HaltKind { none, disk, divergence, removed, protocol, other };

class Node final : public NodeService {
 public:
  /// Opens the disks, restores, binds the link port and starts. The sentence says what stands in the way.
  static Expected<std::unique_ptr<Node>, std::string> start(NodeOptions options);
  ~Node() override;

  NodeService& service() { return *this; }
  /// Refuses new work, answers what waits with `unknown`, flushes the state, joins all threads. Idempotent.
  void stop();
  /// Called once, on a thread of the core, when the node stops itself; it then serves nothing. Set before traffic.
  void on_halt(std::function<void(HaltKind, std::string)> handler);
  HaltKind halt_kind() const;
  std::string halted() const;                   // the reason, or empty
  std::uint16_t link_port() const;

  std::shared_ptr<const ledger::Genesis> genesis() const override;
  NodeStatus status() const override;
  void submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, WaitFor wait, std::chrono::milliseconds timeout,
              std::function<void(std::size_t, SubmitReply)> done) override;
  void linearizable(std::chrono::milliseconds timeout, std::function<void(bool confirmed)> done) override;
  std::shared_ptr<const storage::StateSnapshot> snapshot() const override;
  contracts::ExecutionResult dry_run(const ledger::Transaction& transaction) const override;
  std::shared_ptr<const contracts::governance::Governed> governed() const override;
  ledger::TransactionLimits transaction_limits() const override;
  std::optional<std::string> receipt(std::uint64_t entry_index) const override;

 private:
  struct Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace daftar::node
