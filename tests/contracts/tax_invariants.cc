#include "tax_invariants.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "contracts/accounts.h"
#include "contracts/state_keys.h"
#include "contracts/tax/period.h"

namespace daftar::contracts::test {

using ledger::Int128;

namespace {

template <class Record>
std::vector<std::pair<std::string, Record>> records_of(const ledger::StateView& state, const std::string& prefix) {
  std::vector<std::pair<std::string, Record>> found;
  state.scan(prefix, keys::after_prefix(prefix), [&](std::string_view key, std::string_view value) {
    auto record = decode_record<Record>(value);
    REQUIRE(record.has_value());
    found.emplace_back(std::string(key), std::move(*record));
    return true;
  });
  return found;
}

const tax::TaxRule& rule_named(const std::vector<tax::TaxRule>& rules, const std::string& code, std::uint32_t version) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const tax::TaxRule& one) { return one.code == code && one.version == version; });
  REQUIRE(rule != rules.end());
  return *rule;
}

std::uint32_t first_month(tax::Remittance remittance, std::uint32_t month) { return remittance == tax::Remittance::quarter ? month - (month % 100 - 1) % 3 : month; }

/// rule/version/currency/period
std::string pool(const std::string& code, std::uint32_t version, const std::string& currency, std::uint32_t period) {
  return code + "/" + std::to_string(version) + "/" + currency + "/" + std::to_string(period);
}

}  // namespace

void check_held_tax(const ledger::StateView& state, const std::vector<tax::TaxRule>& rules) {
  std::map<std::string, Int128> on_account, in_register;
  std::set<std::string> waiting;
  for (const auto& [key, held] : records_of<tax::HeldTax>(state, "H")) {
    INFO(held.payer << " " << pool(held.rule, held.version, held.currency, held.period));
    const tax::TaxRule& rule = rule_named(rules, held.rule, held.version);
    REQUIRE(rule.held());
    REQUIRE(held.due_ms == tax::due_ms_of(rule, held.period));
    REQUIRE(held.withheld > 0);
    REQUIRE(held.given_back >= 0);
    REQUIRE((held.refunded >= 0 && held.refunded <= held.remitted()));
    REQUIRE(held.liability() >= 0);
    REQUIRE(held.withheld - held.given_back == held.remitted() + held.liability());
    REQUIRE((held.fires_ms != 0) == (held.liability() > 0));
    on_account[held_tax_account(held.payer, held.currency, held.rule)] += held.liability();
    in_register[pool(held.rule, held.version, held.currency, held.period)] += held.withheld - held.given_back - held.refunded;
    if (held.fires_ms == 0) continue;
    const auto deadline = keys::deadline({held.fires_ms, ledger::tagged_hash(ledger::tag::tax_due, key), 0, keys::DeadlineKind::remittance});
    REQUIRE(state.get(deadline) == key);
    waiting.insert(deadline);
  }
  state.scan("d", "e", [&](std::string_view key, std::string_view) {
    if (keys::parse_deadline(key)->kind == keys::DeadlineKind::remittance) REQUIRE(waiting.erase(std::string(key)) == 1);
    return true;
  });
  REQUIRE(waiting.empty());
  for (const auto& [key, account] : records_of<Account>(state, "a")) {
    const std::string id = key.substr(1);
    if (id.find("/tax.") == std::string::npos) continue;
    INFO(id);
    REQUIRE(account.balance == on_account[id]);
    on_account.erase(id);
  }
  for (const auto& [id, amount] : on_account) REQUIRE(amount == 0);
  for (const auto& [key, row] : records_of<tax::RegisterRow>(state, "r"))
    if (const auto& rule = rule_named(rules, row.rule, row.version); rule.held())
      in_register[pool(row.rule, row.version, row.currency, first_month(rule.remittance, row.period))] -= row.withheld;
  for (const auto& [name, difference] : in_register) {
    INFO(name);
    REQUIRE(difference == 0);
  }
}

void check_tax_sums(const ledger::StateView& state, const std::vector<tax::TaxRule>& rules) {
  std::map<std::string, Int128> bases;   // by payee, rule, currency, period
  for (const auto& [key, sum] : records_of<tax::TaxSum>(state, "S")) {
    REQUIRE(sum.start <= sum.base);
    REQUIRE(sum.tax <= sum.base);
    const auto payee = key.find('\0'), rule = key.find('\0', payee + 1), currency = key.find('\0', rule + 1);
    bases[key.substr(1, currency - 1) + key.substr(key.size() - 4)] += sum.base;
  }
  for (const auto& [key, row] : records_of<tax::RegisterRow>(state, "r")) {
    const tax::TaxRule& rule = rule_named(rules, row.rule, row.version);
    if (!rule.accumulates()) continue;
    const std::uint32_t period = rule.accumulation == tax::Accumulation::year ? row.period / 100 * 100 : row.period;
    const std::string sum = keys::tax_sum(row.payee, row.rule, row.currency, "", period);
    bases[sum.substr(1, sum.size() - 7) + sum.substr(sum.size() - 4)] -= row.base;
  }
  for (const auto& [name, difference] : bases) {
    INFO(name);
    REQUIRE(difference == 0);
  }
}

}  // namespace daftar::contracts::test
