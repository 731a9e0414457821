// The other side of the budget: what a year is expected to bring and what it brings (DESIGN §8). The ledger counts by itself what every calendar year (UTC) brings to
// each revenue account of a tax rule: what is withheld adds (what a payer holds, when it is remitted), what a correction gives back takes away, in the year in which it is given. What the tax authority passes
// on afterwards changes nothing of it. A revenue line is a plan beside that sum, approved by a treasury; it may come before the year or during it.
#pragma once
#include "contracts/budget/records.h"
#include "contracts/context.h"

namespace daftar::contracts::budget {

/// One line for an account and year. Refusals: role_missing, revenue_line_exists, account_unknown (no rule brings money there), field_invalid, amount_must_be_positive.
Outcome approve_revenue(Context& c, const ledger::proto::ApproveRevenueLine& operation);
/// By the treasury that approved it. Refusals: revenue_line_unknown, role_missing, not_line_owner, field_invalid (below nothing), overflow.
Outcome adjust_revenue(Context& c, const ledger::proto::AdjustRevenueLine& operation);

/// `amount` > 0 has come to a revenue account, < 0 has gone back from it.
void count_revenue(Context& c, std::string_view account, ledger::Int128 amount);

}  // namespace daftar::contracts::budget
