#include "contracts/governance/policy.h"

#include <algorithm>

#include "contracts/members.h"

namespace daftar::contracts::governance {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;

constexpr std::uint32_t bit(Role role) { return static_cast<std::uint32_t>(role); }

constexpr std::uint32_t any_of(std::initializer_list<Role> roles) {
  std::uint32_t bits = 0;
  for (const Role role : roles) bits |= bit(role);
  return bits;
}
constexpr std::uint32_t offices = any_of({Role::registrar, Role::treasury, Role::tax_authority});

/// Rates by who administers the tax, with the word of who keeps the public money, and a week in which everybody can get ready. Templates by who keeps the
/// registers, with the word of the treasury or the tax authority, whose money runs through them. Stopping is for one hand and at once: it holds nobody's money. Suspending
/// needs two, as it does. What gives power (roles that decide, keys of others, policies) waits a week, in which who is concerned can object. The virement limit binds the
/// treasury, so others approve it. What nodes run is for who runs them.
Policy standard(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::tax_rule:
    case ChangeKind::end_tax_rule: return {bit(Role::tax_authority), bit(Role::treasury), 1, 7 * day_ms, false};
    case ChangeKind::contract_template: return {any_of({Role::registrar, Role::arbiter}), any_of({Role::treasury, Role::tax_authority}), 1, day_ms, false};
    case ChangeKind::stop_template: return {offices, 0, 0, 0, false};
    case ChangeKind::resume_template: return {bit(Role::registrar), any_of({Role::treasury, Role::tax_authority}), 1, 0, false};
    case ChangeKind::member: return {any_of({Role::registrar, Role::tax_authority}), offices, 1, day_ms, false};
    case ChangeKind::deciding_roles: return {offices, offices, 2, 7 * day_ms, false};
    case ChangeKind::suspend_member:
    case ChangeKind::reinstate_member: return {offices, offices, 1, 0, false};
    case ChangeKind::recover_keys: return {bit(Role::registrar), any_of({Role::treasury, Role::tax_authority, Role::bank}), 1, 7 * day_ms, false};
    case ChangeKind::limits: return {bit(Role::operator_), offices, 1, day_ms, false};
    case ChangeKind::virement_limit: return {bit(Role::treasury), any_of({Role::tax_authority, Role::registrar}), 1, 7 * day_ms, false};
    case ChangeKind::policy: return {offices, offices, 2, 7 * day_ms, false};
    case ChangeKind::protocol_version: return {bit(Role::operator_), bit(Role::operator_), 1, 7 * day_ms, true};
    case ChangeKind::classification: return {any_of({Role::treasury, Role::registrar}), offices, 1, day_ms, false};
  }
  DAFTAR_CHECK(false && "a kind that exists");
  return {};
}

const ledger::proto::ChangePolicy* given(const ledger::proto::Governance& g, ChangeKind kind) {
  switch (kind) {
    case ChangeKind::tax_rule: return g.has_tax_rule() ? &g.tax_rule() : nullptr;
    case ChangeKind::end_tax_rule: return g.has_end_tax_rule() ? &g.end_tax_rule() : nullptr;
    case ChangeKind::contract_template: return g.has_template_() ? &g.template_() : nullptr;
    case ChangeKind::stop_template: return g.has_stop_template() ? &g.stop_template() : nullptr;
    case ChangeKind::resume_template: return g.has_resume_template() ? &g.resume_template() : nullptr;
    case ChangeKind::member: return g.has_member() ? &g.member() : nullptr;
    case ChangeKind::deciding_roles: return g.has_deciding_roles() ? &g.deciding_roles() : nullptr;
    case ChangeKind::suspend_member: return g.has_suspend_member() ? &g.suspend_member() : nullptr;
    case ChangeKind::reinstate_member: return g.has_reinstate_member() ? &g.reinstate_member() : nullptr;
    case ChangeKind::recover_keys: return g.has_recover_keys() ? &g.recover_keys() : nullptr;
    case ChangeKind::limits: return g.has_limits() ? &g.limits() : nullptr;
    case ChangeKind::virement_limit: return g.has_virement_limit() ? &g.virement_limit() : nullptr;
    case ChangeKind::policy: return g.has_policy() ? &g.policy() : nullptr;
    case ChangeKind::protocol_version: return g.has_protocol_version() ? &g.protocol_version() : nullptr;
    case ChangeKind::classification: return g.has_classification() ? &g.classification() : nullptr;
  }
  return nullptr;
}

template <class Texts>
Expected<std::uint32_t, std::string> roles_named(const Texts& texts, std::string_view field, bool decide) {
  std::uint32_t bits = 0;
  for (const std::string& text : texts) {
    const auto role = role_named(text);
    if (!role) return Unexpected<std::string>(std::string(field) + ": there is no role " + text);
    if ((bits & bit(*role)) != 0) return Unexpected<std::string>(std::string(field) + ": " + text + " stands twice");
    if (decide && !is_deciding(*role)) return Unexpected<std::string>(std::string(field) + ": a registrar can give the role " + text + " to anybody, so it cannot decide");
    bits |= bit(*role);
  }
  return bits;
}

}  // namespace

Expected<Policy, std::string> read_policy(const ledger::proto::ChangePolicy& from) {
  const auto wrong = [](std::string sentence) { return Unexpected<std::string>(std::move(sentence)); };
  const auto proposers = roles_named(from.proposers(), "proposers", from.approvals() == 0), approvers = roles_named(from.approvers(), "approvers", true);
  if (!proposers) return wrong(proposers.error());
  if (!approvers) return wrong(approvers.error());
  if (*proposers == 0) return wrong("proposers: at least one role");
  if (from.approvals() > approvals_max) return wrong("approvals: at most " + std::to_string(approvals_max));
  if ((from.approvals() == 0) != (*approvers == 0)) return wrong("approvers: roles when approvals are needed, none when not");
  if (from.delay_ms() > delay_ms_max) return wrong("delay_ms: at most 366 days");
  if (from.proposer_approves() && from.approvals() == 0) return wrong("proposer_approves: nobody approves");
  return Policy{*proposers, *approvers, from.approvals(), from.delay_ms(), from.proposer_approves()};
}

Expected<void, std::string> judge_policy(ChangeKind kind, const Policy& policy, const PolicyFloor& floor) {
  const auto wrong = [](std::string sentence) { return Unexpected<std::string>(std::move(sentence)); };
  if (kind == ChangeKind::policy && policy.approvals < floor.approvals) return wrong("approvals: at least " + std::to_string(floor.approvals) + ", the floor of the genesis");
  if (kind == ChangeKind::policy && policy.delay_ms < floor.delay_ms) return wrong("delay_ms: at least " + std::to_string(floor.delay_ms) + ", the floor of the genesis");
  if (kind == ChangeKind::recover_keys && policy.delay_ms == 0) return wrong("delay_ms: above 0, so that the member can object");
  if ((kind == ChangeKind::deciding_roles || kind == ChangeKind::recover_keys) && policy.approvals == 0) return wrong("approvals: at least 1");
  if (kind == ChangeKind::protocol_version && policy.approvers != bit(Role::operator_)) return wrong("approvers: operator alone, who runs the program");
  return {};
}

PolicyFloor policy_floor_of(const ledger::proto::Genesis& genesis) {
  PolicyFloor floor;
  const auto& stated = genesis.governance().policy_floor();
  if (stated.approvals() != 0) floor.approvals = stated.approvals();
  if (stated.delay_ms() != 0) floor.delay_ms = stated.delay_ms();
  return floor;
}

Expected<Policies, std::string> policies_of(const ledger::proto::Genesis& genesis) {
  Policies policies;
  const PolicyFloor floor = policy_floor_of(genesis);
  if (floor.approvals > approvals_max) return Unexpected<std::string>("governance.policy_floor.approvals: at most " + std::to_string(approvals_max));
  if (floor.delay_ms > delay_ms_max) return Unexpected<std::string>("governance.policy_floor.delay_ms: at most 366 days");
  for (const ChangeKind kind : all_kinds) {
    Policy& policy = policies.of(kind);
    policy = standard(kind);
    if (kind == ChangeKind::policy) {   // what holds where nothing is said goes with a higher floor
      policy.approvals = std::max(policy.approvals, floor.approvals);
      policy.delay_ms = std::max(policy.delay_ms, floor.delay_ms);
    }
    const auto* from = given(genesis.governance(), kind);
    if (from == nullptr) continue;
    const std::string place = "governance." + std::string(name(kind)) + ".";
    const auto read = read_policy(*from);
    if (!read) return Unexpected<std::string>(place + read.error());
    if (const auto judged = judge_policy(kind, *read, floor); !judged) return Unexpected<std::string>(place + judged.error());
    policy = *read;
  }
  return policies;
}

std::vector<std::string> role_names(std::uint32_t bits) {
  Member member;
  member.roles = bits;
  return member.role_names();
}

}  // namespace daftar::contracts::governance
