// What public contracts owe. Public money is not paid when a contract earns it: it accrues to a payee as a claim on the budget line; the owner of the line
// orders its payment, and the treasury that pays the line pays it, with the taxes of that moment. They are different members (budget/lines.cc), so different
// keys act; the genesis may ask for four (budget/duties.h). A claim stands for good, however its contract ends. Stages of the line: DOMAIN §6.2.
#pragma once
#include "contracts/agreements/records.h"
#include "contracts/context.h"

namespace daftar::contracts::agreements {

/// Accrues what `claim` says: all but its number and stage. Refusals: line_is_ceiling, over_commitment.
Outcome accrue(Context& c, Agreement& agreement, Claim claim);

/// Refusals: contract_unknown, payment_unknown, already_paid, payment_wrong_stage, not_line_owner, payments_stopped, duties_conflict, two_persons_needed.
Outcome order_payment(Context& c, const ledger::proto::OrderPayment& operation);
/// The same, and role_missing, account_not_yours (another treasury), overdraft, and what pay() refuses.
Outcome pay_order(Context& c, const ledger::proto::PayOrder& operation);

}  // namespace daftar::contracts::agreements
