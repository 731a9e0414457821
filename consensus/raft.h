// Raft as a state machine without I/O: messages, ticks, proposals and the disk's answers in; an Output out.
//
// The contract:
// 1. Outputs are carried out in batch order, each as output.h says.
// 2. `send_after_sync`, the node's own vote, its own match and its `committed` wait for synced(). Others may commit an entry first
//    (thesis 10.2.1: leader and followers write in parallel), but a node never applies what its own disk does not hold.
// 3. A disk error ends the node: there is no failed() input.
// 4. The same Options, Restored and inputs, with take_output() at the same places, give the same outputs. No clock, no hidden chance.
// 5. Not thread-safe: one owner.
// 6. Payloads are opaque, shared and immutable.
//
// Only crashes are assumed of the peers. Still, step() accepts any message at any time: what no correct node could send is dropped
// and counted (Status::refused), and changes nothing.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <variant>

#include "consensus/durability.h"
#include "consensus/log.h"
#include "consensus/membership.h"
#include "consensus/memory.h"
#include "consensus/output.h"
#include "consensus/progress.h"
#include "consensus/quorum.h"
#include "consensus/random.h"

namespace daftar::consensus {

/// The caller decides all of them.
struct Options {
  NodeId self;
  Ticks election_timeout;              ///< > heartbeat_interval; each wait is drawn from [election_timeout, 2 * election_timeout)
  Ticks heartbeat_interval;            ///< >= 1
  std::size_t append_bytes_max;        ///< of entries in one AppendRequest, >= 1; a larger single entry still goes alone
  std::uint32_t inflight_appends_max;  ///< unanswered AppendRequests with entries per follower, >= 1
  /// The log kept in memory: entries that are applied and synced are forgotten beyond it. Also the bound on entries not applied yet (a
  /// leader's propose() is then Busy, a follower takes no more). Exceeded by at most append_bytes_max, or by what Restored holds.
  std::size_t log_window_bytes_max;
  std::uint64_t seed;                  ///< of the election timeouts; mixed with `self`, so one seed may serve a whole cluster
  std::uint64_t voter_lag_max = 1000;  ///< a node may become a voter when it lacks at most so many committed entries (4.2.1)
  std::size_t snapshot_piece_bytes_max = 1u << 20;  ///< asked for at a time; one piece per follower is under way
};

/// What the disk held. Facts the caller has checked; a contradiction in them is an assertion.
struct Restored {
  HardState hard_state{};       ///< term >= last entry's term
  SnapshotMark snapshot{};
  /// Position before tail[0], or the last one when tail is empty; {0, 0} if the tail begins at index 1.
  /// Entries in (snapshot, before_tail] stay on disk and are asked for by LogRead. before_tail.index <= applied.
  LogPosition before_tail{};
  std::vector<Entry> tail{};    ///< consecutive up to the end of the log; all durable and verified
  Index applied{};              ///< what the executed state holds, in [snapshot.position.index, last index]
  /// In force at before_tail; what the tail's entries make of it is found there. Without voters: a node that waits to be taken in.
  Membership membership{};
  std::vector<Recollection> memory{};  ///< what this node remembers of the others
  /// Nothing is promised until trust_disk(): leaders are heard, but not answered; no votes, no campaign. For a caller who asks the others
  /// first whether this disk is an older one (recalled()).
  bool withheld = false;
  /// The log is known to have lost something: until it is whole again this node is in doubt (Status::in_doubt).
  bool in_doubt = false;
};

enum class ProposeFailure : std::uint8_t {
  not_leader,            ///< ask `leader`
  busy,                  ///< too much waits to be applied (or too many reads are open): try again later; nothing was done
  transfer_in_progress,  ///< leadership is being handed over, or this leader leaves the membership: try again, perhaps elsewhere
  target_unfit,          ///< transfer_leadership: not another voter (or one on its way out)
  change_pending,        ///< propose_membership: one change at a time, until its last entry is committed
  term_not_established,  ///< propose_membership: no entry of this leader's own term is committed yet: try again soon
  change_refused,        ///< propose_membership: `refused` says why
  voter_lags,            ///< propose_membership: `refused.node` must catch up as a learner first
};

struct ProposeError {
  ProposeFailure failure;
  NodeId leader;  ///< the leader as far as known; none otherwise
  ChangeRefused refused{};
  friend bool operator==(const ProposeError&, const ProposeError&) = default;
};

struct PeerStatus {
  NodeId node{};
  bool voter = false;           ///< of either configuration
  Progress::State state = Progress::State::probe;
  Index match{};
  Index next{};
  std::size_t inflight = 0;
  bool active = false;          ///< has replied since the last quorum check
  bool reads_disk = false;      ///< a LogRead for it is open
  bool needs_snapshot = false;  ///< what it needs is no longer in the log
  bool removed = false;         ///< no longer a member; only told of it
  Snapshot snapshot{};          ///< being sent to it; position {0, 0}: none
  std::uint64_t snapshot_offset = 0;
};

struct Status {
  NodeId self{};
  Role role = Role::follower;
  Term term{};
  NodeId voted_for{};
  NodeId leader{};
  LogPosition last{};
  Index durable{};
  Index commit{};
  Index applied{};
  Index compacted{};                    ///< the log on disk begins after it
  Index match_min{};                    ///< leader: what every other member has, silent ones too; else 0. Entries above may still be asked for
  /// Leader: as match_min, but of those alone that were heard of within awaited_timeouts election timeouts; and who is being sent a snapshot counts
  /// with its place: if the log goes on after it until it has come and what follows too, no second one is needed. At least match_min.
  Index awaited_min{};
  bool installing = false;              ///< a snapshot is complete, and the caller is replacing the state by it
  Index window_first{};
  std::size_t window_bytes = 0;
  std::size_t reads_open = 0;
  NodeId transfer_target{};             ///< none: no transfer under way
  std::uint64_t refused = 0;          ///< messages that no correct node could have sent
  std::string_view refused_last_why{};  ///< static text
  std::vector<PeerStatus> peers{};      ///< leader only; ascending by node
  Membership membership{};              ///< in force: the newest in the log
  Index membership_index{};             ///< of its entry; not above what Restored began with if it came from there
  bool removed = false;                 ///< as Output::removed
  bool disk_hangs = false;              ///< a batch has not been synced for an election timeout: this node neither leads nor campaigns
  bool withheld = false;                ///< as Restored::withheld
  /// The log lacks, or may lack, what this node once held: it follows, does not campaign, and votes only for logs that reach doubt_until, and
  /// not before enough of the others have said where theirs end.
  bool in_doubt = false;
  LogPosition doubt_until{};
  bool loss_certain = false;            ///< in doubt, and not only because it led and the others took what may never have reached its disk
};

class Raft {
 public:
  Raft(Options options, Restored restored);

  // Inputs: each only changes memory.

  void tick();
  /// Any message, of any age, in any order. Terms further than term_jump_max ahead of our own are refused: a peer gone mad costs
  /// at most that many terms per message, and a 62-bit counter is not used up.
  void step(Envelope envelope);
  /// The position at which it will be committed, if this leader commits it at all. Proposals made between two take_output() share
  /// requests and disk writes. Busy, not leader, transfer: nothing happened. `payload` is not null.
  Expected<LogPosition, ProposeError> propose(Payload payload);
  /// A linearizable read (thesis 6.4): answered by Output::reads or Output::reads_aborted. Reads between two take_output() share a round.
  Expected<ReadId, ProposeError> request_read();
  /// Hands leadership to another voter (3.10). Given up after an election timeout; proposals are refused meanwhile.
  /// An ongoing transfer to the same node goes on; to another one: transfer_in_progress.
  Expected<void, ProposeError> transfer_leadership(NodeId to);

  /// For who knows that the leader is gone: a follower no longer refuses others for its sake (4.2.3), until it hears it again. Its own wait
  /// goes on. Anything but a follower forgets nothing.
  void forget_leader();

  /// Changes the membership (4.3): at once in force here, for good when its entries are committed. Of two entries if the voters change: the
  /// joint configuration at the returned position, and one that ends it, which the leader adds when the first is committed. A change counts
  /// as done when status().membership is not joint and its entry is committed; a later leader may have undone it before.
  Expected<LogPosition, ProposeError> propose_membership(const MembershipChange& change);
  /// For who wants to look at a joint configuration, or decide when it ends: while held, this node as leader adds no entry that ends one. Let
  /// go, it ends one that is committed at once. Not held at first; not kept on disk; each node's own.
  void hold_joint(bool hold);

  // Answers from the world.

  /// `batch` and all before it are durable, and their entries verified (here or before they were stepped in).
  void synced(BatchId batch);
  /// The state machine holds everything up to `index`, which was handed out as committed. Never lower than before.
  void applied(Index index);
  /// `read` as it was asked. An answer that is no longer wanted is ignored.
  void log_read_done(const LogRead& read, std::vector<Entry> entries);

  /// Nothing: not now, asked again after an election timeout. Another snapshot than asked for, from offset 0: that one is no longer there.
  void snapshot_read_done(const SnapshotRead& read, std::optional<SnapshotPiece> piece);
  /// Answers to Output::snapshot_arrivals; see there. Late ones, of a piece that nobody waits for any more, are ignored.
  void snapshot_wants(std::uint64_t arrival, std::uint64_t offset);
  void snapshot_installed(std::uint64_t arrival);
  void snapshot_failed(std::uint64_t arrival);
  /// Entries up to `mark` are about to leave the log on disk, or have left it: applied, durable, and held by a snapshot that
  /// Output::snapshot_reads can be answered from. What a peer still lacks (Status::match_min) it will need as a snapshot then.
  void compact(LogPosition mark);

  // Old, empty and damaged disks (doubt.cc).

  /// What this node answers to `node` when that asks what it may have forgotten.
  Recalled recall(NodeId node) const;
  /// Another voter's answer; a learner's says nothing. It remembers more than there is here: this node is in doubt, and goes on in a term not below those it was told, its
  /// vote in it spent. At any time, any number of times. Ask when nothing that an earlier process of this node sent can arrive there any
  /// more: a vote that arrives after the answer is not in it.
  void recalled(const Recalled& answer);
  /// All other voters, or a majority without this node, have answered.
  bool heard_enough() const;
  /// Rises when this node knows of a loss and all other voters have answered: each is to be asked anew, and its answer to a question sent from
  /// now on is to be given back with this number. So it is found out that nobody has what this node is remembered to have held.
  std::uint64_t round() const { return round_.number; }
  /// The others were asked, as far as they are to be had: ends Restored::withheld.
  void trust_disk();
  /// A new process of `node`: its disk may hold less than it acknowledged, so a leader looks anew what it has. Nothing that the process
  /// before it sent may be stepped in afterwards. What is committed stays so.
  void peer_restarted(NodeId node);
  /// To be kept on disk, where it may lag a little: see docs/consensus.md.
  const Memory& memory() const { return memory_; }

  // Output.

  bool has_output() const;
  Output take_output();

  // Looking in.

  Status status() const;
  /// status().membership, without making the rest. Until the next input.
  const Membership& membership() const { return memberships_.latest(); }

  static constexpr std::uint64_t term_jump_max = std::uint64_t{1} << 24;
  static constexpr std::size_t reads_open_max = 65536;
  static constexpr Ticks removed_told_timeouts = 4;  ///< election timeouts during which a leader tells a node of its removal
  static constexpr Ticks awaited_timeouts = 10;      ///< election timeouts after its last reply during which a node counts for Status::awaited_min

 private:
  struct Follower {
    NodeId leader;
  };
  struct Votes {
    std::vector<NodeId> granted;
    std::vector<NodeId> refused;
    void record(NodeId from, bool grant);
  };
  struct PreCandidate {
    Votes votes;
  };
  struct Candidate {
    Votes votes;
  };
  struct ReadRound {
    std::uint64_t context;
    Index index;
    std::vector<ReadId> ids;
  };
  struct Transfer {
    NodeId to;
    Ticks elapsed;
    bool sent;
  };
  struct Leader {
    std::vector<Progress> peers;  // ascending by node, without self
    Index first_of_term;          // the no-op
    Ticks since_heartbeat = 0;
    std::optional<Transfer> transfer;
    std::uint64_t context = 0;    // newest read round; rounds live and die with this term
    std::vector<ReadId> reads_waiting;
    std::deque<ReadRound> rounds;  // ascending by context
    std::size_t reads_open = 0;    // waiting and in rounds
  };
  using State = std::variant<Follower, PreCandidate, Candidate, Leader>;

  // raft.cc
  const char* refusal(const Envelope& envelope) const;
  void refuse(const char* why);
  Role role() const { return static_cast<Role>(state_.index()); }
  NodeId leader() const;
  Leader* as_leader() { return std::get_if<Leader>(&state_); }
  const Leader* as_leader() const { return std::get_if<Leader>(&state_); }
  ProposeError error(ProposeFailure failure) const { return {failure, leader()}; }
  HardState hard_state() const;
  RoleChange place() const { return {role(), term_, leader()}; }
  void offer(NodeId to, Message message);    // into send_now
  void promise(NodeId to, Message message);  // into send_after_sync, or send_now when nothing is unsynced
  bool has_committed() const;
  void append(Entry entry);
  void truncate(Index from);
  void advance_commit(Index commit);
  void evict();

  // election.cc (thesis 3.4, 3.6.1, 9.6, 6.2, 4.2.3)
  void receive(NodeId from, const VoteRequest& request);
  void receive(NodeId from, const VoteReply& reply);
  void receive(NodeId from, const TimeoutNow& request);
  bool may_campaign() const;
  bool leader_is_alive() const;
  bool would_vote(NodeId from, const VoteRequest& request) const;
  void restart_election_timer();
  void start_pre_vote();
  void start_election(bool transfer);
  void count_votes();
  void become_follower(Term term, NodeId leader);
  void become_leader();
  void check_quorum();
  void watch_disk();
  bool disk_hangs() const { return disk_wait_ >= options_.election_timeout; }

  // replication.cc (thesis 3.5, 3.6.2, 10.2)
  void receive(NodeId from, AppendRequest& request);
  void receive(NodeId from, const AppendReply& reply);
  void receive(NodeId from, SnapshotRequest& request);
  void receive(NodeId from, const SnapshotReply& reply);
  bool adopt_leader(NodeId from, Term term);
  bool take_entries(std::vector<Entry>& entries);
  bool too_full() const;
  void commit_by_quorum(Leader& leader);
  static Progress* find_peer(Leader& leader, NodeId node);
  Progress* peer(NodeId node);
  std::uint64_t reached(const Leader& leader, std::uint64_t own, std::uint64_t (*value_of)(const Progress&));
  std::optional<LogPosition> previous_of(const Progress& peer) const;
  Index last_for(const Progress& peer) const;
  Index commit_for(const Progress& peer) const;
  bool wants_entries(const Progress& peer) const;
  bool wants_heartbeat(const Leader& leader, const Progress& peer) const;
  bool needs_snapshot(const Progress& peer) const { return peer.next() <= log_.snapshot_index(); }
  void replicate(Leader& leader);
  bool send_entries(Leader& leader, Progress& peer);
  void send_append(const Leader& leader, Progress& peer, LogPosition previous, std::vector<Entry> entries);
  void send_heartbeat(const Leader& leader, Progress& peer);
  void ask_disk(Progress& peer);

  // snapshot.cc (thesis 5)
  bool installing() const { return receiving_ && receiving_->piece.done; }
  bool wants_snapshot(const Progress& peer) const;
  void feed_snapshot(Progress& peer);
  void count_snapshot_wait(Progress& peer);
  void answer_snapshot(const SnapshotArrival& arrival, std::uint64_t wanted, bool failed);
  std::optional<SnapshotArrival> take_arrival(std::uint64_t id);

  // doubt.cc
  void remember(const Envelope& envelope);
  void remember_follower(NodeId follower, Index match);
  void remember_leader(NodeId leader, Index taken, Index commit);
  LogPosition durable_position() const;
  void begin_doubt(LogPosition held, bool certain);
  bool may_vote_in_doubt() const { return !loss_certain_ || heard_enough(); }
  bool all_others_in(const std::vector<NodeId>& answered) const;
  void continue_rounds(const Recalled& answer);
  void end_doubt();
  LogPosition least_log() const;

  // membership_change.cc (thesis 4)
  void append_membership(const Membership& membership);
  void update_peers(Leader& leader);
  void count_removed(Leader& leader);
  void end_joint();
  void note_removal();
  void ask_whether_removed();
  void tell_removed(NodeId node, const VoteRequest& request);
  bool should_resign() const;
  void resign(Leader& leader);

  // read_index.cc (thesis 6.4)
  bool can_start_round(const Leader& leader) const;
  void start_round(Leader& leader);
  void confirm_rounds(Leader& leader);

  // transfer.cc (thesis 3.10)
  void continue_transfer(Leader& leader);

  const Options options_;
  MembershipHistory memberships_;
  Random random_;

  Term term_;
  NodeId voted_for_;
  State state_ = Follower{};
  Ticks elapsed_ = 0;           // since a leader was heard, a vote was given or an election began; a leader: since its quorum check
  Ticks election_wait_ = 0;     // drawn anew each time elapsed_ starts
  BatchId disk_owes_{};         // the oldest batch under way at the last tick, 0 for none
  Ticks disk_wait_ = 0;         // since when

  Log log_;
  Durability durability_;
  Index next_to_write_;         // first entry not in any Output yet
  Index commit_;
  Index handed_out_;            // last index given out in Output::committed
  Index applied_;
  Memory memory_;
  struct Told {
    NodeId leader{};
    Term term{};
    LogPosition commit{};
    Ticks age = 0;
  };
  Told told_;                         // what the leader called committed a while ago
  bool withheld_;
  std::optional<LogPosition> doubt_;  // in doubt, at least until the log on disk ends here
  bool loss_certain_ = false;
  std::vector<NodeId> recalled_from_;
  Term term_of_others_;               // the highest they were in, or had seen this node in
  LogPosition held_by_others_;        // the latest end of their logs when they answered
  struct Round {
    std::uint64_t number = 0;         // 0: none yet
    std::vector<NodeId> voters;       // when it began
    std::vector<NodeId> answered;     // those of them that are whole
    LogPosition end;                  // the latest end of their logs
  };
  Round round_;                       // of questions sent after all other voters had answered an earlier one
  LogPosition remembered_;            // the latest that this node was told it held or offered
  LogPosition void_;                  // what it held or offered up to here, and nobody has, was never committed and never will be
  bool joined_;                 // this node was a member of a committed membership
  bool removed_ = false;
  bool removed_issued_ = false;
  bool joint_held_ = false;

  HardState hard_state_issued_;
  RoleChange place_issued_;
  BatchId batch_{};
  ReadId read_{};
  std::uint64_t log_read_ = 0;
  std::vector<Envelope> offers_;
  std::vector<Envelope> promises_;
  std::vector<LogRead> log_reads_;
  std::uint64_t snapshot_read_ = 0;
  std::uint64_t arrival_ = 0;
  std::vector<SnapshotRead> snapshot_reads_;
  std::vector<SnapshotArrival> arrivals_;
  std::optional<SnapshotArrival> receiving_;  // given to the caller, not answered; its bytes are not kept
  NodeId receiving_from_{};
  std::vector<ReadReady> reads_;
  std::vector<ReadId> reads_aborted_;
  std::uint64_t refused_ = 0;
  const char* refused_why_ = "";
  std::vector<std::uint64_t> scratch_;  // quorum arithmetic without allocation
};

}  // namespace daftar::consensus
