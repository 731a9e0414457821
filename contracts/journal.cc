#include "contracts/journal.h"

#include <algorithm>

#include "contracts/state_keys.h"
#include "ledger/ids.h"

namespace daftar::contracts {

using ledger::RejectionCode;

namespace {

/// `<member>/<CUR>/issued`: the only accounts that may be negative.
bool may_be_negative(std::string_view account) { return account.ends_with("/issued"); }

std::string_view currency_of(std::string_view account) {
  const auto first = account.find('/');
  const auto second = account.find('/', first + 1);
  return account.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
}

Outcome post(Context& c, std::string_view account, ledger::MinorUnits amount, std::string_view reason, std::string_view rule) {
  const std::string key = keys::account(account);
  Account record = c.store.load<Account>(key).value_or(Account{});
  const auto after = ledger::checked_add(record.balance, amount);
  if (!after) return refuse(RejectionCode::overflow, std::string(account));
  if (amount < 0 && *after < 0 && !may_be_negative(account)) return refuse(RejectionCode::overdraft, std::string(account));
  record.balance = *after;
  c.store.save(key, record);
  c.result.postings.push_back({std::string(account), amount, std::string(reason), std::string(rule), *after});
  c.index(IndexKind::account, account);
  return {};
}

}  // namespace

Outcome debit(Context& c, std::string_view account, ledger::MinorUnits amount, std::string_view reason) {
  DAFTAR_CHECK(amount > 0);
  return post(c, account, -amount, reason, {});
}

Outcome credit(Context& c, std::string_view account, ledger::MinorUnits amount, std::string_view reason, std::string_view rule) {
  DAFTAR_CHECK(amount > 0);
  return post(c, account, amount, reason, rule);
}

Outcome move(Context& c, std::string_view from, std::string_view to, ledger::MinorUnits amount, std::string_view reason) {
  DAFTAR_CHECK(currency_of(from) == currency_of(to));
  if (auto taken = debit(c, from, amount, reason); !taken) return taken;
  return credit(c, to, amount, reason);
}

ledger::MinorUnits balance(const Context& c, std::string_view account) {
  return c.store.load<Account>(keys::account(account)).value_or(Account{}).balance;
}

void check_balanced(const std::vector<Posting>& postings) {
  std::vector<std::pair<std::string_view, ledger::Int128>> sums;
  for (const Posting& posting : postings) {
    const auto currency = currency_of(posting.account);
    auto found = std::find_if(sums.begin(), sums.end(), [&](const auto& s) { return s.first == currency; });
    if (found == sums.end()) found = sums.insert(sums.end(), {currency, 0});
    found->second += posting.amount;
  }
  for (const auto& [currency, sum] : sums) DAFTAR_CHECK(sum == 0);
}

}  // namespace daftar::contracts
