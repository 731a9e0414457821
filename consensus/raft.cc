// Construction, the way of a message in and of an Output out, commit and window.
#include "consensus/raft.h"

#include <algorithm>
#include <utility>

#include "consensus/invariant.h"

namespace daftar::consensus {
namespace {

constexpr std::uint64_t offset_max = std::uint64_t{1} << 62;

void check(const Options& options) {
  CONSENSUS_INVARIANT(options.self);
  CONSENSUS_INVARIANT(options.heartbeat_interval >= 1);
  CONSENSUS_INVARIANT(options.election_timeout > options.heartbeat_interval);
  CONSENSUS_INVARIANT(options.election_timeout <= (Ticks{1} << 30));
  CONSENSUS_INVARIANT(options.append_bytes_max >= 1);
  CONSENSUS_INVARIANT(options.inflight_appends_max >= 1);
  CONSENSUS_INVARIANT(options.log_window_bytes_max >= 1);
  CONSENSUS_INVARIANT(options.snapshot_piece_bytes_max >= 1);
}

// Its encoding has the same rules; the empty one is that of a node which knows nobody yet.
void check(const Membership& membership) {
  CONSENSUS_INVARIANT(membership == Membership{} || decode_membership(encode_membership(membership)) == membership);
}

// What is wrong with the fields of a message, whatever state we are in; null if nothing.
const char* malformed(const VoteRequest& m) {
  if (m.pre && m.transfer) return "pre-vote on a transfer";
  if (m.last.index > index_max) return "index out of range";
  if (m.last.term >= m.term) return "candidate's log is as new as its election";
  return nullptr;
}

const char* malformed(const VoteReply& m) {
  if (m.election > term_max) return "term out of range";
  if (m.granted && m.term > m.election) return "vote for a past election";
  if (m.granted && !m.pre && m.term != m.election) return "vote outside its term";
  return nullptr;
}

const char* malformed(const AppendRequest& m) {
  if (m.term == Term{0}) return "term 0";
  if (m.previous.index > index_max || m.entries.size() > index_max - m.previous.index) return "index out of range";
  if ((m.previous.index == Index{0}) != (m.previous.term == Term{0})) return "previous position is half empty";
  LogPosition last = m.previous;
  for (const Entry& entry : m.entries) {
    if (entry.index != last.index + 1) return "entries are not consecutive";
    if (entry.term < last.term || entry.term == Term{0}) return "entry terms fall";
    if (entry.kind > EntryKind::membership) return "entry of an unknown kind";
    if (entry.kind == EntryKind::membership && !(entry.payload && decode_membership(*entry.payload))) return "entry with a malformed membership";
    if (entry.kind == EntryKind::noop && entry.payload && !entry.payload->empty()) return "no-op with a payload";
    last = entry.position();
  }
  if (last.term > m.term) return "entry from the future";
  return nullptr;
}

const char* malformed(const AppendReply& m) {
  if (m.term == Term{0}) return "term 0";
  if (m.match > index_max || m.rejected > index_max || m.hint.index > index_max) return "index out of range";
  return nullptr;
}

const char* malformed(const SnapshotRequest& m) {
  const auto& [snapshot, offset, bytes, done] = m.piece;
  if (snapshot.position.index == Index{0} || snapshot.position.index > index_max || offset > offset_max) return "index out of range";
  if (snapshot.position.term == Term{0} || snapshot.position.term > m.term) return "snapshot from the future, or of no term";
  if (snapshot.manifest.size() > Snapshot::manifest_bytes_max) return "manifest too long";
  if (decode_membership(encode_membership(snapshot.membership)) != snapshot.membership) return "snapshot with a malformed membership";
  return nullptr;
}

const char* malformed(const SnapshotReply& m) {
  if (m.term == Term{0}) return "term 0";
  if (m.position.index > index_max || m.wanted > offset_max) return "index out of range";
  return nullptr;
}

const char* malformed(const TimeoutNow& m) { return m.term == Term{0} ? "term 0" : nullptr; }

}  // namespace

Raft::Raft(Options options, Restored restored)
    : options_(options),
      memberships_(std::max(restored.before_tail, restored.snapshot.position).index, std::move(restored.membership)),
      random_(options.seed ^ Random(options.self.value).next()),
      term_(restored.hard_state.term),
      voted_for_(restored.hard_state.voted_for),
      log_(restored.snapshot.position, std::max(restored.before_tail, restored.snapshot.position), std::move(restored.tail)),
      durability_(restored.hard_state, log_.last().index),
      next_to_write_(log_.last().index + 1),
      commit_(std::max(restored.applied, std::min(restored.hard_state.commit, log_.last().index))),
      handed_out_(restored.applied),
      applied_(restored.applied),
      memory_(std::move(restored.memory)),
      withheld_(restored.withheld),
      hard_state_issued_(restored.hard_state) {
  check(options_);
  check(membership());
  CONSENSUS_INVARIANT(term_ <= term_max && term_ >= log_.last().term);
  CONSENSUS_INVARIANT(log_.last().index <= index_max);
  CONSENSUS_INVARIANT(applied_ >= log_.base_index() && applied_ <= log_.last().index);
  for (Index index = log_.base_index() + 1; index <= log_.last().index; ++index) {
    const Entry& entry = log_.at(index);
    if (entry.kind == EntryKind::membership) memberships_.append(index, decode_membership(*entry.payload).value());
  }
  const auto left = memberships_.left(options_.self);
  joined_ = memberships_.at(commit_).contains(options_.self) || (left && *left <= commit_);
  if (restored.in_doubt) begin_doubt({}, true);
  place_issued_ = place();
  restart_election_timer();
  evict();
}

NodeId Raft::leader() const {
  if (as_leader()) return options_.self;
  if (const auto* follower = std::get_if<Follower>(&state_)) return follower->leader;
  return no_node;
}

HardState Raft::hard_state() const { return {term_, voted_for_, std::min(commit_, durability_.index())}; }

void Raft::tick() {
  ++elapsed_;
  ++told_.age;
  watch_disk();
  Leader* leader = as_leader();
  if (!leader) {
    if (elapsed_ >= election_wait_) may_campaign() ? start_pre_vote() : ask_whether_removed();
    return;
  }
  if (++leader->since_heartbeat >= options_.heartbeat_interval) {
    leader->since_heartbeat = 0;
    for (Progress& peer : leader->peers) {
      peer.heartbeat_due = true;
      peer.resume();
    }
  }
  for (Progress& peer : leader->peers) {
    ++peer.unheard;
    count_snapshot_wait(peer);
  }
  count_removed(*leader);
  if (leader->transfer && ++leader->transfer->elapsed >= options_.election_timeout) leader->transfer.reset();
  if (elapsed_ >= options_.election_timeout) check_quorum();
}

const char* Raft::refusal(const Envelope& envelope) const {
  if (envelope.to != options_.self) return "not for this node";
  if (envelope.from == options_.self) return "from ourselves";
  // Strangers are heard: the sender may know a membership that we do not know yet (4.1).
  if (!envelope.from) return "from nobody";
  return std::visit(
      [&](const auto& message) -> const char* {
        if (message.term > term_max || message.term > term_ + term_jump_max) return "term out of reach";
        return malformed(message);
      },
      envelope.message);
}

void Raft::refuse(const char* why) {
  ++refused_;
  refused_why_ = why;
}

void Raft::step(Envelope envelope) {
  if (const char* why = refusal(envelope)) return refuse(why);
  remember(envelope);
  std::visit([&](auto& message) { receive(envelope.from, message); }, envelope.message);
}

Expected<LogPosition, ProposeError> Raft::propose(Payload payload) {
  CONSENSUS_INVARIANT(payload);
  const Leader* leader = as_leader();
  if (!leader) return tl::unexpected(error(ProposeFailure::not_leader));
  // A leader on its way out takes nothing after the entry that ends its membership, so it leaves nothing uncommitted behind.
  if (leader->transfer || !membership().is_voter(options_.self)) return tl::unexpected(error(ProposeFailure::transfer_in_progress));
  const LogPosition last = log_.last();
  if (log_.bytes_between(applied_, last.index) >= options_.log_window_bytes_max || last.index >= index_max)
    return tl::unexpected(error(ProposeFailure::busy));
  append({term_, last.index + 1, EntryKind::payload, std::move(payload)});
  return log_.last();
}

void Raft::synced(BatchId batch) {
  CONSENSUS_INVARIANT(batch <= batch_);
  durability_.synced(batch);
  if (std::holds_alternative<Candidate>(state_)) count_votes();
  if (Leader* leader = as_leader()) commit_by_quorum(*leader);
  end_doubt();
  evict();
}

void Raft::applied(Index index) {
  CONSENSUS_INVARIANT(index >= applied_ && index <= handed_out_);
  applied_ = index;
  evict();
}

void Raft::evict() {
  log_.evict(std::min(applied_, durability_.index()), options_.log_window_bytes_max);
  memberships_.forget(applied_);
}

void Raft::append(Entry entry) {
  std::optional<Membership> membership;
  if (entry.kind == EntryKind::membership) membership = decode_membership(*entry.payload).value();
  const Index index = entry.index;
  log_.append(std::move(entry));
  if (!membership) return;
  memberships_.append(index, std::move(*membership));
  if (Leader* leader = as_leader()) update_peers(*leader);
}

void Raft::truncate(Index from) {
  log_.truncate(from);
  memberships_.truncate(from);
  durability_.truncated(from);
  next_to_write_ = std::min(next_to_write_, from);
}

void Raft::advance_commit(Index commit) {
  CONSENSUS_INVARIANT(commit <= log_.last().index);
  if (commit <= commit_) return;
  commit_ = commit;
  end_doubt();
  if (!as_leader()) return;
  note_removal();
  end_joint();
}

bool Raft::has_committed() const { return !installing() && handed_out_ < std::min(commit_, durability_.index()); }

void Raft::offer(NodeId to, Message message) { offers_.push_back({options_.self, to, std::move(message)}); }
void Raft::promise(NodeId to, Message message) { promises_.push_back({options_.self, to, std::move(message)}); }

bool Raft::has_output() const {
  if (!offers_.empty() || !promises_.empty() || !log_reads_.empty() || !snapshot_reads_.empty() || !arrivals_.empty() || !reads_.empty() || !reads_aborted_.empty()) return true;
  if (next_to_write_ <= log_.last().index || has_committed() || place() != place_issued_) return true;
  if (term_ != hard_state_issued_.term || voted_for_ != hard_state_issued_.voted_for) return true;
  if (should_resign() || (removed_ && !removed_issued_)) return true;
  const Leader* leader = as_leader();
  if (!leader) return false;
  return can_start_round(*leader) || std::any_of(leader->peers.begin(), leader->peers.end(), [&](const Progress& peer) {
    return wants_entries(peer) || wants_snapshot(peer) || wants_heartbeat(*leader, peer);
  });
}

Output Raft::take_output() {
  if (Leader* leader = as_leader()) {
    if (can_start_round(*leader)) start_round(*leader);
    replicate(*leader);
    if (should_resign()) resign(*leader);
  }

  Output output;
  output.batch = ++batch_;
  output.entries = log_.read_range(next_to_write_, log_.last().index);
  next_to_write_ = log_.last().index + 1;
  // The commit hint alone is not worth a write; it rides along with one.
  const bool must_write_state = term_ != hard_state_issued_.term || voted_for_ != hard_state_issued_.voted_for;
  if (must_write_state || (!output.entries.empty() && hard_state() != hard_state_issued_))
    output.hard_state = hard_state_issued_ = hard_state();

  output.send_now = std::exchange(offers_, {});
  const bool nothing_unsynced = durability_.settled() && !output.hard_state && output.entries.empty();
  auto& outbox = nothing_unsynced ? output.send_now : output.send_after_sync;
  std::move(promises_.begin(), promises_.end(), std::back_inserter(outbox));
  promises_.clear();

  if (has_committed()) {
    const Index through = std::min(commit_, durability_.index());
    output.committed = log_.read_range(handed_out_ + 1, through);
    handed_out_ = through;
  }
  output.log_reads = std::exchange(log_reads_, {});
  output.snapshot_reads = std::exchange(snapshot_reads_, {});
  output.snapshot_arrivals = std::exchange(arrivals_, {});
  output.reads = std::exchange(reads_, {});
  output.reads_aborted = std::exchange(reads_aborted_, {});
  if (place() != place_issued_) output.role = place_issued_ = place();
  output.removed = removed_ && !removed_issued_;
  removed_issued_ = removed_;

  if (output.needs_sync())
    durability_.issued(output.batch, output.entries.empty() ? Index{0} : output.entries.back().index, output.hard_state);
  return output;
}

Status Raft::status() const {
  Status status;
  status.self = options_.self;
  status.role = role();
  status.term = term_;
  status.voted_for = voted_for_;
  status.leader = leader();
  status.last = log_.last();
  status.durable = durability_.index();
  status.commit = commit_;
  status.applied = applied_;
  status.compacted = log_.snapshot_index();
  status.installing = installing();
  status.window_first = log_.base_index() + 1;
  status.window_bytes = log_.window_bytes();
  status.refused = refused_;
  status.refused_last_why = refused_why_;
  status.membership = membership();
  status.membership_index = memberships_.latest_index();
  status.removed = removed_;
  status.disk_hangs = disk_hangs();
  status.withheld = withheld_;
  status.in_doubt = doubt_.has_value();
  status.loss_certain = loss_certain_;
  if (doubt_) status.doubt_until = std::max(*doubt_, held_by_others_);
  const Leader* leader = as_leader();
  if (!leader) return status;
  status.reads_open = leader->reads_open;
  if (leader->transfer) status.transfer_target = leader->transfer->to;
  for (const Progress& peer : leader->peers)
    status.peers.push_back({peer.node, membership().is_voter(peer.node), peer.state(), peer.match(), peer.next(), peer.inflight(), peer.active,
                            peer.reading.has_value(), needs_snapshot(peer), peer.removed_by > Index{0},
                            peer.transfer.snapshot, peer.transfer.offset});
  status.match_min = status.awaited_min = log_.last().index;
  for (const Progress& peer : leader->peers) {
    if (peer.removed_by > Index{0}) continue;
    status.match_min = std::min(status.match_min, peer.match());
    if (peer.unheard >= awaited_timeouts * options_.election_timeout) continue;
    status.awaited_min = std::min(status.awaited_min, peer.sent_after().value_or(status.awaited_min));
  }
  return status;
}

}  // namespace daftar::consensus
