// The replica among threads: one owns it; one writes the Raft log; one executes; the pool verifies; links move bytes. Every hand-over is a
// queue; the replica's thread never waits for a disk or a signature. A disk error or a divergence ends the loop (halt), nothing continues.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "node/executor.h"
#include "node/node.h"
#include "node/peer_link.h"
#include "node/replica.h"
#include "node/snapshot_transfer.h"
#include "node/verifier_pool.h"
#include "storage/raft_log.h"
#include "storage/state_store.h"

namespace daftar::node {

class ReplicaLoop {
 public:
  struct Parts {
    std::shared_ptr<const ledger::Genesis> genesis;
    storage::RaftLog& raft_log;
    storage::StateStore& store;
    Executor& executor;
    Replica& replica;
    VerifierPool& pool;
    std::chrono::milliseconds tick;
    std::vector<PeerAddress> addresses;   // of the configuration: they come before what the registry says
    std::function<void(HaltKind, std::string)> on_halt;
    std::function<void()> on_whole_again;   // the replica's log lacks nothing any more; on the replica's thread
  };
  explicit ReplicaLoop(Parts parts);
  ~ReplicaLoop();

  /// `links` is used from the replica's thread from now on.
  void start(PeerNetwork& links);
  /// Joins the threads; what waits is answered `unknown`. Idempotent; not from the loop's own threads.
  void stop();

  // Any thread.
  void receive(std::uint64_t from, PeerMessage message);
  void peer_connected(std::uint64_t node);
  void peer_greeted(std::uint64_t node, std::uint64_t process);
  using Done = std::function<void(std::size_t, SubmitReply)>;
  void submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, WaitFor wait, std::chrono::milliseconds timeout, Done done);
  /// `done(true)`: snapshots of the store taken from now on hold all that anybody was told before this call. `done(false)`: not known within
  /// `timeout`. Once, on the replica's thread or this one.
  void linearizable(std::chrono::milliseconds timeout, std::function<void(bool)> done);
  std::uint64_t snapshot_bytes_sent() const { return transfer_.bytes_sent(); }
  std::uint64_t snapshot_bytes_received() const { return transfer_.bytes_received(); }
  NodeStatus status() const;    // the replica's part, at most a tick old

 private:
  using Task = std::function<void()>;
  /// One call of submit(): each transaction is answered exactly once, by whoever lets go of the submission last if by nobody else.
  struct Submission {
    Submission(std::vector<std::shared_ptr<const ledger::Transaction>> t, WaitFor w, std::chrono::milliseconds m, Done d)
        : transactions(std::move(t)), wait(w), timeout(m), done(std::move(d)), answered(transactions.size(), 0) {}
    Submission(const Submission&) = delete;
    ~Submission();
    void answer(std::size_t index, SubmitReply reply);

    const std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
    const WaitFor wait;
    const std::chrono::milliseconds timeout;
    const Done done;
    std::vector<char> answered;   // each place is touched by one thread at a time
  };
  /// One call of linearizable(): answered exactly once, in the end by whoever lets go of it.
  class Read {
   public:
    explicit Read(std::function<void(bool)> done) : done_(std::move(done)) {}
    Read(const Read&) = delete;
    ~Read() { answer(false); }
    void answer(bool confirmed) {
      if (auto done = std::exchange(done_, nullptr)) done(confirmed);
    }

   private:
    std::function<void(bool)> done_;
  };
  struct Client { std::shared_ptr<Submission> submission; std::size_t index; };

  // replica's thread
  void run();
  void carry_out(Replica::Output output);
  void judge(std::shared_ptr<Submission> submission, std::vector<std::size_t> order, VerifierPool::Verdicts verdicts);
  void admit(std::shared_ptr<Submission> submission, std::size_t index, ledger::Rejection rejection, bool last_try);
  void answer(const Replica::Answer& answer);
  void publish_status();
  Times now() const;
  // other threads
  void post(Task task);
  void write_log();
  void execute();
  void check_blocks(Replica::BlockCheck check);
  void check_forward(Replica::ForwardCheck check);
  void read_log(const consensus::LogRead& read);
  /// A snapshot to be installed: the execution thread replaces the state, the log's begins the log anew, the execution thread ends it.
  struct Install { std::uint64_t arrival = 0; std::unique_ptr<storage::SnapshotSink> sink; ExecutedState state; };
  bool replace_state(Install install);
  bool restart_log(Install install);
  bool finish_install(Install install);
  void halt(HaltKind kind, std::string why);
  static HaltKind kind_of(const ExecutionHalt& halt);
  std::optional<SubmitReply> first_outcome(const storage::StateSnapshot& state, const ledger::Digest& id) const;

  Parts parts_;
  PeerNetwork* links_ = nullptr;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;
  bool stopping_ = false;

  std::mutex log_mutex_;
  std::condition_variable log_wake_;
  std::deque<Replica::LogWrite> log_queue_;
  std::deque<consensus::LogRead> log_reads_;
  std::optional<consensus::LogPosition> log_compaction_;
  std::optional<Install> log_install_;                // after everything that is in the queue
  std::optional<std::vector<storage::StoredRecollection>> log_memory_;   // the newest
  bool log_stopping_ = false;

  std::mutex execute_mutex_;
  std::condition_variable execute_wake_;
  std::deque<Replica::NewCertificate> certificates_;  // stored between two blocks
  std::deque<ExecuteTask> execute_queue_;
  std::optional<Install> execute_install_;            // after everything that is in the queue
  bool execute_stopping_ = false;
  std::uint64_t flushes_seen_ = 0;                    // execution thread only

  std::unordered_map<ClientToken, Client> clients_;  // replica's thread only
  std::unordered_map<ClientToken, std::shared_ptr<Read>> readers_;   // likewise
  ClientToken next_client_ = 1;
  struct Retry { std::uint64_t at_ms; std::shared_ptr<Submission> submission; std::size_t index; };
  std::deque<Retry> retries_;                        // prechecks that may have met a state that lags
  std::atomic<std::size_t> received_messages_{0}, received_bytes_{0};   // of peers, not yet seen by the replica

  consensus::RoleChange published_place_;   // replica's thread only
  bool published_ready_ = false;            // the same
  mutable std::mutex status_mutex_;
  NodeStatus status_;
  std::atomic<bool> halted_{false};

  SnapshotTransfer transfer_;
  std::thread replica_thread_, log_thread_, execute_thread_;
};

}  // namespace daftar::node
