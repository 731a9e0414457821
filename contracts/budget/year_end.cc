#include "contracts/budget/year_end.h"

#include <algorithm>

#include "contracts/budget/lines.h"
#include "contracts/governance/words.h"
#include "ledger/calendar.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::RejectionCode;

namespace {

ledger::MinorUnits amount_of(Int128 sum) {
  const auto amount = ledger::narrow(sum);
  DAFTAR_CHECK(amount.has_value());   // no stage holds more than an amount can say
  return *amount;
}

}  // namespace

Outcome stop_commitments(Context& c, BudgetLine line, std::uint64_t from_ms) {
  if (auto open = require_open(line); !open) return open;
  if (line.is_stopped(c.now_ms)) return refuse(RejectionCode::line_stopped, line.id);
  if (from_ms >= ledger::year_10000_ms) return refuse(RejectionCode::field_invalid, "stop_from_ms: at the latest in the year 9999");
  if (from_ms == 0) {
    if (line.stop_ms == 0) return refuse(RejectionCode::field_invalid, "stop_from_ms: there is no stop to lift");
    line.stop_ms = 0;
    c.event("budget_stop_lifted", line.id);
  } else {
    line.stop_ms = std::max(from_ms, c.now_ms);
    c.event("budget_stop", line.id, 0, 0, from_ms <= c.now_ms ? std::string("from now on") : "from " + governance::utc_text(from_ms));
  }
  store_line(c, line);
  return {};
}

Outcome begin_closing(Context& c, BudgetLine& line) {
  if (line.closed_ms != 0) return refuse(RejectionCode::line_closed, line.id);
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
