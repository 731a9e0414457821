// Raft's membership follows the registry that was executed (node/replica_membership.cc).
#include "tests/node/trio.h"

using namespace daftar;
using namespace daftar::tests;

TEST_CASE("a leader that has not executed yet what another made the membership of leaves it as it is") {
  Trio trio;
  const auto first = trio.elect();
  Registry with_observer = genesis_registry(trio.network);
  with_observer.nodes.push_back(with_observer.nodes.front());
  with_observer.nodes.back().number = 4;
  with_observer.nodes.back().standing = contracts::NodeStanding::observer;
  trio.registry_after[1] = with_observer;
  for (std::uint64_t node = 1; node <= 3; ++node) trio.executes[node - 1] = node == first;
  trio.pay(first);
  trio.run(500);
  REQUIRE(trio.of(first).status().learners == std::vector<std::uint32_t>{4});

  trio.up[first - 1] = false;
  trio.run(5000);
  const auto second = trio.elect();
  REQUIRE(second != first);
  REQUIRE(trio.executed[second - 1] == 0);
  trio.run(2000);
  CHECK(trio.of(second).status().learners == std::vector<std::uint32_t>{4});
  trio.executes = {true, true, true};
  trio.run(2000);
  CHECK(trio.executed[second - 1] == 1);
  CHECK(trio.of(second).status().learners == std::vector<std::uint32_t>{4});

  // What it has executed since, it follows again.
  trio.registry_after[2] = genesis_registry(trio.network);
  trio.pay(second);
  trio.run(2000);
  CHECK(trio.of(second).status().learners.empty());
}
