// Cut links between nodes that all run: who is alone neither leads nor acknowledges, who is a majority goes on, and afterwards all agree.
#include <iostream>
#include <random>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/leaders.h"
#include "tests/faults/meshed_network.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Cuts links, sees the other two elect a leader and go on, sees the old one give up leading, heals.
void cut_off_leader(MeshedNetwork& meshed, PaymentLoad& load, const std::function<void(unsigned leader)>& cut) {
  TestNetwork& network = meshed.network;
  network.wait_ready();
  const unsigned old = network.leader();
  const std::uint64_t term = network.status_number(old, "term");
  INFO("node " << old << " leads term " << term << " and is cut off");
  cut(old);
  const auto next = wait_for_leader(network, others(old), term);
  REQUIRE(next);
  std::cout << "another leader " << next->after.count() << " ms after the cut" << std::endl;
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
  CHECK(wait_until_leads(network, old, false, 3 * election_timeout));  // it hears no majority for one to two of them
  meshed.mesh.heal();
  network.wait_ready();
  CHECK(network.status_number(old, "term") >= next->term);
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
}

}  // namespace

TEST_CASE("a leader cut off from the others acknowledges nothing, and they go on without it") {
  MeshedNetwork meshed(test_seed());
  TestNetwork& network = meshed.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  cut_off_leader(meshed, load, [&](unsigned leader) {
    meshed.mesh.isolate(leader);
    const auto answer = load.pay_through(network, leader, std::chrono::milliseconds(1500));
    INFO("the leader alone answered " << (answer ? tools::name(answer->status) : answer.error().code));
    CHECK_FALSE((answer && answer->accepted()));
  });
  load.stop();
  load.require_kept(network);
}

TEST_CASE("a leader that is not heard, and one that hears nobody, is replaced") {
  MeshedNetwork meshed(test_seed());
  PaymentLoad load(meshed.network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  cut_off_leader(meshed, load, [&](unsigned leader) {
    for (const unsigned other : others(leader)) meshed.mesh.link(leader, other).hold(true);
  });
  cut_off_leader(meshed, load, [&](unsigned leader) {
    for (const unsigned other : others(leader)) meshed.mesh.link(other, leader).hold(true);
  });
  load.stop();
  load.require_kept(meshed.network);
}

TEST_CASE("links that come and go at random cost nothing that was acknowledged, and the nodes come together again") {
  const std::uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  MeshedNetwork meshed(seed);
  PaymentLoad load(meshed.network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(long_run() ? 120 : 12);
  unsigned changes = 0;
  while (std::chrono::steady_clock::now() < end) {
    meshed.mesh.each([&](TcpProxy& proxy) {
      const auto draw = random() % 10;
      proxy.hold(draw == 0 || draw == 1);
      proxy.cut(draw == 2);
    });
    ++changes;
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 900));
  }
  meshed.mesh.heal();
  const auto healed = std::chrono::steady_clock::now();
  meshed.network.wait_ready();
  std::cout << changes << " changes of the links; ready "
            << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - healed).count() << " ms after the last" << std::endl;
  CHECK(load.wait_for(30, std::chrono::seconds(30)));
  load.stop();
  load.require_kept(meshed.network);
}
