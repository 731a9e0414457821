// Virement: appropriation moves from one budget line to another (DOMAIN §6.4). What it may not do: take what is allotted or bound; make more of the budget than
// there was; empty a line that the budget law approved beyond the share that the genesis allows (Genesis.virement_limit; absent: there is no limit); cross a rule of the genesis
// about the economic codes and programmes of the two lines (Genesis.virement_rules, rules.h).
#pragma once
#include "contracts/budget/records.h"
#include "contracts/context.h"

namespace daftar::contracts::budget {

/// By the treasury that pays both lines, of one currency and one year. Allotment stays where it is. Refusals: budget_line_unknown, role_missing,
/// account_not_yours, line_closed, line_is_ceiling, currency_mismatch, virement_forbidden, virement_limit, below_commitment, over_appropriation (less would be
/// appropriated than is allotted), overflow.
Outcome move_appropriation(Context& c, const ledger::proto::MoveAppropriation& operation);

}  // namespace daftar::contracts::budget
