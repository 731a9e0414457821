// Who decides which changes: by kind, of the genesis (with what holds where it says nothing: docs/governance.md has the table) until a change of policies comes into force,
// then of the state.
#pragma once
#include <array>

#include "contracts/governance/records.h"
#include "contracts/records.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"

namespace daftar::contracts::governance {

inline constexpr std::uint32_t approvals_max = 16;
inline constexpr std::uint64_t delay_ms_max = 366ull * 86'400'000;

struct Policy {
  std::uint32_t proposers = 0, approvers = 0;   // bits of Role, any of which will do
  std::uint32_t approvals = 1;                  // of different members; 0: proposing decides
  std::uint64_t delay_ms = 0;                   // from the last approval; 0: in force in the next block
  bool proposer_approves = false;               // the proposer counts when it has an approver's role

  bool may_propose(const Member& member) const { return (member.roles & proposers) != 0; }
  bool may_approve(const Member& member) const { return (member.roles & approvers) != 0; }
  bool operator==(const Policy&) const = default;
};
template <class A, RecordOf<Policy> R>
void fields(A& a, R& r) {
  a(r.proposers, r.approvers, r.approvals, r.delay_ms, r.proposer_approves);
}

struct Policies {
  std::array<Policy, all_kinds.size()> by_kind;
  const Policy& of(ChangeKind kind) const { return by_kind[static_cast<std::size_t>(kind) - 1]; }
  Policy& of(ChangeKind kind) { return by_kind[static_cast<std::size_t>(kind) - 1]; }
};
/// What the state keeps once a policy has been changed: of all kinds, in their order. A kind that came later than the record is the genesis's.
struct PolicyList {
  std::vector<Policy> policies;
};
template <class A, RecordOf<PolicyList> R>
void fields(A& a, R& r) {
  a(r.policies);
}

/// Content of a change of the kind `policy`.
struct PolicySetting {
  ChangeKind kind = ChangeKind::tax_rule;   // whose changes are decided so
  Policy policy;
};
template <class A, RecordOf<PolicySetting> R>
void fields(A& a, R& r) {
  a(r.kind, r.policy);
}

/// Of the genesis, for good: changes of policies need at least so many approvals and wait at least so long.
struct PolicyFloor {
  std::uint32_t approvals = 2;
  std::uint64_t delay_ms = 7ull * 86'400'000;
};

/// Roles that decide are such as a registrar cannot give: it could admit itself a second voice otherwise. The sentence says what is wrong.
Expected<Policies, std::string> policies_of(const ledger::proto::Genesis& genesis);
PolicyFloor policy_floor_of(const ledger::proto::Genesis& genesis);
/// The sentence begins with the field.
Expected<Policy, std::string> read_policy(const ledger::proto::ChangePolicy& from);
/// What a kind asks of its policy beyond that: who could lose everything can object, nobody gives itself a role, operators decide what their nodes run.
Expected<void, std::string> judge_policy(ChangeKind kind, const Policy& policy, const PolicyFloor& floor);

/// The names of the roles in `bits`, in their order.
std::vector<std::string> role_names(std::uint32_t bits);

}  // namespace daftar::contracts::governance
