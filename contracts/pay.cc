#include "contracts/pay.h"

#include "contracts/budget/revenue.h"
#include "contracts/journal.h"
#include "contracts/state_keys.h"
#include "contracts/tax/correction.h"
#include "contracts/tax/register.h"
#include "contracts/tax/rules.h"
#include "ledger/ids.h"

namespace daftar::contracts {

Outcome pay(Context& c, const Payment& payment) {
  const auto account = ledger::parse_account(payment.source);
  DAFTAR_CHECK(account.has_value());
  tax::Certificates certificates;
  if (c.rules->has_treaties())
    certificates = c.store.load<tax::Certificates>(keys::tax_certificates(payment.payee.id)).value_or(tax::Certificates{});
  auto taxes = c.rules->compute({.payer = payment.payer,
                                       .payee = payment.payee,
                                       .category = payment.category,
                                       .currency = account->currency,
                                       .gross = payment.gross,
                                       .time_ms = c.now_ms,
                                       .certificates = certificates.list});
  if (!taxes) return Unexpected<ledger::Rejection>(taxes.error());

  if (auto taken = debit(c, payment.source, payment.gross, "payment"); !taken) return taken;
  ledger::MinorUnits net = payment.gross;
  for (const tax::Computed& computed : *taxes) net -= computed.line.withheld;
  DAFTAR_CHECK(net >= 0);
  if (net > 0)
    if (auto paid = credit(c, payment.payee_account, net, "net_pay"); !paid) return paid;
  for (const tax::Computed& computed : *taxes) {
    const TaxLine& line = computed.line;
    if (line.withheld > 0) {
      const std::string rule = line.rule + "/" + std::to_string(line.version);
      const std::string account = tax::withheld_to(*computed.rule, line.payee, line.currency);
      if (auto withheld = credit(c, account, line.withheld, line.kind, rule); !withheld) return withheld;
      if (account == computed.rule->revenue_account) budget::count_revenue(c, account, line.withheld);
    }
    tax::enter_register(c, line);
    tax::remember_withheld(c, *computed.rule);
  }
  return {};
}

}  // namespace daftar::contracts
