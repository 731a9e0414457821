#include "contracts/validator_chain.h"

#include "contracts/result.h"

namespace daftar::contracts {
namespace {

constexpr std::string_view receipt_line = "c2sp.org/tlog-proof@v1\n";   // the first line of every receipt

Unexpected<ledger::ReceiptFault> fault(std::string part, std::string sentence) {
  return Unexpected<ledger::ReceiptFault>(ledger::ReceiptFault{std::move(part), std::move(sentence)});
}

/// The set that this entry left behind. A transaction may bring two changes in force: the last one counts.
std::optional<std::vector<ValidatorKey>> set_of(const ledger::Entry& entry) {
  const auto result = decode_result(entry.result);
  if (!result || !result->ok()) return std::nullopt;
  std::optional<std::vector<ValidatorKey>> set;
  for (const Event& event : result->events)
    if (event.kind == "validators_changed") set = parse_validator_set_text(event.text);
  return set;
}

}  // namespace

ValidatorChain ValidatorChain::from_genesis(const ledger::Genesis& genesis) {
  ValidatorChain chain;
  chain.origin_ = genesis.origin();
  Set& first = chain.sets_.emplace_back();
  for (const auto& key : genesis.checkpoint_keys()) first.validators.push_back({static_cast<std::uint32_t>(first.validators.size()) + 1, key});
  return chain;
}

const std::vector<ValidatorKey>& ValidatorChain::validators_at(std::uint64_t tree_size) const {
  std::size_t at = sets_.size() - 1;
  while (at > 0 && tree_size <= sets_[at].after_size) --at;
  return sets_[at].validators;
}

std::vector<ledger::PublicKey> ValidatorChain::checkpoint_keys_at(std::uint64_t tree_size) const {
  std::vector<ledger::PublicKey> keys;
  for (const ValidatorKey& validator : validators_at(tree_size)) keys.push_back(validator.checkpoint_key);
  return keys;
}

Expected<ledger::VerifiedReceipt, ledger::ReceiptFault> ValidatorChain::verify(std::string_view receipt) const {
  const auto claimed = ledger::claimed_checkpoint(receipt);
  if (!claimed) return Unexpected<ledger::ReceiptFault>(claimed.error());
  // The size is only claimed, and says which keys to try; with the keys of that size's set the claim itself is verified.
  return ledger::verify_receipt(receipt, origin_, checkpoint_keys_at(claimed->size));
}

Expected<void, ledger::ReceiptFault> ValidatorChain::advance(std::string_view receipt) {
  const auto verified = verify(receipt);
  if (!verified) return Unexpected<ledger::ReceiptFault>(verified.error());
  auto set = set_of(verified->entry);
  if (!set) return fault("change", "Entry " + std::to_string(verified->entry.index) + " did not change the validators.");
  if (verified->entry.index < next_index_) return {};
  const std::uint64_t size = verified->checkpoint.size;
  if (size < sets_.back().after_size) return fault("order", "The receipt is of a tree before the change that was taken last.");
  // Two changes in one block: no tree lies between them.
  if (changes_ > 0 && size == sets_.back().after_size) sets_.back().validators = std::move(*set);
  else sets_.push_back({size, std::move(*set)});
  next_index_ = verified->entry.index + 1;
  ++changes_;
  return {};
}

Expected<void, ledger::ReceiptFault> ValidatorChain::advance_all(std::string_view receipts) {
  while (!receipts.empty()) {
    const auto next = receipts.find("\n" + std::string(receipt_line), 1);
    const auto size = next == std::string_view::npos ? receipts.size() : next + 1;
    if (auto taken = advance(receipts.substr(0, size)); !taken)
      return fault(taken.error().part, "Change of validators " + std::to_string(changes_ + 1) + ": " + taken.error().sentence);
    receipts.remove_prefix(size);
  }
  return {};
}

}  // namespace daftar::contracts
