// Transactions that wait for a place in a block, on the node that leads. Bounded, and fair: members take turns, so that one who floods
// waits behind himself (docs/architecture.md, "Fair use"). Single owner.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/transaction.h"

namespace daftar::node {

/// Of each member: those of the ledger's limits by which nodes go.
struct MemberLimits {
  std::size_t member_transactions_max = 20'000;
  std::uint32_t member_rate_per_s = 0;  // 0: no limit; a second's worth may come at once
};
struct MempoolLimits : MemberLimits {
  std::size_t transactions_max = 100'000;
  std::size_t bytes_max = 64u << 20;
};

class Mempool {
 public:
  explicit Mempool(MempoolLimits limits) : limits_(limits) {}

  /// What waits already stays.
  void set_member_limits(const MemberLimits& limits) { static_cast<MemberLimits&>(limits_) = limits; }

  enum class Verdict { taken, full, member_full, member_rate };
  Verdict add(std::shared_ptr<const ledger::Transaction> transaction, bool certified, std::uint64_t now_ms);

  struct Taken {
    std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
    bool certified = false;  // someone waits for a certificate of one of them
  };
  /// Takes one of each waiting member in turn, up to the limits; at least one when not empty.
  Taken take(std::size_t transactions_max, std::size_t bytes_max);
  /// What take() gave and could not be ordered: back to the front, each member's in their order. They were let in once: no limit or rate
  /// is asked again.
  void put_back(const Taken& taken);

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return size_ == 0; }
  void clear();

 private:
  struct Waiting {
    std::shared_ptr<const ledger::Transaction> transaction;
    bool certified;
  };
  struct Member {
    std::deque<Waiting> waiting;
  };
  Member& member_with_turn(const std::string& name);
  struct Allowance {
    std::uint64_t tokens = 0;
    std::uint64_t refilled_ms = 0;
  };
  bool within_rate(const std::string& member, std::uint64_t now_ms);

  MempoolLimits limits_;
  std::unordered_map<std::string, Member> members_;   // only members with something waiting
  std::unordered_map<std::string, Allowance> allowances_;
  std::deque<std::string> turns_;                     // each member of members_ once
  std::size_t size_ = 0, bytes_ = 0;
};

}  // namespace daftar::node
