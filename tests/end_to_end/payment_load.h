// Clients that pay without pause while things break, and remember what they were told; afterwards the ledger is held against it.
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/test_network.h"

namespace daftar::tests {

class PaymentLoad {
 public:
  /// `writers` threads, each with one payment under way at a time: acme-build to baraka-soft, fail-over between the nodes.
  PaymentLoad(TestNetwork& network, unsigned writers);
  ~PaymentLoad() { stop(); }
  void stop();
  std::uint64_t acknowledged() const { return acknowledged_count_; }
  /// Until `more` further payments have been acknowledged; false when that takes longer than `patience`.
  bool wait_for(std::uint64_t more, std::chrono::seconds patience) const;

  /// After stop(), with all nodes up: every acknowledged payment is on every node at the place its client was told, once; histories, roots and
  /// balances agree; nothing was refused.
  void require_kept(TestNetwork& network);

 private:
  struct Told { std::uint64_t index = 0, height = 0; };
  void write(TestNetwork& network, unsigned number);

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> acknowledged_count_{0};
  std::mutex mutex_;
  std::map<std::string, std::int64_t> amounts_;     // of everything that was ever sent, by id
  std::map<std::string, Told> acknowledged_;
  std::vector<std::string> refused_;
  std::vector<std::thread> threads_;
};

}  // namespace daftar::tests
