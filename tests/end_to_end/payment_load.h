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

  /// One payment more, through `node` alone; what it is told counts like what the writers are told. Not for two threads at once.
  tools::Result<tools::SubmitAnswer> pay_through(TestNetwork& network, unsigned node, std::chrono::milliseconds timeout);
  /// The newest payment that was acknowledged: its bytes, and the place its client was told.
  struct Told { std::uint64_t index = 0, height = 0; };
  struct Receipt { std::string envelope; Told told; };
  Receipt newest() const;

  /// After stop(): no client was told anything but success or `unknown`; each payment of unknown outcome, sent again, has one now, and counts as
  /// acknowledged from here on. Returns how many there were.
  std::size_t resolve_unknown(TestNetwork& network);

  /// After stop(), with all nodes up: every acknowledged payment is on every node at the place its client was told, once; histories, roots and
  /// balances agree; nothing was refused. `only`: on these nodes, where others are down.
  void require_kept(TestNetwork& network, const std::set<unsigned>& only = {});
  /// After stop(): how many acknowledged payments `node` does not hold at the place their clients were told.
  std::size_t missing(TestNetwork& network, unsigned node);

 private:
  void write(TestNetwork& network, unsigned number);
  tools::Result<tools::SubmitAnswer> pay(TestNetwork& network, tools::ApiClient& client, std::int64_t amount, std::chrono::milliseconds timeout);

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> acknowledged_count_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> amounts_;     // of everything that was ever sent, by id
  std::map<std::string, Told> acknowledged_;
  std::map<std::string, std::string> unknown_;      // envelopes, by id
  std::vector<std::string> refused_, failed_;       // failed: busy until the deadline, or no node answered
  Receipt newest_;
  std::vector<std::thread> threads_;
};

}  // namespace daftar::tests
