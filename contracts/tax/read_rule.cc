#include "contracts/tax/read_rule.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/members.h"
#include "contracts/tax/rules.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::contracts::tax {
namespace {

using ReadFault = Unexpected<std::string>;

Expected<void, std::string> read_enums(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.kind() == "vat") to.kind = Kind::vat;
  else if (from.kind() == "withholding") to.kind = Kind::withholding;
  else if (from.kind() == "contribution") to.kind = Kind::contribution;
  else return ReadFault("kind must be vat, withholding or contribution");

  if (from.base() == "inclusive") to.base = Base::inclusive;
  else if (from.base() == "exclusive") to.base = Base::exclusive;
  else if (from.base() == "gross") to.base = Base::gross;
  else if (from.base() == "net_of_vat") to.base = Base::net_of_vat;
  else return ReadFault("base must be inclusive or exclusive for vat, gross or net_of_vat otherwise");
  if ((to.kind == Kind::vat) != (to.base == Base::inclusive || to.base == Base::exclusive))
    return ReadFault("base does not fit the kind: inclusive or exclusive for vat, gross or net_of_vat otherwise");

  if (from.payee_residence().empty() || from.payee_residence() == "any") to.payee_residence = Residence::any;
  else if (from.payee_residence() == "resident") to.payee_residence = Residence::resident;
  else if (from.payee_residence() == "non_resident") to.payee_residence = Residence::non_resident;
  else return ReadFault("payee_residence must be resident, non_resident or any");

  if (to.kind != Kind::vat && !from.vat_route().empty()) return ReadFault("vat_route is for vat only");
  if (to.kind == Kind::withholding) to.vat_route = VatRoute::treasury;
  else if (to.kind == Kind::contribution) to.vat_route = VatRoute::supplier;   // who is paid receives all of it
  else if (from.vat_route() == "supplier") to.vat_route = VatRoute::supplier;
  else if (from.vat_route() == "treasury") to.vat_route = VatRoute::treasury;
  else if (from.vat_route() == "supplier_vat_account") to.vat_route = VatRoute::supplier_vat_account;
  else return ReadFault("vat_route must be supplier, treasury or supplier_vat_account for vat, absent otherwise");

  if (from.rounding() > static_cast<std::uint32_t>(ledger::Rounding::half_even)) return ReadFault("rounding is unknown");
  to.rounding = static_cast<ledger::Rounding>(from.rounding());
  return {};
}

Expected<void, std::string> read_names(const ledger::proto::TaxRule& from, TaxRule& to) {
  const auto copy = [](const auto& list, std::vector<std::string>& out) {
    out.assign(list.begin(), list.end());
    return std::all_of(out.begin(), out.end(), [](const std::string& text) { return ledger::is_code(text); });
  };
  if (!ledger::is_code(from.code())) return ReadFault("code: 1 to 40 letters, digits, _ . -");
  if (!copy(from.categories(), to.categories) || !copy(from.payer_kinds(), to.payer_kinds) ||
      !copy(from.payee_kinds(), to.payee_kinds) || !copy(from.payee_statuses(), to.payee_statuses))
    return ReadFault("categories, kinds and statuses: 1 to 40 letters, digits, _ . -");
  if (std::find(to.categories.begin(), to.categories.end(), no_income) != to.categories.end())
    return ReadFault("categories: none is the category that is never taxed");
  for (const auto* kinds : {&to.payer_kinds, &to.payee_kinds})
    for (const std::string& kind : *kinds)
      if (kind != "company" && kind != "individual" && kind != "public_body")
        return ReadFault("kinds are company, individual and public_body, not " + kind);
  if (from.status() != "verified" && from.status() != "assumed" && from.status() != "illustration")
    return ReadFault("status must be verified, assumed or illustration");
  to.code = from.code();
  to.title = from.title();
  to.legal_basis = from.legal_basis();
  to.status = from.status();
  to.currency = from.currency();
  to.country = from.country();
  to.treaty = from.treaty();
  if (!to.treaty.empty() && (to.kind != Kind::withholding || to.country.empty() || !is_country(to.treaty) || to.treaty == to.country))
    return ReadFault("treaty: the other country of a treaty on a withholding of this country");
  if (!copy(from.replaces(), to.replaces)) return ReadFault("replaces: codes of rules");
  if (to.country.empty() && to.payee_residence != Residence::any) return ReadFault("payee_residence needs country: whose resident?");
  return {};
}

Expected<void, std::string> read_numbers(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.version() == 0) return ReadFault("version counts from 1");
  if (from.rate_ppm() > 10 * ledger::whole_ppm) return ReadFault("rate above 1000 %");
  if (to.kind == Kind::withholding && from.rate_ppm() > ledger::whole_ppm) return ReadFault("a withholding above 100 %");
  if (from.withheld_share_ppm() > ledger::whole_ppm) return ReadFault("withheld_share above 100 %");
  if (from.threshold() < 0) return ReadFault("threshold below zero");
  if (from.effective_to_ms() != 0 && from.effective_to_ms() <= from.effective_from_ms()) return ReadFault("effective_to is not after effective_from");
  for (const auto& bracket : from.brackets()) {
    if (to.kind == Kind::vat) return ReadFault("brackets are not for vat");
    if (bracket.above() <= (to.brackets.empty() ? 0 : to.brackets.back().above)) return ReadFault("brackets are above zero and ascending");
    if (bracket.rate_ppm() > ledger::whole_ppm) return ReadFault("a bracket above 100 %");
    to.brackets.push_back({bracket.above(), bracket.rate_ppm()});
  }
  to.version = from.version();
  to.rate_ppm = from.rate_ppm();
  to.withheld_share_ppm = from.withheld_share_ppm();
  to.threshold = from.threshold();
  to.rounding_unit = from.rounding_unit() == 0 ? 1 : from.rounding_unit();
  to.effective_from_ms = from.effective_from_ms();
  to.effective_to_ms = from.effective_to_ms();
  return {};
}

Expected<void, std::string> read_revenue(const Surroundings& around, const ledger::proto::TaxRule& from, TaxRule& to) {
  if (!to.currency.empty() && !around.knows_currency(to.currency))
    return ReadFault("currency " + to.currency + " is not of this ledger");
  if (to.base == Base::exclusive && to.withholds()) return ReadFault("exclusive vat is recorded, not withheld: route supplier");
  if (to.kind == Kind::withholding && to.withheld_share_ppm == 0) return ReadFault("a withholding needs a withheld_share");
  if (to.kind == Kind::contribution && to.withheld_share_ppm != 0) return ReadFault("a contribution is recorded, not withheld: withheld_share 0");
  if (to.vat_route != VatRoute::supplier && to.withheld_share_ppm == 0) return ReadFault("this vat_route needs a withheld_share");
  if (!to.withholds() || to.vat_route == VatRoute::supplier_vat_account)
    return from.revenue_account().empty() ? Expected<void, std::string>{} : ReadFault("nothing goes to a revenue_account, so it must be absent");
  const auto account = ledger::parse_account(from.revenue_account());
  if (!account || is_reserved_label(account->label)) return ReadFault("revenue_account is no account");
  if (account->currency != to.currency) return ReadFault("revenue_account must be in the rule's currency");
  if (!around.takes_revenue(account->member)) return ReadFault("revenue_account must be of a member with role tax_authority or treasury");
  to.revenue_account = from.revenue_account();
  return {};
}

Expected<void, std::string> read_remittance(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.remittance() == "month") to.remittance = Remittance::month;
  else if (from.remittance() == "quarter") to.remittance = Remittance::quarter;
  else if (!from.remittance().empty()) return ReadFault("remittance must be month or quarter, absent when what is withheld goes at payment");
  if (to.held() ? from.remittance_day() < 1 || from.remittance_day() > 28 : from.remittance_day() != 0)
    return ReadFault("remittance_day: 1 to 28, with remittance only");
  to.remittance_day = from.remittance_day();
  if (!to.held()) return {};
  if (to.revenue_account.empty()) return ReadFault("remittance is of what is withheld for a revenue_account");
  if (!ledger::parse_account(held_tax_account("a", to.currency, to.code))) return ReadFault("code: with remittance, it is the label of an account: at most 36 of a-z 0-9 - .");
  return {};
}

Expected<void, std::string> read_accumulation(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.accumulate() == "month") to.accumulation = Accumulation::month;
  else if (from.accumulate() == "year") to.accumulation = Accumulation::year;
  else if (!from.accumulate().empty()) return ReadFault("accumulate must be month or year, absent when each payment is taxed by itself");
  if (from.accumulate_by() == "agent_payee") to.accumulated_by = AccumulatedBy::agent_payee;
  else if (from.accumulate_by() != (to.accumulates() ? "payee" : "")) return ReadFault("accumulate_by must be payee or agent_payee, with accumulate only");
  if (!to.accumulates() && !from.accumulate_by().empty()) return ReadFault("accumulate_by must be payee or agent_payee, with accumulate only");
  if (to.accumulates() && to.kind == Kind::vat) return ReadFault("accumulate is not for vat");
  return {};
}

bool takes_revenue_by_genesis(const ledger::proto::Genesis& genesis, std::string_view id) {
  for (const auto& member : genesis.members())
    if (member.id() == id)
      for (const std::string& role : member.roles())
        if (role == name(Role::tax_authority) || role == name(Role::treasury)) return true;
  return false;
}

}  // namespace

Expected<TaxRule, std::string> read_rule(const ledger::proto::TaxRule& from, const Surroundings& around) {
  TaxRule rule;
  auto read = read_enums(from, rule);
  if (read) read = read_names(from, rule);
  if (read) read = read_numbers(from, rule);
  if (read) read = read_revenue(around, from, rule);
  if (read) read = read_remittance(from, rule);
  if (read) read = read_accumulation(from, rule);
  if (!read) return ReadFault(read.error());
  return rule;
}

Expected<std::vector<TaxRule>, std::string> rules_of(const ledger::proto::Genesis& genesis) {
  const Surroundings around{
      .knows_currency = [&](std::string_view code) { return std::find(genesis.currencies().begin(), genesis.currencies().end(), code) != genesis.currencies().end(); },
      .takes_revenue = [&](std::string_view member) { return takes_revenue_by_genesis(genesis, member); }};
  std::vector<TaxRule> rules;
  for (const auto& from : genesis.tax_rules()) {
    auto rule = read_rule(from, around);
    if (!rule) return ReadFault("tax rule " + from.code() + "/" + std::to_string(from.version()) + ": " + rule.error());
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace daftar::contracts::tax
