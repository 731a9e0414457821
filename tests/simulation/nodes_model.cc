#include "tests/simulation/nodes_model.h"

#include <algorithm>

namespace daftar::simulation {
namespace {

std::map<std::uint64_t, ledger::PublicKey> validators_of(const NodesModel::Nodes& nodes) {
  std::map<std::uint64_t, ledger::PublicKey> validators;
  for (const auto& [number, node] : nodes)
    if (node.standing == NodesModel::Standing::validator) validators.emplace(number, node.checkpoint_key);
  return validators;
}

}  // namespace

NodesModel::NodesModel(const ledger::Genesis& genesis) : approvals_stated_(genesis.content().limits().node_change_approvals()) {
  for (const auto& validator : genesis.content().validators())
    nodes_.emplace(validator.node(), Node{Standing::validator, validator.operator_(), *ledger::PublicKey::from_bytes(validator.checkpoint_key())});
  sets_[0] = validators_of(nodes_);
}

std::vector<std::string> NodesModel::operators() const {
  std::set<std::string> members;
  for (const auto& [number, node] : nodes_)
    if (node.standing == Standing::validator) members.insert(node.operator_member);
  return {members.begin(), members.end()};
}

std::size_t NodesModel::approvals_needed() const {
  const std::size_t all = operators().size();
  return approvals_stated_ == 0 ? all / 2 + 1 : std::min<std::size_t>(approvals_stated_, all);
}

consensus::Membership NodesModel::membership_of(const Nodes& nodes) {
  consensus::Membership membership;
  for (const auto& [number, node] : nodes) {
    if (node.standing == Standing::validator) membership.voters.push_back({number});
    if (node.standing == Standing::observer) membership.learners.push_back({number});
  }
  return membership;
}

std::optional<NodesModel::Nodes> NodesModel::after(const std::vector<ledger::proto::NodeChange>& steps) const {
  Nodes nodes = nodes_;
  std::set<std::uint32_t> named;
  std::set<std::string> keys = keys_;
  for (const auto& step : steps) {
    if (!named.insert(step.node()).second) return std::nullopt;
    if (step.verb() == "add_observer" || step.verb() == "add_validator") {
      if (step.node() != nodes.size() + 1 || !keys.insert(step.link_key()).second || !keys.insert(step.checkpoint_key()).second) return std::nullopt;
      nodes.emplace(step.node(), Node{step.verb() == "add_validator" ? Standing::validator : Standing::observer, step.operator_(),
                                      *ledger::PublicKey::from_bytes(step.checkpoint_key())});
      continue;
    }
    const auto it = nodes.find(step.node());
    if (it == nodes.end()) return std::nullopt;
    Standing& standing = it->second.standing;
    if (step.verb() == "promote" ? standing != Standing::observer : step.verb() == "demote" ? standing != Standing::validator : standing == Standing::removed)
      return std::nullopt;
    standing = step.verb() == "promote" ? Standing::validator : step.verb() == "demote" ? Standing::observer : Standing::removed;
  }
  if (validators_of(nodes).empty()) return std::nullopt;
  return nodes;
}

/// Approvals of those who run no validator any more do not count.
bool NodesModel::approve(Proposal& proposal, const std::string& member) {
  const auto may = operators();
  auto nodes = after(proposal.steps);
  if (!nodes) return false;
  proposal.approvals.insert(member);
  const auto counted = std::count_if(proposal.approvals.begin(), proposal.approvals.end(), [&](const auto& who) { return std::binary_search(may.begin(), may.end(), who); });
  if (static_cast<std::size_t>(counted) < approvals_needed()) return true;
  proposal.open = false;
  for (const auto& step : proposal.steps)
    if (!step.link_key().empty()) keys_.insert({step.link_key(), step.checkpoint_key()});
  nodes_ = std::move(*nodes);
  return true;
}

bool NodesModel::accepts(const ledger::Transaction& transaction, std::uint64_t now_ms) {
  const auto& operation = *transaction.body().operations().begin();
  const std::string& sender = transaction.body().sender();
  const auto may = operators();
  const bool runs_a_validator = std::binary_search(may.begin(), may.end(), sender);
  if (operation.has_propose_node_change()) {
    Proposal proposal;
    proposal.until_ms = operation.propose_node_change().until_ms();
    for (const auto& step : operation.propose_node_change().changes()) proposal.steps.push_back(step);
    if (!after(proposal.steps)) return false;
    if (runs_a_validator && !approve(proposal, sender)) return false;
    proposals_[transaction.id()] = std::move(proposal);
    return true;
  }
  const auto proposal = proposals_.find(*ledger::Digest::from_bytes(operation.approve_node_change().proposal()));
  if (proposal == proposals_.end() || !proposal->second.open || proposal->second.until_ms < now_ms) return false;
  if (!runs_a_validator || proposal->second.approvals.contains(sender)) return false;
  return approve(proposal->second, sender);
}

void NodesModel::block_ended(std::uint64_t size) {
  auto now = validators_of(nodes_);
  if (now != sets_.rbegin()->second) sets_[size] = std::move(now);
}

}  // namespace daftar::simulation
