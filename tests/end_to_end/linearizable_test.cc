// Linearizable reads over real processes: whoever answers, the answer holds what anybody was told before the question.
#include <csignal>
#include <iostream>
#include <random>

#include "tests/end_to_end/payment_load.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Payments of 1, by three who each ask another node first, so that one stopped node does not stop all; `told` is how many were acknowledged.
class Payer {
 public:
  explicit Payer(TestNetwork& network) {
    for (unsigned first = 1; first <= 3; ++first)
      threads_.emplace_back([this, &network, first] {
        auto client = network.client(first);
        while (!stopping_) {
          const auto answer = client.submit(network.transfer(1), tools::Wait::committed, std::chrono::seconds(5));
          if (answer && answer->accepted()) ++told;
        }
      });
  }
  ~Payer() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
  }
  std::atomic<std::int64_t> told{0};

 private:
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

struct Seen {
  std::atomic<std::uint64_t> confirmed{0}, refused{0}, stale{0};
};

/// Asks one node for the payee's balance without pause.
void read_on(TestNetwork& network, unsigned node, const Payer& payments, const std::atomic<bool>& stopping, Seen& seen) {
  auto client = network.client_of(node);
  client.read_linearizable(true);
  while (!stopping) {
    const std::int64_t told = payments.told;
    const auto answer = client.get("/v1/accounts/" + payee_account);
    if (!answer) {
      ++seen.refused;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    ++seen.confirmed;
    if (std::stoll(answer->at("balance").get<std::string>()) < told) ++seen.stale;
  }
}

}  // namespace

TEST_CASE("no read is stale, on any node, though leaders are stopped for 2 to 5 s with reads queued (etcd#20418)") {
  std::mt19937_64 random(test_seed());
  TestNetwork network;
  Payer payments(network);
  while (payments.told < 20) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::atomic<bool> stopping{false};
  Seen seen[3];
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < 6; ++reader)
    readers.emplace_back([&, reader] { read_on(network, reader % 3 + 1, payments, stopping, seen[reader % 3]); });
  unsigned moved_on = 0;
  for (int stop = 0; stop < 5; ++stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const unsigned leader = network.leader();
    const std::int64_t before = payments.told;
    REQUIRE(::kill(static_cast<pid_t>(network.network().pid(leader)), SIGSTOP) == 0);
    // At most 5 s; shorter when others have led for a while by then, which an election decides, not chance alone.
    std::this_thread::sleep_for(std::chrono::milliseconds(2000 + random() % 1000));
    for (int wait = 0; wait < 20 && payments.told <= before + 5; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    moved_on += payments.told > before + 5;
    REQUIRE(::kill(static_cast<pid_t>(network.network().pid(leader)), SIGCONT) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    network.wait_ready();
  }
  stopping = true;
  for (auto& reader : readers) reader.join();
  for (unsigned node = 1; node <= 3; ++node) {
    const Seen& s = seen[node - 1];
    std::cout << "node " << node << ": " << s.confirmed << " reads confirmed, " << s.refused << " not, " << s.stale << " stale\n";
    CHECK(s.stale == 0);
    CHECK(s.confirmed > 20);
  }
  CHECK(moved_on >= 3);   // others led and were paid through while the leader stood still
}

TEST_CASE("without a majority no linearizable read is answered, a local one is") {
  TestNetwork network;
  network.accepted(network.transfer(5), tools::Wait::certified);
  network.settle();
  const unsigned alone = network.follower();
  for (unsigned node = 1; node <= 3; ++node)
    if (node != alone) network.network().stop_node(node, SIGKILL);
  auto client = network.client_of(alone);
  CHECK(client.get("/v1/accounts/" + payee_account));
  client.read_linearizable(true);
  const auto refused = client.get("/v1/accounts/" + payee_account);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "not_confirmed");
  for (unsigned node = 1; node <= 3; ++node)
    if (node != alone) REQUIRE(network.network().start_node(node));
  network.wait_ready();
  CHECK(client.get("/v1/accounts/" + payee_account));
}
