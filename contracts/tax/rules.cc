#include "contracts/tax/rules.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/members.h"
#include "ledger/ids.h"

namespace daftar::contracts::tax {

using ledger::MinorUnits;
using ledger::RejectionCode;

namespace {

constexpr std::uint32_t million = 1'000'000;

constexpr std::string_view common_categories[] = {"none",     "services", "goods",   "works",   "royalty",   "wages",
                                                  "rent",     "dividends", "interest", "freight", "telecom", "insurance"};

/// value × numerator / denominator, rounded once to a whole number of `unit`s.
std::optional<MinorUnits> share_of(MinorUnits value, std::uint32_t numerator, std::uint32_t denominator, const TaxRule& rule) {
  return ledger::round_division(static_cast<ledger::Int128>(value) * numerator, denominator, rule.rounding_unit, rule.rounding);
}

/// Each part of the base by its own rate, and rounded once in the end.
std::optional<MinorUnits> tax_by_brackets(MinorUnits base, const TaxRule& rule) {
  ledger::Int128 millionths = 0;
  MinorUnits from = 0;
  std::uint32_t rate = rule.rate_ppm;
  for (const Bracket& bracket : rule.brackets) {
    if (base <= bracket.above) break;
    millionths += static_cast<ledger::Int128>(bracket.above - from) * rate;
    from = bracket.above;
    rate = bracket.rate_ppm;
  }
  millionths += static_cast<ledger::Int128>(base - from) * rate;
  return ledger::round_division(millionths, million, rule.rounding_unit, rule.rounding);
}

std::optional<MinorUnits> tax_on(MinorUnits amount, const TaxRule& rule) {
  if (!rule.brackets.empty()) return tax_by_brackets(amount, rule);
  return share_of(amount, rule.rate_ppm, rule.base == Base::inclusive ? million + rule.rate_ppm : million, rule);
}

// --- reading a genesis -------------------------------------------------------------------------------------------------------------

using Fault = Unexpected<std::string>;

Expected<void, std::string> read_enums(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.kind() == "vat") to.kind = Kind::vat;
  else if (from.kind() == "withholding") to.kind = Kind::withholding;
  else if (from.kind() == "contribution") to.kind = Kind::contribution;
  else return Fault("kind must be vat, withholding or contribution");

  if (from.base() == "inclusive") to.base = Base::inclusive;
  else if (from.base() == "exclusive") to.base = Base::exclusive;
  else if (from.base() == "gross") to.base = Base::gross;
  else if (from.base() == "net_of_vat") to.base = Base::net_of_vat;
  else return Fault("base must be inclusive or exclusive for vat, gross or net_of_vat otherwise");
  if ((to.kind == Kind::vat) != (to.base == Base::inclusive || to.base == Base::exclusive))
    return Fault("base does not fit the kind: inclusive or exclusive for vat, gross or net_of_vat otherwise");

  if (from.payee_residence().empty() || from.payee_residence() == "any") to.payee_residence = Residence::any;
  else if (from.payee_residence() == "resident") to.payee_residence = Residence::resident;
  else if (from.payee_residence() == "non_resident") to.payee_residence = Residence::non_resident;
  else return Fault("payee_residence must be resident, non_resident or any");

  if (to.kind != Kind::vat && !from.vat_route().empty()) return Fault("vat_route is for vat only");
  if (to.kind == Kind::withholding) to.vat_route = VatRoute::treasury;
  else if (to.kind == Kind::contribution) to.vat_route = VatRoute::supplier;   // who is paid receives all of it
  else if (from.vat_route() == "supplier") to.vat_route = VatRoute::supplier;
  else if (from.vat_route() == "treasury") to.vat_route = VatRoute::treasury;
  else if (from.vat_route() == "supplier_vat_account") to.vat_route = VatRoute::supplier_vat_account;
  else return Fault("vat_route must be supplier, treasury or supplier_vat_account for vat, absent otherwise");

  if (from.rounding() > static_cast<std::uint32_t>(ledger::Rounding::half_even)) return Fault("rounding is unknown");
  to.rounding = static_cast<ledger::Rounding>(from.rounding());
  return {};
}

Expected<void, std::string> read_names(const ledger::proto::TaxRule& from, TaxRule& to) {
  const auto copy = [](const auto& list, std::vector<std::string>& out) {
    out.assign(list.begin(), list.end());
    return std::all_of(out.begin(), out.end(), [](const std::string& text) { return ledger::is_code(text); });
  };
  if (!ledger::is_code(from.code())) return Fault("code: 1 to 40 letters, digits, _ . -");
  if (!copy(from.categories(), to.categories) || !copy(from.payer_kinds(), to.payer_kinds) ||
      !copy(from.payee_kinds(), to.payee_kinds) || !copy(from.payee_statuses(), to.payee_statuses))
    return Fault("categories, kinds and statuses: 1 to 40 letters, digits, _ . -");
  if (std::find(to.categories.begin(), to.categories.end(), no_income) != to.categories.end())
    return Fault("categories: none is the category that is never taxed");
  for (const auto* kinds : {&to.payer_kinds, &to.payee_kinds})
    for (const std::string& kind : *kinds)
      if (kind != "company" && kind != "individual" && kind != "public_body")
        return Fault("kinds are company, individual and public_body, not " + kind);
  if (from.status() != "verified" && from.status() != "assumed" && from.status() != "illustration")
    return Fault("status must be verified, assumed or illustration");
  to.code = from.code();
  to.title = from.title();
  to.legal_basis = from.legal_basis();
  to.status = from.status();
  to.currency = from.currency();
  to.country = from.country();
  to.treaty = from.treaty();
  if (!to.treaty.empty() && (to.kind != Kind::withholding || to.country.empty() || !is_country(to.treaty) || to.treaty == to.country))
    return Fault("treaty: the other country of a treaty on a withholding of this country");
  if (!copy(from.replaces(), to.replaces)) return Fault("replaces: codes of rules");
  if (to.country.empty() && to.payee_residence != Residence::any) return Fault("payee_residence needs country: whose resident?");
  return {};
}

Expected<void, std::string> read_numbers(const ledger::proto::TaxRule& from, TaxRule& to) {
  if (from.version() == 0) return Fault("version counts from 1");
  if (from.rate_ppm() > 10 * million) return Fault("rate above 1000 %");
  if (to.kind == Kind::withholding && from.rate_ppm() > million) return Fault("a withholding above 100 %");
  if (from.withheld_share_ppm() > million) return Fault("withheld_share above 100 %");
  if (from.threshold() < 0) return Fault("threshold below zero");
  if (from.effective_to_ms() != 0 && from.effective_to_ms() <= from.effective_from_ms()) return Fault("effective_to is not after effective_from");
  for (const auto& bracket : from.brackets()) {
    if (to.kind == Kind::vat) return Fault("brackets are not for vat");
    if (bracket.above() <= (to.brackets.empty() ? 0 : to.brackets.back().above)) return Fault("brackets are above zero and ascending");
    if (bracket.rate_ppm() > million) return Fault("a bracket above 100 %");
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

bool withholds(const TaxRule& rule) { return rule.vat_route != VatRoute::supplier && rule.withheld_share_ppm > 0; }

Expected<void, std::string> read_revenue(const ledger::proto::Genesis& genesis, const ledger::proto::TaxRule& from, TaxRule& to) {
  if (!to.currency.empty() && std::find(genesis.currencies().begin(), genesis.currencies().end(), to.currency) == genesis.currencies().end())
    return Fault("currency " + to.currency + " is not of this ledger");
  if (to.base == Base::exclusive && withholds(to)) return Fault("exclusive vat is recorded, not withheld: route supplier");
  if (to.kind == Kind::withholding && to.withheld_share_ppm == 0) return Fault("a withholding needs a withheld_share");
  if (to.kind == Kind::contribution && to.withheld_share_ppm != 0) return Fault("a contribution is recorded, not withheld: withheld_share 0");
  if (to.vat_route != VatRoute::supplier && to.withheld_share_ppm == 0) return Fault("this vat_route needs a withheld_share");
  if (!withholds(to) || to.vat_route == VatRoute::supplier_vat_account)
    return from.revenue_account().empty() ? Expected<void, std::string>{} : Fault("nothing goes to a revenue_account, so it must be absent");
  const auto account = ledger::parse_account(from.revenue_account());
  if (!account || is_reserved_label(account->label)) return Fault("revenue_account is no account");
  if (account->currency != to.currency) return Fault("revenue_account must be in the rule's currency");
  for (const auto& member : genesis.members())
    if (member.id() == account->member)
      for (const std::string& role : member.roles())
        if (role == name(Role::tax_authority) || role == name(Role::treasury)) {
          to.revenue_account = from.revenue_account();
          return {};
        }
  return Fault("revenue_account must be of a member with role tax_authority or treasury");
}

/// What is replaced exists and replaces nothing itself.
Expected<void, std::string> judge_replacements(const std::vector<TaxRule>& rules) {
  for (const TaxRule& rule : rules)
    for (const std::string& code : rule.replaces) {
      bool found = false;
      for (const TaxRule& other : rules) {
        if (other.code != code) continue;
        found = true;
        if (!other.replaces.empty()) return Fault("tax rule " + rule.code + "/" + std::to_string(rule.version) + ": replaces " + code + ", which replaces others itself");
      }
      if (!found) return Fault("tax rule " + rule.code + "/" + std::to_string(rule.version) + ": replaces " + code + ", which is no rule");
    }
  return {};
}

bool overlap(const TaxRule& a, const TaxRule& b) {
  return (b.effective_to_ms == 0 || a.effective_from_ms < b.effective_to_ms) && (a.effective_to_ms == 0 || b.effective_from_ms < a.effective_to_ms);
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::vat: return "vat";
    case Kind::withholding: return "withholding";
    case Kind::contribution: return "contribution";
  }
  return "unknown";
}
std::string_view name(Base base) {
  switch (base) {
    case Base::inclusive: return "inclusive";
    case Base::exclusive: return "exclusive";
    case Base::gross: return "gross";
    case Base::net_of_vat: return "net_of_vat";
  }
  return "unknown";
}
std::string_view name(Residence residence) {
  switch (residence) {
    case Residence::any: return "any";
    case Residence::resident: return "resident";
    case Residence::non_resident: return "non_resident";
  }
  return "unknown";
}
std::string_view name(VatRoute route) {
  switch (route) {
    case VatRoute::supplier: return "supplier";
    case VatRoute::treasury: return "treasury";
    case VatRoute::supplier_vat_account: return "supplier_vat_account";
  }
  return "unknown";
}

std::string withheld_to(const TaxRule& rule, std::string_view payee, std::string_view currency) {
  return rule.vat_route == VatRoute::supplier_vat_account ? vat_account(payee, currency) : rule.revenue_account;
}

Expected<RuleBook, std::string> RuleBook::from_genesis(const ledger::proto::Genesis& genesis) {
  RuleBook book;
  for (const auto& from : genesis.tax_rules()) {
    TaxRule rule;
    auto read = read_enums(from, rule);
    if (read) read = read_names(from, rule);
    if (read) read = read_numbers(from, rule);
    if (read) read = read_revenue(genesis, from, rule);
    if (read)
      for (const TaxRule& other : book.rules_)
        if (other.code == rule.code && (other.version == rule.version || overlap(other, rule)))
          read = Fault("two versions of it are the same or in force at one time");
    if (!read) return Fault("tax rule " + from.code() + "/" + std::to_string(from.version()) + ": " + read.error());
    book.rules_.push_back(std::move(rule));
  }
  if (auto judged = judge_replacements(book.rules_); !judged) return Fault(judged.error());
  book.has_treaties_ = std::any_of(book.rules_.begin(), book.rules_.end(), [](const TaxRule& rule) { return !rule.treaty.empty(); });
  for (const TaxRule& rule : book.rules_) book.has_vat_accounts_ |= rule.vat_route == VatRoute::supplier_vat_account;
  for (const TaxRule& rule : book.rules_)
    if (book.has_vat_accounts_ && !rule.revenue_account.empty() && ledger::parse_account(rule.revenue_account)->label == vat_label)
      return Fault("tax rule " + rule.code + "/" + std::to_string(rule.version) + ": revenue_account has the label of suppliers' VAT accounts");
  std::stable_partition(book.rules_.begin(), book.rules_.end(), [](const TaxRule& rule) { return rule.kind == Kind::vat; });
  book.categories_.assign(std::begin(common_categories), std::end(common_categories));
  for (const TaxRule& rule : book.rules_) book.categories_.insert(book.categories_.end(), rule.categories.begin(), rule.categories.end());
  std::sort(book.categories_.begin(), book.categories_.end());
  book.categories_.erase(std::unique(book.categories_.begin(), book.categories_.end()), book.categories_.end());
  return book;
}

bool RuleBook::knows_category(std::string_view category) const {
  return std::binary_search(categories_.begin(), categories_.end(), category);
}

Expected<std::vector<Judged>, ledger::Rejection> RuleBook::judge(const Question& q) const {
  std::vector<Judged> judged;
  judged.reserve(rules_.size());
  const auto overflow = Unexpected<ledger::Rejection>({RejectionCode::overflow, "tax"});
  MinorUnits net_of_vat = q.gross, left = q.gross;
  const std::vector<Selected> selected = select(rules_, q);
  for (std::size_t i = 0; i < rules_.size(); ++i) {   // VAT rules come first, so net_of_vat is complete when a withholding asks for it
    const TaxRule& rule = rules_[i];
    Judged& one = judged.emplace_back(
        Judged{.rule = &rule, .ground = selected[i].ground, .replaced_by = selected[i].replaced_by, .taken_from = 0, .limited = false, .line = {}});
    if (one.ground != Ground::applies) continue;
    one.taken_from = rule.base == Base::net_of_vat || rule.base == Base::inclusive ? net_of_vat : q.gross;
    const auto exact = tax_on(one.taken_from, rule);
    if (!exact) return overflow;
    const MinorUnits tax = std::min(*exact, one.taken_from);
    MinorUnits withheld = 0;
    one.limited = tax < *exact;
    if (withholds(rule)) {
      const auto share = rule.withheld_share_ppm == million ? tax : share_of(tax, rule.withheld_share_ppm, million, rule);
      if (!share) return overflow;
      withheld = std::min({*share, tax, left});
      one.limited |= withheld < *share;
    }
    left -= withheld;
    if (rule.base == Base::inclusive) net_of_vat -= tax;
    one.line = {.rule = rule.code,
                .version = rule.version,
                .kind = std::string(name(rule.kind)),
                .payer = q.payer.id,
                .payee = q.payee.id,
                .category = std::string(q.category),
                .currency = std::string(q.currency),
                .gross = q.gross,
                .base = rule.base == Base::inclusive ? one.taken_from - tax : one.taken_from,
                .tax = tax,
                .withheld = withheld,
                .rate_ppm = rule.rate_ppm};
  }
  return judged;
}

Expected<std::vector<Computed>, ledger::Rejection> RuleBook::compute(const Question& q) const {
  std::vector<Computed> computed;
  if (q.category == no_income) return computed;
  auto judged = judge(q);
  if (!judged) return Unexpected<ledger::Rejection>(judged.error());
  for (Judged& one : *judged)
    if (one.ground == Ground::applies) computed.push_back({one.rule, std::move(one.line)});
  return computed;
}

}  // namespace daftar::contracts::tax
