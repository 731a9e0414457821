// A disk that fails a call, waits, or hangs, under one node of three: it stops with one sentence, or steps aside; the others go on.
#include <iostream>
#include <memory>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/disk_faults.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Three nodes, each with a disk that can be broken.
struct FaultyDisks {
  FaultyDisks()
      : network({{{"storage.memtable_mib", "4"}}, [this](tools::LocalNetwork& made) {
                   for (unsigned node = 1; node <= made.nodes(); ++node) {
                     disks.emplace_back(made.node_dir(node) / "disk-faults");
                     made.wrap_node(node, disks.back().wrapper());
                   }
                 }}) {}
  DiskFaults& disk(unsigned node) { return disks.at(node - 1); }

  std::vector<DiskFaults> disks;
  TestNetwork network;
};

/// Payments in bulk until `enough`: a node flushes its state only when some thousands of them are in memory.
void pay_in_bulk(TestNetwork& network, unsigned through, const std::function<bool()>& enough) {
  tools::NodeConnection connection(network.network().endpoints()[through - 1]);
  for (int request = 0; request < 400 && !enough(); ++request) {
    std::string frames;
    for (int i = 0; i < 50; ++i) tools::add_bulk_frame(frames, network.transfer(1));
    if (!connection.submit_bulk(frames, tools::Wait::committed, std::chrono::seconds(10), [](const tools::BulkLine&) {}))
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

/// The rule reaches `node`, which stops with status 2 and one sentence with `named` in it; the others go on; with its disk mended it comes back.
void stops_and_comes_back(FaultyDisks& faulty, PaymentLoad& load, unsigned node, const std::string& rule, const std::string& named) {
  TestNetwork& network = faulty.network;
  INFO("node " << node << ", rule: " << rule);
  LastWords words(network.network(), node);
  faulty.disk(node).set(rule);
  const auto status = words.wait_for_end(std::chrono::seconds(20));
  INFO("it said:\n" << words.all());
  REQUIRE(faulty.disk(node).met() > 0);
  REQUIRE(status);
  CHECK(*status == Exit::stopped_by_disk);
  REQUIRE(words.sentences().size() == 1);
  CHECK(words.sentences().front().find(named) != std::string::npos);
  std::cout << words.sentences().front() << std::endl;
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
  faulty.disk(node).mend();
  REQUIRE(network.network().start_node(node));
  network.wait_ready();
}

}  // namespace

TEST_CASE("a node whose Raft log cannot be written or synced stops with one sentence, and comes back when the disk is well") {
  FaultyDisks faulty;
  TestNetwork& network = faulty.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  // A sync that fails once and then succeeds has lost what it failed for: going on would vouch for it.
  stops_and_comes_back(faulty, load, network.leader(), "sync */raft-log/*.log eio-once", "raft-log: input/output error");
  stops_and_comes_back(faulty, load, network.follower(), "sync */raft-log/*.log eio-once", "raft-log: input/output error");
  stops_and_comes_back(faulty, load, network.leader(), "write */raft-log/*.log eio from 5", "raft-log: input/output error");
  stops_and_comes_back(faulty, load, network.follower(), "write */raft-log/*.log enospc", "raft-log: disk full");
  stops_and_comes_back(faulty, load, network.leader(), "sync */raft-log.synced eio", "raft-log.synced: input/output error");
  load.stop();
  load.require_kept(network);
}

TEST_CASE("a node whose state cannot be written stops with one sentence, and comes back when the disk is well") {
  FaultyDisks faulty;
  TestNetwork& network = faulty.network;
  for (const char* effect : {"eio", "enospc"}) {
    network.wait_ready();
    const unsigned node = std::string(effect) == "eio" ? network.leader() : network.follower();
    INFO("node " << node << ", " << effect);
    LastWords words(network.network(), node);
    faulty.disk(node).set(std::string(effect) == "eio" ? "sync */state/*.sst eio-once" : "write */state/*.sst enospc");
    pay_in_bulk(network, *others(node).begin(), [&] { return !network.network().running(node); });
    const auto status = words.wait_for_end(std::chrono::seconds(10));
    INFO("it said:\n" << words.all());
    REQUIRE(faulty.disk(node).met() > 0);
    REQUIRE(status);
    CHECK(*status == Exit::stopped_by_disk);
    REQUIRE(words.sentences().size() == 1);
    CHECK(words.sentences().front().find(std::string("/state/1: ") + (std::string(effect) == "eio" ? "input/output error" : "disk full")) != std::string::npos);
    std::cout << words.sentences().front() << std::endl;
    faulty.disk(node).mend();
    REQUIRE(network.network().start_node(node));
    network.wait_ready();
  }
  PaymentLoad load(network, 3);
  CHECK(load.wait_for(50, std::chrono::seconds(60)));
  load.stop();
  network.require_equal_roots(network.settle(), 100);
}

TEST_CASE("a leader whose disk hangs is replaced, and follows when the disk answers again") {
  FaultyDisks faulty;
  TestNetwork& network = faulty.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  for (const char* effect : {"hang", "delay=2500"}) {
    network.wait_ready();
    const unsigned old = network.leader();
    const std::uint64_t term = network.status_number(old, "term");
    INFO("node " << old << " leads term " << term << ", its syncs: " << effect);
    faulty.disk(old).set("sync */raft-log/* " + std::string(effect));
    const auto next = wait_for_leader(network, others(old), term);
    REQUIRE(next);
    std::cout << effect << ": another leader " << next->after.count() << " ms after the disk" << std::endl;
    CHECK(role(network, old) != "leader");
    REQUIRE(load.wait_for(20, std::chrono::seconds(30)));
    CHECK(role(network, old) != "leader");
    REQUIRE(faulty.disk(old).met() > 0);
    faulty.disk(old).mend();
    network.wait_ready();
    CHECK(load.wait_for(20, std::chrono::seconds(30)));
  }
  load.stop();
  load.require_kept(network);
}

TEST_CASE("a disk that is only slow costs no leader") {
  FaultyDisks faulty;
  TestNetwork& network = faulty.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  network.wait_ready();
  const unsigned leader = network.leader();
  const std::uint64_t term = network.status_number(leader, "term");
  faulty.disk(leader).set("sync */raft-log/* delay=200");
  CHECK(load.wait_for(60, std::chrono::seconds(60)));
  CHECK(faulty.disk(leader).met() >= 10);
  CHECK(network.leader() == leader);
  CHECK(network.status_number(leader, "term") == term);
  faulty.disk(leader).mend();
  load.stop();
  load.require_kept(network);
}
