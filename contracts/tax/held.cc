#include "contracts/tax/held.h"

#include "contracts/accounts.h"
#include "contracts/budget/revenue.h"
#include "contracts/journal.h"
#include "contracts/tax/period.h"

namespace daftar::contracts::tax {
namespace {

using ledger::RejectionCode;

constexpr std::uint64_t retry_ms = 86'400'000;

keys::Deadline deadline_of(const std::string& key, const HeldTax& held) {
  return {.time_ms = held.fires_ms, .contract = ledger::tagged_hash(ledger::tag::tax_due, key), .number = 0, .kind = keys::DeadlineKind::remittance};
}

std::string key_of(const Store& store, const keys::Deadline& deadline) {
  auto key = store.get(keys::deadline(deadline));
  DAFTAR_CHECK(key.has_value());   // one that waits
  return std::move(*key);
}

std::string numbered(const HeldTax& held) { return held.rule + "/" + std::to_string(held.version); }

/// From the payer's account to the revenue account of the version that withheld.
Outcome send(Context& c, const std::string& key, HeldTax& held, ledger::MinorUnits amount) {
  const auto rule = c.store.load<TaxRule>(keys::tax_rule(held.rule, held.version));
  DAFTAR_CHECK(rule.has_value());   // rules are never removed
  if (auto taken = debit(c, held_tax_account(held.payer, held.currency, held.rule), amount, "tax_remitted"); !taken) return taken;
  if (auto given = credit(c, rule->revenue_account, amount, "tax_remitted", numbered(held)); !given) return given;
  budget::count_revenue(c, rule->revenue_account, amount);
  held.remittances.push_back({.id = c.id, .time_ms = c.now_ms, .amount = amount});
  keep(c, key, held);
  c.event("tax_remitted", held.payer, held.period, amount, numbered(held));
  c.index(IndexKind::tax_rule, held.rule);
  c.index(IndexKind::member, held.payer);
  return {};
}

}  // namespace

std::string held_key(const TaxRule& rule, std::string_view payer, std::string_view currency, std::uint64_t time_ms) {
  return keys::held_tax(payer, rule.code, currency, rule.version, remittance_period(rule.remittance, time_ms));
}

void keep(Context& c, const std::string& key, HeldTax& held) {
  const bool waits = held.liability() > 0;
  if (!waits && held.fires_ms != 0) {
    c.store.erase(keys::deadline(deadline_of(key, held)));
    held.fires_ms = 0;
  }
  if (waits && held.fires_ms == 0) {
    held.fires_ms = held.due_ms;
    c.store.put(keys::deadline(deadline_of(key, held)), key);
  }
  c.store.save(key, held);
}

void hold(Context& c, const TaxRule& rule) {
  const TaxLine& line = c.result.taxes.back();
  const std::string key = held_key(rule, line.payer, line.currency, c.now_ms);
  const std::uint32_t period = remittance_period(rule.remittance, c.now_ms);
  HeldTax held = c.store.load<HeldTax>(key).value_or(HeldTax{.payer = line.payer, .rule = line.rule, .currency = line.currency, .version = line.version,
                                                             .period = period, .due_ms = due_ms_of(rule, period), .nonce = std::string(c.nonce)});
  held.withheld += line.withheld;
  keep(c, key, held);
}

Outcome remit(Context& c, const ledger::proto::RemitTax& o) {
  if (auto positive = require_positive(o.amount(), "amount"); !positive) return positive;
  const std::string key = keys::held_tax(c.sender.id, o.rule(), o.currency(), o.version(), o.period());
  auto held = c.store.load<HeldTax>(key);
  if (!held) return refuse(RejectionCode::tax_not_held, o.rule() + "/" + std::to_string(o.version()) + " " + std::to_string(o.period()));
  if (o.amount() > held->liability()) return refuse(RejectionCode::over_liability, std::to_string(held->liability()));
  if (held->remittances.size() >= remittances_max) return refuse(RejectionCode::field_invalid, "period: has 100 remittances");
  c.bind(held->currency, o.amount());
  return send(c, key, *held, o.amount());
}

HeldTax held_of(const Store& store, const keys::Deadline& deadline) {
  auto held = store.load<HeldTax>(key_of(store, deadline));
  DAFTAR_CHECK(held.has_value());   // rows are never removed
  return std::move(*held);
}

Outcome fire(Context& c, const keys::Deadline& deadline) {
  HeldTax held = held_of(c.store, deadline);
  return send(c, key_of(c.store, deadline), held, held.liability());
}

void postpone(Context& c, const keys::Deadline& deadline) {
  const std::string key = key_of(c.store, deadline);
  HeldTax held = held_of(c.store, deadline);
  c.store.erase(keys::deadline(deadline));
  held.fires_ms = c.now_ms + retry_ms;
  c.store.put(keys::deadline(deadline_of(key, held)), key);
  c.store.save(key, held);
}

}  // namespace daftar::contracts::tax
