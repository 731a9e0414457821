// The end of a budget line's year (DOMAIN §6.6). First a date from which nothing new is reserved or committed; then, after a complementary period in which what
// was accepted is still paid, one from which nothing is ordered or paid; later the line is closed: what is reserved goes
// free, what is neither committed nor paid lapses, and nothing happens on the line any more. What is committed for contracts in force does not end with the
// year: agreements/carry_over.h takes it to a line of the next one, in as many transactions as it needs; between them the line is being closed.
#pragma once
#include "contracts/budget/records.h"
#include "contracts/context.h"

namespace daftar::contracts::budget {

/// Sets the date, or with 0 lifts one that is still to come; a moment that has passed means: from now on. Refusals: line_closed, line_stopped (a stop in
/// force stays), line_is_ceiling, field_invalid.
Outcome stop_commitments(Context& c, BudgetLine line, std::uint64_t from_ms);
/// The same, of orders and payments. Refusals: payments_stopped instead of line_stopped.
Outcome stop_payments(Context& c, BudgetLine line, std::uint64_t from_ms);
/// Refusals: payments_stopped.
Outcome require_payable(const Context& c, const BudgetLine& line);

/// Releases what is reserved, the first time. Refusals: line_closed (it is closed already), line_is_ceiling.
Outcome begin_closing(Context& c, BudgetLine& line);
/// Refusals: commitments_open, when more is committed than paid.
Outcome finish_closing(Context& c, BudgetLine& line);

}  // namespace daftar::contracts::budget
