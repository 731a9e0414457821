// Budget lines and their invariants (DOMAIN §6.2), judged before and asserted after every change:
//   reserved + committed <= min(allotted, adjusted)     accrued <= committed     ordered <= accrued     paid <= ordered
//   every stage >= 0                                    adjusted is never cut below reserved + committed
#pragma once
#include <initializer_list>

#include "contracts/budget/records.h"
#include "contracts/context.h"

namespace daftar::contracts::budget {

struct Change {
  Stage stage;
  ledger::Int128 amount;   // > 0 adds to gross, < 0 is added to reversed
};

/// Applies all changes as one step, then judges. Refusals: over_appropriation, over_allotment, below_commitment, over_commitment (accrued
/// would pass committed), over_accrual (ordered would pass accrued), over_order (paid would pass ordered), overflow. On refusal `line` is
/// as before.
Outcome apply(BudgetLine& line, std::initializer_list<Change> changes);

Expected<BudgetLine, ledger::Rejection> require_line(const Context& c, std::string_view id);
/// It is not closed, nor being closed. Refusals: line_closed.
Outcome require_open(const BudgetLine& line);
/// And it is no ceiling any more. Refusals: line_closed, line_is_ceiling.
Outcome require_appropriation(const BudgetLine& line);
/// And something new may be reserved or committed on it. Refusals: line_closed, line_stopped.
Outcome require_open_for_new(const Context& c, const BudgetLine& line);
/// The sender is a treasury, and the line is paid from an account of its own.
Outcome require_line_treasury(const Context& c, const BudgetLine& line);

void store_line(Context& c, const BudgetLine& line);   // and indexes
/// Applies, stores, indexes, and notes an event.
Outcome change_line(Context& c, BudgetLine& line, std::initializer_list<Change> changes, std::string_view event, ledger::MinorUnits amount);

/// Commits for a contract: takes from what is reserved first, from what is available then. On a ceiling it binds forward (ceiling.h).
/// Refusals: line_closed, line_stopped, over_appropriation, over_allotment, over_ceiling.
Outcome commit(Context& c, std::string_view id, ledger::MinorUnits amount);
/// A commitment, also a forward one, that will not be used.
Outcome release(Context& c, std::string_view id, ledger::MinorUnits amount);

/// A new line, or one that was a ceiling until now. Refusals besides those of its fields: budget_line_exists, below_commitment (less than is bound forward).
Outcome approve(Context& c, const ledger::proto::ApproveBudgetLine& operation);
Outcome adjust(Context& c, const ledger::proto::AdjustBudgetLine& operation);
Outcome allot(Context& c, const ledger::proto::AllotBudgetLine& operation);
Outcome reserve(Context& c, const ledger::proto::ReserveBudgetLine& operation);
/// What was spent on the line outside this ledger: passes all stages at once, moves no money.
Outcome record_execution(Context& c, const ledger::proto::RecordExecution& operation);

}  // namespace daftar::contracts::budget
