// All nodes die together, again and again, mostly before they have come to anything.
#include <random>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/leaders.h"

using namespace daftar;
using namespace daftar::tests;

TEST_CASE("a storm of kills and restarts of all nodes at once loses nothing that was acknowledged") {
  std::mt19937_64 random(test_seed());
  TestNetwork network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  for (int round = 1; round <= (long_run() ? 50 : 5); ++round) {
    network.network().stop_all(SIGKILL);
    for (unsigned node = 1; node <= 3; ++node) REQUIRE(network.network().start_node(node));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2000));  // now within the start, now in the election, now in the work
  }
  network.wait_ready();
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}
