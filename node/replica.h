// One validator as a state machine without sockets, threads or disks: the Raft core joined to blocks, mempool, clients' waiting and
// certificates. Inputs change memory; take_output() says what the world must now do. The loop (replica_loop.h) and the simulator drive it.
//
// The way of a transaction through it: submit() → verified by the caller's pool before it comes here → mempool of the leader (or Forward to
// it) → block → Raft → executed() → Answer. A peer's AppendRequest with blocks is held, in the order of its link, until the pool has parsed
// and verified them (BlockCheck): the core never holds an unverified entry, so `synced` follows from the disk alone (DESIGN §12.6).
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "consensus/raft.h"
#include "ledger/block.h"
#include "ledger/genesis.h"
#include "node/block_time.h"
#include "node/certifier.h"
#include "node/executor.h"
#include "node/inquiry.h"
#include "node/linearizable.h"
#include "node/mempool.h"
#include "node/peer_codec.h"
#include "node/service.h"
#include "storage/raft_log.h"

namespace daftar::node {

/// Whom an Answer is for: the caller's own number.
using ClientToken = std::uint64_t;

struct ReplicaOptions {
  consensus::Options raft;
  MempoolLimits mempool;
  std::size_t block_transactions_max = 2000;
  std::size_t block_bytes_max = 1u << 20;
  std::size_t blocks_in_flight_max = 2;         // proposed and not yet committed: batching is natural, no timer
  std::uint64_t checkpoint_blocks = 64;         // a checkpoint at the latest after so many blocks,
  std::uint64_t checkpoint_interval_ms = 200;   // or so long after the last,
  std::uint64_t checkpoint_idle_ms = 500;       // or when nothing has come for so long
  std::uint64_t uncertified_ms_max = 30'000;    // certification lagging longer: the leader orders no more (and says who is silent)
  // The Raft log on disk: what is executed and flushed leaves it when more than this came after; for a peer that lags (known to the leader),
  // as long as what came after is less than the second, or, while it is within reach and a snapshot was sent, less than the state: who takes the state
  // in faster than the log grows needs no second snapshot. A peer that needs what has left gets a snapshot.
  std::uint64_t log_retain_bytes = 512u << 20;
  std::uint64_t log_retain_for_laggards_bytes = 2048ull << 20;
  // Transactions whose clients wait here: how many, of one member, their bytes. The first also bounds the clients.
  std::size_t waiting_max = 200'000;
  std::size_t waiting_of_member_max = 20'000;
  std::size_t waiting_bytes_max = 256u << 20;
};

/// Where execution stands: when the replica starts, or when a snapshot was installed.
struct ExecutedState {
  std::uint64_t raft_index = 0, raft_term = 0;   // of the newest block executed
  std::uint64_t height = 0;
  std::uint64_t block_time_ms = 0;
  ledger::Digest block_hash;
  std::uint64_t entries = 0;
  std::uint64_t certified_size = 0;
  std::optional<std::uint64_t> next_deadline_ms;
  Registry registry;
  MemberLimits member_limits;
};
struct ReplicaRestored : ExecutedState {
  consensus::Restored raft;
};

class Replica {
 public:
  Replica(std::shared_ptr<const ledger::Genesis> genesis, const ledger::SigningKey& checkpoint_key, ReplicaOptions options,
          ReplicaRestored restored);

  // ---- what the world must do, in this order
  struct LogWrite {                      // durable, in order of batch; then log_written(batch)
    consensus::BatchId batch;
    std::optional<storage::StoredHardState> hard_state;
    std::vector<storage::LogRecord> records;
  };
  struct BlockCheck {                    // parse and verify; then blocks_checked(ticket, ...)
    std::uint64_t ticket = 0;
    std::vector<std::shared_ptr<const std::string>> payloads;
  };
  struct ForwardCheck {                  // parse, verify, precheck what a peer forwarded; then forward_checked(...)
    std::uint64_t from = 0;
    std::vector<Forward::Item> items;
  };
  struct Send { std::uint64_t to = 0; PeerMessage message; };
  struct Answer { ClientToken client = 0; SubmitReply reply; };
  /// `confirmed`: the state that is executed now holds all that anybody was told before the read was asked for.
  struct ReadAnswer { ClientToken client = 0; bool confirmed = false; };
  struct NewCertificate { std::uint64_t size = 0; std::string note; };
  struct Output {
    std::vector<Send> send;
    std::vector<LogWrite> log_writes;
    std::vector<BlockCheck> block_checks;
    std::vector<ForwardCheck> forward_checks;
    std::vector<ExecuteTask> execute;
    std::vector<consensus::LogRead> log_reads;
    std::vector<consensus::SnapshotRead> snapshot_reads;        // of a checkpoint of the state; then snapshot_read_done()
    std::vector<consensus::SnapshotArrival> snapshot_arrivals;  // then snapshot_wants(), snapshot_installed() or snapshot_failed(), see consensus/output.h
    std::optional<consensus::LogPosition> compact;              // the log on disk may forget everything through here
    std::optional<Registry> registry;                           // nodes came, went or moved: link to those that are no longer removed
    std::vector<NewCertificate> certificates;   // store; then certificate_stored(size)
    std::vector<Answer> answers;
    std::vector<ReadAnswer> read_answers;
    std::vector<ledger::Digest> lookups; // look these ids up in the ledger; found(...) if there
    std::vector<std::string> news;       // for the log: what is as it should be
    std::vector<std::string> warnings;   // for the log: what somebody should look at
    std::optional<std::vector<storage::StoredRecollection>> memory;  // of the other nodes: RaftLog::write_memory
    bool whole_again = false;            // the log lacks nothing any more: what was noted of a repair may go
    std::string divergence;              // not empty: stop, loudly
    std::string removed;                 // not empty: this node is no longer needed: stop, when all of the above is carried out
  };
  bool has_output() const;
  Output take_output();

  // ---- inputs
  void tick(Times now);
  void set_time(Times now) { now_ = now; }
  void receive(std::uint64_t from, PeerMessage message);
  void peer_connected(std::uint64_t node);
  /// A link from `node` begins, whose process is `process`. All that an earlier process of it sent was received before, or is lost.
  void peer_greeted(std::uint64_t node, std::uint64_t process);
  /// Signatures hold. The answer comes as an Answer, once.
  void submit(ClientToken client, std::shared_ptr<const ledger::Transaction> transaction, WaitFor wait, std::uint64_t timeout_ms);
  /// Already in the ledger: waits only for the certificate that covers it (or answers at once).
  void await_certificate(ClientToken client, SubmitReply committed, std::uint64_t timeout_ms);
  /// A linearizable read: a ReadAnswer, once. Not confirmed when no quorum has confirmed it, or this node not executed so far, in time.
  void request_read(ClientToken client, std::uint64_t timeout_ms);

  // ---- answers from the world
  void log_written(consensus::BatchId batch);
  using CheckedBlocks = Expected<std::vector<std::shared_ptr<const ledger::Block>>, std::string>;
  void blocks_checked(std::uint64_t ticket, CheckedBlocks blocks);
  struct ForwardVerdict { std::shared_ptr<const ledger::Transaction> transaction; bool certified = false; ledger::Digest id; ledger::Rejection rejection; };
  void forward_checked(std::uint64_t from, std::vector<ForwardVerdict> verdicts);
  void executed(const ExecutedBlock& block);
  /// Receipts can be made with it from now on: who waits for `certified` is answered.
  void certificate_stored(std::uint64_t size);
  /// The first outcome of a transaction somebody waits for, read from the ledger.
  void found(const SubmitReply& first_outcome);
  void log_read_done(const consensus::LogRead& read, std::vector<consensus::Entry> entries);
  void snapshot_read_done(const consensus::SnapshotRead& read, std::optional<consensus::SnapshotPiece> piece);
  void snapshot_wants(std::uint64_t arrival, std::uint64_t offset);
  void snapshot_failed(std::uint64_t arrival);
  /// State and log on disk are replaced; all blocks handed to execution before were executed or are superseded.
  void snapshot_installed(std::uint64_t arrival, ExecutedState state);
  /// The executed state is durable up to this Raft index. Never lower than before.
  void state_flushed(std::uint64_t raft_index);

  /// Everything waiting is answered `unknown`.
  void abandon_all();
  /// A client waits for this transaction here, so it may be under way already.
  bool awaits(const ledger::Digest& id) const { return waiting_.contains(id); }
  const consensus::RoleChange& role_change() const { return place_; }
  consensus::Status core_status() const { return raft_.status(); }
  NodeStatus status() const;             // what the replica knows; the node adds what state, log and links know

 private:
  /// The newest block at or before a place in the Raft log.
  struct ChainPlace {
    std::uint64_t term = 0;
    std::uint64_t height = 0;
    std::uint64_t time_ms = 0;
    ledger::Digest hash;
    bool has_block = false;
    bool checkpoint = false;
  };
  /// A peer's message that waits for those before it, or for its own blocks to be checked.
  struct Inbound {
    consensus::Envelope envelope;
    std::uint64_t ticket = 0;            // 0: nothing to check
    std::size_t bytes = 0;
    std::optional<CheckedBlocks> checked;
  };
  struct Inbox {
    std::deque<Inbound> messages;
    std::size_t bytes = 0;
    void clear() { *this = {}; }
  };
  /// Why blocks are not taken from their leader; it passes when it is a matter of clocks.
  struct Objection { std::string why; bool passes = false; };
  struct Distrust {
    consensus::Term term;
    std::uint64_t until_tick = 0;
  };
  struct Waiter { ClientToken client; WaitFor wait; };
  struct Waiting {
    std::shared_ptr<const ledger::Transaction> transaction;
    std::vector<Waiter> waiters;
    bool certified = false;
    std::uint64_t deadline_ms = 0;
    bool offered = false;                // in the mempool, or forwarded to the present leader
    /// How often it went into a mempool or was forwarded. A definite no to the only offer is an answer for the client; with more, some leader
    /// may have put it into a block, and only the ledger or the deadline answers.
    std::uint32_t offers = 0;
  };
  struct AwaitingCertificate { ClientToken client; SubmitReply reply; std::uint64_t deadline_ms; };

  // replica.cc
  void pump();
  void take_raft_output();
  void note_entries(const std::vector<consensus::Entry>& entries);
  const ChainPlace& tip() const { return chain_.rbegin()->second; }
  void change_role(const consensus::RoleChange& change);
  bool is_leader() const { return place_.role == consensus::Role::leader; }
  void offer_waiting();
  void offer(Waiting& waiting, std::vector<Forward::Item>& forwards);
  void deny(const ledger::Digest& id, const SubmitReply& reply);
  std::string no_room_for(const ledger::Transaction& transaction) const;
  void maybe_propose();
  std::size_t blocks_in_flight() const;   // in the log, not committed
  bool propose(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, bool certified);
  bool wants_checkpoint(bool certified) const;
  void answer_executed(const TransactionOutcome& outcome, std::uint64_t height);
  void answer_all(const Waiting& waiting, const SubmitReply& reply);
  void resolve(const ledger::Digest& id, const SubmitReply& reply);
  void take_certifier_outcome(Certifier::Outcome outcome, std::uint64_t from);
  void expire_waiting();
  void say(std::string news) { output_.news.push_back(std::move(news)); }
  void warn(std::string warning) { output_.warnings.push_back(std::move(warning)); }

  // replica_membership.cc
  void take_registry(Registry registry, std::uint64_t size);
  void note_committed(const consensus::Entry& entry);
  void follow_registry();
  void send_to_all(const PeerMessage& message);
  void sign_checkpoint(std::uint64_t size, const ledger::Digest& root);

  // replica_snapshot.cc
  void start_from(ExecutedState state);
  void weigh_log(const std::vector<consensus::Entry>& entries);
  void compact_log();
  std::uint64_t retained_after(consensus::Index index, const consensus::Status& status) const;   // bytes of the log that keep this place in it

  // replica_reads.cc
  struct AskedRound { std::uint64_t node = 0, round = 0; };
  void advance_reads();
  void ask_core(std::uint64_t node, std::uint64_t round);
  void answer_round(const AskedRound& asked, const ReadIndexReply& reply);
  void take_reads(const consensus::Output& out);

  // replica_clock.cc
  void ask_clocks();
  void receive_clock(std::uint64_t from, const ClockReply& reply);
  std::optional<std::uint64_t> quorum_time_ms() const { return quorum_clock_.read(raft_.membership(), now_); }
  std::optional<std::uint64_t> next_block_time() const;
  BlockMoment moment_at(std::uint64_t raft_index) const;
  bool too_far_ahead(const ledger::Block& block, BlockMoment committed, bool inherited);

  // replica_inbound.cc
  void receive_consensus(std::uint64_t from, consensus::Message message);
  void drain_inbox(std::uint64_t from);
  std::optional<Objection> objection_to(const consensus::AppendRequest& request, const std::vector<std::shared_ptr<const ledger::Block>>& blocks);
  void distrust(std::uint64_t leader, consensus::Term term, const Objection& objection);
  void receive_refusals(std::uint64_t from, const ForwardRefused& refused);
  bool is_distrusted(std::uint64_t leader, consensus::Term term) const;

  // replica_memory.cc
  void begin_inquiry(const consensus::Restored& restored);
  void look_for_others();
  void tick_inquiry();
  void ask(std::uint64_t node);
  void end_inquiry_if_due();
  void receive_recall_request(std::uint64_t from, const RecallRequest& request);
  void receive_recall_reply(std::uint64_t from, const RecallReply& reply);
  void note_doubt();
  void write_memory();
  std::string waits_for_memory(const consensus::Status& status) const;

  std::shared_ptr<const ledger::Genesis> genesis_;
  const ledger::SigningKey& checkpoint_key_;
  ReplicaOptions options_;
  consensus::Raft raft_;
  consensus::RoleChange place_;
  Mempool mempool_;
  Registry registry_;
  Certifier certifier_;
  Times now_;
  QuorumClock quorum_clock_;
  Patience patience_;
  Output output_;

  LinearizableReads reads_;
  std::map<std::uint64_t, AskedRound> rounds_;   // this leader's own and its peers', by the core's ReadId

  std::map<std::uint64_t, ChainPlace> chain_;    // by Raft index, from the last executed on; never empty
  using Blocks = std::unordered_map<const std::string*, std::shared_ptr<const ledger::Block>>;  // parsed, by payload
  Blocks blocks_;                                // of the log, until executed
  Blocks incoming_;                              // of the message that is being stepped in: Raft may refuse it
  std::uint64_t committed_index_ = 0;            // last handed to execution or passed over
  std::uint64_t executed_index_ = 0;
  std::deque<std::uint64_t> blocks_in_execution_;  // Raft indexes handed out, not executed yet

  std::string committed_membership_;             // encoded; in force at committed_index_
  std::string membership_said_;                  // why a change of the membership waits, as last said,
  std::uint64_t membership_waits_since_ = 0;     // and since which tick; 0: it does not wait
  /// Places in the log now and then, with the bytes appended before them since this node started.
  struct LogWeight { consensus::LogPosition position; std::uint64_t bytes_before = 0; };
  std::deque<LogWeight> log_weights_;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t flushed_index_ = 0;              // the state is durable up to here
  std::uint64_t picture_bytes_ = 0;              // of the newest snapshot that was sent from here; 0: none was

  struct WaitingSync { consensus::BatchId batch; std::vector<consensus::Envelope> send; };
  std::deque<WaitingSync> unsynced_;

  std::optional<Inquiry> inquiry_;                          // none: nobody is asked (tests of other things)
  std::map<std::uint64_t, std::uint64_t> processes_;        // of the peers, by node
  std::uint64_t memory_written_ = 0;                        // Memory::changes() of what was last given out
  bool in_doubt_ = false;                                   // as last said

  std::map<std::uint64_t, Inbox> inbox_;                    // by peer
  std::map<std::uint64_t, Distrust> distrusted_;            // by leader: up to which term nothing is taken from it, and until when
  std::uint64_t next_ticket_ = 1;
  std::uint64_t ticks_ = 0;

  std::unordered_map<ledger::Digest, Waiting, ledger::DigestHash> waiting_;
  std::multimap<std::uint64_t, ledger::Digest> waiting_deadlines_;
  std::unordered_map<std::string, std::size_t> waiting_of_member_;
  std::size_t waiting_bytes_ = 0;
  std::size_t waiters_ = 0;                      // in waiting_
  bool denied_ = false;                          // something in waiting_ is to be offered again,
  std::uint64_t offered_again_ms_ = 0;           // not before a while after this
  std::unordered_set<ledger::Digest, ledger::DigestHash> ordered_;   // in the mempool, or in a block of ours not executed yet
  std::multimap<std::uint64_t, AwaitingCertificate> awaiting_certificate_;  // by entry index

  std::uint64_t certificate_stored_ = 0;         // tree size of the newest on disk
  std::uint64_t entries_ = 0;                    // executed
  std::optional<std::uint64_t> next_deadline_ms_;
  std::uint64_t checkpoint_height_ = 0;          // of the last block proposed or seen with a checkpoint
  std::uint64_t checkpoint_ms_ = 0;              // monotonic
  std::uint64_t last_proposal_ms_ = 0;
  std::uint64_t last_checkpoint_size_ = 0;       // tree size at the last executed checkpoint
  std::uint64_t uncertified_since_ms_ = 0;       // 0: nothing waits for certification
  std::uint64_t lines_repeated_ms_ = 0;
  std::uint64_t committed_transactions_ = 0, rejected_transactions_ = 0, blocks_executed_ = 0, certificates_ = 0, snapshots_installed_ = 0;
};

}  // namespace daftar::node
