// A transaction as it arrived: views over the exact received bytes, judged without any state.
// Order of checks: size → strict scan of envelope and body → nonce, signatures' shape → ledger id and epoch → signatures.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/expected.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/proto/ledger.pb.h"
#include "ledger/rejection.h"

namespace daftar::ledger {

struct TransactionLimits {
  std::size_t bytes_max = 64 * 1024;      // of the envelope; checked before anything is parsed
  std::size_t operations_max = 1000;
  std::size_t signatures_max = 16;
};
/// What no ledger's limits go beyond: by it nodes read blocks and what others send them, as the limits in force are a matter of the state that executes it. Several such
/// transactions fit into a block.
inline constexpr TransactionLimits transaction_ceiling{.bytes_max = 1024 * 1024, .operations_max = 100'000, .signatures_max = 16};

/// Immutable once parsed; shared between threads. Keeps the received bytes: they are what is stored, forwarded and hashed.
class Transaction {
 public:
  struct Signed { PublicKey key; Signature signature; };

  /// Everything that needs neither state nor signature arithmetic: size, strict scan, nonce of 16 bytes, 1..max operations,
  /// at least one signature (unless `allow_unsigned`, for dry runs), keys distinct.
  static Expected<std::shared_ptr<const Transaction>, Rejection> parse(std::string envelope, const TransactionLimits& limits,
                                                                      bool allow_unsigned = false);

  const std::string& envelope() const { return envelope_; }
  std::string_view body_bytes() const;
  const proto::TransactionBody& body() const { return body_; }
  const std::vector<Signed>& signatures() const { return signatures_; }
  /// SHA-256(tag ‖ body bytes): adding or reordering signatures changes nothing.
  const Digest& id() const { return id_; }
  /// SHA-256(tag ‖ envelope bytes): what the log's leaf commits to.
  const Digest& envelope_hash() const { return envelope_hash_; }

  /// All signatures by the rule of keys.h. Costs about 40 µs each; call it off the consensus thread.
  Expected<void, Rejection> verify_signatures() const;

 private:
  Transaction() = default;
  std::string envelope_;
  std::size_t body_offset_ = 0, body_size_ = 0;
  proto::TransactionBody body_;
  std::vector<Signed> signatures_;
  Digest id_, envelope_hash_;
};

Digest transaction_id(std::string_view body_bytes);
/// What is signed: tag ‖ 0x00 ‖ body bytes. The body carries ledger id, epoch, sender, nonce and expiry.
std::string signing_bytes(std::string_view body_bytes);
/// Builds an envelope around exact body bytes (the fields in order, nothing else).
std::string make_envelope(std::string_view body_bytes, const std::vector<Transaction::Signed>& signatures);
/// Encodes a body in the one form the strict scan accepts. For wallets and tests: what they then sign are these bytes.
std::string encode_body(const proto::TransactionBody& body);

}  // namespace daftar::ledger
