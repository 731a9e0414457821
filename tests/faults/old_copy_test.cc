// Somebody puts an old copy of a node's data folder back: the node has forgotten votes and acknowledgements that the others count on.
#include <iostream>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"

using namespace daftar;
using namespace daftar::tests;
namespace fs = std::filesystem;

TEST_CASE("a node on an old copy of its data shows no wrong root, and the network loses nothing") {
  TestNetwork network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  constexpr unsigned node = 3;
  const fs::path data = network.network().node_dir(node) / "data", copy = network.network().dir() / "old-copy";
  network.network().stop_node(node, SIGTERM);
  fs::copy(data, copy, fs::copy_options::recursive);
  REQUIRE(network.network().start_node(node));
  network.wait_ready();
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  network.network().stop_node(node, SIGTERM);
  fs::remove_all(data);
  fs::rename(copy, data);

  LastWords words(network.network(), node);
  REQUIRE(network.network().start_node(node));
  const auto status = words.wait_for_end(4 * election_timeout);
  INFO("it said:\n" << words.all());
  if (status) {
    CHECK(*status != Exit::stopped_on_request);
    REQUIRE(words.sentences().size() == 1);
    std::cout << words.sentences().front() << std::endl;
  } else {
    // Whether it then catches up is not asked here: a leader that remembers what it acknowledged leaves it where it is.
    std::cout << "it runs, at height " << network.status_number(node, "height") << std::endl;
    CHECK(role(network, node) != "leader");
    require_roots_of_others(network, node);
  }
  network.wait_ready();
  CHECK(load.wait_for(30, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network, others(node));
}
