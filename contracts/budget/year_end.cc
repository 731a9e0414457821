#include "contracts/budget/year_end.h"

#include <algorithm>

#include "contracts/budget/lines.h"
#include "contracts/governance/words.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::RejectionCode;

namespace {

constexpr std::uint64_t year_10000_ms = 253'402'300'800'000;

/// One of a line's two stops: where it is kept, and how its field and events are called.
struct Stop {
  std::uint64_t BudgetLine::*at;
  const char *field, *event;
};

Outcome set_stop(Context& c, BudgetLine line, std::uint64_t from_ms, const Stop& stop) {
  std::uint64_t& at = line.*stop.at;
  const std::string field = stop.field, event = stop.event;
  if (from_ms >= year_10000_ms) return refuse(RejectionCode::field_invalid, field + ": at the latest in the year 9999");
  if (from_ms == 0) {
    if (at == 0) return refuse(RejectionCode::field_invalid, field + ": there is no stop to lift");
    at = 0;
    c.event(event + "_lifted", line.id);
  } else {
    at = std::max(from_ms, c.now_ms);
    c.event(event, line.id, 0, 0, from_ms <= c.now_ms ? std::string("from now on") : "from " + governance::utc_text(from_ms));
  }
  store_line(c, line);
  return {};
}

}  // namespace

Outcome stop_commitments(Context& c, BudgetLine line, std::uint64_t from_ms) {
  if (auto open = require_appropriation(line); !open) return open;
  if (line.is_stopped(c.now_ms)) return refuse(RejectionCode::line_stopped, line.id);
  return set_stop(c, std::move(line), from_ms, {&BudgetLine::stop_ms, "stop_from_ms", "budget_stop"});
}

Outcome stop_payments(Context& c, BudgetLine line, std::uint64_t from_ms) {
  if (auto open = require_appropriation(line); !open) return open;
  if (auto payable = require_payable(c, line); !payable) return payable;
  return set_stop(c, std::move(line), from_ms, {&BudgetLine::payments_stop_ms, "stop_payments_from_ms", "budget_payments_stop"});
}

Outcome require_payable(const Context& c, const BudgetLine& line) {
  if (line.has_payments_stopped(c.now_ms)) return refuse(RejectionCode::payments_stopped, line.id);
  return {};
}

Outcome begin_closing(Context& c, BudgetLine& line) {
  if (line.closed_ms != 0) return refuse(RejectionCode::line_closed, line.id);
  if (line.is_ceiling) return refuse(RejectionCode::line_is_ceiling, line.id);
  if (line.closing_ms != 0) return {};
  line.closing_ms = c.now_ms;
  const Int128 reserved = line.net(Stage::reserved);
  if (reserved == 0) return {};
  if (auto released = apply(line, {{Stage::reserved, -reserved}}); !released) return released;
  c.event("budget_reservation_released", line.id, 0, amount_of(reserved));
  return {};
}

Outcome finish_closing(Context& c, BudgetLine& line) {
  if (line.net(Stage::committed) != line.net(Stage::paid)) return refuse(RejectionCode::commitments_open, line.id);
  line.lapsed = line.net(Stage::adjusted) - line.net(Stage::paid);
  line.closed_ms = c.now_ms;
  line.looked_at.clear();
  c.event("budget_lapsed", line.id, 0, amount_of(line.lapsed));
  c.event("budget_closed", line.id);
  return {};
}

}  // namespace daftar::contracts::budget
