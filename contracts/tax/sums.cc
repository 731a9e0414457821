#include "contracts/tax/sums.h"

#include "contracts/state_keys.h"
#include "contracts/tax/period.h"

namespace daftar::contracts::tax {
namespace {

std::string key_of(const Context& c, const TaxRule& rule, std::string_view payer, std::string_view payee, std::string_view currency) {
  const std::string_view by = rule.accumulated_by == AccumulatedBy::agent_payee ? payer : std::string_view();
  return keys::tax_sum(payee, rule.code, currency, by, accumulation_period(rule.accumulation, c.now_ms));
}

}  // namespace

SoFar so_far(const Context& c, const TaxRule& rule, std::string_view payer, std::string_view payee, std::string_view currency) {
  const auto sum = c.store.load<TaxSum>(key_of(c, rule, payer, payee, currency));
  if (!sum) return {};
  if (sum->version != rule.version) return {.base = sum->base, .start = sum->base, .tax = 0};
  return {.base = sum->base, .start = sum->start, .tax = sum->tax};
}

void add_to_sum(Context& c, const TaxRule& rule, const TaxLine& line, const SoFar& before) {
  const auto base = ledger::checked_add(before.base, line.base), tax = ledger::checked_add(before.tax, line.tax);
  DAFTAR_CHECK(base && tax);   // the book has reckoned with the sum, and no tax exceeds its base
  c.store.save(key_of(c, rule, line.payer, line.payee, line.currency), TaxSum{.base = *base, .version = rule.version, .start = before.start, .tax = *tax});
  c.event(std::string(sum_event), rule.code, rule.version, before.base, sum_text(before));
}

}  // namespace daftar::contracts::tax
