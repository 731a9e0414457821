// A tax rule from its message, as a genesis and as proposals carry it: what a rule must be by itself. What rules must be beside each other is judged by
// RuleBook::of, for both.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/tax/records.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"

namespace daftar::contracts::tax {

/// What a rule may name.
struct Surroundings {
  std::function<bool(std::string_view code)> knows_currency;
  std::function<bool(std::string_view member)> takes_revenue;   // has role tax_authority or treasury
};
/// The sentence says what is wrong, not of which rule.
Expected<TaxRule, std::string> read_rule(const ledger::proto::TaxRule& from, const Surroundings& around);

/// The rules of a genesis, in its order. The sentence says which is wrong, and how.
Expected<std::vector<TaxRule>, std::string> rules_of(const ledger::proto::Genesis& genesis);

}  // namespace daftar::contracts::tax
