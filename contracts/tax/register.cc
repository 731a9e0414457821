#include "contracts/tax/register.h"

#include "contracts/state_keys.h"

namespace daftar::contracts::tax {

// Days to civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days; era begins on 1 March.
std::uint32_t period_of(std::uint64_t time_ms) {
  const std::uint64_t days = time_ms / 86'400'000 + 719'468;
  const std::uint64_t era = days / 146'097;
  const std::uint64_t day_of_era = days % 146'097;
  const std::uint64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t shifted_month = (5 * day_of_year + 2) / 153;   // 0 = March
  const std::uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return static_cast<std::uint32_t>(year * 100 + month);
}

void enter_register(Context& c, const TaxLine& line) {
  const std::uint32_t period = period_of(c.now_ms);
  const std::string key = keys::register_row(line.payee, line.rule, line.currency, line.version, period);
  RegisterRow row = c.store.load<RegisterRow>(key).value_or(
      RegisterRow{.payee = line.payee, .rule = line.rule, .currency = line.currency, .version = line.version, .period = period});
  row.payments += 1;
  row.gross += line.gross;
  row.base += line.base;
  row.tax += line.tax;
  row.withheld += line.withheld;
  c.store.save(key, row);
  c.index(IndexKind::tax_payee, line.payee);
  c.index(IndexKind::tax_rule, line.rule);
  c.result.taxes.push_back(line);
}

}  // namespace daftar::contracts::tax
