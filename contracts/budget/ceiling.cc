#include "contracts/budget/ceiling.h"

#include "contracts/budget/lines.h"
#include "contracts/tax/register.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::RejectionCode;

namespace {

/// As lines.cc has it for the stages: `sum` is of the line.
void add_to(StageSum& sum, Int128 amount) {
  if (amount > 0) sum.gross += amount;
  else sum.reversed -= amount;
}

void store_ceiling(Context& c, const BudgetLine& line, std::string_view event, Int128 amount, std::string text = {}) {
  DAFTAR_CHECK(line.forward.net() >= 0 && line.forward.net() <= line.ceiling.net());
  store_line(c, line);
  c.event(std::string(event), line.id, 0, amount_of(amount), std::move(text));
}

}  // namespace

std::uint32_t year_of(std::uint64_t time_ms) { return tax::period_of(time_ms) / 100; }

Outcome set_ceiling(Context& c, BudgetLine line, ledger::MinorUnits amount) {
  if (line.year <= year_of(c.now_ms)) return refuse(RejectionCode::field_invalid, "year: a ceiling is of a later year than " + std::to_string(year_of(c.now_ms)));
  line.is_ceiling = true;
  add_to(line.ceiling, amount);
  c.bind(line.currency, amount);
  store_ceiling(c, line, "budget_ceiling_set", amount);
  return {};
}

Outcome adjust_ceiling(Context& c, BudgetLine line, const ledger::proto::AdjustBudgetLine& o) {
  add_to(line.ceiling, o.delta());
  if (line.ceiling.net() < line.forward.net()) return refuse(RejectionCode::below_commitment, line.id);
  if (!ledger::narrow(line.ceiling.net())) return refuse(RejectionCode::overflow, line.id);
  store_ceiling(c, line, "budget_ceiling_adjusted", o.delta(), o.reason());
  return {};
}

Outcome approve_ceiling(Context& c, BudgetLine line, const ledger::proto::ApproveBudgetLine& o) {
  if (line.owner != o.owner()) return refuse(RejectionCode::field_invalid, "owner: of the ceiling is " + line.owner);
  if (line.year != o.year()) return refuse(RejectionCode::field_invalid, "year: of the ceiling is " + std::to_string(line.year));
  if (line.source_account != o.source_account()) return refuse(RejectionCode::field_invalid, "source_account: of the ceiling is " + line.source_account);
  DAFTAR_CHECK(line.currency == o.currency());   // that of the account
  const Int128 forward = line.forward.net();
  if (o.amount() < forward) return refuse(RejectionCode::below_commitment, line.id);
  line.title = o.title();
  line.function_code = o.function_code();
  line.economic_code = o.economic_code();
  line.programme = o.programme();
  line.approved_ms = c.now_ms;
  line.is_ceiling = false;
  add_to(line.forward, -forward);
  if (auto applied = apply(line, {{Stage::approved, o.amount()}, {Stage::adjusted, o.amount()}, {Stage::allotted, forward}, {Stage::committed, forward}}); !applied) return applied;
  store_line(c, line);
  c.bind(line.currency, o.amount());
  c.index(IndexKind::member, line.owner);
  c.event("budget_approved", line.id, 0, o.amount(), "a ceiling until now");
  if (forward == 0) return {};
  c.event("budget_allotted", line.id, 0, amount_of(forward), "for what is bound already");
  c.event("budget_committed", line.id, 0, amount_of(forward), "bound in earlier years");
  return {};
}

Outcome bind_forward(Context& c, BudgetLine& line, ledger::MinorUnits amount) {
  if (line.forward.net() + amount > line.ceiling.net()) return refuse(RejectionCode::over_ceiling, line.id);
  add_to(line.forward, amount);
  store_ceiling(c, line, "budget_bound_forward", amount);
  return {};
}

Outcome release_forward(Context& c, BudgetLine& line, ledger::MinorUnits amount) {
  add_to(line.forward, -Int128{amount});
  store_ceiling(c, line, "budget_forward_released", amount);
  return {};
}

}  // namespace daftar::contracts::budget
