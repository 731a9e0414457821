#include "contracts/tax/register.h"

#include "contracts/state_keys.h"

namespace daftar::contracts::tax {

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
