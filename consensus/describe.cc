#include "consensus/describe.h"

#include <algorithm>

namespace daftar::consensus {
namespace {

std::string text(std::uint64_t n) { return std::to_string(n); }
template <typename T>
std::string text(T strong) { return std::to_string(strong.value); }

std::string text_or_none(NodeId node) { return node ? text(node) : "none"; }

std::string range(const std::vector<Entry>& entries) {
  if (entries.empty()) return "none";
  const std::string first = describe(entries.front().position());
  return entries.size() == 1 ? first : first + ".." + describe(entries.back().position());
}

std::string list(const std::vector<NodeId>& nodes) {
  if (nodes.empty()) return "none";
  std::string line;
  for (const NodeId node : nodes) line += (line.empty() ? "" : ",") + text(node);
  return line;
}

struct MessageText {
  std::string operator()(const VoteRequest& m) const {
    return std::string(m.pre ? "pre-vote request" : "vote request") + " term=" + text(m.term) + " log=" + describe(m.last) +
           (m.transfer ? " transfer" : "");
  }
  std::string operator()(const VoteReply& m) const {
    return std::string(m.pre ? "pre-vote " : "vote ") + (m.granted ? "granted" : "refused") + " term=" + text(m.term) +
           " election=" + text(m.election);
  }
  std::string operator()(const AppendRequest& m) const {
    return "append term=" + text(m.term) + " previous=" + describe(m.previous) + " commit=" + text(m.commit) +
           " entries=" + range(m.entries) + (m.context ? " context=" + text(m.context) : "");
  }
  std::string operator()(const AppendReply& m) const {
    std::string line = "append ";
    if (m.success) line += std::string(m.full ? "full" : "accepted") + " term=" + text(m.term) + " match=" + text(m.match);
    else line += "refused term=" + text(m.term) + " previous=" + text(m.rejected) + " hint=" + describe(m.hint);
    return line + (m.context ? " context=" + text(m.context) : "");
  }
  std::string operator()(const SnapshotRequest& m) const {
    return "snapshot term=" + text(m.term) + " of " + describe(m.piece.snapshot.position) + " offset=" + text(m.piece.offset) +
           " bytes=" + text(std::uint64_t{m.piece.bytes ? m.piece.bytes->size() : 0}) + (m.piece.done ? " done" : "");
  }
  std::string operator()(const SnapshotReply& m) const {
    return "snapshot " + std::string(m.failed ? "failed" : "answered") + " term=" + text(m.term) + " of " + describe(m.position) +
           " wanted=" + text(m.wanted);
  }
  std::string operator()(const TimeoutNow& m) const { return "campaign now term=" + text(m.term); }
};

// Who has not got the next entry yet: a majority must.
std::string waiting_for(const Status& status) {
  std::string line;
  for (const PeerStatus& peer : status.peers) {
    if (!peer.voter || peer.match > status.commit) continue;
    line += (line.empty() ? "" : ", ") + ("node " + text(peer.node)) + " (has " + text(peer.match) +
            (peer.active ? "" : ", silent") + (peer.needs_snapshot ? ", needs a snapshot" : "") + ")";
  }
  if (status.durable <= status.commit) line += std::string(line.empty() ? "" : ", ") + "own disk (has " + text(status.durable) + ")";
  return line;
}

}  // namespace

std::string describe(Role role) {
  switch (role) {
    case Role::follower: return "follower";
    case Role::pre_candidate: return "pre-candidate";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
  }
  return "unknown";
}

std::string describe(LogPosition position) { return text(position.term) + "/" + text(position.index); }

std::string describe(const Entry& entry) {
  const std::string size = text(std::uint64_t{entry.payload ? entry.payload->size() : 0});
  switch (entry.kind) {
    case EntryKind::noop: return describe(entry.position()) + " noop";
    case EntryKind::payload: return describe(entry.position()) + " payload of " + size + " bytes";
    case EntryKind::membership: {
      const auto membership = entry.payload ? decode_membership(*entry.payload) : std::nullopt;
      return describe(entry.position()) + " membership " + (membership ? describe(*membership) : "unreadable");
    }
  }
  return describe(entry.position()) + " unknown";
}

std::string describe(const Membership& membership) {
  std::string line = "voters " + list(membership.voters);
  if (membership.joint()) line += " outgoing " + list(membership.outgoing);
  if (!membership.learners.empty()) line += " learners " + list(membership.learners);
  return line;
}

std::string describe(const Message& message) { return std::visit(MessageText{}, message); }

std::string describe(const Envelope& envelope) {
  return text(envelope.from) + "->" + text(envelope.to) + " " + describe(envelope.message);
}

std::string describe(const Output& output) {
  std::string line = "batch " + text(output.batch);
  if (output.role) line += " " + describe(output.role->role) + " term=" + text(output.role->term) + " leader=" + text_or_none(output.role->leader);
  if (output.hard_state)
    line += " write term=" + text(output.hard_state->term) + " vote=" + text_or_none(output.hard_state->voted_for) +
            " commit=" + text(output.hard_state->commit);
  if (!output.entries.empty()) line += " write " + range(output.entries);
  if (output.removed) line += " removed";
  for (const Envelope& envelope : output.send_now) line += " | now " + describe(envelope);
  for (const Envelope& envelope : output.send_after_sync) line += " | synced " + describe(envelope);
  if (!output.committed.empty()) line += " | apply " + range(output.committed);
  for (const LogRead& read : output.log_reads)
    line += " | read " + text(read.first) + ".." + text(read.last) + " for " + text(read.follower);
  for (const SnapshotRead& read : output.snapshot_reads)
    line += " | read snapshot " + describe(read.snapshot.position) + " from " + text(read.offset) + " for " + text(read.follower);
  for (const SnapshotArrival& arrival : output.snapshot_arrivals)
    line += " | store snapshot " + describe(arrival.piece.snapshot.position) + " from " + text(arrival.piece.offset) + (arrival.piece.done ? ", install" : "");
  for (const ReadReady& read : output.reads) line += " | read " + text(read.id) + " at " + text(read.index);
  for (ReadId read : output.reads_aborted) line += " | read " + text(read) + " aborted";
  return line;
}

std::string describe(const Status& status) {
  std::string line = "node " + text(status.self) + " " + describe(status.role) + " term=" + text(status.term) +
                     " leader=" + text_or_none(status.leader) + " log=" + describe(status.last) + " durable=" + text(status.durable) +
                     " commit=" + text(status.commit) + " applied=" + text(status.applied);
  if (status.role == Role::leader && status.commit < status.last.index) line += "; next commit waits for " + waiting_for(status);
  if (status.withheld) line += "; promises nothing before the others were asked what it may have forgotten";
  if (status.in_doubt) line += "; in doubt until its log reaches " + describe(status.doubt_until) + (status.loss_certain ? "" : ", or a little less");
  if (status.disk_hangs) line += "; the own disk hangs";
  if (status.membership.joint()) line += "; membership changes: " + describe(status.membership);
  if (status.removed) line += "; removed from the membership";
  else if (status.role != Role::leader && !status.leader) line += "; waits for a majority to elect a leader";
  return line;
}

std::string describe(const ChangeRefused& refused) {
  const std::string node = "node " + text(refused.node);
  switch (refused.why) {
    case ChangeRefused::Why::empty: return "it changes nothing";
    case ChangeRefused::Why::node_invalid: return "there is no node 0";
    case ChangeRefused::Why::node_twice: return node + " is named twice";
    case ChangeRefused::Why::already_member: return node + " is a member already";
    case ChangeRefused::Why::not_learner: return node + " is not a learner";
    case ChangeRefused::Why::not_voter: return node + " is not a voter";
    case ChangeRefused::Why::not_member: return node + " is not a member";
    case ChangeRefused::Why::no_voters: return "no voter would be left";
    case ChangeRefused::Why::too_many_voters: return "more than " + std::to_string(voters_max) + " voters";
    case ChangeRefused::Why::too_many_learners: return "more than " + std::to_string(learners_max) + " learners";
    case ChangeRefused::Why::joint: return "another change is under way";
  }
  return "unknown";
}

std::string describe(const ProposeError& error) {
  switch (error.failure) {
    case ProposeFailure::not_leader: return error.leader ? "not the leader, ask node " + text(error.leader) : "not the leader, none known";
    case ProposeFailure::busy: return "busy: too much waits to be applied";
    case ProposeFailure::transfer_in_progress: return "leadership is being handed over";
    case ProposeFailure::target_unfit: return "the target is not another voter";
    case ProposeFailure::change_pending: return "another change of the membership is under way";
    case ProposeFailure::term_not_established: return "the leader has not committed an entry of its own term yet";
    case ProposeFailure::change_refused: return "the change is refused: " + describe(error.refused);
    case ProposeFailure::voter_lags: return "node " + text(error.refused.node) + " lags too far behind to vote: let it catch up as a learner";
  }
  return "unknown";
}

}  // namespace daftar::consensus
