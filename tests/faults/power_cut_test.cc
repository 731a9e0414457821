// What only the disk itself holds: the power of one node, or of all, is cut. SIGKILL cannot show this: the kernel keeps what a process wrote.
#include <iostream>
#include <random>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/disk_faults.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"
#include "tests/faults/mounted_disk.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// For each node a disk whose power can be cut and that can be told to lie. Empty, and the reason, where the machine forbids it.
struct PoweredDisks {
  PoweredDisks() {
    for (unsigned node = 1; node <= 3; ++node) {
      auto disk = MountedDisk::with_power(256);
      if (!disk) {
        forbidden = disk.error();
        return;
      }
      mounted.push_back(std::move(*disk));
    }
  }
  TestNetwork::Options options() {
    TestNetwork::Options out;
    out.before_start = [this](tools::LocalNetwork& made) {
      for (unsigned node = 1; node <= 3; ++node) {
        mounted.at(node - 1)->carry_data_of(made, node);
        faults.emplace_back(made.node_dir(node) / "disk-faults");
        made.wrap_node(node, faults.back().wrapper());
      }
    };
    return out;
  }
  /// All at once, then all come back.
  void cut_all(TestNetwork& network) {
    for (auto& disk : mounted) disk->cut_power();
    network.network().stop_all(SIGKILL);
    for (auto& disk : mounted) disk->restore_power();
    for (auto& fault : faults) fault.mend();
    for (unsigned node = 1; node <= 3; ++node) REQUIRE(network.network().start_node(node));
  }

  std::string forbidden;
  std::vector<std::unique_ptr<MountedDisk>> mounted;
  std::vector<DiskFaults> faults;
};

}  // namespace

TEST_CASE("everything acknowledged is there after a power cut of all nodes at once") {
  PoweredDisks disks;
  if (!disks.forbidden.empty()) return skipped("power cut of all nodes", disks.forbidden);
  std::mt19937_64 random(test_seed());
  TestNetwork network(disks.options());
  PaymentLoad load(network, 4);
  for (int round = 1; round <= (long_run() ? 20 : 3); ++round) {
    INFO("round " << round);
    REQUIRE(load.wait_for(80, std::chrono::seconds(60)));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
    disks.cut_all(network);
    network.wait_ready();
  }
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}

// The same cut with a planted mistake: the syncs of the Raft log do nothing. If nothing were missing now, the test above would show nothing.
TEST_CASE("a missing sync is noticed by a power cut of all nodes") {
  PoweredDisks disks;
  if (!disks.forbidden.empty()) return skipped("a missing sync and a power cut", disks.forbidden);
  TestNetwork network(disks.options());
  PaymentLoad load(network, 4);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  for (auto& fault : disks.faults) fault.set("sync */raft-log* lie");  // the synced-up-to mark too, which would find it out
  REQUIRE(load.wait_for(60, std::chrono::seconds(60)));
  for (auto& fault : disks.faults) REQUIRE(fault.met() > 0);
  load.stop();
  disks.cut_all(network);
  network.wait_ready();
  const std::size_t missing = load.missing(network, 1);
  std::cout << missing << " of " << load.acknowledged() << " acknowledged payments are missing" << std::endl;
  CHECK(missing >= 30);
}

// Node 2 is away while 1 and 3 acknowledge; the disk of 3 lies, its power is cut, and 1 is away too when 2 and 3 come back. Together they are a
// majority that lacks what was acknowledged: they must not go on without node 1.
TEST_CASE("a node whose disk lied before a power cut does not vote on what is left of its log") {
  PoweredDisks disks;
  if (!disks.forbidden.empty()) return skipped("a disk that lied and a power cut", disks.forbidden);
  constexpr unsigned whole = 1, absent = 2, liar = 3;
  TestNetwork network(disks.options());
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  disks.faults[liar - 1].set("sync */raft-log/*.log lie");
  network.network().stop_node(absent, SIGKILL);
  std::this_thread::sleep_for(std::chrono::seconds(1));  // much longer than the synced-up-to mark may lag (storage/synced_mark.h)
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  REQUIRE(disks.faults[liar - 1].met() > 0);

  network.network().stop_node(whole, SIGKILL);
  disks.mounted[liar - 1]->cut_power();
  network.network().stop_node(liar, SIGKILL);
  disks.mounted[liar - 1]->restore_power();
  disks.faults[liar - 1].mend();
  const std::uint64_t acknowledged = load.acknowledged();
  LastWords words(network.network(), liar);
  REQUIRE(network.network().start_node(absent));
  REQUIRE(network.network().start_node(liar));
  const auto end = std::chrono::steady_clock::now() + 4 * election_timeout;
  while (std::chrono::steady_clock::now() < end) {
    CHECK(role(network, absent) != "leader");
    CHECK(role(network, liar) != "leader");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(load.acknowledged() == acknowledged);
  CHECK_FALSE(words.wait_for_end(std::chrono::milliseconds(1)));   // it runs, and waits for those who can say what it lost

  REQUIRE(network.network().start_node(whole));
  network.wait_ready();
  CHECK(load.wait_for(20, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);   // on the one whose disk lied too
}
