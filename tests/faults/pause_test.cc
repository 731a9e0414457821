// A leader that stands still, as a paused virtual machine does, and then goes on as if no time had passed.
#include <future>
#include <iostream>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/leaders.h"
#include "tests/faults/meshed_network.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Its clients wait meanwhile; the payments that it had on the way when it stopped reach the others late, or never.
void pause_leader(TestNetwork& network, PaymentLoad& load, unsigned timeouts) {
  network.wait_ready();
  const unsigned old = network.leader();
  const std::uint64_t term = network.status_number(old, "term");
  INFO("node " << old << " leads term " << term << " and is stopped for " << timeouts << " election timeouts");
  const auto stopped_at = std::chrono::steady_clock::now();
  network.network().stop_node(old, SIGSTOP);
  std::optional<Leader> next;
  if (timeouts >= 3) {  // shorter ones may end before anybody stands for election
    next = wait_for_leader(network, others(old), term);
    REQUIRE(next);
    std::cout << "another leader " << next->after.count() << " ms after the stop" << std::endl;
    CHECK(load.wait_for(10, std::chrono::seconds(30)));
  }
  std::this_thread::sleep_until(stopped_at + timeouts * election_timeout);
  const auto newest = load.newest();
  // A payment waits at its door when it wakes, beside what the others have sent; and it is asked for what it has missed. It may say that it does
  // not know, but nothing that is not so.
  auto waiting = std::async(std::launch::async, [&] { return load.pay_through(network, old, std::chrono::seconds(5)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  network.network().stop_node(old, SIGCONT);
  // The news lies at its door: it follows when it hears it, and not only when it misses its own followers, one to two election timeouts later.
  if (next) CHECK(wait_until_leads(network, old, false, election_timeout / 2));
  const auto again = network.client_of(old).submit(newest.envelope, tools::Wait::committed, std::chrono::seconds(5));
  if (again && again->accepted()) CHECK(again->index == newest.told.index);
  if (again) CHECK(again->status != tools::SubmitStatus::rejected);
  waiting.wait();
  network.wait_ready();
  if (next) CHECK(network.status_number(old, "term") >= next->term);
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
}

/// As above, but what the others sent meanwhile is still on its way when it wakes: it must take itself for the leader, and yet say nothing as one.
void pause_leader_and_delay_the_news(MeshedNetwork& meshed, PaymentLoad& load) {
  TestNetwork& network = meshed.network;
  network.wait_ready();
  const unsigned old = network.leader();
  const std::uint64_t term = network.status_number(old, "term");
  INFO("node " << old << " leads term " << term << ", is stopped and wakes alone");
  network.network().stop_node(old, SIGSTOP);
  meshed.mesh.isolate(old);
  const auto next = wait_for_leader(network, others(old), term);
  REQUIRE(next);
  REQUIRE(load.wait_for(10, std::chrono::seconds(30)));
  network.network().stop_node(old, SIGCONT);
  REQUIRE(role(network, old) == "leader");   // as far as it knows: this is what the test is about
  auto reader = network.client_of(old);
  reader.read_linearizable(true);
  auto reading = std::async(std::launch::async, [&] { return reader.get("/v1/accounts/" + payee_account); });
  const auto paid = load.pay_through(network, old, std::chrono::milliseconds(500));
  CHECK_FALSE((paid && paid->accepted()));
  const auto read = reading.get();
  INFO("a read through it: " << (read ? read->dump() : read.error().code));
  CHECK_FALSE(read);
  CHECK(wait_until_leads(network, old, false, 3 * election_timeout));
  meshed.mesh.heal();
  network.wait_ready();
  CHECK(network.status_number(old, "term") >= next->term);
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
}

}  // namespace

TEST_CASE("a leader that stood still comes back as a follower and answers nothing stale") {
  TestNetwork network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  for (const unsigned timeouts : {1u, 3u, 3u}) pause_leader(network, load, timeouts);
  if (long_run()) pause_leader(network, load, 10);
  load.stop();
  load.require_kept(network);
}

TEST_CASE("a leader that wakes before it can hear of the next one acknowledges nothing and answers no linearizable read") {
  MeshedNetwork meshed(test_seed());
  PaymentLoad load(meshed.network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  for (int round = 0; round < 2; ++round) pause_leader_and_delay_the_news(meshed, load);
  load.stop();
  load.require_kept(meshed.network);
}
