// A disk that may be older than what this node promised (DESIGN 12.7): until the others were asked nothing is promised (withheld), and
// with a log that has lost something nobody is elected (in doubt). Why that is enough: docs/consensus.md, "An old, empty or damaged disk".
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

void Raft::remember(NodeId node, Index held) {
  if (held == Index{0} || !membership().contains(node)) return;
  if (const auto term = log_.term_at(held)) memory_.saw(node, LogPosition{*term, held});
}

LogPosition Raft::durable_position() const {
  const Index durable = durability_.index();
  return {log_.term_at(durable).value_or(Term{0}), durable};
}

void Raft::recalled(const Recollection& recollection) {
  if (recollection.node != options_.self) return refuse("recollection of another node");
  if (recollection.term > term_max || recollection.term > term_ + term_jump_max || recollection.held.index > index_max ||
      recollection.held.term > recollection.term)
    return refuse("recollection out of reach");
  if (recollection.term <= term_ && recollection.held <= log_.last()) return;
  begin_doubt(recollection.held);
  become_follower(std::max(term_, recollection.term), recollection.term > term_ ? no_node : follows());
}

NodeId Raft::follows() const {
  const auto* follower = std::get_if<Follower>(&state_);
  return follower ? follower->leader : no_node;
}

void Raft::begin_doubt(LogPosition held) {
  doubt_ = std::max(doubt_.value_or(LogPosition{}), held);
  // A vote given in this term may be forgotten: one for itself, which never campaigned in it, elects nobody, and is the last.
  if (!voted_for_ && term_ > Term{0}) voted_for_ = options_.self;
}

// Leader completeness (3.6.3): who was elected without this node's vote holds everything committed before, and an entry of its own term,
// committed and on our disk, means that we do. What was acknowledged to this very leader and forgotten must be back, too.
void Raft::end_doubt() {
  if (!doubt_ || withheld_ || !follows()) return;
  const Index through = std::min(commit_, durability_.index());
  if (log_.term_at(through) == term_ && durable_position() >= *doubt_) doubt_.reset();
}

void Raft::trust_disk() { withheld_ = false; }

void Raft::peer_restarted(NodeId node) {
  if (Progress* follower = peer(node)) follower->restarted();
}

}  // namespace daftar::consensus
