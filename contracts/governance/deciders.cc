#include "contracts/governance/deciders.h"

#include <algorithm>

#include "contracts/governance/limits.h"
#include "contracts/members.h"
#include "contracts/nodes.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

std::uint32_t deciding_bits() {
  std::uint32_t bits = 0;
  for (const Role role : {Role::treasury, Role::tax_authority, Role::bank, Role::registrar, Role::operator_}) {
    DAFTAR_CHECK(is_deciding(role));   // the same as there
    bits |= static_cast<std::uint32_t>(role);
  }
  return bits;
}

/// Who acts and has a role that decides.
std::vector<Member> load_deciders(const Context& c) {
  std::vector<std::string> ids = *c.fixed.genesis_deciders;
  if (const auto more = c.store.load<Deciders>(keys::deciders)) ids.insert(ids.end(), more->members.begin(), more->members.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<Member> members;
  for (const std::string& id : ids)
    if (auto member = c.store.load<Member>(keys::member(id))) members.push_back(std::move(*member));
  return members;
}

std::vector<Member> with_change(std::vector<Member> members, const Member& changed) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& one) { return one.id == changed.id; });
  if (found == members.end()) members.push_back(changed);
  else *found = changed;
  return members;
}

/// A proposer of a role that a registrar gives can always be found.
bool can_be_decided(const Policy& policy, const std::vector<Member>& members) {
  const auto approves = [&](const Member& one) { return !one.suspended && policy.may_approve(one); };
  const auto approvers = static_cast<std::size_t>(std::count_if(members.begin(), members.end(), approves));
  if ((policy.proposers & ~deciding_bits()) != 0 && approvers >= policy.approvals) return true;
  return std::any_of(members.begin(), members.end(), [&](const Member& one) {
    if (one.suspended || !policy.may_propose(one)) return false;
    const std::size_t others = approvers - (!policy.proposer_approves && approves(one) ? 1 : 0);
    return others >= policy.approvals;
  });
}

/// Changes of the nodes and of the protocol version need operators of present validators.
bool operators_can_decide(const Context& c, const std::vector<Member>& members) {
  std::vector<NodeRecord> registry;
  while (auto node = c.store.load<NodeRecord>(keys::node(static_cast<std::uint32_t>(registry.size()) + 1))) registry.push_back(std::move(*node));
  const auto operators = validator_operators(registry);
  const auto acting = std::count_if(members.begin(), members.end(), [&](const Member& one) {
    return !one.suspended && one.has(Role::operator_) && std::binary_search(operators.begin(), operators.end(), one.id);
  });
  return static_cast<std::size_t>(acting) >= approvals_needed(registry, c.limits->node_change_approvals);
}

}  // namespace

Outcome judge_deciders(const Context& c, const Policies& policies, const Member* changed) {
  const std::vector<Member> before = load_deciders(c);
  const std::vector<Member> after = changed == nullptr ? before : with_change(before, *changed);
  for (const ChangeKind kind : all_kinds)
    if (can_be_decided(c.policies->of(kind), before) && !can_be_decided(policies.of(kind), after)) return refuse(RejectionCode::nobody_left_to_decide, std::string(name(kind)));
  if (operators_can_decide(c, before) && !operators_can_decide(c, after)) return refuse(RejectionCode::nobody_left_to_decide, "the nodes");
  return {};
}

void note_decider(Context& c, const Member& member) {
  if ((member.roles & deciding_bits()) == 0) return;
  const auto& first = *c.fixed.genesis_deciders;
  if (std::binary_search(first.begin(), first.end(), member.id)) return;
  auto noted = c.store.load<Deciders>(keys::deciders).value_or(Deciders{});
  const auto place = std::lower_bound(noted.members.begin(), noted.members.end(), member.id);
  if (place != noted.members.end() && *place == member.id) return;
  noted.members.insert(place, member.id);
  c.store.save(keys::deciders, noted);
}

}  // namespace daftar::contracts::governance
