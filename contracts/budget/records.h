// A budget line of one year: eight stages, each what was ever added and what was ever taken back; both only grow.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "contracts/record_codec.h"

namespace daftar::contracts::budget {

/// A sum of a line that an amount can say, as all that apply() has judged can.
ledger::MinorUnits amount_of(ledger::Int128 sum);

/// In the order of budget execution (DESIGN §12.12). Numbers are places in BudgetLine::stages: never renumber.
enum class Stage : std::uint8_t { approved = 0, adjusted, allotted, reserved, committed, accrued, ordered, paid };
inline constexpr std::size_t stage_count = 8;
std::string_view name(Stage stage);

struct StageSum {
  ledger::Int128 gross = 0, reversed = 0;
  ledger::Int128 net() const { return gross - reversed; }
};
template <class A, RecordOf<StageSum> R>
void fields(A& a, R& r) {
  a(r.gross, r.reversed);
}

struct BudgetLine {
  std::string id, owner, title, currency;
  std::uint32_t year = 0;
  std::string function_code, economic_code, programme, source_account;
  std::uint64_t approved_ms = 0;
  std::array<StageSum, stage_count> stages;   // adjusted contains approved
  ledger::Int128 outside = 0;                 // of what is paid: not by this ledger
  ledger::Int128 moved_in = 0, moved_out = 0; // of what was ever added to and taken back from adjusted: by virements (virement.h)
  ledger::Int128 carried_in = 0, carried_out = 0;   // the same, and of allotted and committed: with contracts that go on in another year (year_end.h)
  ledger::Int128 lapsed = 0;                  // when it was closed: of adjusted, what was not paid
  std::uint64_t stop_ms = 0;                  // nothing new is reserved or committed from then on; 0: no stop
  std::uint64_t closing_ms = 0, closed_ms = 0;   // closing has begun, is done; 0: not
  std::uint64_t payments_stop_ms = 0;         // nothing is ordered or paid from then on; 0: no stop
  // A line of a later year is first a ceiling (ceiling.h): what contracts may bind that year to, and what they have.
  bool is_ceiling = false;
  StageSum ceiling = {}, forward = {};        // stay when it has become an appropriation; nothing is bound forward then
  StageSum advances = {};                     // of what is accrued: before anything was accepted for it, and what of it acceptances have offset since
  std::string looked_at = {};                 // while it is being closed: id of the last contract that was looked at, 32 raw bytes; empty: none

  const StageSum& at(Stage stage) const { return stages[static_cast<std::size_t>(stage)]; }
  ledger::Int128 net(Stage stage) const { return at(stage).net(); }
  bool is_stopped(std::uint64_t now_ms) const { return stop_ms != 0 && stop_ms <= now_ms; }
  bool has_payments_stopped(std::uint64_t now_ms) const { return payments_stop_ms != 0 && payments_stop_ms <= now_ms; }
  /// What may still be reserved or committed: min(adjusted, allotted) − reserved − committed; of a line that is being closed: nothing.
  ledger::Int128 available() const;
};
template <class A, RecordOf<BudgetLine> R>
void fields(A& a, R& r) {
  a(r.id, r.owner, r.title, r.currency, r.year, r.function_code, r.economic_code, r.programme, r.source_account, r.approved_ms, r.stages, r.outside, r.moved_in, r.moved_out, r.carried_in, r.carried_out,
    r.lapsed, r.stop_ms, r.closing_ms, r.closed_ms, r.payments_stop_ms, r.is_ceiling,
    r.ceiling, r.forward, r.advances, r.looked_at);
}

/// What a treasury expects a year to bring to one revenue account (revenue.h).
struct RevenueLine {
  std::string id, title, account, currency, treasury;
  std::uint32_t year = 0;
  StageSum planned;                    // approved, and adjusted since
  std::uint64_t approved_ms = 0;
};
template <class A, RecordOf<RevenueLine> R>
void fields(A& a, R& r) {
  a(r.id, r.title, r.account, r.currency, r.treasury, r.year, r.planned, r.approved_ms);
}

/// What a calendar year (UTC) has brought to a revenue account: withheld, and of it given back by corrections in that year. With or without a line.
struct YearRevenue {
  StageSum collected;
  std::string line;                    // of this account and year; empty: none
};
template <class A, RecordOf<YearRevenue> R>
void fields(A& a, R& r) {
  a(r.collected, r.line);
}

}  // namespace daftar::contracts::budget
