#include "contracts/budget/duties.h"

#include <algorithm>

#include "contracts/budget/rules.h"
#include "ledger/money.h"

namespace daftar::contracts::budget {

using ledger::RejectionCode;

std::vector<ledger::PublicKey> signing_keys(const Context& c) {
  std::vector<ledger::PublicKey> keys;
  if (c.transaction == nullptr) return keys;
  for (const auto& signature : c.transaction->signatures()) keys.push_back(signature.key);
  return keys;
}

Outcome judge_duty(const Context& c, const std::vector<ledger::PublicKey>& earlier, std::string_view step) {
  const auto keys = signing_keys(c);
  if (!c.fixed.budget->duties || keys.empty()) return {};
  const auto is_fresh = [&](const ledger::PublicKey& key) { return std::find(earlier.begin(), earlier.end(), key) == earlier.end(); };
  if (std::any_of(keys.begin(), keys.end(), is_fresh)) return {};
  return refuse(RejectionCode::duties_conflict, std::string(step));
}

Outcome judge_two_persons(const Context& c, std::string_view currency, ledger::MinorUnits amount) {
  const auto keys = signing_keys(c);
  const auto above = c.fixed.budget->two_persons_above.find(currency);
  if (above == c.fixed.budget->two_persons_above.end() || keys.empty() || amount <= above->second || keys.size() >= 2) return {};
  return refuse(RejectionCode::two_persons_needed, "above " + ledger::format_decimal(above->second, ledger::currency_decimals(currency).value_or(0), true) + " " + std::string(currency));
}

}  // namespace daftar::contracts::budget
