#include "contracts/tax/selection.h"

#include <algorithm>

namespace daftar::contracts::tax {
namespace {

bool one_of_or_any(const std::vector<std::string>& list, std::string_view value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
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
    case Ground::not_yet_in_force: return "not_yet_in_force";
    case Ground::no_longer_in_force: return "no_longer_in_force";
    case Ground::below_threshold: return "below_threshold";
  }
  return "unknown";
}

Residence residence_of(const Member& payee, const TaxRule& rule) {
  if (rule.country.empty()) return Residence::any;
  return payee.country == rule.country ? Residence::resident : Residence::non_resident;
}

Ground ground_of(const TaxRule& rule, const Question& q) {
  if (!rule.currency.empty() && rule.currency != q.currency) return Ground::currency;
  if (!one_of_or_any(rule.categories, q.category)) return Ground::category;
  if (!rule.country.empty() && q.payer.country != rule.country) return Ground::payer_country;
  if (!one_of_or_any(rule.payer_kinds, q.payer.kind)) return Ground::payer_kind;
  if (rule.payee_residence != Residence::any && residence_of(q.payee, rule) != rule.payee_residence) return Ground::payee_residence;
  if (!one_of_or_any(rule.payee_kinds, q.payee.kind)) return Ground::payee_kind;
  if (!one_of_or_any(rule.payee_statuses, q.payee.tax_status)) return Ground::payee_status;
  if (q.time_ms < rule.effective_from_ms) return Ground::not_yet_in_force;
  if (!rule.in_force(q.time_ms)) return Ground::no_longer_in_force;
  if (q.gross < rule.threshold) return Ground::below_threshold;
  return Ground::applies;
}

}  // namespace daftar::contracts::tax
