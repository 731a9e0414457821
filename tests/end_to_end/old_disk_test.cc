// What a disk may not do to the others: vote away what its node once acknowledged. Old copies, empty folders, flipped bits, in real processes.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/end_to_end/payment_load.h"
#include "tests/harness/file_damage.h"
#include "tests/harness/text_file.h"

using namespace daftar;
using namespace daftar::tests;
namespace fs = std::filesystem;

namespace {

/// The data folder of a node, its log of words, and what a copy of it once was.
struct Folder {
  Folder(TestNetwork& network, unsigned node_number)
      : node(node_number), data(network.network().node_dir(node) / "data"), words(network.network().log_file(node)) {
    REQUIRE(fs::exists(data / "raft-log"));
  }
  void keep_copy(const fs::path& copy) const { fs::copy(data, copy, fs::copy_options::recursive); }
  void put_back(const fs::path& copy) const {
    fs::remove_all(data);
    fs::copy(copy, data, fs::copy_options::recursive);
  }
  bool said(const std::string& sentence) const { return read_text(words).find(sentence) != std::string::npos; }
  bool waits_to_say(const std::string& sentence) const { return comes_to_say(words, sentence); }
  unsigned node;
  fs::path data, words;
};

void start_all(TestNetwork& network) {
  for (unsigned node = 1; node <= 3; ++node) REQUIRE(network.network().start_node(node));
}

void go_on(TestNetwork& network, PaymentLoad& load) {
  network.wait_ready();
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}

constexpr const char* old_copy_line = "the disk is an older copy, or has lost something";
constexpr const char* whole_line = "the log is whole again";

}  // namespace

TEST_CASE("an old copy of a node's data directory is put back: it says so, votes nothing away, and is whole again") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  const Folder folder(network, network.follower());
  TemporaryFolder copies;
  network.network().stop_node(folder.node, SIGKILL);
  folder.keep_copy(copies / "old");
  REQUIRE(network.network().start_node(folder.node));
  network.wait_ready();
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  network.network().stop_all(SIGKILL);
  folder.put_back(copies / "old");
  const auto begin = std::chrono::steady_clock::now();
  start_all(network);
  network.leader();
  std::cout << "with an old copy, a leader after " << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count() << " ms\n";
  go_on(network, load);
  CHECK(folder.said(old_copy_line));
  CHECK(folder.waits_to_say(whole_line));
}

TEST_CASE("an old copy of the leader's data directory is found out, too") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(20, std::chrono::seconds(60)));
  const Folder folder(network, network.leader());
  TemporaryFolder copies;
  network.network().stop_all(SIGKILL);
  folder.keep_copy(copies / "old");
  start_all(network);
  network.wait_ready();
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  network.network().stop_all(SIGKILL);
  folder.put_back(copies / "old");
  start_all(network);
  go_on(network, load);
  CHECK(folder.said(old_copy_line));
}

TEST_CASE("an emptied data directory is filled again by the others, and never votes before") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  const Folder folder(network, network.follower());
  network.network().stop_all(SIGKILL);
  fs::remove_all(folder.data);
  start_all(network);
  go_on(network, load);
  CHECK(folder.said(old_copy_line));
  CHECK(folder.waits_to_say(whole_line));
}

TEST_CASE("a flipped bit in the Raft log: the node starts, does not vote, and repairs itself from the others") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  const Folder folder(network, network.follower());
  network.network().stop_node(folder.node, SIGKILL);
  flip_bit_in_largest(folder.data / "raft-log", "", ".log");
  REQUIRE(network.network().start_node(folder.node));
  CHECK(folder.waits_to_say(whole_line));
  go_on(network, load);
  CHECK(folder.said("the Raft log is damaged"));
  CHECK(folder.said("is kept as evidence in"));
  CHECK(folder.said("a new Raft log begins after entry"));
  CHECK(fs::exists(folder.data / "raft-log.damaged-1"));
  CHECK(fs::exists(folder.data / "raft-log.damaged-1.synced"));
  CHECK_FALSE(fs::exists(folder.data / "raft-log.repair"));
}

TEST_CASE("a damaged state is built again from the Raft log") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  const Folder folder(network, network.follower());
  REQUIRE(network.network().stop_node(folder.node) == 0);   // flushes the state
  flip_bit_in_largest(folder.data / "state/1", "MANIFEST", "");
  REQUIRE(network.network().start_node(folder.node));
  go_on(network, load);
  CHECK(folder.said("the executed state is damaged"));
  CHECK(fs::exists(folder.data / "state.damaged-1"));
}

// The first entries are gone everywhere: only a snapshot can make up for the state. Damaged first, then removed altogether.
TEST_CASE("a state that is damaged or gone comes back by a snapshot when the Raft logs no longer hold what it was made from") {
  TestNetwork network({{{"storage.memtable_mib", "4"}, {"storage.log_retain_mib", "1"}, {"storage.log_retain_for_laggards_mib", "1"}}, {}});
  PaymentLoad load(network, 16);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  for (unsigned node = 1; node <= 3; ++node)
    while (network.status_number(node, "raft_first") == 1) {
      REQUIRE(std::chrono::steady_clock::now() < give_up);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  const Folder folder(network, network.follower());
  for (const bool damaged : {true, false}) {
    INFO((damaged ? "damaged" : "gone"));
    REQUIRE(network.network().stop_node(folder.node) == 0);
    if (damaged)
      fs::resize_file(folder.data / "state/current", 5);
    else
      fs::remove_all(folder.data / "state");
    REQUIRE(network.network().start_node(folder.node));
    network.wait_ready();
    CHECK(network.network().node_status(folder.node)->at("since_start").at("snapshots_installed") == 1);
    CHECK(fs::exists(folder.data / "state.damaged-1"));
    REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  }
  CHECK(folder.said("the state was removed or exchanged"));
  load.stop();
  load.require_kept(network);
}
