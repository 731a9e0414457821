#include "contracts/tax/selection.h"

#include <algorithm>

namespace daftar::contracts::tax {
namespace {

bool one_of_or_any(const std::vector<std::string>& list, std::string_view value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

bool holds_certificate(const Question& q, const std::string& country) {
  return std::any_of(q.certificates.begin(), q.certificates.end(), [&](const Certificate& one) { return one.country == country && one.covers(q.time_ms); });
}

/// Of the rule alone: what others replace is not seen here.
Ground ground_of(const TaxRule& rule, const Question& q) {
  if (!rule.currency.empty() && rule.currency != q.currency) return Ground::currency;
  if (!one_of_or_any(rule.categories, q.category)) return Ground::category;
  if (!rule.country.empty() && q.payer.country != rule.country) return Ground::payer_country;
  if (!one_of_or_any(rule.payer_kinds, q.payer.kind)) return Ground::payer_kind;
  if (rule.payee_residence != Residence::any && residence_of(q.payee, rule) != rule.payee_residence) return Ground::payee_residence;
  if (!one_of_or_any(rule.payee_kinds, q.payee.kind)) return Ground::payee_kind;
  if (!one_of_or_any(rule.payee_statuses, q.payee.tax_status)) return Ground::payee_status;
  if (!rule.treaty.empty() && q.payee.country != rule.treaty) return Ground::treaty_country;
  if (!rule.treaty.empty() && !holds_certificate(q, rule.treaty)) return Ground::no_certificate;
  if (q.time_ms < rule.effective_from_ms) return Ground::not_yet_in_force;
  if (!rule.in_force(q.time_ms)) return Ground::no_longer_in_force;
  if (!rule.accumulates() && q.gross < rule.threshold) return Ground::below_threshold;
  return Ground::applies;
}

}  // namespace

std::string_view name(Ground ground) {
  switch (ground) {
    case Ground::applies: return "applies";
    case Ground::currency: return "currency";
    case Ground::category: return "category";
    case Ground::payer_country: return "payer_country";
    case Ground::payer_kind: return "payer_kind";
    case Ground::payee_residence: return "payee_residence";
    case Ground::payee_kind: return "payee_kind";
    case Ground::payee_status: return "payee_status";
    case Ground::treaty_country: return "treaty_country";
    case Ground::no_certificate: return "no_certificate";
    case Ground::not_yet_in_force: return "not_yet_in_force";
    case Ground::no_longer_in_force: return "no_longer_in_force";
    case Ground::below_threshold: return "below_threshold";
    case Ground::replaced: return "replaced";
  }
  return "unknown";
}

Residence residence_of(const Member& payee, const TaxRule& rule) {
  if (rule.country.empty()) return Residence::any;
  return payee.country == rule.country ? Residence::resident : Residence::non_resident;
}

std::vector<Selected> select(const std::vector<TaxRule>& rules, const Question& question) {
  std::vector<Selected> selected;
  selected.reserve(rules.size());
  for (const TaxRule& rule : rules) selected.push_back({ground_of(rule, question), nullptr});
  for (std::size_t winner = 0; winner < rules.size(); ++winner) {
    if (rules[winner].replaces.empty() || selected[winner].ground != Ground::applies) continue;
    for (std::size_t other = 0; other < rules.size(); ++other)
      if (selected[other].ground == Ground::applies && std::find(rules[winner].replaces.begin(), rules[winner].replaces.end(), rules[other].code) != rules[winner].replaces.end())
        selected[other] = {Ground::replaced, &rules[winner]};
  }
  return selected;   // a rule that replaces is never replaced (RuleBook::from_genesis), so the order of winners does not matter
}

}  // namespace daftar::contracts::tax
