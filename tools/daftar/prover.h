// Receipts for the commands: fetched from a node, and verified here with the validators that the genesis and the receipts of their changes name.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "contracts/validator_chain.h"
#include "tools/daftar/session.h"

namespace daftar::tools {

class Prover {
 public:
  /// Fetches how the validators have changed and follows them from the genesis.
  static Result<Prover> open(Session& session);

  /// The text, which has been verified; waits until a certificate covers the entry.
  Result<std::string> fetch(const std::string& id, std::chrono::seconds timeout);
  /// Asks nobody.
  Expected<ledger::VerifiedReceipt, ledger::ReceiptFault> verify(std::string_view receipt) const { return chain_.verify(receipt); }
  /// Of the validators, as a file of changes; empty when there has been none.
  const std::string& changes() const { return changes_; }

 private:
  Prover(ApiClient& api, std::shared_ptr<const ledger::Genesis> genesis)
      : api_(&api), genesis_(std::move(genesis)), chain_(contracts::ValidatorChain::from_genesis(*genesis_)) {}
  Result<void> follow();
  ApiClient* api_;
  std::shared_ptr<const ledger::Genesis> genesis_;
  std::string changes_;
  contracts::ValidatorChain chain_;
};

}  // namespace daftar::tools
