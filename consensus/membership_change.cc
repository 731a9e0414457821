// Membership change by joint consensus (thesis 4.3). A configuration is in force from the moment its entry is in the log, committed or
// not; so the current one is always memberships_.latest(), and this file only makes the entries and minds who comes and goes.
#include <algorithm>
#include <utility>

#include "consensus/invariant.h"
#include "consensus/raft.h"

namespace daftar::consensus {

Expected<LogPosition, ProposeError> Raft::propose_membership(const MembershipChange& change) {
  const Leader* leader = as_leader();
  if (!leader) return tl::unexpected(error(ProposeFailure::not_leader));
  if (leader->transfer) return tl::unexpected(error(ProposeFailure::transfer_in_progress));
  if (membership().joint() || memberships_.latest_index() > commit_) return tl::unexpected(error(ProposeFailure::change_pending));
  // Else a change that an earlier leader made and this one does not know to be committed could meet a quorum disjoint from this one's
  // (Ongaro, raft-dev, 2015).
  if (commit_ < leader->first_of_term) return tl::unexpected(error(ProposeFailure::term_not_established));
  if (log_.last().index >= index_max - 1) return tl::unexpected(error(ProposeFailure::busy));

  ProposeError refusal = error(ProposeFailure::change_refused);
  const auto then = after(membership(), change);
  if (!then) {
    refusal.refused = then.error();
    return tl::unexpected(refusal);
  }
  for (const NodeId voter : then->voters) {
    if (membership().is_voter(voter)) continue;
    const Progress* learner = peer(voter);
    const Index match = learner ? learner->match() : Index{0};
    if (match >= commit_ || commit_ - match <= options_.voter_lag_max) continue;
    refusal.failure = ProposeFailure::voter_lags;
    refusal.refused.node = voter;
    return tl::unexpected(refusal);
  }
  append_membership(way_to(membership(), *then));
  return log_.last();
}

void Raft::append_membership(const Membership& membership) {
  append({term_, log_.last().index + 1, EntryKind::membership, std::make_shared<const std::string>(encode_membership(membership))});
}

// After the membership changed under a leader, or for a new one.
void Raft::update_peers(Leader& leader) {
  std::vector<NodeId> nodes = membership().members();
  // Those who left with the last change may have been told by nobody yet.
  if (const Membership* before = memberships_.before_latest()) {
    const std::vector<NodeId> left = before->members();
    nodes.insert(nodes.end(), left.begin(), left.end());
  }
  for (const NodeId node : nodes)
    if (node != options_.self && !find_peer(leader, node)) leader.peers.emplace_back(node, log_.last().index + 1);
  std::sort(leader.peers.begin(), leader.peers.end(), [](const Progress& a, const Progress& b) { return a.node < b.node; });
  for (Progress& peer : leader.peers) {
    if (membership().contains(peer.node)) {
      peer.removed_by = {};
      peer.removed_for = 0;
    } else if (peer.removed_by == Index{0}) {
      peer.removed_by = memberships_.latest_index();
    }
  }
  confirm_rounds(leader);  // fewer may now suffice
}

// Who was removed is told for a while, whether or not it answers: without it nobody has to wait.
void Raft::count_removed(Leader& leader) {
  for (Progress& peer : leader.peers)
    if (peer.removed_by > Index{0} && peer.removed_by <= commit_) ++peer.removed_for;
  std::erase_if(leader.peers, [&](const Progress& peer) { return peer.removed_for >= removed_told_timeouts * options_.election_timeout; });
}

// The second half of a change: C_old,new is committed, so C_new may be put into the log (4.3).
void Raft::end_joint() {
  if (joint_held_ || !membership().joint() || memberships_.latest_index() > commit_) return;
  append_membership(without_outgoing(membership()));
}

void Raft::hold_joint(bool hold) {
  joint_held_ = hold;
  // Before it has committed an entry of its own term, a leader does not know that the joint configuration stays.
  if (const Leader* leader = as_leader(); leader && commit_ >= leader->first_of_term) end_joint();
}

void Raft::note_removal() {
  const bool member = memberships_.at(commit_).contains(options_.self);
  joined_ = joined_ || member;
  removed_ = joined_ && !member && !membership().contains(options_.self);
  if (!removed_) removed_issued_ = false;
}

// Restarted with its removal in its log: whether it was taken in again since, only a leader can say. Pre-votes disturb nobody, and as this
// node stays a follower, answers elect nobody.
void Raft::ask_whether_removed() {
  if (!joined_ || removed_ || membership().contains(options_.self)) return;
  restart_election_timer();
  for (const NodeId voter : membership().all_voters()) offer(voter, VoteRequest{term_ + 1, true, false, log_.last()});
}

// Who asks for votes and is no member any more is told so, for as long as those who just left are. Not one in a later term than ours: its
// replies would depose a leader (4.2.3).
void Raft::tell_removed(NodeId node, const VoteRequest& request) {
  const auto left = memberships_.left(node);
  if (!left || *left > commit_ || request.term > term_ + (request.pre ? 1 : 0)) return;
  Leader& leader = *as_leader();
  if (Progress* told = find_peer(leader, node)) {
    told->removed_for = 0;
    told->heartbeat_due = true;
    return;
  }
  Progress& progress = leader.peers.emplace_back(node, std::min(*left, request.last.index) + 1);
  progress.removed_by = *left;
  std::sort(leader.peers.begin(), leader.peers.end(), [](const Progress& a, const Progress& b) { return a.node < b.node; });
}

// 4.2.2: a leader that its own change removes leads until the change is committed, without counting itself.
bool Raft::should_resign() const { return as_leader() && !membership().is_voter(options_.self) && memberships_.latest_index() <= commit_; }

void Raft::resign(Leader& leader) {
  // The others would find out by their election timeouts; a word to one that has everything saves the wait.
  for (const NodeId voter : membership().voters) {
    if (find_peer(leader, voter)->match() < log_.last().index) continue;
    offer(voter, TimeoutNow{term_});
    break;
  }
  become_follower(term_, no_node);
}

}  // namespace daftar::consensus
