#include "contracts/budget/revenue.h"

#include <algorithm>

#include "contracts/budget/ceiling.h"
#include "contracts/state_keys.h"
#include "contracts/tax/rules.h"
#include "ledger/ids.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::RejectionCode;

namespace {

Outcome judge_revenue_fields(const Context& c, const ledger::proto::ApproveRevenueLine& o) {
  if (!ledger::is_budget_line_id(o.line())) return refuse(RejectionCode::field_invalid, "line: 1 to 64 letters, digits, . -");
  if (auto text = require_text(o.title(), 200, true, "title"); !text) return text;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (o.year() < 1970 || o.year() > 9999) return refuse(RejectionCode::field_invalid, "year: 1970 to 9999");
  const auto& rules = c.rules->rules();
  if (std::none_of(rules.begin(), rules.end(), [&](const tax::TaxRule& rule) { return !rule.revenue_account.empty() && rule.revenue_account == o.account(); }))
    return refuse(RejectionCode::account_unknown, ledger::parse_account(o.account()) ? "no tax rule brings money to " + o.account() : std::string("account"));
  return {};
}

}  // namespace

Outcome approve_revenue(Context& c, const ledger::proto::ApproveRevenueLine& o) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  if (auto judged = judge_revenue_fields(c, o); !judged) return judged;
  const std::string key = keys::year_revenue(o.account(), o.year());
  auto year = c.store.load<YearRevenue>(key).value_or(YearRevenue{});
  if (c.store.has(keys::revenue_line(o.line()))) return refuse(RejectionCode::revenue_line_exists, o.line());
  if (!year.line.empty()) return refuse(RejectionCode::revenue_line_exists, year.line);
  year.line = o.line();
  c.store.save(key, year);
  c.store.save(keys::revenue_line(o.line()), RevenueLine{.id = o.line(),
                                                         .title = o.title(),
                                                         .account = o.account(),
                                                         .currency = std::string(ledger::parse_account(o.account())->currency),
                                                         .treasury = c.sender.id,
                                                         .year = o.year(),
                                                         .planned = {.gross = o.amount(), .reversed = 0},
                                                         .approved_ms = c.now_ms});
  c.event("revenue_approved", o.line(), 0, o.amount(), o.account());
  return {};
}

Outcome adjust_revenue(Context& c, const ledger::proto::AdjustRevenueLine& o) {
  auto line = c.store.load<RevenueLine>(keys::revenue_line(o.line()));
  if (!line) return refuse(RejectionCode::revenue_line_unknown, ledger::is_budget_line_id(o.line()) ? o.line() : std::string("line"));
  if (auto role = require_role(c, Role::treasury); !role) return role;
  if (line->treasury != c.sender.id) return refuse(RejectionCode::not_line_owner, line->treasury);
  if (o.delta() == 0) return refuse(RejectionCode::field_invalid, "delta: must not be zero");
  if (auto text = require_text(o.reason(), 500, true, "reason"); !text) return text;
  if (o.delta() > 0) line->planned.gross += o.delta();
  else line->planned.reversed -= Int128{o.delta()};
  if (line->planned.net() < 0) return refuse(RejectionCode::field_invalid, "delta: the plan would fall below nothing");
  if (!ledger::narrow(line->planned.net())) return refuse(RejectionCode::overflow, o.line());
  c.store.save(keys::revenue_line(o.line()), *line);
  c.event("revenue_adjusted", o.line(), 0, o.delta(), o.reason());
  return {};
}

void count_revenue(Context& c, std::string_view account, Int128 amount) {
  const std::string key = keys::year_revenue(account, year_of(c.now_ms));
  auto year = c.store.load<YearRevenue>(key).value_or(YearRevenue{});
  if (amount > 0) year.collected.gross += amount;
  else year.collected.reversed -= amount;
  c.store.save(key, year);
}

}  // namespace daftar::contracts::budget
