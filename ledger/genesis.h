// The beginning of a ledger: its bytes, its id, its validators.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "ledger/expected.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/proto/ledger.pb.h"
#include "ledger/transaction.h"

namespace daftar::ledger {

class Genesis {
 public:
  /// Strict scan, then: name, times, currencies known and distinct, limits in range, 1 to 31 validators, nodes numbered 1..n without
  /// gap; all keys, of validators and members, registrable and distinct. The error is one sentence naming the field.
  /// What members and tax rules mean is judged by contracts when the genesis state is made.
  static Expected<std::shared_ptr<const Genesis>, std::string> parse(std::string bytes);
  const std::string& bytes() const { return bytes_; }
  const proto::Genesis& content() const { return content_; }
  const Digest& ledger_id() const { return ledger_id_; }
  std::string origin() const;                                   // epoch 0
  const std::vector<PublicKey>& checkpoint_keys() const { return checkpoint_keys_; }   // by node - 1
  const std::vector<PublicKey>& link_keys() const { return link_keys_; }
  TransactionLimits transaction_limits() const;
  std::uint64_t valid_until_horizon_ms() const;
  std::uint64_t clock_skew_ms() const;

 private:
  Genesis() = default;
  std::string bytes_;
  proto::Genesis content_;
  Digest ledger_id_;
  std::vector<PublicKey> checkpoint_keys_, link_keys_;
};

/// Encodes a genesis in the one form the strict scan accepts.
std::string encode_genesis(const proto::Genesis& genesis);

}  // namespace daftar::ledger
