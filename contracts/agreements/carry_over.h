// Closing a budget line takes the contracts in force that it pays to a line of the next year: what is set aside for them and what they have earned and not been
// paid goes over with its appropriation, its allotment and its stage, and from then on they are paid from there. What has been paid stays. Nothing is signed
// anew: the digest of a contract is what its parties put their names to, with the line of that time.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts::agreements {

/// Contracts and payments that one transaction looks at in all its closings, about (a contract's payments are not parted): the rest goes over with the next ones.
inline constexpr std::size_t looked_at_max = 200;

/// By the treasury that pays the line: stops commitments or payments, or closes (budget/year_end.h). Refusals: budget_line_unknown, role_missing, account_not_yours,
/// line_closed, line_stopped, payments_stopped, line_is_ceiling, commitments_open, currency_mismatch, field_invalid (of carry_to: not of the year after, or another owner's), overflow.
Outcome close_budget_year(Context& c, const ledger::proto::CloseBudgetYear& operation);

}  // namespace daftar::contracts::agreements
