#include "contracts/pay.h"

#include "contracts/budget/revenue.h"
#include "contracts/journal.h"
#include "contracts/state_keys.h"
#include "contracts/tax/correction.h"
#include "contracts/tax/gross_up.h"
#include "contracts/tax/held.h"
#include "contracts/tax/register.h"
#include "contracts/tax/rules.h"
#include "contracts/tax/sums.h"
#include "ledger/ids.h"

namespace daftar::contracts {
namespace {

tax::Certificates certificates_of(const Context& c, const Member& payee) {
  if (!c.rules->has_treaties()) return {};
  return c.store.load<tax::Certificates>(keys::tax_certificates(payee.id)).value_or(tax::Certificates{});
}

/// What the rules are asked. Valid as long as its arguments.
tax::Question question_of(const Context& c, const Payment& payment, const tax::Certificates& certificates) {
  const auto account = ledger::parse_account(payment.source);
  DAFTAR_CHECK(account.has_value());
  tax::Question question{.payer = payment.payer,
                         .payee = payment.payee,
                         .category = payment.category,
                         .currency = account->currency,
                         .gross = payment.gross,
                         .time_ms = c.now_ms,
                         .certificates = certificates.list};
  if (c.rules->has_sums())
    question.so_far = [&c, &payment, currency = account->currency](const tax::TaxRule& rule) { return tax::so_far(c, rule, payment.payer.id, payment.payee.id, currency); };
  return question;
}

/// One tax line: to whom its money goes, and what the state keeps of it.
Outcome take(Context& c, const tax::Computed& computed) {
  const TaxLine& line = computed.line;
  if (line.withheld > 0) {
    const std::string rule = line.rule + "/" + std::to_string(line.version);
    const std::string account = tax::withheld_to(*computed.rule, line);
    if (auto withheld = credit(c, account, line.withheld, line.kind, rule); !withheld) return withheld;
    if (account == computed.rule->revenue_account) budget::count_revenue(c, account, line.withheld);
  }
  if (computed.rule->accumulates()) tax::add_to_sum(c, *computed.rule, line, computed.so_far);
  tax::enter_register(c, line);
  if (line.withheld > 0) {
    tax::remember_withheld(c);
    if (computed.rule->held()) tax::hold(c, *computed.rule);
  }
  return {};
}

}  // namespace

Expected<ledger::MinorUnits, ledger::Rejection> gross_for(const Context& c, const Payment& payment) {
  const auto certificates = certificates_of(c, payment.payee);
  return tax::gross_for(*c.rules, question_of(c, payment, certificates), payment.gross);
}

Outcome pay(Context& c, const Payment& payment) {
  const auto certificates = certificates_of(c, payment.payee);
  const auto taxes = c.rules->compute(question_of(c, payment, certificates));
  if (!taxes) return Unexpected<ledger::Rejection>(taxes.error());

  if (auto taken = debit(c, payment.source, payment.gross, "payment"); !taken) return taken;
  ledger::MinorUnits net = payment.gross;
  for (const tax::Computed& computed : *taxes) net -= computed.line.withheld;
  DAFTAR_CHECK(net >= 0);
  if (net > 0)
    if (auto paid = credit(c, payment.payee_account, net, "net_pay"); !paid) return paid;
  for (const tax::Computed& computed : *taxes)
    if (auto taken = take(c, computed); !taken) return taken;
  return {};
}

}  // namespace daftar::contracts
