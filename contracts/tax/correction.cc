#include "contracts/tax/correction.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/budget/revenue.h"
#include "contracts/journal.h"
#include "contracts/state_keys.h"
#include "contracts/tax/held.h"
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

/// With its terms of periods.
std::optional<TaxRule> rule_of(const Context& c, const Withheld& line) {
  auto rule = c.store.load<TaxRule>(keys::tax_rule(line.rule, line.version));
  DAFTAR_CHECK(rule.has_value());   // rules are never removed
  if (const auto periods = c.store.load<PeriodTerms>(keys::period_terms(line.rule, line.version))) set_terms(*rule, *periods);
  return rule;
}

/// The sender is the payer, who has not got the revenue account as well.
bool by_holder(const Context& c, const Withheld& line, const TaxRule& rule) {
  return rule.held() && line.payer == c.sender.id && ledger::parse_account(rule.revenue_account)->member != c.sender.id;
}

/// The account from which the sender may give back.
Expected<std::string, ledger::Rejection> source_of(const Context& c, const Withheld& line, const TaxRule& rule) {
  if (by_holder(c, line, rule)) return held_tax_account(line.payer, line.currency, line.rule);
  if (rule.vat_route == VatRoute::supplier_vat_account) {
    if (auto role = require_role(c, Role::tax_authority); !role) return Unexpected<ledger::Rejection>(role.error());
    return vat_account(line.payee, line.currency);
  }
  if (ledger::parse_account(rule.revenue_account)->member != c.sender.id) return refuse(RejectionCode::account_not_yours, rule.revenue_account);
  return rule.revenue_account;
}

/// Of the period of the payment: the payer gives back of what it holds, the owner of the revenue account of what has been remitted.
Outcome reduce_held(Context& c, const Withheld& line, const TaxRule& rule, ledger::MinorUnits amount) {
  const std::string key = held_key(rule, line.payer, line.currency, line.time_ms);
  auto held = c.store.load<HeldTax>(key);
  DAFTAR_CHECK(held.has_value());   // the payment wrote it
  if (by_holder(c, line, rule)) {
    if (amount > held->liability()) return refuse(RejectionCode::over_liability, std::to_string(held->liability()));
    held->given_back += amount;
  } else {
    const ledger::Int128 received = held->remitted() - held->refunded;
    if (amount > received) return refuse(RejectionCode::tax_not_remitted, std::to_string(static_cast<ledger::MinorUnits>(std::min<ledger::Int128>(received, INT64_MAX))));
    held->refunded += amount;
  }
  keep(c, key, *held);
  return {};
}

}  // namespace

void remember_withheld(Context& c) {
  const TaxLine& line = c.result.taxes.back();
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
  const auto payment = ledger::Digest::from_bytes(o.payment());
  const std::string key = payment ? keys::withheld(*payment, o.line()) : std::string();
  auto line = payment ? c.store.load<Withheld>(key) : std::nullopt;
  const auto rule = line ? rule_of(c, *line) : std::nullopt;
  if (!(rule && by_holder(c, *line, *rule)) && !c.sender.has(Role::treasury))
    if (auto role = require_role(c, Role::tax_authority); !role) return role;
  if (auto judged = judge_fields(o); !judged) return judged;
  if (!payment) return refuse(RejectionCode::field_invalid, "payment: 32 bytes");
  if (!line) return refuse(RejectionCode::payment_not_taxed, payment->hex() + " line " + std::to_string(o.line()));
  if (line->rule != o.rule()) return refuse(RejectionCode::payment_not_taxed, "rule: " + line->rule);
  const auto from = source_of(c, *line, *rule);
  if (!from) return Unexpected<ledger::Rejection>(from.error());
  const auto to = require_account(c, o.to(), "to");
  if (!to) return Unexpected<ledger::Rejection>(to.error());
  if (to->member != line->payee || to->currency != line->currency) return refuse(RejectionCode::field_invalid, "to: an account of " + line->payee + " in " + line->currency);
  if (o.amount() > line->left()) return refuse(RejectionCode::over_withheld, std::to_string(line->left()));
  if (line->corrections.size() >= corrections_max) return refuse(RejectionCode::field_invalid, "line: has 100 corrections");
  c.bind(line->currency, o.amount());
  if (rule->held())
    if (auto reduced = reduce_held(c, *line, *rule, o.amount()); !reduced) return reduced;
  if (auto moved = move(c, *from, o.to(), o.amount(), "tax_refund"); !moved) return moved;
  reduce_register(c, *line, o.amount());
  if (*from == rule->revenue_account) budget::count_revenue(c, *from, -ledger::Int128{o.amount()});
  line->corrections.push_back({.id = c.id, .time_ms = c.now_ms, .amount = o.amount()});
  c.store.save(key, *line);
  c.event("tax_corrected", payment->hex(), o.line(), o.amount());   // no reason: anybody reads what an authority did
  c.index(IndexKind::tax_payee, line->payee);
  c.index(IndexKind::tax_rule, line->rule);
  return {};
}

}  // namespace daftar::contracts::tax
