#include "contracts/tax/correction.h"

#include "contracts/accounts.h"
#include "contracts/budget/revenue.h"
#include "contracts/journal.h"
#include "contracts/state_keys.h"
#include "contracts/tax/register.h"
#include "ledger/ids.h"

namespace daftar::contracts::tax {
namespace {

using ledger::RejectionCode;

constexpr std::size_t reason_bytes_max = 280;

Outcome judge_fields(const ledger::proto::CorrectTax& o) {
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  if (auto text = require_text(o.reason(), reason_bytes_max, true, "reason"); !text) return text;
  if (!o.decision_digest().empty() && o.decision_digest().size() != 32) return refuse(RejectionCode::field_invalid, "decision_digest: 32 bytes");
  return {};
}

/// The register of the payment's own month.
void reduce_register(Context& c, const Withheld& line, ledger::MinorUnits amount) {
  const std::string key = keys::register_row(line.payee, line.rule, line.currency, line.version, period_of(line.time_ms));
  auto row = c.store.load<RegisterRow>(key);
  DAFTAR_CHECK(row.has_value());   // the payment wrote it
  row->tax -= amount;
  row->withheld -= amount;
  DAFTAR_CHECK(row->tax >= row->withheld && row->withheld >= 0);
  c.store.save(key, *row);
}

}  // namespace

void remember_withheld(Context& c, const TaxRule& rule) {
  const TaxLine& line = c.result.taxes.back();
  if (line.withheld == 0 || rule.vat_route != VatRoute::treasury) return;
  c.store.save(keys::withheld(c.id, static_cast<std::uint32_t>(c.result.taxes.size())), Withheld{.rule = line.rule,
                                                                                                .payer = line.payer,
                                                                                                .payee = line.payee,
                                                                                                .currency = line.currency,
                                                                                                .version = line.version,
                                                                                                .time_ms = c.now_ms,
                                                                                                .withheld = line.withheld,
                                                                                                .corrections = {}});
}

Outcome correct(Context& c, const ledger::proto::CorrectTax& o) {
  if (auto role = require_role(c, Role::tax_authority); !role) return role;
  if (auto judged = judge_fields(o); !judged) return judged;
  const auto payment = ledger::Digest::from_bytes(o.payment());
  if (!payment) return refuse(RejectionCode::field_invalid, "payment: 32 bytes");
  const std::string key = keys::withheld(*payment, o.line());
  auto line = c.store.load<Withheld>(key);
  if (!line) return refuse(RejectionCode::payment_not_taxed, payment->hex() + " line " + std::to_string(o.line()));
  if (line->rule != o.rule()) return refuse(RejectionCode::payment_not_taxed, "rule: " + line->rule);
  const auto rule = c.store.load<TaxRule>(keys::tax_rule(line->rule, line->version));
  DAFTAR_CHECK(rule.has_value());   // rules are never removed
  if (ledger::parse_account(rule->revenue_account)->member != c.sender.id) return refuse(RejectionCode::account_not_yours, rule->revenue_account);
  const auto to = require_account(c, o.to(), "to");
  if (!to) return Unexpected<ledger::Rejection>(to.error());
  if (to->member != line->payee || to->currency != line->currency) return refuse(RejectionCode::field_invalid, "to: an account of " + line->payee + " in " + line->currency);
  if (o.amount() > line->left()) return refuse(RejectionCode::over_withheld, std::to_string(line->left()));
  if (line->corrections.size() >= corrections_max) return refuse(RejectionCode::field_invalid, "line: has 100 corrections");
  c.bind(line->currency, o.amount());
  if (auto moved = move(c, rule->revenue_account, o.to(), o.amount(), "tax_refund"); !moved) return moved;
  reduce_register(c, *line, o.amount());
  budget::count_revenue(c, rule->revenue_account, -ledger::Int128{o.amount()});
  line->corrections.push_back({.id = c.id, .time_ms = c.now_ms, .amount = o.amount()});
  c.store.save(key, *line);
  c.event("tax_corrected", payment->hex(), o.line(), o.amount());   // no reason: anybody reads what an authority did
  c.index(IndexKind::tax_payee, line->payee);
  c.index(IndexKind::tax_rule, line->rule);
  return {};
}

}  // namespace daftar::contracts::tax
