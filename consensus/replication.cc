// The replicated log: appending (thesis 3.5), commit (3.6.2), pipelines and parallel disk writes (10.2), catching up from disk.
#include <algorithm>
#include <utility>

#include "consensus/invariant.h"
#include "consensus/raft.h"

namespace daftar::consensus {
namespace {

// Committed entries are in the log of every later leader (3.6.3). Whoever says otherwise is no correct leader.
bool contradicts_committed(const AppendRequest& request, const Log& log, Index commit) {
  auto differs = [&](LogPosition position) {
    if (position.index > commit) return false;
    const auto term = log.term_at(position.index);
    return term && *term != position.term;
  };
  return differs(request.previous) ||
         std::any_of(request.entries.begin(), request.entries.end(), [&](const Entry& e) { return differs(e.position()); });
}

}  // namespace

// ---- follower

bool Raft::adopt_leader(NodeId from, Term term) {
  if (term == term_ && leader() != from && (as_leader() || leader())) {
    refuse("second leader in one term");
    return false;
  }
  if (term > term_ || !std::holds_alternative<Follower>(state_)) become_follower(term, from);
  std::get<Follower>(state_).leader = from;
  restart_election_timer();
  return true;
}

void Raft::receive(NodeId from, AppendRequest& request) {
  // A deposed leader learns of it. The context stays out: to a later leadership of that node it would prove a contact that never was.
  if (request.term < term_) return promise(from, AppendReply{.term = term_});
  if (contradicts_committed(request, log_, commit_)) return refuse("leader contradicts committed entries");
  if (!adopt_leader(from, request.term) || withheld_) return;

  AppendReply reply{.term = term_, .context = request.context};
  const LogPosition previous = request.previous;
  // What is committed here agrees with the leader's log, even if it is no longer in the window.
  if (previous.index > commit_ && !log_.holds(previous)) {
    reply.rejected = previous.index;
    reply.hint.index = log_.last_at_or_below(std::min(previous.index - 1, log_.last().index), previous.term, commit_);
    reply.hint.term = log_.term_at(reply.hint.index).value();
    return promise(from, reply);
  }

  const std::uint64_t count = request.entries.size();
  reply.success = true;
  reply.full = !take_entries(request.entries);
  reply.match = previous.index + (reply.full ? 0 : count);
  // Not the leader's commit index alone: what lies beyond the checked entries may be a deposed leader's (3.5, figure 3.1 step 5).
  advance_commit(std::min(request.commit, reply.match));
  remember_leader(from, reply.match, std::min(request.commit, reply.match));
  // Only when nothing more is known to be committed: a node that was removed and taken in again meets its removal on the way.
  if (commit_ >= request.commit) note_removal();
  promise(from, reply);
}

// Appends what is new, in place of what conflicts. The entries follow a place where the logs agree. False: no room now.
bool Raft::take_entries(std::vector<Entry>& entries) {
  auto fresh = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.index > commit_ && !log_.holds(entry.position());
  });
  if (fresh == entries.end()) return true;  // never truncates: a late request may hold only a part of what came since
  if (installing()) return false;           // the log is being replaced
  if (fresh->index <= log_.last().index) {
    truncate(fresh->index);
  } else if (too_full()) {
    return false;
  }
  for (; fresh != entries.end(); ++fresh) append(std::move(*fresh));
  return true;
}

// Counts only what this node's own disk and state machine will work off. What is merely not committed is bounded by the leader, and
// must not count: the entry that would commit it (a new leader's no-op) might be the one turned away.
bool Raft::too_full() const {
  return log_.bytes_between(applied_, commit_) + log_.bytes_between(durability_.index(), log_.last().index) >=
         options_.log_window_bytes_max;
}

// ---- leader

Progress* Raft::find_peer(Leader& leader, NodeId node) {
  auto at = std::find_if(leader.peers.begin(), leader.peers.end(), [&](const Progress& p) { return p.node == node; });
  return at == leader.peers.end() ? nullptr : &*at;
}

Progress* Raft::peer(NodeId node) {
  Leader* leader = as_leader();
  return leader ? find_peer(*leader, node) : nullptr;
}

// What a quorum has reached, when this node has `own`.
std::uint64_t Raft::reached(const Leader& leader, std::uint64_t own, std::uint64_t (*value_of)(const Progress&)) {
  auto of = [&](NodeId voter) {
    if (voter == options_.self) return own;
    const auto at = std::find_if(leader.peers.begin(), leader.peers.end(), [&](const Progress& p) { return p.node == voter; });
    CONSENSUS_INVARIANT(at != leader.peers.end());
    return value_of(*at);
  };
  return quorum_reached(membership(), of, scratch_);
}

void Raft::receive(NodeId from, const AppendReply& reply) {
  if (reply.term > term_) return become_follower(reply.term, no_node);
  Progress* follower = peer(from);
  if (!follower || reply.term < term_) return;
  Leader& leader = *as_leader();
  if (reply.match > log_.last().index || reply.context > leader.context) return refuse("reply to what was never sent");

  follower->heard();
  if (reply.context > follower->context_acked) {
    follower->context_acked = reply.context;
    confirm_rounds(leader);
  }
  if (!reply.success) {
    if (!follower->refused(reply.rejected)) return;
    // Entries of ours above hint.term cannot be the follower's, whose terms up to the hint are no larger (3.5, end).
    Index agree = std::max(follower->match(), std::min(reply.hint.index, reply.rejected - 1));
    const Index floor = std::max(follower->match(), log_.base_index());
    if (agree > floor) agree = log_.last_at_or_below(agree, reply.hint.term, floor);
    follower->retreat(agree + 1);
    return;
  }
  const bool rose = follower->accepted(reply.match);
  remember_follower(from, reply.match);
  if (reply.full && follower->state() != Progress::State::snapshot) follower->pause();
  if (!rose) return;
  commit_by_quorum(leader);
  continue_transfer(leader);
}

void Raft::commit_by_quorum(Leader& leader) {
  // Our own copy counts when it is synced, like any other; and not at all if we are no longer a voter (4.2.2).
  const Index on_quorum{reached(leader, durability_.index().value, [](const Progress& follower) { return follower.match().value; })};
  // Entries of earlier terms are committed only along with one of ours (3.6.2, figure 3.7).
  if (on_quorum >= leader.first_of_term) advance_commit(on_quorum);
}

// Position of the entry before the next one to send; nothing if only the disk knows it.
std::optional<LogPosition> Raft::previous_of(const Progress& follower) const {
  const Index index = follower.next() - 1;
  if (auto term = log_.term_at(index)) return LogPosition{*term, index};
  if (follower.previous.index == index) return follower.previous;
  return std::nullopt;
}

// What a removed node may know ends with the entry that removed it.
Index Raft::last_for(const Progress& follower) const {
  return follower.removed_by > Index{0} ? std::min(follower.removed_by, log_.last().index) : log_.last().index;
}
Index Raft::commit_for(const Progress& follower) const { return std::min(commit_, last_for(follower)); }

bool Raft::wants_entries(const Progress& follower) const {
  if (!follower.may_append(options_.inflight_appends_max) || follower.reading || needs_snapshot(follower)) return false;
  return follower.next() <= last_for(follower) || follower.state() == Progress::State::probe;
}

bool Raft::wants_heartbeat(const Leader& leader, const Progress& follower) const {
  if (follower.heartbeat_due) return true;
  if (membership().is_voter(follower.node) && !leader.rounds.empty() && follower.context_sent < leader.context) return true;
  // Tells a follower of a commit at once, as far as it has the entries: certificates wait for its execution.
  return follower.state() == Progress::State::replicate && std::min(commit_for(follower), follower.next() - 1) > follower.commit_sent &&
         previous_of(follower);
}

void Raft::replicate(Leader& leader) {
  for (Progress& follower : leader.peers) {
    if (wants_snapshot(follower)) feed_snapshot(follower);
    while (wants_entries(follower) && send_entries(leader, follower)) {}
    if (wants_heartbeat(leader, follower)) send_heartbeat(leader, follower);
  }
}

bool Raft::send_entries(Leader& leader, Progress& follower) {
  if (follower.next() <= log_.base_index()) {
    ask_disk(follower);
    return false;
  }
  std::vector<Entry> entries = log_.read(follower.next(), options_.append_bytes_max);
  while (!entries.empty() && entries.back().index > last_for(follower)) entries.pop_back();
  send_append(leader, follower, previous_of(follower).value(), std::move(entries));
  return true;
}

void Raft::send_append(const Leader& leader, Progress& follower, LogPosition previous, std::vector<Entry> entries) {
  const Index last = previous.index + entries.size();
  follower.heartbeat_due = false;
  follower.context_sent = leader.context;
  follower.commit_sent = std::max(follower.commit_sent, std::min(commit_for(follower), last));
  follower.sent(last);
  // The window may move on before the reply: without this, heartbeats could not ask whether the request arrived.
  if (!entries.empty()) follower.previous = entries.back().position();
  offer(follower.node, AppendRequest{term_, previous, commit_for(follower), std::move(entries), leader.context});
}

void Raft::send_heartbeat(const Leader& leader, Progress& follower) {
  // To a replicating follower it also asks whether everything arrived. Else it only shows that we are here: {0, 0} fits any log.
  LogPosition previous{};
  if (follower.state() == Progress::State::replicate) previous = previous_of(follower).value_or(LogPosition{});
  follower.heartbeat_due = false;
  follower.context_sent = leader.context;
  follower.commit_sent = std::max(follower.commit_sent, std::min(commit_for(follower), previous.index));
  offer(follower.node, AppendRequest{term_, previous, commit_for(follower), {}, leader.context});
}

void Raft::ask_disk(Progress& follower) {
  const Index first = previous_of(follower) ? follower.next() : follower.next() - 1;
  follower.reading = LogRead{++log_read_, follower.node, first, std::max(first, std::min(log_.base_index(), last_for(follower))), options_.append_bytes_max};
  log_reads_.push_back(*follower.reading);
}

void Raft::log_read_done(const LogRead& read, std::vector<Entry> entries) {
  Progress* follower = peer(read.follower);
  if (!follower || !follower->reading || follower->reading->id != read.id) return;
  const LogRead asked = *std::exchange(follower->reading, std::nullopt);
  if (entries.empty()) return follower->pause();
  CONSENSUS_INVARIANT(entries.size() <= asked.last - asked.first + 1);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CONSENSUS_INVARIANT(entries[i].index == asked.first + i);
    CONSENSUS_INVARIANT(i == 0 || entries[i].term >= entries[i - 1].term);
  }
  CONSENSUS_INVARIANT(entries.back().term <= log_.term_at(log_.base_index()).value());
  // The first may have been read only for its term. Alone it is progress too: the next read starts after it.
  if (asked.first + 1 == follower->next()) {
    follower->previous = entries.front().position();
    entries.erase(entries.begin());
    if (entries.empty()) return;
  }
  const bool next = entries.front().index == follower->next();
  while (!entries.empty() && entries.back().index > last_for(*follower)) entries.pop_back();  // a probe after the end of a removed node's log
  const auto previous = previous_of(*follower);
  // The follower moved on meanwhile: what it needs now is asked for anew.
  if (!next || !previous || !follower->may_append(options_.inflight_appends_max)) return;
  send_append(*as_leader(), *follower, *previous, std::move(entries));
}

}  // namespace daftar::consensus
