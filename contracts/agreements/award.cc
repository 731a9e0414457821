#include "contracts/agreements/award.h"

#include <algorithm>

#include "contracts/agreements/verbs.h"

namespace daftar::contracts::agreements {

using language::Program;
using ledger::RejectionCode;

namespace {

Awarding awarding_of(const Context& c, const ledger::Digest& contract) { return c.store.load<Awarding>(keys::awarding(contract)).value_or(Awarding{}); }

Expected<Open, ledger::Rejection> open_tender(const Context& c, const std::string& id) {
  const auto digest = ledger::Digest::from_bytes(id);
  if (!digest) return refuse(RejectionCode::field_invalid, "tender: 32 bytes");
  auto tender = open(c, *digest);
  if (tender && tender->record.is_replaced()) return refuse(RejectionCode::contract_replaced, ledger::to_hex(tender->record.replaced_by));
  return tender;
}

std::optional<std::uint16_t> party_who_is(const Agreement& agreement, const std::string& member) {
  for (std::uint16_t i = 0; i < agreement.parties.size(); ++i)
    if (agreement.parties[i].member == member) return i;
  return std::nullopt;
}

/// All that the template can set aside from a party. Fits: the terms have been judged.
ledger::MinorUnits sum_from(const Open& agreement, std::uint16_t party) {
  ledger::MinorUnits sum = 0;
  for (const Program::HeldTerm& held : agreement.program().held) {
    if (held.party != party) continue;
    if (held.list == language::no_list) sum += agreement.instance.terms[held.slot].number;
    else
      for (const auto& entry : agreement.instance.lists[held.list]) sum += entry.fields[held.slot].number;
  }
  return sum;
}

/// Is `next` what the tender was awarded for?
Outcome judge_fit(const Open& tender, const Open& next) {
  const auto awarded = language::Interpreter(tender.program()).awarded(tender.instance);
  if (!awarded) return refuse(RejectionCode::not_awarded, "the tender is " + tender.program().phases[tender.instance.phase].name);
  if (next.record.currency != tender.record.currency) return refuse(RejectionCode::currency_mismatch, "the tender is in " + tender.record.currency);
  const Program::Act& act = *tender.program().award();
  const auto& entry = tender.instance.lists[act.place.list][*awarded];
  const std::string& buying = tender.record.parties[act.award->buyer].member;
  const auto buyer = party_who_is(next.record, buying), winner = party_who_is(next.record, entry.member);
  const auto asked = [&](const std::optional<std::uint16_t>& party) { return party && may_act(next.program(), *party, first_phase); };
  if (!asked(buyer)) return refuse(RejectionCode::awarded_to_others, buying + " awarded");
  const auto& payments = next.program().payments;
  const bool is_paid = winner && std::any_of(payments.begin(), payments.end(), [&](const Program::Payment& payment) { return payment.to == *winner; });
  if (!asked(winner) || !is_paid) return refuse(RejectionCode::awarded_to_others, entry.member + " won");
  const ledger::MinorUnits price = entry.fields[act.award->price].number;
  if (sum_from(next, *buyer) != price)
    return refuse(RejectionCode::awarded_for_another_price, ledger::format_decimal(price, ledger::currency_decimals(next.record.currency).value_or(0)) + " " + next.record.currency);
  return {};
}

/// Of a tender that is awarded.
bool is_buyer_or_winner(const Open& tender, const std::string& member) {
  const Program::Act& act = *tender.program().award();
  const std::uint32_t awarded = *language::Interpreter(tender.program()).awarded(tender.instance);
  return tender.record.parties[act.award->buyer].member == member || tender.instance.lists[act.place.list][awarded].member == member;
}

}  // namespace

Outcome judge_award(Context& c, const Open& next, const std::string& id) {
  if (id.empty()) return {};
  auto tender = open_tender(c, id);
  if (!tender) return Unexpected<ledger::Rejection>(tender.error());
  if (auto fits = judge_fit(*tender, next); !fits) return fits;
  if (!is_buyer_or_winner(*tender, c.sender.id)) return refuse(RejectionCode::awarded_to_others, "drafted by " + c.sender.id);   // who could keep the award taken otherwise
  Awarding of_tender = awarding_of(c, tender->record.id);
  if (const auto before = ledger::Digest::from_bytes(of_tender.contract)) {
    const auto other = open(c, *before);
    DAFTAR_CHECK(other.has_value());   // it was drafted
    if (!has_ended(other->record, other->program(), other->instance)) return refuse(RejectionCode::award_taken, before->hex());
  }
  of_tender.contract = std::string(next.record.id.view());
  c.store.save(keys::awarding(tender->record.id), of_tender);
  c.store.save(keys::awarding(next.record.id), Awarding{.open = next.program().entrant.has_value(), .tender = id, .contract = {}});
  c.event("contract_by_award", tender->record.id.hex(), 0, 0, next.record.id.hex());
  store(c, *tender);
  return {};
}

Outcome conclude_award(Context& c, const Open& next, const Happening& happening) {
  if (is_in_force(next, next.instance.phase)) return {};
  const Awarding awarding = awarding_of(c, next.record.id);
  if (awarding.tender.empty()) return {};
  const auto comes = coming(next, happening);
  if (!comes || !comes->in_force) return {};   // what happens says why not
  const auto refused = [](const ledger::Rejection& why) { return refuse(why.code, "tender: " + why.detail); };
  auto tender = open_tender(c, awarding.tender);
  if (!tender) return refused(tender.error());
  if (auto fits = judge_fit(*tender, next); !fits) return refused(fits.error());
  const language::Interpreter interpreter(tender->program());
  const std::uint32_t entry = *interpreter.awarded(tender->instance) + 1;
  const std::uint16_t before = tender->instance.phase;
  LedgerVerbs verbs(c, *tender, entry);
  const language::Moment moment{.now = static_cast<std::int64_t>(c.now_ms), .entry = entry - 1, .contract = tender->record.id.view()};
  if (const auto done = interpreter.conclude_award(tender->instance, moment, verbs); !done) return refused(done.error());
  tell(c, *tender, before, "contract_award", entry, tender->program().award()->name);
  store(c, *tender);
  return {};
}

void note_openness(Context& c, const Open& next) {
  if (!next.program().entrant || c.store.load<Awarding>(keys::awarding(next.record.id))) return;
  c.store.save(keys::awarding(next.record.id), Awarding{.open = true, .tender = {}, .contract = {}});
}

}  // namespace daftar::contracts::agreements
