// A disk that may be older than what this node promised (DESIGN 12.7): until the others were asked nothing is promised (withheld), and a node
// whose log has lost something (in doubt) elects nobody who might lack it. Why that is enough: docs/consensus.md, "Old, empty and damaged disks".
#include <algorithm>

#include "consensus/raft.h"

namespace daftar::consensus {

// Every message but an offer made before its sender's disk is done states a term that its sender has on disk. A pre-vote is of the term to come.
void Raft::remember(const Envelope& envelope) {
  if (!membership().contains(envelope.from)) return;
  const auto* vote = std::get_if<VoteRequest>(&envelope.message);
  if (vote && vote->pre) return;
  memory_.saw(envelope.from, std::visit([](const auto& message) { return message.term; }, envelope.message));
}

void Raft::remember_follower(NodeId follower, Index match) {
  if (const auto term = log_.term_at(match); term && match > Index{0} && membership().contains(follower)) memory_.saw(follower, LogPosition{*term, match});
}

void Raft::remember_leader(NodeId leader, Index taken, Index commit) {
  if (!membership().contains(leader)) return;
  if (const auto term = log_.term_at(taken); term && taken > Index{0}) memory_.took(leader, LogPosition{*term, taken});
  const auto term = log_.term_at(commit);
  if (!term || commit == Index{0}) return;
  if (told_.leader == leader && told_.term == term_) {
    if (told_.age < options_.election_timeout) return;
    memory_.saw(leader, told_.commit);
  }
  told_ = {leader, term_, {*term, commit}, 0};
}

LogPosition Raft::durable_position() const {
  const Index durable = durability_.index();
  return {log_.term_at(durable).value_or(Term{0}), durable};
}

Recalled Raft::recall(NodeId node) const {
  return {options_.self, memory_.of(node), durability_.hard_state().term, durable_position(), !withheld_ && !loss_certain_};
}

void Raft::recalled(const Recalled& answer) {
  const auto& [node, term, held, offered] = answer.recollection;
  if (node != options_.self || answer.from == options_.self || !answer.from) return refuse("recollection of another node");
  for (const Term stated : {term, answer.term, held.term, offered.term, answer.end.term})
    if (stated > term_max || stated > term_ + term_jump_max) return refuse("recollection out of reach");
  if (held.index > index_max || offered.index > index_max || offered.term > term || answer.end.index > index_max || held.term > term || answer.end.term > answer.term)
    return refuse("recollection out of reach");
  // What a learner took counts for no commit, and nobody could be asked to have it.
  if (!membership().is_voter(answer.from)) return;
  if (std::find(recalled_from_.begin(), recalled_from_.end(), answer.from) == recalled_from_.end()) recalled_from_.push_back(answer.from);
  term_of_others_ = std::max({term_of_others_, term, answer.term});
  held_by_others_ = std::max(held_by_others_, answer.end);
  remembered_ = std::max({remembered_, held, offered});
  const LogPosition known = std::max(log_.last(), void_);
  const bool certain = term > term_ || held > known;
  if (doubt_ || certain || offered > known) begin_doubt(held > void_ ? held : LogPosition{}, certain);
  continue_rounds(answer);
  end_doubt();
}

// No candidate can hold a vote of this node in a term above its own, so above those of all who answered this node never voted. In that
// term a vote may be forgotten: one for itself, which never campaigned in it, elects nobody, and is the last.
void Raft::begin_doubt(LogPosition held, bool certain) {
  loss_certain_ = loss_certain_ || certain;
  doubt_ = std::max(doubt_.value_or(LogPosition{}), held);
  if (!std::holds_alternative<Follower>(state_) || term_of_others_ > term_) become_follower(std::max(term_, term_of_others_), no_node);
  if (!voted_for_ && term_ > Term{0}) voted_for_ = options_.self;
}

bool Raft::all_others_in(const std::vector<NodeId>& answered) const {
  const std::vector<NodeId> voters = membership().all_voters();
  return std::all_of(voters.begin(), voters.end(), [&](NodeId voter) {
    return voter == options_.self || std::find(answered.begin(), answered.end(), voter) != answered.end();
  });
}

// Whatever this node helped to commit is on another node of that majority, and so in the log of one that has answered.
bool Raft::heard_enough() const { return tally(membership(), recalled_from_, {}) == VoteOutcome::won || all_others_in(recalled_from_); }

// Who has answered a question of this process counts nothing any more that a process before had acknowledged (peer_restarted()). When all have,
// nothing is committed by that from then on; what was committed by it before is on the disk of another voter, and so in the log of one that is
// asked after that. So of all that this node is remembered to have held, only what lies up to the end of the longest of those logs matters.
void Raft::continue_rounds(const Recalled& answer) {
  if (!loss_certain_ || !all_others_in(recalled_from_)) return;
  const auto begin = [&] { round_ = {round_.number + 1, membership().all_voters(), {}, {}}; };
  if (round_.voters != membership().all_voters()) return begin();
  if (!answer.whole || answer.round != round_.number) return;
  if (std::find(round_.answered.begin(), round_.answered.end(), answer.from) == round_.answered.end()) round_.answered.push_back(answer.from);
  round_.end = std::max(round_.end, answer.end);
  if (!all_others_in(round_.answered)) return;
  if (round_.end < std::max(*doubt_, held_by_others_)) {
    doubt_ = held_by_others_ = round_.end;
    void_ = remembered_;
  }
  begin();  // they may replace their ends, too, before this log reaches them
}

// In doubt a node stands for those who answered: it votes as the one with the longest log among them would.
LogPosition Raft::least_log() const { return doubt_ ? std::max({log_.last(), *doubt_, held_by_others_}) : log_.last(); }

void Raft::end_doubt() {
  if (!doubt_ || withheld_ || durable_position() < *doubt_) return;
  // Without a sign of a loss those who did not answer are given up on, as for any node that starts.
  const bool heard = heard_enough() || !loss_certain_;
  // By 3.6.1 a log not behind that of a node which holds a committed entry holds it, too.
  const bool as_long_as_theirs = heard && durable_position() >= held_by_others_;
  // Leader completeness (3.6.3): the leader holds everything committed before its term; with an entry of its own term committed and on our
  // disk, so do we.
  const auto* follower = std::get_if<Follower>(&state_);
  const bool as_long_as_the_leaders = follower && follower->leader && log_.term_at(std::min(commit_, durability_.index())) == term_;
  if (!as_long_as_theirs && !as_long_as_the_leaders) return;
  doubt_.reset();
  loss_certain_ = false;
}

void Raft::trust_disk() {
  withheld_ = false;
  end_doubt();
}

void Raft::peer_restarted(NodeId node) {
  if (Progress* follower = peer(node)) follower->restarted();
}

}  // namespace daftar::consensus
