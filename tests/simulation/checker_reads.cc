// Linearizable reads: a balance as it was at some moment between the read's begin and its end. History grows only at its end, so that moment is a
// length of the history: at least what anybody had been told of when the read began, be it by an answer or by another read.
#include "tests/simulation/checker.h"

namespace daftar::simulation {

void Checker::read(std::uint64_t node, std::uint64_t told_before, const std::string& account, std::int64_t balance, std::uint64_t entries) {
  const std::string what = "node " + std::to_string(node) + " read " + account + " as of " + std::to_string(entries) + " entries";
  if (entries < told_before) broken("linearizable reads", what + ", when somebody had been told of " + std::to_string(told_before));
  if (entries > history_.size()) broken("linearizable reads", what + " of " + std::to_string(history_.size()));
  const auto& model = balances_at_[entries];
  const auto known = model.find(account);
  const std::int64_t expected = known == model.end() ? 0 : known->second;
  if (balance != expected) broken("linearizable reads", what + ": " + std::to_string(balance) + " instead of " + std::to_string(expected));
  told_ = std::max(told_, entries);
  ++reads_;
}

}  // namespace daftar::simulation
