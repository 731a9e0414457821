#include "contracts/agreements/advances.h"

#include <algorithm>

#include "contracts/budget/lines.h"
#include "contracts/budget/rules.h"
#include "ledger/money.h"

namespace daftar::contracts::agreements {

using language::Program;
using ledger::Int128;
using ledger::RejectionCode;

namespace {

std::string at_most(ledger::MinorUnits amount, const std::string& currency) { return "at most " + ledger::format_decimal(amount, ledger::currency_decimals(currency).value_or(0), true) + " " + currency; }

/// "30 %", of parts per million.
std::string share_in_words(std::uint32_t share_ppm) {
  std::string text = ledger::format_decimal(share_ppm, 4);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

/// Of the advances of an entry that nothing has offset, each.
template <class Visit>
void each_open_advance(const Context& c, const Agreement& agreement, std::uint32_t entry, Visit&& visit) {
  for (std::uint32_t number = 1; number <= agreement.claims; ++number) {
    auto claim = c.store.load<Claim>(keys::claim(agreement.id, number));
    DAFTAR_CHECK(claim.has_value());
    if (claim->advance && claim->entry == entry && claim->offset_ms == 0) visit(*claim);
  }
}

}  // namespace

ledger::MinorUnits price_of(const Open& open, std::uint16_t held, std::uint32_t entry) {
  const Program::HeldTerm& term = open.program().held[held];
  if (term.list == language::no_list) return open.instance.terms[term.slot].number;
  return open.instance.lists[term.list][entry].fields[term.slot].number;
}

Outcome judge_promised_advance(const Context& c, const Open& open) {
  if (!open.record.is_public()) return {};
  const Program& program = open.program();
  for (std::size_t i = 0; i < program.terms.size(); ++i) {
    if (program.terms[i].name != "advance" || program.terms[i].type.kind != language::TypeKind::rate || !open.instance.terms[i].given()) continue;
    for (const Program::Payment& payment : program.payments) {
      const auto share = budget::advance_share(*c.fixed.budget, payment.category);
      if (share && open.instance.terms[i].number > *share) return refuse(RejectionCode::advance_limit, "advance: at most " + share_in_words(*share));
    }
  }
  return {};
}

Outcome count_advance(Context& c, Agreement& agreement, const Claim& claim, ledger::MinorUnits price) {
  if (const auto share = budget::advance_share(*c.fixed.budget, claim.category)) {
    const auto most = ledger::narrow(Int128{price} * *share / ledger::whole_ppm);
    DAFTAR_CHECK(most.has_value());   // a share of what is an amount
    Int128 so_far = 0;
    each_open_advance(c, agreement, claim.entry, [&](const Claim& one) { so_far += one.amount; });
    if (so_far + claim.amount > *most) return refuse(RejectionCode::advance_limit, at_most(*most, agreement.currency));
  }
  auto line = budget::require_line(c, claim.budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  line->advances.gross += claim.amount;
  ++agreement.open_advances;
  budget::store_line(c, *line);
  c.event("advance_owed", agreement.id.hex(), claim.entry, claim.amount);
  return {};
}

void offset_advances(Context& c, Agreement& agreement, std::uint32_t entry) {
  if (agreement.open_advances == 0) return;
  std::vector<Claim> found;
  each_open_advance(c, agreement, entry, [&](Claim& one) { found.push_back(std::move(one)); });
  for (Claim& claim : found) {
    claim.offset_ms = c.now_ms;
    --agreement.open_advances;
    c.store.save(keys::claim(agreement.id, claim.number), claim);
    auto line = budget::require_line(c, claim.budget_line);
    DAFTAR_CHECK(line.has_value());   // lines are never forgotten
    line->advances.reversed += claim.amount;
    budget::store_line(c, *line);
    c.event("advance_offset", agreement.id.hex(), entry, claim.amount);
  }
}

void offset_if_ended(Context& c, Open& open, std::uint32_t entry) {
  const Program& program = open.program();
  if (entry == 0 || program.staged == language::no_list) return;
  const auto& entries = open.instance.lists[program.staged];
  if (entry <= entries.size() && program.stages[entries[entry - 1].stage].end) offset_advances(c, open.record, entry);
}

}  // namespace daftar::contracts::agreements
