// The nodes: what the ledger says of them (registry.h) and what Raft makes of it. The ledger leads, Raft follows: when the registry that was
// executed differs from Raft's membership, the leader proposes the change that ends the difference, one at a time, until there is none.
#include <algorithm>

#include "consensus/describe.h"
#include "consensus/membership.h"
#include "ledger/check.h"
#include "node/replica.h"

namespace daftar::node {
namespace {

using consensus::Membership;
using consensus::MembershipChange;
using Verb = MembershipChange::Verb;

bool is_in(const std::vector<consensus::NodeId>& nodes, consensus::NodeId node) { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); }

/// The next change on the way from `now`, which is not joint, to `then`; no steps: nothing is missing. Who is to vote learns first (4.2.1); when
/// all that shall vote are at least learners, everything else is one change, so that a dead validator and its successor change places at once.
MembershipChange next_change(const Membership& now, const Membership& then) {
  MembershipChange change;
  for (const auto node : then.voters)
    if (!now.contains(node)) change.steps.push_back({Verb::add_learner, node});
  if (!change.steps.empty()) return change;
  for (const auto node : then.learners)
    if (!now.contains(node)) change.steps.push_back({Verb::add_learner, node});
  for (const auto node : now.members()) {
    if (!then.contains(node))
      change.steps.push_back({Verb::remove, node});
    else if (is_in(then.voters, node) && !is_in(now.voters, node))
      change.steps.push_back({Verb::promote, node});
    else if (is_in(then.learners, node) && !is_in(now.learners, node))
      change.steps.push_back({Verb::demote, node});
  }
  return change;
}

std::string in_words(const MembershipChange& change) {
  static constexpr const char* verbs[] = {"add voter", "add learner", "promote", "demote", "remove"};
  std::string words;
  for (const auto& step : change.steps)
    words += (words.empty() ? "" : ", ") + std::string(verbs[static_cast<std::size_t>(step.verb)]) + " " + std::to_string(step.node.value);
  return words;
}

}  // namespace

void Replica::send_to_all(const PeerMessage& message) {
  for (const auto& record : registry_.nodes)
    if (record.number != options_.raft.self.value && record.standing != contracts::NodeStanding::removed) output_.send.push_back({record.number, message});
}

void Replica::sign_checkpoint(std::uint64_t size, const ledger::Digest& root) {
  const auto self = static_cast<std::uint32_t>(options_.raft.self.value);
  if (!certifier_.signs(size)) return take_certifier_outcome(certifier_.add_own_root(size, root), self);
  const ledger::Signature signature = ledger::sign_checkpoint({genesis_->origin(), size, root}, checkpoint_key_);
  send_to_all(CheckpointLine{size, root, signature});
  if (size > certifier_.certified_size() && uncertified_since_ms_ == 0) uncertified_since_ms_ = now_.monotonic_ms;
  take_certifier_outcome(certifier_.add_own({self, size, root, signature}), self);
}

/// `size`: of the tree after the block that changed something.
void Replica::take_registry(Registry registry, std::uint64_t size) {
  registry_ = std::move(registry);
  certifier_.set_validators(registry_.validators);
  output_.registry = registry_;
  say("the nodes of the ledger changed with tree size " + std::to_string(size) + ": " + consensus::describe(registry_.membership()));
}

void Replica::note_committed(const consensus::Entry& entry) {
  if (entry.kind == consensus::EntryKind::membership) committed_membership_ = *entry.payload;
}

void Replica::follow_registry() {
  if (!is_leader() || ticks_ % options_.raft.heartbeat_interval != 0) return;
  const auto status = raft_.status();
  if (status.membership.joint() || status.membership_index > status.commit) return;   // a change is under way
  // Another leader made this membership of a registry that it had executed. A new one that has not come so far knows an older registry, by which it
  // would undo what was done, and throw out who has just been taken in.
  if (status.applied < status.membership_index) return;
  const Membership then = registry_.membership();
  const MembershipChange change = next_change(status.membership, then);
  std::string waits;
  if (!change.steps.empty()) {
    std::vector<consensus::NodeId> reachable{options_.raft.self};
    for (const auto& peer : status.peers)
      if (peer.active) reachable.push_back(peer.node);
    const auto planned = consensus::plan(status.membership, change, reachable);
    DAFTAR_CHECK(planned);   // made from the membership itself
    if (!planned->keeps_quorum()) {
      waits = "it would leave " + std::to_string(planned->after.reachable) + " of " + std::to_string(planned->after.voters) +
              " voters within reach, and " + std::to_string(planned->after.needed) + " are needed";
    } else if (const auto placed = raft_.propose_membership(change); placed) {
      say("membership of the consensus: " + in_words(change) + " (at index " + std::to_string(placed->index.value) + ")");
    } else if (placed.error().failure == consensus::ProposeFailure::voter_lags) {
      waits = "node " + std::to_string(placed.error().refused.node.value) + " has not caught up yet";
    }  // anything else passes: a leader at the beginning of its term, a transfer, too much that is not applied
  }
  // Who was silent for a moment is no news: said when it has been so for a while.
  if (waits.empty())
    membership_waits_since_ = 0;
  else if (membership_waits_since_ == 0)
    membership_waits_since_ = ticks_;
  const bool long_enough = membership_waits_since_ != 0 && ticks_ >= membership_waits_since_ + 2 * options_.raft.election_timeout;
  if (long_enough && waits != membership_said_) warn("the change of the membership (" + in_words(change) + ") waits: " + waits);
  if (long_enough || waits.empty()) membership_said_ = waits;
}

}  // namespace daftar::node
