#include "contracts/query.h"

#include <algorithm>

#include "contracts/state_keys.h"
#include "contracts/tax/period.h"
#include "ledger/check.h"
#include "ledger/ids.h"

namespace daftar::contracts::query {
namespace {

template <class R>
R decoded(std::string_view bytes) {
  auto record = decode_record<R>(bytes);
  DAFTAR_CHECK(record.has_value());
  return std::move(*record);
}

template <class R>
std::optional<R> one(const ledger::StateView& state, std::string_view key) {
  const auto bytes = state.get(key);
  if (!bytes) return std::nullopt;
  return decoded<R>(*bytes);
}

/// Visits keys with `prefix` that come after `after` (a full key, or empty), at most `limit` of them.
template <class Visit>
void page(const ledger::StateView& state, const std::string& prefix, std::string after, std::size_t limit, const Visit& visit) {
  limit = std::min(limit, page_max);
  if (limit == 0) return;
  if (!after.empty()) after.push_back('\0');   // the first key that can follow it
  const std::string from = std::max(prefix, after), to = keys::after_prefix(prefix);
  if (from >= to) return;
  std::size_t seen = 0;
  state.scan(from, to, [&](std::string_view key, std::string_view value) {
    visit(key, value);
    return ++seen < limit;
  });
}

template <class R>
std::vector<R> page_of(const ledger::StateView& state, const std::string& prefix, std::string after, std::size_t limit) {
  std::vector<R> records;
  page(state, prefix, std::move(after), limit, [&](std::string_view, std::string_view value) { records.push_back(decoded<R>(value)); });
  return records;
}

std::string key_after(char kind, std::string_view after) { return after.empty() ? std::string() : std::string(1, kind).append(after); }

std::vector<AccountBalance> account_page(const ledger::StateView& state, const std::string& prefix, std::string_view after, std::size_t limit) {
  std::vector<AccountBalance> found;
  page(state, prefix, key_after('a', after), limit, [&](std::string_view key, std::string_view value) {
    found.push_back({std::string(key.substr(1)), decoded<Account>(value).balance});
  });
  return found;
}

}  // namespace

std::optional<Member> member(const ledger::StateView& state, std::string_view id) { return one<Member>(state, keys::member(id)); }

std::vector<Member> members(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  return page_of<Member>(state, "m", key_after('m', after), limit);
}

std::optional<std::string> member_of_key(const ledger::StateView& state, const ledger::PublicKey& key) {
  return state.get(keys::public_key(key));
}

std::optional<ledger::MinorUnits> balance(const ledger::StateView& state, std::string_view account) {
  if (const auto record = one<Account>(state, keys::account(account))) return record->balance;
  const auto parsed = ledger::parse_account(account);
  if (!parsed || !parsed->label.empty() || !state.get(keys::member(parsed->member))) return std::nullopt;
  return 0;
}

std::vector<AccountBalance> accounts(const ledger::StateView& state, std::string_view member, std::string_view after, std::size_t limit) {
  if (!ledger::is_member_id(member)) return {};
  return account_page(state, keys::account(member) + "/", after, limit);
}

std::vector<AccountBalance> all_accounts(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  return account_page(state, "a", after, limit);
}

std::optional<Payout> payout(const ledger::StateView& state, const ledger::Digest& id) { return one<Payout>(state, keys::payout(id)); }

std::optional<ledger::Digest> statement_reference(const ledger::StateView& state, std::string_view bank, std::string_view reference) {
  const auto id = state.get(keys::statement_reference(bank, reference));
  return id ? ledger::Digest::from_bytes(*id) : std::nullopt;
}

std::optional<agreements::Agreement> contract(const ledger::StateView& state, const ledger::Digest& id) {
  return one<agreements::Agreement>(state, keys::agreement(id));
}

std::vector<agreements::Agreement> contracts(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  return page_of<agreements::Agreement>(state, "g", key_after('g', after), limit);
}

std::optional<agreements::Awarding> awarding(const ledger::StateView& state, const ledger::Digest& contract) {
  return one<agreements::Awarding>(state, keys::awarding(contract));
}

std::vector<agreements::Claim> claims(const ledger::StateView& state, const ledger::Digest& contract) {
  std::vector<agreements::Claim> found;
  state.scan(keys::claim(contract, 0), keys::claim(contract, UINT32_MAX), [&](std::string_view, std::string_view value) {
    found.push_back(decoded<agreements::Claim>(value));
    return true;
  });
  return found;
}

std::optional<agreements::Claim> claim(const ledger::StateView& state, const ledger::Digest& contract, std::uint32_t number) {
  return one<agreements::Claim>(state, keys::claim(contract, number));
}

std::vector<ledger::Digest> contracts_of_line(const ledger::StateView& state, std::string_view line, std::string_view after, std::size_t limit) {
  std::vector<ledger::Digest> found;
  const std::string prefix = keys::line_contracts(line);
  page(state, prefix, after.empty() ? std::string() : prefix + std::string(after), limit, [&](std::string_view key, std::string_view) {
    found.push_back(*ledger::Digest::from_bytes(key.substr(prefix.size())));
  });
  return found;
}

std::optional<budget::BudgetLine> budget_line(const ledger::StateView& state, std::string_view id) {
  return one<budget::BudgetLine>(state, keys::budget_line(id));
}

std::vector<budget::BudgetLine> budget_lines(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  return page_of<budget::BudgetLine>(state, "b", key_after('b', after), limit);
}

namespace {
Revenue with_collected(const ledger::StateView& state, budget::RevenueLine line) {
  const auto year = one<budget::YearRevenue>(state, keys::year_revenue(line.account, line.year));
  return {std::move(line), year ? year->collected : budget::StageSum{}};
}
}  // namespace

std::optional<Revenue> revenue_line(const ledger::StateView& state, std::string_view id) {
  auto line = one<budget::RevenueLine>(state, keys::revenue_line(id));
  return line ? std::optional(with_collected(state, std::move(*line))) : std::nullopt;
}

std::vector<Revenue> revenue_lines(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  std::vector<Revenue> out;
  for (auto& line : page_of<budget::RevenueLine>(state, "B", key_after('B', after), limit)) out.push_back(with_collected(state, std::move(line)));
  return out;
}

std::optional<governance::Proposal> proposal(const ledger::StateView& state, const ledger::Digest& id) { return one<governance::Proposal>(state, keys::proposal(id)); }

std::vector<governance::Proposal> proposals(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  return page_of<governance::Proposal>(state, "h", key_after('h', after), limit);
}

std::optional<governance::TemplateRecord> contract_template(const ledger::StateView& state, std::string_view name, std::uint32_t version) {
  return one<governance::TemplateRecord>(state, keys::contract_template(name, version));
}

std::vector<governance::ClassificationCode> classification_codes(const ledger::StateView& state, std::string_view list, std::string_view after, std::size_t limit) {
  const std::string prefix = keys::classification_list(list);
  return page_of<governance::ClassificationCode>(state, prefix, after.empty() ? std::string() : prefix + std::string(after), limit);
}

std::optional<governance::ClassificationCode> classification_code(const ledger::StateView& state, std::string_view list, std::string_view code) {
  return one<governance::ClassificationCode>(state, keys::classification(list, code));
}

std::vector<tax::TaxRule> tax_rules(const ledger::StateView& state) {
  std::vector<tax::TaxRule> rules;
  state.scan("t", keys::after_prefix("t"), [&](std::string_view, std::string_view value) {
    rules.push_back(decoded<tax::TaxRule>(value));
    return true;
  });
  for (tax::TaxRule& rule : rules) {
    if (auto terms = one<tax::FurtherTerms>(state, keys::further_terms(rule.code, rule.version))) set_terms(rule, std::move(*terms));
    if (auto terms = one<tax::PeriodTerms>(state, keys::period_terms(rule.code, rule.version))) set_terms(rule, *terms);
  }
  return rules;
}

std::vector<tax::TaxRule> tax_rules_in_force(const ledger::StateView& state, std::uint64_t time_ms) {
  auto rules = tax_rules(state);
  std::erase_if(rules, [&](const tax::TaxRule& rule) { return !rule.in_force(time_ms); });
  return rules;
}

std::vector<tax::Certificate> tax_certificates(const ledger::StateView& state, std::string_view payee) {
  auto certificates = one<tax::Certificates>(state, keys::tax_certificates(payee));
  return certificates ? std::move(certificates->list) : std::vector<tax::Certificate>{};
}

std::optional<tax::Withheld> withheld(const ledger::StateView& state, const ledger::Digest& entry, std::uint32_t line) {
  return one<tax::Withheld>(state, keys::withheld(entry, line));
}

namespace {

/// Rows whose keys begin with this letter and, when it is not empty, with that member.
template <class Page>
Page rows_of_member(const ledger::StateView& state, char letter, std::string_view member, std::string_view after, std::size_t limit) {
  Page result;
  std::string prefix(1, letter);
  if (!member.empty()) {
    if (!ledger::is_member_id(member)) return result;
    prefix.append(member).push_back('\0');
  }
  std::string last;
  page(state, prefix, std::string(after), limit, [&](std::string_view key, std::string_view value) {
    result.rows.push_back(decoded<typename decltype(result.rows)::value_type>(value));
    last = key;
  });
  if (!result.rows.empty() && result.rows.size() == std::min(limit, page_max)) result.next = last;
  return result;
}

}  // namespace

RegisterPage register_rows(const ledger::StateView& state, std::string_view payee, std::string_view after, std::size_t limit) {
  return rows_of_member<RegisterPage>(state, 'r', payee, after, limit);
}

HeldTaxPage held_tax(const ledger::StateView& state, std::string_view payer, std::string_view after, std::size_t limit) {
  return rows_of_member<HeldTaxPage>(state, 'H', payer, after, limit);
}

std::optional<tax::HeldTax> held_of_line(const ledger::StateView& state, const tax::TaxRule& rule, std::string_view payer, std::string_view currency, std::uint64_t time_ms) {
  if (!rule.held()) return std::nullopt;
  return one<tax::HeldTax>(state, keys::held_tax(payer, rule.code, currency, rule.version, tax::remittance_period(rule.remittance, time_ms)));
}

}  // namespace daftar::contracts::query
