// Elections: pre-vote (thesis 9.6), votes (3.4, 3.6.1), stepping down (3.4, 6.2), disruptive servers (4.2.3).
#include <algorithm>

#include "consensus/invariant.h"
#include "consensus/raft.h"

namespace daftar::consensus {

void Raft::Votes::record(NodeId from, bool grant) {
  // The first answer counts: a voter does not change its mind within a term, whatever repeated messages say.
  auto answered = [&](const std::vector<NodeId>& nodes) { return std::find(nodes.begin(), nodes.end(), from) != nodes.end(); };
  if (answered(granted) || answered(refused)) return;
  (grant ? granted : refused).push_back(from);
}

void Raft::restart_election_timer() {
  elapsed_ = 0;
  election_wait_ = options_.election_timeout + static_cast<Ticks>(random_.below(options_.election_timeout));
}

bool Raft::may_campaign() const {
  if (installing()) return false;  // the log is being replaced
  if (withheld_ || doubt_) return false;  // its log may lack what it acknowledged
  if (disk_hangs()) return false;  // its vote would never be on disk, and its term would only disturb when the disk is back
  // 4.2.2: one that is not in its newest membership may still be needed to commit that very entry: nobody without it could be elected.
  // It counts for nothing in its own election.
  return membership().is_voter(options_.self) ||
         (memberships_.latest_index() > commit_ && memberships_.at(commit_).is_voter(options_.self));
}

bool Raft::leader_is_alive() const {
  // A leader knows it of itself: check_quorum() would have ended its leadership.
  if (as_leader()) return true;
  return leader() && elapsed_ < options_.election_timeout;
}

void Raft::forget_leader() {
  if (auto* follower = std::get_if<Follower>(&state_)) follower->leader = no_node;  // its vote in this term stays as it is
}

void Raft::start_pre_vote() {
  restart_election_timer();
  if (term_ >= term_max) return;
  state_ = PreCandidate{};
  std::get<PreCandidate>(state_).votes.record(options_.self, true);
  for (NodeId voter : membership().all_voters())
    if (voter != options_.self) offer(voter, VoteRequest{term_ + 1, true, false, log_.last()});
  count_votes();
}

void Raft::start_election(bool transfer) {
  restart_election_timer();
  if (term_ >= term_max) return;
  ++term_;
  voted_for_ = options_.self;
  state_ = Candidate{};
  for (NodeId voter : membership().all_voters())
    if (voter != options_.self) promise(voter, VoteRequest{term_, false, transfer, log_.last()});
}

void Raft::count_votes() {
  Votes* votes = nullptr;
  if (auto* pre_candidate = std::get_if<PreCandidate>(&state_)) votes = &pre_candidate->votes;
  if (auto* candidate = std::get_if<Candidate>(&state_)) {
    votes = &candidate->votes;
    // Our own vote is a promise like any other: it counts from when the disk holds it.
    const HardState& durable = durability_.hard_state();
    if (durable.term == term_ && durable.voted_for == options_.self) votes->record(options_.self, true);
  }
  CONSENSUS_INVARIANT(votes);
  switch (tally(membership(), votes->granted, votes->refused)) {
    case VoteOutcome::pending: return;
    case VoteOutcome::lost: return become_follower(term_, no_node);
    case VoteOutcome::won: return role() == Role::pre_candidate ? start_election(false) : become_leader();
  }
}

bool Raft::would_vote(NodeId from, const VoteRequest& request) const {
  if (withheld_ || (doubt_ && !may_vote_in_doubt())) return false;
  if (request.term < term_) return false;
  // One vote per term (3.4). Only a pre-vote can still be of a later term than ours here.
  const bool free = request.term > term_ || voted_for_ == from || (!voted_for_ && !leader());
  return free && request.last >= least_log();  // 3.6.1
}

void Raft::receive(NodeId from, const VoteRequest& request) {
  if (withheld_) return;
  if (as_leader()) tell_removed(from, request);
  const bool newer = request.term > term_;
  // 4.2.3: while a leader is heard, a node that does not hear it must not depose it.
  if (newer && !request.transfer && leader_is_alive()) return;
  if (newer && !request.pre) become_follower(request.term, no_node);
  const bool grant = would_vote(from, request);
  if (grant && !request.pre) {
    voted_for_ = from;
    restart_election_timer();
  }
  // A refusal carries our term, so that a candidate left behind in terms catches up, even if its log is the longer one.
  promise(from, VoteReply{term_, request.term, request.pre, grant});
}

void Raft::receive(NodeId from, const VoteReply& reply) {
  // A granted pre-vote of a node that is already in the term we ask for is support, not news of a rival.
  if (reply.term > term_ && !(reply.pre && reply.granted)) return become_follower(reply.term, no_node);
  if (auto* pre_candidate = std::get_if<PreCandidate>(&state_); pre_candidate && reply.pre && reply.election == term_ + 1) {
    pre_candidate->votes.record(from, reply.granted);
    count_votes();
  } else if (auto* candidate = std::get_if<Candidate>(&state_); candidate && !reply.pre && reply.election == term_) {
    candidate->votes.record(from, reply.granted);
    count_votes();
  }
}

void Raft::receive(NodeId from, const TimeoutNow& request) {
  // Late ones (another term, another leader, a role taken since) have lost their meaning.
  const auto* follower = std::get_if<Follower>(&state_);
  if (request.term != term_ || !follower || follower->leader != from || !may_campaign()) return;
  start_election(true);
}

void Raft::become_follower(Term term, NodeId leader) {
  CONSENSUS_INVARIANT(term >= term_);
  if (term > term_) {
    term_ = term;
    // A term that is taken up before the others were heard may be one in which a vote is forgotten: see begin_doubt().
    voted_for_ = withheld_ || (doubt_ && !may_vote_in_doubt()) ? options_.self : no_node;
  }  // in the same term the vote stays: forgetting it could elect two leaders
  if (Leader* ours = as_leader()) {
    for (const ReadRound& round : ours->rounds) reads_aborted_.insert(reads_aborted_.end(), round.ids.begin(), round.ids.end());
    reads_aborted_.insert(reads_aborted_.end(), ours->reads_waiting.begin(), ours->reads_waiting.end());
  }
  const bool was_follower = std::holds_alternative<Follower>(state_);
  state_ = Follower{leader};
  // A follower's timer restarts only when it votes or hears a leader (3.4): losing candidates must not keep it waiting for ever.
  if (!was_follower) restart_election_timer();
}

void Raft::become_leader() {
  CONSENSUS_INVARIANT(voted_for_ == options_.self);
  Leader leader;
  leader.first_of_term = log_.last().index + 1;
  state_ = std::move(leader);
  update_peers(std::get<Leader>(state_));
  elapsed_ = 0;
  // 6.4: until an entry of its own term is committed, a leader does not know what is committed.
  append({term_, log_.last().index + 1, EntryKind::noop, nullptr});
}

void Raft::check_quorum() {
  Leader& leader = std::get<Leader>(state_);
  const bool heard_quorum = reached(leader, 1, [](const Progress& peer) { return std::uint64_t{peer.active}; }) == 1;
  for (Progress& peer : leader.peers) peer.active = false;
  elapsed_ = 0;
  // 6.2: without a majority it can commit nothing; clients had better find another leader.
  if (!heard_quorum) become_follower(term_, no_node);
}

// Offers leave before the disk is done, so heartbeats and their answers say nothing of a leader's own disk. It could still commit through
// the others, but answers nobody: clients had better find another leader (6.2).
void Raft::watch_disk() {
  const BatchId owes = durability_.oldest();
  disk_wait_ = owes == BatchId{} || owes != disk_owes_ ? 0 : disk_wait_ + 1;
  disk_owes_ = owes;
  if (as_leader() && disk_hangs()) become_follower(term_, no_node);
}

}  // namespace daftar::consensus
