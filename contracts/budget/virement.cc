#include "contracts/budget/virement.h"

#include "contracts/budget/lines.h"
#include "contracts/budget/rules.h"
#include "ledger/money.h"

namespace daftar::contracts::budget {

using ledger::Int128;
using ledger::RejectionCode;

namespace {

Outcome judge_pair(const BudgetLine& from, const BudgetLine& to) {
  if (from.id == to.id) return refuse(RejectionCode::field_invalid, "to: the same line");
  if (from.currency != to.currency) return refuse(RejectionCode::currency_mismatch, to.id);
  if (from.year != to.year) return refuse(RejectionCode::field_invalid, "to: a line of " + std::to_string(to.year));
  return {};
}

/// What comes back by another virement does not count against it.
Outcome judge_share(const BudgetLine& from, ledger::MinorUnits amount, std::uint32_t share_ppm, const std::string& whose) {
  const ledger::MinorUnits most = share_of_approved(from, share_ppm);
  if (from.moved_out + amount <= most) return {};
  const int decimals = ledger::currency_decimals(from.currency).value_or(0);
  return refuse(RejectionCode::virement_limit, from.id + ": " + ledger::format_decimal(most, decimals, true) + " " + from.currency + whose);
}

/// Every rule that matches holds, then the limit of all virements.
Outcome judge_rules(const Rules& rules, const BudgetLine& from, const BudgetLine& to, ledger::MinorUnits amount) {
  for (std::size_t i = 0; i < rules.virements.size(); ++i) {
    const VirementRule& rule = rules.virements[i];
    if (!rule.matches(from, to)) continue;
    const std::string words = rule.in_words(i + 1);
    if (rule.share_ppm == 0) return refuse(RejectionCode::virement_forbidden, words);
    if (rule.same_programme && from.programme != to.programme) return refuse(RejectionCode::virement_forbidden, words + ": only within one programme");
    if (auto judged = judge_share(from, amount, rule.share_ppm, " (" + words + ")"); !judged) return judged;
  }
  return rules.virement_share_ppm ? judge_share(from, amount, *rules.virement_share_ppm, {}) : Outcome{};
}

}  // namespace

Outcome move_appropriation(Context& c, const ledger::proto::MoveAppropriation& o) {
  auto from = require_line(c, o.from());
  if (!from) return Unexpected<ledger::Rejection>(from.error());
  if (auto treasury = require_line_treasury(c, *from); !treasury) return treasury;
  auto to = require_line(c, o.to());
  if (!to) return Unexpected<ledger::Rejection>(to.error());
  if (auto treasury = require_line_treasury(c, *to); !treasury) return treasury;
  for (const BudgetLine* line : {&*from, &*to})
    if (auto open = require_appropriation(*line); !open) return open;
  if (auto judged = judge_pair(*from, *to); !judged) return judged;
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (auto text = require_text(o.reason(), 500, true, "reason"); !text) return text;
  if (auto judged = judge_rules(*c.fixed.budget, *from, *to, o.amount()); !judged) return judged;
  if (auto taken = apply(*from, {{Stage::adjusted, -Int128{o.amount()}}}); !taken) return taken;
  if (from->net(Stage::adjusted) < from->net(Stage::allotted)) return refuse(RejectionCode::over_appropriation, from->id);
  if (auto added = apply(*to, {{Stage::adjusted, o.amount()}}); !added) return added;
  from->moved_out += o.amount();
  to->moved_in += o.amount();
  store_line(c, *from);
  store_line(c, *to);
  c.bind(from->currency, o.amount());
  c.event("budget_moved_out", from->id, 0, o.amount(), "to " + to->id + ": " + o.reason());
  c.event("budget_moved_in", to->id, 0, o.amount(), "from " + from->id + ": " + o.reason());
  return {};
}

}  // namespace daftar::contracts::budget
