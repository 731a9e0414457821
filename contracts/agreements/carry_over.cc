#include "contracts/agreements/carry_over.h"

#include <algorithm>

#include "contracts/agreements/years.h"
#include "contracts/budget/lines.h"
#include "contracts/budget/year_end.h"

namespace daftar::contracts::agreements {

using budget::BudgetLine;
using budget::Stage;
using ledger::Int128;
using ledger::RejectionCode;

namespace {

/// What a contract binds its line to and has not been paid.
struct Bound {
  Int128 held = 0, due = 0, ordered = 0;
  Int128 advance = 0;   // of what is due and ordered: not offset
  Int128 accrued() const { return due + ordered; }
  Int128 committed() const { return held + accrued(); }
};

/// Of a party's money what comes from this line.
Int128 held_from(const Open& open, std::size_t party, std::string_view line) {
  Int128 sum = 0;
  for (std::uint16_t pot = 0; pot < open.instance.held.size(); ++pot)
    if (open.program().held[pot].party == party)
      for (std::uint32_t entry = 0; entry < open.instance.held[pot].size(); ++entry)
        if (line_of(open.program(), open.instance, open.record.parties[party], pot, entry) == line) sum += open.instance.held[pot][entry];
  return sum;
}

/// Wherever the party paid from the one, it pays from the other.
void put_in_place(AgreementParty& party, const std::string& line, const std::string& next) {
  if (party.budget_line == line) party.budget_line = next;
  for (LaterLine& later : party.later_lines)
    if (later.line == line) later.line = next;
}

Outcome judge_next(const BudgetLine& line, const BudgetLine& next) {
  if (next.year != line.year + 1) return refuse(RejectionCode::field_invalid, "carry_to: a line of " + std::to_string(next.year));
  if (next.owner != line.owner) return refuse(RejectionCode::field_invalid, "carry_to: owned by " + next.owner);
  if (next.currency != line.currency) return refuse(RejectionCode::currency_mismatch, next.id);
  return budget::require_appropriation(next);
}

class CarryOver {
 public:
  CarryOver(Context& c, BudgetLine& line, BudgetLine& next) : c_(c), line_(line), next_(next) {}

  /// Of the contracts of the line those that come after the last one looked at. True: there are no more.
  Expected<bool, ledger::Rejection> some() {
    const std::string prefix = keys::line_contracts(line_.id), end = keys::after_prefix(prefix);
    for (;;) {
      const auto key = c_.store.first_key(line_.looked_at.empty() ? prefix : prefix + line_.looked_at + '\0', end);
      if (!key) return true;
      if (c_.looked_at >= looked_at_max) return false;
      line_.looked_at = key->substr(prefix.size());
      const auto id = ledger::Digest::from_bytes(line_.looked_at);
      DAFTAR_CHECK(id.has_value());
      const auto records = one(*id);
      if (!records) return Unexpected<ledger::Rejection>(records.error());
      c_.looked_at += *records;
    }
  }
  Int128 carried() const { return carried_; }

 private:
  /// How many records were looked at.
  Expected<std::size_t, ledger::Rejection> one(const ledger::Digest& id) {
    auto found = open(c_, id);
    DAFTAR_CHECK(found.has_value());
    Open& open = *found;
    const std::size_t records = 1 + open.record.claims;
    const auto party = std::find_if(open.record.parties.begin(), open.record.parties.end(), [&](const AgreementParty& one) { return one.pays_from(line_.id); });
    DAFTAR_CHECK(party != open.record.parties.end());   // lines of later years only lead on
    Bound bound;
    bound.held = held_from(open, static_cast<std::size_t>(party - open.record.parties.begin()), line_.id);
    carry_claims(open.record, bound);
    if (bound.committed() == 0 && has_ended(open.record, open.program(), open.instance)) return records;
    if (auto moved = move(bound); !moved) return Unexpected<ledger::Rejection>(moved.error());
    put_in_place(*party, line_.id, next_.id);
    c_.store.put(keys::line_contract(next_.id, id), {});
    store(c_, open);
    c_.event("contract_carried_over", id.hex(), 0, budget::amount_of(bound.committed()), "from " + line_.id + " to " + next_.id);
    return records;
  }

  void carry_claims(const Agreement& agreement, Bound& bound) {
    for (std::uint32_t number = 1; number <= agreement.claims; ++number) {
      auto claim = c_.store.load<Claim>(keys::claim(agreement.id, number));
      DAFTAR_CHECK(claim.has_value());
      if (claim->stage == ClaimStage::paid || claim->budget_line != line_.id) continue;
      if (claim->advance && claim->offset_ms == 0) bound.advance += claim->amount;
      (claim->stage == ClaimStage::due ? bound.due : bound.ordered) += claim->amount;
      claim->budget_line = next_.id;
      c_.store.save(keys::claim(agreement.id, number), *claim);
    }
  }

  Outcome move(const Bound& bound) {
    if (auto taken = budget::apply(line_, {{Stage::ordered, -bound.ordered},
                                           {Stage::accrued, -bound.accrued()},
                                           {Stage::committed, -bound.committed()},
                                           {Stage::allotted, -bound.committed()},
                                           {Stage::adjusted, -bound.committed()}});
        !taken)
      return taken;
    if (auto given = budget::apply(next_, {{Stage::adjusted, bound.committed()},
                                           {Stage::allotted, bound.committed()},
                                           {Stage::committed, bound.committed()},
                                           {Stage::accrued, bound.accrued()},
                                           {Stage::ordered, bound.ordered}});
        !given)
      return given;
    line_.advances.reversed += bound.advance;
    next_.advances.gross += bound.advance;
    line_.carried_out += bound.committed();
    next_.carried_in += bound.committed();
    carried_ += bound.committed();
    return {};
  }

  Context& c_;
  BudgetLine& line_;
  BudgetLine& next_;
  Int128 carried_ = 0;
};

/// True: nothing is left to carry over.
Expected<bool, ledger::Rejection> carry_over(Context& c, BudgetLine& line, const std::string& to) {
  auto next = budget::require_line(c, to);
  if (!next) return Unexpected<ledger::Rejection>(next.error());
  if (auto treasury = budget::require_line_treasury(c, *next); !treasury) return Unexpected<ledger::Rejection>(treasury.error());
  if (auto judged = judge_next(line, *next); !judged) return Unexpected<ledger::Rejection>(judged.error());
  CarryOver over(c, line, *next);
  const auto done = over.some();
  if (!done) return done;
  if (const ledger::MinorUnits amount = budget::amount_of(over.carried()); amount != 0) {
    c.event("budget_carried_out", line.id, 0, amount, "to " + next->id);
    c.event("budget_carried_in", next->id, 0, amount, "from " + line.id);
  }
  budget::store_line(c, *next);
  return done;
}

Outcome close(Context& c, BudgetLine line, const ledger::proto::BudgetLineClosing& closing) {
  if (auto begun = budget::begin_closing(c, line); !begun) return begun;
  bool all_carried = true;
  if (!closing.carry_to().empty()) {
    const auto done = carry_over(c, line, closing.carry_to());
    if (!done) return Unexpected<ledger::Rejection>(done.error());
    all_carried = *done;
  }
  if (!all_carried) c.event("budget_closing", line.id, 0, 0, "more contracts are to be carried over");
  else if (auto finished = budget::finish_closing(c, line); !finished) return finished;
  budget::store_line(c, line);
  return {};
}

}  // namespace

Outcome close_budget_year(Context& c, const ledger::proto::CloseBudgetYear& o) {
  auto line = budget::require_line(c, o.line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = budget::require_line_treasury(c, *line); !treasury) return treasury;
  if (o.has_close()) return close(c, std::move(*line), o.close());
  if (o.step_case() == ledger::proto::CloseBudgetYear::kStopFromMs) return budget::stop_commitments(c, std::move(*line), o.stop_from_ms());
  if (o.step_case() == ledger::proto::CloseBudgetYear::kStopPaymentsFromMs) return budget::stop_payments(c, std::move(*line), o.stop_payments_from_ms());
  return refuse(RejectionCode::field_invalid, "step");
}

}  // namespace daftar::contracts::agreements
