// A block as proposed by a leader: views over its exact bytes.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "ledger/transaction.h"

namespace daftar::ledger {

struct BlockLimits {
  std::size_t bytes_max = 4 * 1024 * 1024;
  std::size_t transactions_max = 10'000;
};

class Block {
 public:
  /// Strict scan and limits, then every envelope parsed (not verified). The reason of failure is for a log line: an honest leader
  /// never sends such a block.
  static Expected<std::shared_ptr<const Block>, Rejection> parse(std::shared_ptr<const std::string> bytes, const BlockLimits& limits,
                                                                const TransactionLimits& transaction_limits);
  const Digest& hash() const { return hash_; }
  const Digest& previous_hash() const { return previous_hash_; }
  std::uint64_t height() const { return height_; }
  std::uint64_t time_ms() const { return time_ms_; }
  bool checkpoint() const { return checkpoint_; }
  const std::vector<std::shared_ptr<const Transaction>>& transactions() const { return transactions_; }
  const std::string& bytes() const { return *bytes_; }

 private:
  friend std::shared_ptr<const Block> make_block(const Digest&, std::uint64_t, std::uint64_t, bool,
                                                 std::vector<std::shared_ptr<const Transaction>>);
  Block() = default;
  std::shared_ptr<const std::string> bytes_;
  Digest hash_, previous_hash_;
  std::uint64_t height_ = 0, time_ms_ = 0;
  bool checkpoint_ = false;
  std::vector<std::shared_ptr<const Transaction>> transactions_;
};

/// The bytes of a new block, in the form the strict scan accepts. Does not re-encode transactions: copies their envelopes.
std::string encode_block(const Digest& previous_hash, std::uint64_t height, std::uint64_t time_ms, bool checkpoint,
                         const std::vector<std::shared_ptr<const Transaction>>& transactions);
/// The leader's short cut: a Block from parts it has already parsed, without parsing its own bytes again.
std::shared_ptr<const Block> make_block(const Digest& previous_hash, std::uint64_t height, std::uint64_t time_ms, bool checkpoint,
                                        std::vector<std::shared_ptr<const Transaction>> transactions);
Digest block_hash(std::string_view block_bytes);

}  // namespace daftar::ledger
