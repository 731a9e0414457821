#include "tests/consensus/scenario_runner/safety.h"

#include <algorithm>

#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/node.h"

namespace daftar::consensus::scenario {
namespace {

[[noreturn]] void broken(const std::string& property, const std::string& what) { throw Broken(property + ": " + what); }

std::string name(NodeId node) { return "node " + std::to_string(node.value); }

Term term_before(const Node& node, Index index) {
  if (index == node.disk.mark.index + 1) return node.disk.mark.term;
  const Entry* before = node.log_at(index - 1);
  return before ? before->term : Term{0};
}

}  // namespace

void Safety::node_added(const Node& node) {
  entries_written(node, node.log);
  for (const Entry& entry : node.log)
    if (entry.index <= node.raft->status().commit) (void)into_history(entry, node);
}

void Safety::entries_written(const Node& node, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  const LogPosition first = entries.front().position();
  if (node.place.role == Role::leader && node.raft->status().role == Role::leader && node.raft->status().term == node.place.term &&
      first.index <= node.log_last())
    broken("leader append-only", name(node.id) + " leads and rewrites its log from index " + std::to_string(first.index.value));
  Term before = term_before(node, first.index);
  for (const Entry& entry : entries) {
    const auto [known, is_new] = entries_.try_emplace(entry.position(), Written{entry, before});
    if (!is_new && (!(known->second.entry == entry) || known->second.term_before != before))
      broken("log matching", "two different entries, or with different entries before them, at " + describe(entry.position()));
    before = entry.term;
  }
}

void Safety::leader_elected(const Node& node, Term term) {
  const auto [known, is_new] = leaders_.try_emplace(term, node.id);
  if (known->second != node.id)
    broken("election safety", name(known->second) + " and " + name(node.id) + " both lead term " + std::to_string(term.value));
  for (const auto& [index, entry] : history_) {
    if (index <= node.disk.mark.index) continue;
    const Entry* held = node.log_at(index);
    if (!held || !(*held == entry)) broken("leader completeness", name(node.id) + " leads without committed entry " + describe(entry.position()));
  }
}

void Safety::applied(const Node& node, const Entry& entry) {
  if (entry.index != node.applied + 1) broken("state machine safety", name(node.id) + " applies out of order: " + describe(entry.position()));
  const Entry* held = node.disk.at(entry.index);
  if (!held || !(*held == entry)) broken("state machine safety", name(node.id) + " applies what its disk does not hold: " + describe(entry.position()));
  (void)into_history(entry, node);
}

void Safety::snapshot_installed(const Node& node) {
  for (const Entry& entry : node.state) {
    const auto known = history_.find(entry.index);
    if (known == history_.end() || !(known->second == entry))
      broken("state machine safety", name(node.id) + " installs a snapshot with " + describe(entry) + ", which is not committed there");
  }
}

void Safety::promised(const Node& node, const Envelope& envelope, Term term_at_match) {
  const HardState& durable = node.disk.hard_state;
  auto vote = [&](Term term, NodeId candidate) {
    if (durable.term < term || (durable.term == term && durable.voted_for != candidate))
      broken("promise before sync", name(node.id) + " votes before its disk holds the vote: " + describe(envelope));
    const auto [known, is_new] = votes_.try_emplace({node.id, term}, candidate);
    if (known->second != candidate) broken("one vote per term", name(node.id) + " votes twice in term " + std::to_string(term.value));
  };
  const Message& message = envelope.message;
  if (const auto* request = std::get_if<VoteRequest>(&message); request && !request->pre) vote(request->term, node.id);
  if (const auto* reply = std::get_if<VoteReply>(&message); reply && !reply->pre && reply->granted) vote(reply->term, envelope.to);
  const auto* reply = std::get_if<AppendReply>(&message);
  if (!reply || !reply->success || durable.term > reply->term) return;
  if (durable.term < reply->term) broken("promise before sync", name(node.id) + " accepts before its disk holds the term: " + describe(envelope));
  if (reply->match <= node.disk.mark.index) return;
  const Entry* held = node.disk.at(reply->match);
  if (!held || held->term != term_at_match)
    broken("promise before sync", name(node.id) + " accepts before its disk holds the entries: " + describe(envelope));
}

void Safety::commit_moved(Node& node, const std::vector<Node*>& nodes) {
  const Status status = node.raft->status();
  const Index through = std::min(status.commit, node.log_last());
  for (Index index = std::max(node.commit_checked, node.disk.mark.index) + 1; index <= through; ++index) {
    const Entry& entry = *node.log_at(index);
    if (!into_history(entry, node) || status.role != Role::leader || messages_forged) continue;
    check_majority(entry, node, status.membership.voters, nodes);
    if (status.membership.joint()) check_majority(entry, node, status.membership.outgoing, nodes);
  }
  node.commit_checked = std::max(node.commit_checked, through);
}

// Returns whether it is new there.
bool Safety::into_history(const Entry& entry, const Node& node) {
  const auto [known, is_new] = history_.try_emplace(entry.index, entry);
  if (!(known->second == entry))
    broken("state machine safety", name(node.id) + " takes " + describe(entry) + " for committed, but " + describe(known->second) + " is");
  return is_new;
}

void Safety::check_majority(const Entry& entry, const Node& leader, const std::vector<NodeId>& voters, const std::vector<Node*>& nodes) const {
  const auto holders = std::count_if(nodes.begin(), nodes.end(), [&](const Node* node) {
    const bool votes = std::find(voters.begin(), voters.end(), node->id) != voters.end();
    const auto has = [&](const Disk& disk) {
      const Entry* held = disk.at(entry.index);
      return disk.mark.index >= entry.index || (held && *held == entry);
    };
    return votes && (has(node->disk) || std::any_of(node->lost.begin(), node->lost.end(), has));  // it counts as of when it was acknowledged
  });
  if (static_cast<std::size_t>(holders) < majority(voters.size()))
    broken("committed stays", name(leader.id) + " commits " + describe(entry.position()) + ", which is on the disks of only " +
                                  std::to_string(holders) + " of " + std::to_string(voters.size()) + " voters");
}

}  // namespace daftar::consensus::scenario
