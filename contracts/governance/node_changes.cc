#include "contracts/governance/node_changes.h"

#include <algorithm>
#include <set>

#include "contracts/governance/limits.h"
#include "contracts/members.h"
#include "contracts/nodes.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

using Registry = std::vector<NodeRecord>;   // all records; the node of number n is at place n - 1

Registry load_registry(const Context& c) {
  Registry registry;
  while (auto node = c.store.load<NodeRecord>(keys::node(static_cast<std::uint32_t>(registry.size()) + 1))) registry.push_back(std::move(*node));
  return registry;
}

std::vector<ValidatorKey> validators_of(const Registry& registry) {
  std::vector<ValidatorKey> validators;
  for (const NodeRecord& node : registry)
    if (node.standing == NodeStanding::validator) validators.push_back({node.number, node.checkpoint_key});
  return validators;
}

std::string place_of(std::size_t step) { return "changes[" + std::to_string(step) + "]."; }

/// The shape of a step; what it means is judged against the registry, later and more than once.
Expected<NodeStep, ledger::Rejection> read_step(const ledger::proto::NodeChange& o, const std::string& place) {
  const auto invalid = [&](std::string_view what) { return refuse(RejectionCode::field_invalid, place + std::string(what)); };
  const auto verb = node_verb_named(o.verb());
  if (!verb) return invalid("verb: add_observer, add_validator, promote, demote or remove");
  NodeStep step{.verb = *verb, .node = o.node(), .operator_member = {}, .link_key = {}, .checkpoint_key = {}, .link_address = {}};
  if (!step.adds()) {
    if (!o.operator_().empty() || !o.link_key().empty() || !o.checkpoint_key().empty() || !o.link_address().empty())
      return invalid("verb: only an addition has operator, keys and address");
    return step;
  }
  const auto link_key = ledger::PublicKey::from_bytes(o.link_key()), checkpoint_key = ledger::PublicKey::from_bytes(o.checkpoint_key());
  if (!link_key) return refuse(RejectionCode::key_not_registrable, place + "link_key: 32 bytes");
  if (!checkpoint_key) return refuse(RejectionCode::key_not_registrable, place + "checkpoint_key: 32 bytes");
  if (!is_link_address(o.link_address())) return invalid("link_address: host:port or [IPv6 address]:port");
  step.operator_member = o.operator_();
  step.link_key = *link_key;
  step.checkpoint_key = *checkpoint_key;
  step.link_address = o.link_address();
  return step;
}

Outcome judge_key(const Context& c, const ledger::PublicKey& key, const std::string& field, std::set<ledger::PublicKey>& met) {
  if (!ledger::check_registrable(key)) return refuse(RejectionCode::key_not_registrable, field + ": " + key.hex());
  if (c.store.has(keys::public_key(key)) || !met.insert(key).second) return refuse(RejectionCode::key_in_use, field + ": " + key.hex());
  return {};
}

Outcome add(const Context& c, Registry& registry, const NodeStep& step, const std::string& place, std::set<ledger::PublicKey>& met) {
  const auto next = static_cast<std::uint32_t>(registry.size()) + 1;
  if (step.node != next) return refuse(RejectionCode::node_number_not_next, place + "node: the next is " + std::to_string(next));
  const auto member = require_member(c, step.operator_member, place + "operator");
  if (!member) return Unexpected<ledger::Rejection>(member.error());
  if (!member->has(Role::operator_)) return refuse(RejectionCode::role_missing, place + "operator: " + member->id + " is no operator");
  if (auto judged = judge_key(c, step.link_key, place + "link_key", met); !judged) return judged;
  if (auto judged = judge_key(c, step.checkpoint_key, place + "checkpoint_key", met); !judged) return judged;
  registry.push_back({.number = step.node,
                      .operator_member = step.operator_member,
                      .link_key = step.link_key,
                      .checkpoint_key = step.checkpoint_key,
                      .link_address = step.link_address,
                      .standing = step.verb == NodeVerb::add_validator ? NodeStanding::validator : NodeStanding::observer,
                      .since_height = c.height});
  return {};
}

Outcome change(const Context& c, Registry& registry, const NodeStep& step, const std::string& place) {
  if (step.node == 0 || step.node > registry.size())
    return refuse(RejectionCode::node_unknown, place + "node: " + std::to_string(step.node));
  NodeRecord& node = registry[step.node - 1];
  const bool fits = step.verb == NodeVerb::promote  ? node.standing == NodeStanding::observer
                    : step.verb == NodeVerb::demote ? node.standing == NodeStanding::validator
                                                    : node.standing != NodeStanding::removed;
  if (!fits)
    return refuse(RejectionCode::node_standing_wrong, place + "node: " + std::to_string(step.node) + " is " + std::string(name(node.standing)));
  node.standing = step.verb == NodeVerb::promote  ? NodeStanding::validator
                  : step.verb == NodeVerb::demote ? NodeStanding::observer
                                                  : NodeStanding::removed;
  node.since_height = c.height;
  return {};
}

/// The registry after all steps, in order; the counts are judged at the end, so that a replacement may go through any order of its steps.
Expected<Registry, ledger::Rejection> after(const Context& c, const Registry& before, const std::vector<NodeStep>& steps) {
  Registry registry = before;
  std::set<std::uint32_t> named;
  std::set<ledger::PublicKey> met;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const NodeStep& step = steps[i];
    const std::string place = place_of(i);
    if (!named.insert(step.node).second) return refuse(RejectionCode::node_named_twice, place + "node: " + std::to_string(step.node));
    if (auto done = step.adds() ? add(c, registry, step, place, met) : change(c, registry, step, place); !done)
      return Unexpected<ledger::Rejection>(done.error());
  }
  const auto count = [&](NodeStanding standing) {
    return static_cast<std::size_t>(std::count_if(registry.begin(), registry.end(), [&](const NodeRecord& node) { return node.standing == standing; }));
  };
  const std::size_t validators = count(NodeStanding::validator), observers = count(NodeStanding::observer);
  if (validators == 0) return refuse(RejectionCode::no_validator_left, "changes");
  if (validators > validators_max) return refuse(RejectionCode::nodes_too_many, std::to_string(validators) + " validators");
  if (observers > observers_max) return refuse(RejectionCode::nodes_too_many, std::to_string(observers) + " observers");
  return registry;
}

std::string words(const NodeStep& step) {
  return std::string(name(step.verb)) + " " + std::to_string(step.node) + (step.adds() ? " of " + step.operator_member + " at " + step.link_address : "");
}

/// Everybody concerned finds the entry: each node named, and its operator.
void index_steps(Context& c, const NodeProposal& proposal, const Registry& registry) {
  for (const NodeStep& step : proposal.steps) {
    c.index(IndexKind::node, std::to_string(step.node));
    if (step.adds()) c.index(IndexKind::member, step.operator_member);
    else if (step.node >= 1 && step.node <= registry.size()) c.index(IndexKind::member, registry[step.node - 1].operator_member);
  }
}

std::string_view event_of(NodeVerb verb) {
  switch (verb) {
    case NodeVerb::add_observer: return "node_added_observer";
    case NodeVerb::add_validator: return "node_added_validator";
    case NodeVerb::promote: return "node_promoted";
    case NodeVerb::demote: return "node_demoted";
    case NodeVerb::remove: return "node_removed";
  }
  DAFTAR_CHECK(false && "a verb that exists");
  return {};
}

void put_in_force(Context& c, NodeProposal& proposal, const Registry& before, const Registry& registry) {
  proposal.stage = ProposalStage::in_force;
  for (const NodeStep& step : proposal.steps) {
    const NodeRecord& node = registry.at(step.node - 1);
    c.store.save(keys::node(node.number), node);
    if (step.adds())
      for (const auto& key : {node.link_key, node.checkpoint_key}) c.store.put(keys::public_key(key), node.operator_member);
    c.event(std::string(event_of(step.verb)), std::to_string(node.number), 0, 0, step.adds() ? node.operator_member + " at " + node.link_address : "");
  }
  const ValidatorSet set{c.height, validators_of(registry)};
  if (set.validators == validators_of(before)) return;
  // A second change in one block overwrites the first: no tree lies between them.
  c.store.save(keys::validator_set(c.height), set);
  c.event("validators_changed", proposal.id.hex(), 0, 0, validator_set_text(set.validators));
  c.index(IndexKind::node, "validators");
}

/// Counts the sender's approval and, when it was the last one needed, puts the steps in force. Approvals of operators who run no validator
/// any more do not count.
void take_approval(Context& c, NodeProposal& proposal, const Registry& registry, const Registry& changed) {
  proposal.approvals.push_back(c.sender.id);
  c.event("node_change_approved", proposal.id.hex(), 0, 0, c.sender.id);
  const auto operators = validator_operators(registry);
  const auto counted = static_cast<std::size_t>(std::count_if(proposal.approvals.begin(), proposal.approvals.end(), [&](const std::string& member) {
    return std::binary_search(operators.begin(), operators.end(), member);
  }));
  if (counted >= approvals_needed(registry, c.limits->node_change_approvals)) put_in_force(c, proposal, registry, changed);
}

bool runs_a_validator(const Registry& registry, const std::string& member) {
  const auto operators = validator_operators(registry);
  return std::binary_search(operators.begin(), operators.end(), member);
}

Expected<NodeProposal, ledger::Rejection> require_open(const Context& c, const std::string& raw_id) {
  const auto id = ledger::Digest::from_bytes(raw_id);
  if (!id) return refuse(RejectionCode::field_invalid, "proposal: 32 bytes");
  auto proposal = c.store.load<NodeProposal>(keys::node_proposal(*id));
  if (!proposal) return refuse(RejectionCode::node_proposal_unknown, id->hex());
  if (proposal->stage != ProposalStage::open) return refuse(RejectionCode::node_proposal_closed, std::string(name(proposal->stage)));
  if (proposal->until_ms < c.now_ms) return refuse(RejectionCode::node_proposal_closed, "expired");
  return std::move(*proposal);
}

}  // namespace

Outcome propose(Context& c, const ledger::proto::ProposeNodeChange& o) {
  if (auto role = require_role(c, Role::operator_); !role) return role;
  if (c.proposed_node_change) return refuse(RejectionCode::field_invalid, "one proposal per transaction: its id names the proposal");
  if (o.changes().empty() || o.changes_size() > steps_max) return refuse(RejectionCode::field_invalid, "changes: 1 to 16");
  if (o.until_ms() <= c.now_ms || o.until_ms() - c.now_ms > proposal_ms_max)
    return refuse(RejectionCode::field_invalid, "until_ms: after now, at most 30 days ahead");
  NodeProposal proposal{.id = c.id,
                        .proposer = c.sender.id,
                        .steps = {},
                        .proposed_ms = c.now_ms,
                        .until_ms = o.until_ms(),
                        .approvals = {},
                        .stage = ProposalStage::open};
  std::string text;
  for (int i = 0; i < o.changes_size(); ++i) {
    auto step = read_step(o.changes(i), place_of(static_cast<std::size_t>(i)));
    if (!step) return Unexpected<ledger::Rejection>(step.error());
    text += (text.empty() ? "" : ", ") + words(*step);
    proposal.steps.push_back(std::move(*step));
  }
  const Registry registry = load_registry(c);
  const auto changed = after(c, registry, proposal.steps);
  if (!changed) return Unexpected<ledger::Rejection>(changed.error());
  c.proposed_node_change = true;
  c.event("node_change_proposed", c.id.hex(), 0, 0, text);
  index_steps(c, proposal, *changed);
  if (runs_a_validator(registry, c.sender.id)) take_approval(c, proposal, registry, *changed);
  c.store.save(keys::node_proposal(c.id), proposal);
  return {};
}

Outcome approve(Context& c, const ledger::proto::ApproveNodeChange& o) {
  if (auto role = require_role(c, Role::operator_); !role) return role;
  auto proposal = require_open(c, o.proposal());
  if (!proposal) return Unexpected<ledger::Rejection>(proposal.error());
  const Registry registry = load_registry(c);
  if (!runs_a_validator(registry, c.sender.id)) return refuse(RejectionCode::no_validators_operator, c.sender.id);
  if (std::find(proposal->approvals.begin(), proposal->approvals.end(), c.sender.id) != proposal->approvals.end())
    return refuse(RejectionCode::already_approved, c.sender.id);
  const auto changed = after(c, registry, proposal->steps);   // the registry may have moved on since it was proposed
  if (!changed) return Unexpected<ledger::Rejection>(changed.error());
  index_steps(c, *proposal, *changed);
  take_approval(c, *proposal, registry, *changed);
  c.store.save(keys::node_proposal(proposal->id), *proposal);
  return {};
}

Outcome withdraw(Context& c, const ledger::proto::WithdrawNodeChange& o) {
  if (auto role = require_role(c, Role::operator_); !role) return role;
  auto proposal = require_open(c, o.proposal());
  if (!proposal) return Unexpected<ledger::Rejection>(proposal.error());
  if (proposal->proposer != c.sender.id) return refuse(RejectionCode::not_a_party, "sender");
  proposal->stage = ProposalStage::withdrawn;
  c.event("node_change_withdrawn", proposal->id.hex());
  index_steps(c, *proposal, load_registry(c));
  c.store.save(keys::node_proposal(proposal->id), *proposal);
  return {};
}

}  // namespace daftar::contracts::governance
