// A line of a later year, before its budget is approved (DOMAIN §6.5): a ceiling for contracts that reach into that year. What they bind is a forward commitment:
//   forward <= ceiling                no stage of the line has anything yet, and nothing of it is allotted, reserved, accrued or paid
// When the budget of that year is approved, the line becomes an appropriation, of at least what is bound forward; that becomes committed in the same step, with
// as much allotment, whatever the number of contracts. So the year begins with what earlier years have promised, and the invariants of lines.h hold from there on.
#pragma once
#include "contracts/budget/records.h"
#include "contracts/context.h"

namespace daftar::contracts::budget {

/// Refusals: field_invalid (not of a later year than that of the block).
Outcome set_ceiling(Context& c, BudgetLine line, ledger::MinorUnits amount);
/// Refusals: below_commitment (less than is bound forward), overflow.
Outcome adjust_ceiling(Context& c, BudgetLine line, const ledger::proto::AdjustBudgetLine& operation);
/// Title, classification and programme may be others by now. Refusals: field_invalid (not the owner, year or paying account), currency_mismatch, below_commitment.
Outcome approve_ceiling(Context& c, BudgetLine line, const ledger::proto::ApproveBudgetLine& operation);

/// Refusals: over_ceiling.
Outcome bind_forward(Context& c, BudgetLine& line, ledger::MinorUnits amount);
Outcome release_forward(Context& c, BudgetLine& line, ledger::MinorUnits amount);

/// The calendar year of a moment, in UTC.
std::uint32_t year_of(std::uint64_t time_ms);

}  // namespace daftar::contracts::budget
