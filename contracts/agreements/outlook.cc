#include "contracts/agreements/outlook.h"

#include <algorithm>
#include <set>

#include "contracts/language/interpreter.h"
#include "contracts/query.h"

namespace daftar::contracts::agreements {

using language::Instance;
using language::Program;

namespace {

/// Whether there would be enough money for a hold is not asked: nobody knows what accounts will hold then.
class WritingDown final : public language::Verbs {
 public:
  explicit WritingDown(std::vector<Move>& moves) : moves_(moves) {}
  language::Result hold(std::uint16_t party, ledger::MinorUnits amount) override { return write({MoveKind::hold, party, party, amount, {}}); }
  language::Result pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) override {
    return write({MoveKind::pay, from, to, amount, std::string(category)});
  }
  language::Result give_back(std::uint16_t party, ledger::MinorUnits amount) override { return write({MoveKind::give_back, party, party, amount, {}}); }

 private:
  language::Result write(Move move) {
    moves_.push_back(std::move(move));
    return {};
  }
  std::vector<Move>& moves_;
};

/// A `pay` of the program: out of which held term, to whom, as what. Several acts may pay in one way.
struct Way {
  std::uint16_t pot = 0, to = 0;
  std::string category;      // or where it comes from:
  std::uint32_t source = 0;
  auto operator<=>(const Way&) const = default;
};

std::set<Way> ways_of(const Program& program) {
  std::set<Way> ways;
  for (const auto& instruction : program.code) {
    if (instruction.op != language::Op::pay) continue;
    const Program::Payment& payment = program.payments[instruction.c];
    ways.insert({instruction.b, payment.to, payment.category, payment.source});
  }
  return ways;
}

/// Empty when only an act says it.
std::string category_of(const Instance& instance, const Way& payment, const language::EntryState* entry) {
  if (!payment.category.empty()) return payment.category;
  const auto source = language::Source::unpack(payment.source);
  if (source.kind == language::Source::Kind::term && instance.terms[source.number].given()) return instance.terms[source.number].bytes;
  const bool of_entry = source.kind == language::Source::Kind::on_field || source.kind == language::Source::Kind::each_field;
  if (of_entry && entry != nullptr && source.number < entry->fields.size() && entry->fields[source.number].given()) return entry->fields[source.number].bytes;
  return {};
}

}  // namespace

Silence if_all_are_silent(const Program& program, const Instance& instance, std::uint64_t now_ms) {
  Silence out;
  Instance copy = instance;
  const language::Interpreter interpreter(program);
  auto now = static_cast<std::int64_t>(now_ms);
  while (!program.is_end(copy.phase)) {
    const auto due = interpreter.next_due(copy);
    if (!due) break;
    if (out.steps.size() == silent_steps_max) {
      out.cut_short = true;
      return out;
    }
    now = std::max(now, due->at);
    SilentStep step{.at = due->at, .deadline = due->deadline, .entry = program.deadlines[due->deadline].place.list == language::no_list ? 0 : due->entry + 1, .phase = 0, .moves = {}};
    WritingDown verbs(step.moves);
    if (!interpreter.fire(copy, *due, now, verbs)) break;   // the checker rules it out; what is shown must not depend on that
    step.phase = copy.phase;
    out.steps.push_back(std::move(step));
  }
  out.ends = program.is_end(copy.phase);
  return out;
}

std::vector<Turn> turns(const Agreement& agreement, const Program& program, const Instance& instance, const Silence& silence, std::uint64_t now_ms) {
  std::vector<Turn> out;
  if (has_ended(agreement, program, instance)) return out;
  const language::Interpreter interpreter(program);
  const auto consider = [&](std::uint16_t party, std::uint32_t entry) {
    Turn turn{.party = party, .entry = entry, .acts = {}, .otherwise = {}};
    const language::Moment moment{static_cast<std::int64_t>(now_ms), entry == 0 ? language::no_entry : entry - 1};
    for (std::uint16_t act = 0; act < program.acts.size(); ++act) {
      const bool of_entry = program.acts[act].place.list != language::no_list && !program.acts[act].joins;
      if (of_entry != (entry != 0) || !interpreter.may(instance, act, party, moment)) continue;
      const std::string& name = program.acts[act].name;
      if (std::find(turn.acts.begin(), turn.acts.end(), name) == turn.acts.end()) turn.acts.push_back(name);
    }
    if (turn.acts.empty()) return;
    const auto about = std::find_if(silence.steps.begin(), silence.steps.end(), [&](const SilentStep& step) { return step.entry == entry || step.entry == 0; });
    if (about != silence.steps.end()) turn.otherwise = static_cast<std::size_t>(about - silence.steps.begin());
    out.push_back(std::move(turn));
  };
  const std::size_t entries = program.staged == language::no_list ? 0 : instance.lists[program.staged].size();
  const auto consider_all = [&](std::uint16_t party) {
    for (std::uint32_t entry = 0; entry <= entries; ++entry) consider(party, entry);
  };
  for (std::uint16_t party = 0; party < program.parties.size(); ++party)
    if (instance.parties[party]) consider_all(party);
  if (instance.is_public) consider_all(language::treasury_number);
  if (!program.entrant) return out;
  consider(language::newcomer_number, 0);
  for (std::uint32_t entry = 1; entry <= entries; ++entry) consider(static_cast<std::uint16_t>(language::entrant_number + entry - 1), entry);
  return out;
}

std::vector<ExpectedPayment> expected_payments(const ledger::StateView& state, const tax::RuleBook& rules, const Agreement& agreement, const Program& program, const Instance& instance,
                                               std::uint64_t now_ms) {
  std::vector<ExpectedPayment> out;
  if (program.is_end(instance.phase)) return out;
  const auto expect = [&](const Way& way, std::uint32_t number, const language::EntryState* entry, ledger::MinorUnits gross) {
    const std::uint16_t from = program.held[way.pot].party;
    const std::string category = category_of(instance, way, entry);
    const auto member = [&](std::uint16_t party) { return query::member(state, party == language::entrant_number ? entry->member : agreement.parties[party].member); };
    const auto payer = member(from), payee = member(way.to);
    if (gross <= 0 || category.empty() || !payer || !payee) return;
    const auto certificates = query::tax_certificates(state, payee->id);
    auto taxes = rules.compute({.payer = *payer, .payee = *payee, .category = category, .currency = agreement.currency, .gross = gross, .time_ms = now_ms, .certificates = certificates});
    if (!taxes) return;   // overflow: no such amount will ever be paid
    ExpectedPayment expected{.from = from, .to = way.to, .entry = number, .category = category, .gross = gross, .net = gross, .taxes = std::move(*taxes)};
    for (const auto& tax : expected.taxes) expected.net -= tax.line.withheld;
    out.push_back(std::move(expected));
  };
  for (const Way& way : ways_of(program)) {
    const Program::HeldTerm& held = program.held[way.pot];
    if (held.list == language::no_list) {
      expect(way, 0, nullptr, instance.terms[held.slot].number);
      continue;
    }
    for (std::uint32_t i = 0; i < instance.lists[held.list].size(); ++i) {
      const auto& entry = instance.lists[held.list][i];
      if (held.list == program.staged && program.stages[entry.stage].end) continue;   // settled
      expect(way, i + 1, &entry, entry.fields[held.slot].number);
    }
  }
  return out;
}

}  // namespace daftar::contracts::agreements
