#include "contracts/budget/lines.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/budget/ceiling.h"
#include "contracts/members.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::MinorUnits;
using ledger::RejectionCode;

namespace {

void check_invariants(const BudgetLine& line) {
  for (const StageSum& sum : line.stages) DAFTAR_CHECK(sum.reversed >= 0 && sum.reversed <= sum.gross);
  const Int128 used = line.net(Stage::reserved) + line.net(Stage::committed);
  DAFTAR_CHECK(used <= line.net(Stage::adjusted));
  DAFTAR_CHECK(used <= line.net(Stage::allotted));
  DAFTAR_CHECK(line.net(Stage::accrued) <= line.net(Stage::committed));
  DAFTAR_CHECK(line.net(Stage::ordered) <= line.net(Stage::accrued));
  DAFTAR_CHECK(line.net(Stage::paid) <= line.net(Stage::ordered));
}

Outcome judge(const BudgetLine& before, const BudgetLine& after) {
  const auto used = [](const BudgetLine& line) { return line.net(Stage::reserved) + line.net(Stage::committed); };
  // One stage may not hold more than an amount can say, so that whatever is paid or reported of it fits.
  for (const StageSum& sum : after.stages)
    if (!ledger::narrow(sum.net())) return refuse(RejectionCode::overflow, after.id);
  if (after.net(Stage::adjusted) < before.net(Stage::adjusted) && after.net(Stage::adjusted) < used(after))
    return refuse(RejectionCode::below_commitment, after.id);
  // What is carried over brings its own appropriation, so it is no new allotment of a line that was cut below what is allotted on it.
  if (after.net(Stage::allotted) - before.net(Stage::allotted) > std::max<Int128>(after.net(Stage::adjusted) - before.net(Stage::adjusted), 0) &&
      after.net(Stage::allotted) > after.net(Stage::adjusted))
    return refuse(RejectionCode::over_appropriation, after.id);
  if (used(after) > after.net(Stage::adjusted)) return refuse(RejectionCode::over_appropriation, after.id);
  if (used(after) > after.net(Stage::allotted)) return refuse(RejectionCode::over_allotment, after.id);
  if (after.net(Stage::accrued) > after.net(Stage::committed)) return refuse(RejectionCode::over_commitment, after.id);
  if (after.net(Stage::ordered) > after.net(Stage::accrued)) return refuse(RejectionCode::over_accrual, after.id);
  if (after.net(Stage::paid) > after.net(Stage::ordered)) return refuse(RejectionCode::over_order, after.id);
  return {};
}

Outcome judge_description(const Context& c, const ledger::proto::ApproveBudgetLine& o) {
  if (!ledger::is_budget_line_id(o.line())) return refuse(RejectionCode::field_invalid, "line: 1 to 64 letters, digits, . -");
  const auto owner = require_member(c, o.owner(), "owner");
  if (!owner) return Unexpected<ledger::Rejection>(owner.error());
  if (!owner->has(Role::spending_unit)) return refuse(RejectionCode::role_missing, "owner: " + owner->id + " is no spending_unit");
  // Who spends and who pays are different members (DOMAIN §6.8).
  if (owner->id == c.sender.id) return refuse(RejectionCode::field_invalid, "owner: the treasury cannot own the line it pays");
  if (auto text = require_text(o.title(), 200, true, "title"); !text) return text;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (o.year() < 1970 || o.year() > 9999) return refuse(RejectionCode::field_invalid, "year: 1970 to 9999");
  for (const auto& [field, code] : {std::pair<std::string_view, const std::string&>{"function_code", o.function_code()},
                                    {"economic_code", o.economic_code()},
                                    {"programme", o.programme()}})
    if (!code.empty() && !ledger::is_code(code)) return refuse(RejectionCode::field_invalid, std::string(field) + ": letters, digits, _ . -");
  const auto source = require_own_account(c, o.source_account(), "source_account");
  if (!source) return Unexpected<ledger::Rejection>(source.error());
  if (!c.fixed.knows_currency(o.currency())) return refuse(RejectionCode::currency_unknown, o.currency());
  if (source->currency != o.currency()) return refuse(RejectionCode::currency_mismatch, "source_account");
  return {};
}

}  // namespace

ledger::MinorUnits amount_of(Int128 sum) {
  const auto amount = ledger::narrow(sum);
  DAFTAR_CHECK(amount.has_value());
  return *amount;
}

std::string_view name(Stage stage) {
  switch (stage) {
    case Stage::approved: return "approved";
    case Stage::adjusted: return "adjusted";
    case Stage::allotted: return "allotted";
    case Stage::reserved: return "reserved";
    case Stage::committed: return "committed";
    case Stage::accrued: return "accrued";
    case Stage::ordered: return "ordered";
    case Stage::paid: return "paid";
  }
  return "unknown";
}

Int128 BudgetLine::available() const {
  if (closing_ms != 0) return 0;
  return std::min(net(Stage::adjusted), net(Stage::allotted)) - net(Stage::reserved) - net(Stage::committed);
}

Outcome apply(BudgetLine& line, std::initializer_list<Change> changes) {
  BudgetLine after = line;
  for (const Change& change : changes) {
    StageSum& sum = after.stages[static_cast<std::size_t>(change.stage)];
    if (change.amount > 0) sum.gross += change.amount;
    else sum.reversed -= change.amount;
  }
  if (auto judged = judge(line, after); !judged) return judged;
  check_invariants(after);
  line = std::move(after);
  return {};
}

Expected<BudgetLine, ledger::Rejection> require_line(const Context& c, std::string_view id) {
  auto line = c.store.load<BudgetLine>(keys::budget_line(id));
  if (!line) return refuse(RejectionCode::budget_line_unknown, ledger::is_budget_line_id(id) ? std::string(id) : std::string("line"));
  return std::move(*line);
}

Outcome require_open(const BudgetLine& line) {
  if (line.closing_ms == 0) return {};
  return refuse(RejectionCode::line_closed, line.id);
}

Outcome require_appropriation(const BudgetLine& line) {
  if (auto open = require_open(line); !open) return open;
  if (line.is_ceiling) return refuse(RejectionCode::line_is_ceiling, line.id);
  return {};
}

Outcome require_open_for_new(const Context& c, const BudgetLine& line) {
  if (auto open = require_open(line); !open) return open;
  if (line.is_stopped(c.now_ms)) return refuse(RejectionCode::line_stopped, line.id);
  return {};
}

Outcome require_line_treasury(const Context& c, const BudgetLine& line) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  const auto source = ledger::parse_account(line.source_account);
  DAFTAR_CHECK(source.has_value());
  if (source->member != c.sender.id) return refuse(RejectionCode::account_not_yours, line.source_account);
  return {};
}

void store_line(Context& c, const BudgetLine& line) {
  c.store.save(keys::budget_line(line.id), line);
  c.index(IndexKind::budget_line, line.id);
}

Outcome change_line(Context& c, BudgetLine& line, std::initializer_list<Change> changes, std::string_view event, MinorUnits amount) {
  if (auto applied = apply(line, changes); !applied) return applied;
  store_line(c, line);
  c.event(std::string(event), line.id, 0, amount);
  return {};
}

Outcome commit(Context& c, std::string_view id, MinorUnits amount) {
  auto line = require_line(c, id);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto open = require_open_for_new(c, *line); !open) return open;
  if (line->is_ceiling) return bind_forward(c, *line, amount);
  const Int128 reserved = std::min<Int128>(line->net(Stage::reserved), amount);
  return change_line(c, *line, {{Stage::reserved, -reserved}, {Stage::committed, amount}}, "budget_committed", amount);
}

Outcome release(Context& c, std::string_view id, MinorUnits amount) {
  auto line = require_line(c, id);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->is_ceiling) return release_forward(c, *line, amount);
  return change_line(c, *line, {{Stage::committed, -Int128{amount}}}, "budget_commitment_released", amount);
}

Outcome approve(Context& c, const ledger::proto::ApproveBudgetLine& o) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  if (ledger::is_budget_line_id(o.line()))
    if (auto existing = c.store.load<BudgetLine>(keys::budget_line(o.line()))) {
      if (!existing->is_ceiling || o.ceiling()) return refuse(RejectionCode::budget_line_exists, o.line());
      if (auto judged = judge_description(c, o); !judged) return judged;
      return approve_ceiling(c, std::move(*existing), o);
    }
  if (auto judged = judge_description(c, o); !judged) return judged;
  BudgetLine line{.id = o.line(),
                  .owner = o.owner(),
                  .title = o.title(),
                  .currency = o.currency(),
                  .year = o.year(),
                  .function_code = o.function_code(),
                  .economic_code = o.economic_code(),
                  .programme = o.programme(),
                  .source_account = o.source_account(),
                  .approved_ms = c.now_ms,
                  .stages = {},
                  .outside = 0};
  c.index(IndexKind::member, line.owner);
  if (o.ceiling()) return set_ceiling(c, std::move(line), o.amount());
  if (auto applied = apply(line, {{Stage::approved, o.amount()}, {Stage::adjusted, o.amount()}}); !applied) return applied;
  store_line(c, line);
  c.bind(line.currency, o.amount());
  c.event("budget_approved", line.id, 0, o.amount());
  return {};
}

Outcome adjust(Context& c, const ledger::proto::AdjustBudgetLine& o) {
  auto line = require_line(c, o.line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = require_line_treasury(c, *line); !treasury) return treasury;
  if (auto open = require_open(*line); !open) return open;
  if (o.delta() == 0) return refuse(RejectionCode::field_invalid, "delta: must not be zero");
  if (auto text = require_text(o.reason(), 500, true, "reason"); !text) return text;
  if (line->is_ceiling) return adjust_ceiling(c, std::move(*line), o);
  if (line->net(Stage::adjusted) + o.delta() < 0) return refuse(RejectionCode::below_commitment, o.line());
  if (auto applied = apply(*line, {{Stage::adjusted, o.delta()}}); !applied) return applied;
  store_line(c, *line);
  c.event("budget_adjusted", o.line(), 0, o.delta(), o.reason());
  return {};
}

Outcome allot(Context& c, const ledger::proto::AllotBudgetLine& o) {
  auto line = require_line(c, o.line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = require_line_treasury(c, *line); !treasury) return treasury;
  if (auto open = require_appropriation(*line); !open) return open;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  return change_line(c, *line, {{Stage::allotted, o.amount()}}, "budget_allotted", o.amount());
}

Outcome record_execution(Context& c, const ledger::proto::RecordExecution& o) {
  auto line = require_line(c, o.line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = require_line_treasury(c, *line); !treasury) return treasury;
  if (auto open = require_appropriation(*line); !open) return open;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (auto text = require_text(o.reference(), 140, true, "reference"); !text) return text;
  if (auto applied = apply(*line, {{Stage::committed, o.amount()}, {Stage::accrued, o.amount()}, {Stage::ordered, o.amount()}, {Stage::paid, o.amount()}}); !applied) return applied;
  line->outside += o.amount();
  store_line(c, *line);
  c.event("budget_executed_outside", o.line(), 0, o.amount(), o.reference());
  return {};
}

Outcome reserve(Context& c, const ledger::proto::ReserveBudgetLine& o) {
  auto line = require_line(c, o.line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->owner != c.sender.id) return refuse(RejectionCode::not_line_owner, o.line());
  if (auto open = require_appropriation(*line); !open) return open;
  if (auto open = o.release() ? Outcome{} : require_open_for_new(c, *line); !open) return open;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (!o.release()) return change_line(c, *line, {{Stage::reserved, o.amount()}}, "budget_reserved", o.amount());
  if (o.amount() > line->net(Stage::reserved)) return refuse(RejectionCode::field_invalid, "amount: more than is reserved");
  return change_line(c, *line, {{Stage::reserved, -Int128{o.amount()}}}, "budget_reservation_released", o.amount());
}

}  // namespace daftar::contracts::budget
