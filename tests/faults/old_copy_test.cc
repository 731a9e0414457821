// Somebody puts an old copy of a node's data folder back: the node has forgotten votes and acknowledgements that the others count on.
#include <fstream>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"
#include "tests/harness/text_file.h"

using namespace daftar;
using namespace daftar::tests;
namespace fs = std::filesystem;

TEST_CASE("a node on an old copy of its data finds out, is filled up again by the others, and nothing is missing anywhere") {
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
  network.wait_ready();
  CHECK_FALSE(words.wait_for_end(std::chrono::milliseconds(1)));
  CHECK(load.wait_for(30, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
  const std::string log = read_text(network.network().log_file(node));
  CHECK(log.find("the disk is an older copy, or has lost something") != std::string::npos);
  CHECK(log.find("the log is whole again") != std::string::npos);
}
