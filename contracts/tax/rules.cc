#include "contracts/tax/rules.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/tax/read_rule.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::contracts::tax {

using ledger::MinorUnits;
using ledger::RejectionCode;

namespace {

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
  return ledger::round_division(millionths, ledger::whole_ppm, rule.rounding_unit, rule.rounding);
}

std::optional<MinorUnits> tax_on(MinorUnits amount, const TaxRule& rule) {
  if (!rule.brackets.empty()) return tax_by_brackets(amount, rule);
  return share_of(amount, rule.rate_ppm, rule.base == Base::inclusive ? ledger::whole_ppm + rule.rate_ppm : ledger::whole_ppm, rule);
}

/// Of a rule that accumulates: below the threshold the whole sum is free, from there on it is taxed, and never taken twice.
std::optional<MinorUnits> tax_beside(const SoFar& so_far, MinorUnits amount, const TaxRule& rule) {
  const auto sum = ledger::checked_add(so_far.base, amount);
  if (!sum) return std::nullopt;
  const auto tax_of = [&](MinorUnits whole) { return whole < rule.threshold ? std::optional<MinorUnits>(0) : tax_on(whole, rule); };
  const auto all = tax_of(*sum), before = tax_of(so_far.start);
  if (!all || !before) return std::nullopt;
  return static_cast<MinorUnits>(std::max<ledger::Int128>(0, static_cast<ledger::Int128>(*all) - *before - so_far.tax));
}

using Fault = Unexpected<RuleFault>;

std::string name_of(const TaxRule& rule) { return "tax rule " + rule.code + "/" + std::to_string(rule.version) + ": "; }

/// What is replaced exists and replaces nothing itself.
Expected<void, RuleFault> judge_replacements(const std::vector<TaxRule>& rules) {
  for (const TaxRule& rule : rules)
    for (const std::string& code : rule.replaces) {
      bool found = false;
      for (const TaxRule& other : rules) {
        if (other.code != code) continue;
        found = true;
        if (!other.replaces.empty()) return Fault({false, name_of(rule) + "replaces " + code + ", which replaces others itself"});
      }
      if (!found) return Fault({false, name_of(rule) + "replaces " + code + ", which is no rule"});
    }
  return {};
}

/// One that ends where it begins is never in force.
bool overlap(const TaxRule& a, const TaxRule& b) {
  for (const TaxRule* rule : {&a, &b})
    if (rule->effective_to_ms != 0 && rule->effective_to_ms == rule->effective_from_ms) return false;
  return (b.effective_to_ms == 0 || a.effective_from_ms < b.effective_to_ms) && (a.effective_to_ms == 0 || b.effective_from_ms < a.effective_to_ms);
}

/// Versions of one code are distinct and never in force at one time.
Expected<void, RuleFault> judge_versions(const std::vector<TaxRule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (rules[j].code == rules[i].code && (rules[j].version == rules[i].version || overlap(rules[j], rules[i])))
        return Fault({true, name_of(rules[i]) + "two versions of it are the same or in force at one time"});
  return {};
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

std::string_view name(Remittance remittance) {
  switch (remittance) {
    case Remittance::at_payment: return "";
    case Remittance::month: return "month";
    case Remittance::quarter: return "quarter";
  }
  return "unknown";
}
std::string_view name(Accumulation accumulation) {
  switch (accumulation) {
    case Accumulation::none: return "";
    case Accumulation::month: return "month";
    case Accumulation::year: return "year";
  }
  return "unknown";
}
std::string_view name(AccumulatedBy by) { return by == AccumulatedBy::payee ? "payee" : "agent_payee"; }

void set_terms(TaxRule& rule, FurtherTerms terms) {
  rule.treaty = std::move(terms.treaty);
  rule.replaces = std::move(terms.replaces);
  rule.brackets = std::move(terms.brackets);
}
void set_terms(TaxRule& rule, const PeriodTerms& terms) {
  rule.remittance = terms.remittance;
  rule.remittance_day = terms.remittance_day;
  rule.accumulation = terms.accumulation;
  rule.accumulated_by = terms.accumulated_by;
}

std::string withheld_to(const TaxRule& rule, const TaxLine& line) {
  if (rule.vat_route == VatRoute::supplier_vat_account) return vat_account(line.payee, line.currency);
  return rule.held() ? held_tax_account(line.payer, line.currency, rule.code) : rule.revenue_account;
}

Expected<RuleBook, RuleFault> RuleBook::of(std::vector<TaxRule> rules) {
  if (auto judged = judge_versions(rules); !judged) return Fault(judged.error());
  if (auto judged = judge_replacements(rules); !judged) return Fault(judged.error());
  RuleBook book;
  book.rules_ = std::move(rules);
  book.has_treaties_ = std::any_of(book.rules_.begin(), book.rules_.end(), [](const TaxRule& rule) { return !rule.treaty.empty(); });
  book.has_sums_ = std::any_of(book.rules_.begin(), book.rules_.end(), [](const TaxRule& rule) { return rule.accumulates(); });
  for (const TaxRule& rule : book.rules_) book.has_vat_accounts_ |= rule.vat_route == VatRoute::supplier_vat_account;
  for (const TaxRule& rule : book.rules_)
    if (book.has_vat_accounts_ && !rule.revenue_account.empty() && ledger::parse_account(rule.revenue_account)->label == vat_label)
      return Fault({false, name_of(rule) + "revenue_account has the label of suppliers' VAT accounts"});
  std::stable_partition(book.rules_.begin(), book.rules_.end(), [](const TaxRule& rule) { return rule.kind == Kind::vat; });
  book.categories_.assign(std::begin(common_categories), std::end(common_categories));
  for (const TaxRule& rule : book.rules_) book.categories_.insert(book.categories_.end(), rule.categories.begin(), rule.categories.end());
  std::sort(book.categories_.begin(), book.categories_.end());
  book.categories_.erase(std::unique(book.categories_.begin(), book.categories_.end()), book.categories_.end());
  return book;
}

Expected<RuleBook, std::string> RuleBook::from_genesis(const ledger::proto::Genesis& genesis) {
  auto rules = rules_of(genesis);
  if (!rules) return Unexpected<std::string>(rules.error());
  auto book = of(std::move(*rules));
  if (!book) return Unexpected<std::string>(book.error().sentence);
  return std::move(*book);
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
        Judged{.rule = &rule, .ground = selected[i].ground, .replaced_by = selected[i].replaced_by, .taken_from = 0, .so_far = {}, .limited = false, .line = {}});
    if (one.ground != Ground::applies) continue;
    one.taken_from = rule.base == Base::net_of_vat || rule.base == Base::inclusive ? net_of_vat : q.gross;
    if (rule.accumulates() && q.so_far) one.so_far = q.so_far(rule);
    const auto exact = rule.accumulates() ? tax_beside(one.so_far, one.taken_from, rule) : tax_on(one.taken_from, rule);
    if (!exact) return overflow;
    const MinorUnits tax = std::min(*exact, one.taken_from);
    MinorUnits withheld = 0;
    one.limited = tax < *exact;
    if (rule.withholds()) {
      const auto share = rule.withheld_share_ppm == ledger::whole_ppm ? tax : share_of(tax, rule.withheld_share_ppm, ledger::whole_ppm, rule);
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
    if (one.ground == Ground::applies) computed.push_back({one.rule, std::move(one.line), one.so_far});
  return computed;
}

}  // namespace daftar::contracts::tax
