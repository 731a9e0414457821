// Who decides which changes: data of the genesis, by kind, with what holds where it says nothing (docs/governance.md has the table).
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
};

struct Policies {
  std::array<Policy, all_kinds.size()> by_kind;
  const Policy& of(ChangeKind kind) const { return by_kind[static_cast<std::size_t>(kind) - 1]; }
};

/// Roles that decide are such as the genesis alone gives: a registrar could admit itself a second voice otherwise. The sentence says what is wrong.
Expected<Policies, std::string> policies_of(const ledger::proto::Genesis& genesis);

/// The names of the roles in `bits`, in their order.
std::vector<std::string> role_names(std::uint32_t bits);

}  // namespace daftar::contracts::governance
