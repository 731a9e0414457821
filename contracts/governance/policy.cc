#include "contracts/governance/policy.h"

#include "contracts/members.h"

namespace daftar::contracts::governance {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;

constexpr std::uint32_t bit(Role role) { return static_cast<std::uint32_t>(role); }

/// Rates by who administers the tax, with the word of who keeps the public money, and a week in which everybody can get ready. Templates by who keeps the
/// registers, with the word of the treasury or the tax authority, whose money runs through them. Stopping is for one hand and at once: it holds nobody's money.
Policy standard(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::tax_rule:
    case ChangeKind::end_tax_rule: return {bit(Role::tax_authority), bit(Role::treasury), 1, 7 * day_ms, false};
    case ChangeKind::contract_template: return {bit(Role::registrar) | bit(Role::arbiter), bit(Role::treasury) | bit(Role::tax_authority), 1, day_ms, false};
    case ChangeKind::stop_template: return {bit(Role::registrar) | bit(Role::treasury) | bit(Role::tax_authority), 0, 0, 0, false};
    case ChangeKind::resume_template: return {bit(Role::registrar), bit(Role::treasury) | bit(Role::tax_authority), 1, 0, false};
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
    if (decide && !is_by_genesis_only(*role)) return Unexpected<std::string>(std::string(field) + ": a registrar can give the role " + text + " to anybody, so it cannot decide");
    bits |= bit(*role);
  }
  return bits;
}

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

}  // namespace

Expected<Policies, std::string> policies_of(const ledger::proto::Genesis& genesis) {
  Policies policies;
  for (const ChangeKind kind : all_kinds) {
    Policy& policy = policies.by_kind[static_cast<std::size_t>(kind) - 1];
    policy = standard(kind);
    if (const auto* from = given(genesis.governance(), kind)) {
      const auto read = read_policy(*from);
      if (!read) return Unexpected<std::string>("governance." + std::string(name(kind)) + "." + read.error());
      policy = *read;
    }
  }
  return policies;
}

std::vector<std::string> role_names(std::uint32_t bits) {
  Member member;
  member.roles = bits;
  return member.role_names();
}

}  // namespace daftar::contracts::governance
