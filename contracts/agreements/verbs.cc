#include "contracts/agreements/verbs.h"

#include "contracts/accounts.h"
#include "contracts/agreements/advances.h"
#include "contracts/agreements/claims.h"
#include "contracts/agreements/paid_event.h"
#include "contracts/agreements/text.h"
#include "contracts/agreements/years.h"
#include "contracts/budget/duties.h"
#include "contracts/budget/rules.h"
#include "contracts/pay.h"
#include "contracts/state_keys.h"
#include "contracts/tax/rules.h"

namespace daftar::contracts::agreements {

using ledger::RejectionCode;

void LedgerVerbs::about(std::uint16_t held, std::uint32_t entry) {
  held_ = held;
  held_entry_ = entry;
}

AgreementParty LedgerVerbs::party(std::uint16_t number) const {
  if (!language::is_entrant(number)) return agreement_.parties[number];
  return entrant_of(open_.instance.lists[open_.program().staged][number - language::entrant_number], agreement_.currency);
}

Fund LedgerVerbs::fund_of(std::uint16_t number) const {
  const AgreementParty one = party(number);
  if (one.is_public()) return {.customer_account = {}, .hold_account = {}, .budget_line = line_of(open_.program(), open_.instance, one, held_, held_entry_)};
  return {.customer_account = one.account, .hold_account = hold_account(one.member, agreement_.currency, agreement_.id), .budget_line = {}};
}

/// The sender's record is at hand; another's is loaded.
const Member& LedgerVerbs::member(const std::string& id, std::optional<Member>& loaded) const {
  if (id == c_.sender.id) return c_.sender;
  loaded = c_.store.load<Member>(keys::member(id));
  DAFTAR_CHECK(loaded.has_value());   // members are never forgotten
  return *loaded;
}

Outcome LedgerVerbs::hold(std::uint16_t party, ledger::MinorUnits amount) {
  if (!language::is_entrant(party) && agreement_.acted[party] == 0) return refuse(RejectionCode::template_fault, "money is held from a party that has not acted on the contract");
  const Fund fund = fund_of(party);
  if (fund.is_public()) c_.store.put(keys::line_contract(fund.budget_line, agreement_.id), {});
  return contracts::hold(c_, fund, amount);
}

Outcome LedgerVerbs::give_back(std::uint16_t party, ledger::MinorUnits amount) {
  const Fund fund = fund_of(party);
  return fund.is_public() ? release(c_, fund, amount) : refund(c_, fund, amount, "refund");
}

Outcome LedgerVerbs::pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) {
  if (category == tax::no_income || !c_.rules->knows_category(category)) return refuse(RejectionCode::tax_category_unknown, std::string(category));
  const AgreementParty payer_party = party(from), payee_party = party(to);
  if (payee_party.member.empty()) return refuse(RejectionCode::template_fault, "a payment to a party that is not there");
  if (payer_party.is_public()) return owe(from, to, amount, category);
  std::optional<Member> loaded_payer, loaded_payee;
  const Member& payer = member(payer_party.member, loaded_payer);
  const Member& payee = member(payee_party.member, loaded_payee);
  const Fund fund = fund_of(from);
  c_.event(std::string(paid_event), agreement_.id.hex(), entry_, amount, paid_text({payer.id, payee.id, std::string(category)}));
  return contracts::pay(c_, {.payer = payer,
                             .payee = payee,
                             .source = fund.hold_account,
                             .payee_account = payee_party.account,
                             .gross = amount,
                             .category = category});
}

Outcome LedgerVerbs::owe(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) {
  const AgreementParty& payer = agreement_.parties[from];   // an entrant has no line
  const AgreementParty payee = party(to);
  Claim claim{.contract = {},
              .number = 0,
              .entry = entry_,
              .payer = payer.member,
              .payee = payee.member,
              .payee_account = payee.account,
              .category = std::string(category),
              .budget_line = line_of(open_.program(), open_.instance, payer, held_, held_entry_),
              .amount = amount,
              .advance = alone_ == to};
  if (c_.fixed.budget->duties) claim.entered_by = c_.sender.id == payer.member ? budget::signing_keys(c_) : agreement_.entered_by;
  if (claim.advance) {
    if (auto counted = count_advance(c_, agreement_, claim, price_of(open_, held_, held_entry_)); !counted) return counted;
  } else {
    offset_advances(c_, agreement_, entry_);
  }
  return accrue(c_, agreement_, std::move(claim));
}

}  // namespace daftar::contracts::agreements
