// Nodes that follow and do not vote: a voter that loses its vote under load, and an observer whose disk has lost what it once acknowledged.
#include <filesystem>
#include <iostream>

#include "tests/end_to_end/operators.h"
#include "tests/end_to_end/payment_load.h"
#include "tools/nodes_inquiry.h"

using namespace daftar;
using namespace daftar::tests;
using std::chrono::seconds;
namespace fs = std::filesystem;

namespace {

/// The lines of a node's log in which this stands.
std::vector<std::string> lines_with(const fs::path& log, const std::string& words) {
  std::istringstream in(read_text(log));
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (line.find(words) != std::string::npos) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("the leader loses its vote under load, follows as an observer, and gets the vote back, each by one command") {
  Operators operators;
  TestNetwork& network = operators.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, seconds(60)));
  const unsigned node = network.leader();
  const std::string who = std::to_string(node);
  std::set<unsigned> remaining{1, 2, 3};
  remaining.erase(node);
  require_said(operators.change("demote " + who + as_two),
               {"voters           3      2", "In force: make node " + who + " an observer", "Done: node " + who + " is an observer."});
  operators.require_consensus_of({1, 2, 3}, remaining, {node});
  CHECK(remaining.count(network.leader()) == 1);
  REQUIRE(load.wait_for(50, seconds(30)));
  require_said(operators.change("demote " + who + as_two), {"Done: node " + who + " is an observer."});   // nothing is left to do
  CHECK(operators.proposals().size() == 1);

  // Both voters are needed now: the third node's word does not make up for one of them.
  load.stop();
  std::cout << load.resolve_unknown(network) << " payments were of unknown outcome for a while" << std::endl;
  load.require_kept(network);
  const std::uint64_t height = network.settle();
  const unsigned alone = *remaining.begin(), stopped = *remaining.rbegin();
  network.network().stop_node(stopped, SIGKILL);
  const auto lonely = network.client_of(alone).submit(network.transfer(1), tools::Wait::committed, seconds(4));
  CHECK((!lonely || !lonely->accepted()));
  CHECK(network.status_number(node, "height") == height);
  operators.start(stopped);
  network.wait_ready();

  PaymentLoad more(network, 3);
  REQUIRE(more.wait_for(30, seconds(30)));
  // Whose node does not validate has no say in it.
  const std::string as_those_left = " --as operator-" + std::to_string(alone) + " --approve-as operator-" + who + " --approve-as operator-" + std::to_string(stopped);
  require_said(operators.change("promote " + who + as_those_left), {"Done: node " + who + " is a validator."});
  operators.require_consensus_of({1, 2, 3}, {1, 2, 3});
  REQUIRE(more.wait_for(30, seconds(30)));
  more.stop();
  more.resolve_unknown(network);
  network.require_equal_roots(network.settle(), 100);

  // Nobody needs to act on any of this.
  for (unsigned one = 1; one <= 3; ++one)
    for (const char* words : {"the nodes of the ledger changed", "membership of the consensus"})
      for (const std::string& line : lines_with(network.network().log_file(one), words)) {
        INFO(line);
        CHECK(line.find(" info ") != std::string::npos);
      }
  CHECK(lines_with(network.network().log_file(1), "the nodes of the ledger changed").size() == 2);
}

TEST_CASE("an observer that comes back with an old copy of its data, or with none, says so and is filled up again") {
  Operators operators;
  TestNetwork& network = operators.network;
  auto& local = network.network();
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, seconds(60)));
  REQUIRE(operators.make_node() == 4);
  operators.start(4);
  require_said(operators.change("add node-4/node.json --observer" + as_two), {"Done: node 4 is an observer and has caught up."});
  const fs::path data = local.node_dir(4) / "data", copy = local.dir() / "old-copy", log = local.log_file(4);
  local.stop_node(4, SIGKILL);
  fs::copy(data, copy, fs::copy_options::recursive);
  for (const bool emptied : {false, true}) {
    INFO((emptied ? "emptied" : "an old copy"));
    operators.start(4);
    network.wait_ready();
    REQUIRE(load.wait_for(100, seconds(60)));
    // All at once: nobody has anything but its disk.
    local.stop_all(SIGKILL);
    fs::remove_all(data);
    if (!emptied) fs::copy(copy, data, fs::copy_options::recursive);
    const std::size_t said_before = read_text(log).size();
    for (unsigned node = 1; node <= 4; ++node) operators.start(node);
    network.wait_ready();
    REQUIRE(load.wait_for(50, seconds(60)));
    CHECK(comes_to_say(log, "the disk is an older copy, or has lost something", said_before));
    CHECK(comes_to_say(log, "the log is whole again", said_before));
    operators.require_consensus_of({1, 2, 3, 4}, {1, 2, 3}, {4});
    local.stop_node(4, SIGKILL);
  }
  operators.start(4);
  network.wait_ready();
  load.stop();
  std::cout << load.resolve_unknown(network) << " payments were of unknown outcome for a while" << std::endl;
  load.require_kept(network);   // on the observer too
}

TEST_CASE("nodes that hang do not hold up the commands about nodes") {
  Operators operators;
  TestNetwork& network = operators.network;
  const unsigned leader = network.leader();
  for (unsigned node = 1; node <= 3; ++node)
    if (node != leader) network.network().stop_node(node, SIGSTOP);
  const auto begin = std::chrono::steady_clock::now();
  require_said(operators.change("nodes"), {"Node " + std::to_string(leader) + " says so"});
  const auto took = std::chrono::steady_clock::now() - begin;
  for (unsigned node = 1; node <= 3; ++node)
    if (node != leader) network.network().stop_node(node, SIGCONT);
  CHECK(took < 2 * tools::NodesInquiry::patience.connect);   // what they would cost one after the other
}
