// Who certifies which trees, followed offline from the genesis: each change of the validators is an entry of the log, so a receipt of that
// entry, certified by the validators before it, proves who comes after (docs/formats.md, "Changes of validators").
//
// The rule that makes it a chain: the block that changes the validators always gets a checkpoint, signed by a quorum of the set before it;
// the new set is in force for larger trees.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/nodes.h"
#include "ledger/genesis.h"
#include "ledger/receipt.h"

namespace daftar::contracts {

class ValidatorChain {
 public:
  /// The genesis's validators, for every tree until a change is known.
  static ValidatorChain from_genesis(const ledger::Genesis& genesis);

  /// Takes the receipt of an entry that changed the validators: verifies it with the set that the chain knows for its tree and learns the set
  /// that comes after. In order of the log, without a gap: a receipt certified by a set that the chain has not reached does not verify.
  /// One that the chain has taken already changes nothing. Parts besides verify_receipt's: `change` (it proves no change), `order`.
  Expected<void, ledger::ReceiptFault> advance(std::string_view receipt);
  /// The same for a text of receipts one after another (as `daftar network validators --out` writes it). An empty text is none; what has
  /// been taken before a fault stays taken.
  Expected<void, ledger::ReceiptFault> advance_all(std::string_view receipts);

  /// Any receipt of this ledger, by the set that the chain knows for its tree.
  Expected<ledger::VerifiedReceipt, ledger::ReceiptFault> verify(std::string_view receipt) const;

  /// Whose signatures count under a tree of this size, as far as the chain knows.
  const std::vector<ValidatorKey>& validators_at(std::uint64_t tree_size) const;
  std::vector<ledger::PublicKey> checkpoint_keys_at(std::uint64_t tree_size) const;
  /// How many changes the chain has taken.
  std::size_t changes() const { return changes_; }
  const std::string& origin() const { return origin_; }

 private:
  ValidatorChain() = default;
  struct Set {
    std::uint64_t after_size = 0;   // in force for trees larger than this
    std::vector<ValidatorKey> validators;
  };
  std::string origin_;
  std::vector<Set> sets_;           // ascending by after_size, distinct; never empty
  std::uint64_t next_index_ = 0;    // entries before this one have been taken or passed
  std::size_t changes_ = 0;
};

}  // namespace daftar::contracts
