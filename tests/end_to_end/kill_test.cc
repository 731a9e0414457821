// What SIGKILL may not do: lose an acknowledged payment, execute one twice, or make the nodes differ.
#include <iostream>
#include <random>

#include "tests/end_to_end/payment_load.h"

using namespace daftar;
using namespace daftar::tests;

namespace {
void pause_up_to(std::mt19937_64& random, unsigned ms) { std::this_thread::sleep_for(std::chrono::milliseconds(random() % (ms + 1))); }
}  // namespace

TEST_CASE("nothing acknowledged is lost over twenty kills of random nodes under load") {
  std::mt19937_64 random(test_seed());
  TestNetwork network;
  PaymentLoad load(network, 4);
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  for (int kill = 1; kill <= 20; ++kill) {
    // Mostly one node at a time, and every third time the leader; now and then before the node killed last has caught up.
    if (random() % 4 != 0) network.wait_ready();
    pause_up_to(random, 500);
    const auto leader = network.network().leader();
    const unsigned node = kill % 3 == 0 && leader ? *leader : static_cast<unsigned>(1 + random() % 3);
    INFO("kill " << kill << " of node " << node);
    network.network().stop_node(node, SIGKILL);
    pause_up_to(random, 500);
    REQUIRE(network.network().start_node(node));
  }
  network.wait_ready();
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}

TEST_CASE("nothing acknowledged is lost when all nodes are killed at once") {
  std::mt19937_64 random(test_seed());
  TestNetwork network;
  PaymentLoad load(network, 4);
  for (int round = 1; round <= 3; ++round) {
    INFO("round " << round);
    REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
    pause_up_to(random, 300);
    network.network().stop_all(SIGKILL);
    for (unsigned node = 1; node <= 3; ++node) REQUIRE(network.network().start_node(node));
    network.wait_ready();
  }
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}

TEST_CASE("a node that was down during many blocks catches up") {
  TestNetwork network;
  const unsigned absent = network.follower();
  const std::uint64_t height_before = network.status_number(absent, "height");
  network.network().stop_node(absent, SIGKILL);
  const unsigned first = absent % 3 + 1;
  std::uint64_t committed = 0;
  auto connection = tools::NodeConnection(network.network().endpoints()[first - 1]);
  for (int request = 0; request < 60; ++request) {
    std::string frames;
    for (int i = 0; i < 50; ++i) tools::add_bulk_frame(frames, network.transfer(1));
    const auto lines = connection.submit_bulk(frames, tools::Wait::committed, std::chrono::seconds(30), [&](const tools::BulkLine& line) {
      INFO(line.line);
      CHECK(line.status == tools::SubmitStatus::committed);
      ++committed;
    });
    REQUIRE(lines);
  }
  REQUIRE(committed == 3000);
  REQUIRE(network.network().start_node(absent));
  network.wait_ready();
  const std::uint64_t top = network.settle();
  REQUIRE(top >= height_before + 60);
  network.require_equal_roots(top, 100);
  REQUIRE(network.balance(absent, payee_account) == 3000);
  REQUIRE(network.history(absent, payee_account).size() == 3000);
}
