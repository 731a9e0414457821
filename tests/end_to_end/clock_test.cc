// A leader whose clock is wrong: the others refuse its blocks and elect another.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/end_to_end/payment_load.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// The library of the Debian package `faketime`; empty when it is not installed.
std::string faketime_library() {
  for (const char* place : {"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
                            "/usr/lib/faketime/libfaketimeMT.so.1"})
    if (std::filesystem::exists(place)) return place;
  return {};
}

}  // namespace

TEST_CASE("a leader with its clock a year ahead cannot put that time on the ledger") {
  const std::string library = faketime_library();
  if (library.empty()) return skipped("a leader with its clock a year ahead", "libfaketime is not installed (Debian package faketime)");
  TestNetwork::Options options;
  options.before_start = [&](tools::LocalNetwork& made) {
    made.wrap_node(1, {"env", "LD_PRELOAD=" + library, "FAKETIME=+365d", "FAKETIME_DONT_FAKE_MONOTONIC=1"});
    // Node 1 is the quickest to stand for election, so that it does become leader.
    std::ofstream(made.node_dir(1) / "config.toml", std::ios::app) << "\n[raft]\nelection_timeout_ms = 300\n";
  };
  TestNetwork network(options);
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(20, std::chrono::seconds(90)));

  // Kill whoever leads until node 1 has been seen to lead.
  bool led = false;
  for (int attempt = 0; attempt < 15 && !led; ++attempt) {
    network.wait_ready();
    const unsigned leader = network.leader();
    led = leader == 1;
    if (led) break;
    network.network().stop_node(leader, SIGKILL);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(4);
    while (!led && std::chrono::steady_clock::now() < give_up) {
      const auto status = network.network().node_status(1);
      led = status && status->at("role") == "leader";
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    REQUIRE(network.network().start_node(leader));
  }
  REQUIRE(led);
  network.wait_ready(std::chrono::seconds(90));
  CHECK(load.wait_for(50, std::chrono::seconds(90)));
  load.stop();
  // Its clock set right, node 1 answers signed reads again (it refuses those that are a year off by its own clock).
  REQUIRE(network.network().stop_node(1, SIGTERM));
  network.network().wrap_node(1, {});
  REQUIRE(network.network().start_node(1));
  network.wait_ready(std::chrono::seconds(90));
  load.require_kept(network);

  const std::uint64_t latest_honest_ms = tools::now_ms() + 10'000;
  for (unsigned node = 1; node <= 3; ++node) {
    CHECK(network.status_number(node, "block_time_ms") < latest_honest_ms);
    for (const AccountEntry& entry : network.history(node, payer_account)) REQUIRE(entry.time_ms < latest_honest_ms);
  }
}
