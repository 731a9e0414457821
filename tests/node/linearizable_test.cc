// Linearizable reads through the node (thesis 6.4): rounds, whom they ask, what late answers are worth, what a read waits for.
#include <catch2/catch.hpp>

#include "tests/node/trio.h"

using namespace daftar;
using namespace daftar::node;
using tests::Trio;

namespace {

Times at(std::uint64_t ms) { return {tests::trio_wall_ms, ms}; }
std::vector<std::pair<std::uint64_t, bool>> taken(LinearizableReads& reads, std::uint64_t executed, std::uint64_t ms) {
  std::vector<std::pair<std::uint64_t, bool>> out;
  for (const auto& answer : reads.take(executed, at(ms))) out.emplace_back(answer.token, answer.confirmed);
  return out;
}
using Taken = std::vector<std::pair<std::uint64_t, bool>>;

}  // namespace

TEST_CASE("one round is open at a time: what comes meanwhile waits for the next, and an answer counts for those in its round alone") {
  LinearizableReads reads(1000);
  reads.add(1, 9000);
  reads.add(2, 9000);
  CHECK(reads.begin(false, at(10)) == 1001);
  reads.add(3, 9000);
  CHECK_FALSE(reads.begin(false, at(11)));
  reads.heard({1001, true, 50}, at(12));
  CHECK(taken(reads, 49, 13).empty());
  CHECK(taken(reads, 50, 13) == Taken{{1, true}, {2, true}});
  CHECK(reads.begin(false, at(14)) == 1002);
  CHECK(reads.size() == 1);
}

TEST_CASE("an answer to an earlier round confirms nothing: late, repeated, or of a process before") {
  LinearizableReads reads(1000);
  reads.add(1, 9000);
  CHECK(reads.begin(false, at(10)) == 1001);
  CHECK_FALSE(reads.begin(false, at(150)));
  CHECK(reads.begin(false, at(300)) == 1002);   // nobody answered: asked again, as another round
  for (const std::uint64_t stale : {1001u, 1000u, 1u, 1003u}) reads.heard({stale, true, 0}, at(301));
  CHECK(taken(reads, 100, 302).empty());
  reads.heard({1002, true, 7}, at(303));
  reads.heard({1002, true, 0}, at(303));
  CHECK(taken(reads, 6, 304).empty());
  CHECK(taken(reads, 7, 304) == Taken{{1, true}});
}

TEST_CASE("a refused round is asked again after a while, or at once of another leader, and a read whose time is up is not confirmed") {
  LinearizableReads reads(1000);
  reads.add(1, 1000);
  CHECK(reads.begin(false, at(10)) == 1001);
  reads.heard({1001, false, 0}, at(20));
  CHECK_FALSE(reads.begin(false, at(30)));
  reads.leader_changed();
  CHECK(reads.begin(true, at(30)) == 1002);
  CHECK_FALSE(reads.begin(true, at(900)));   // this node's own core: it answers for certain
  CHECK(taken(reads, 100, 999).empty());
  CHECK(taken(reads, 100, 1000) == Taken{{1, false}});
  reads.add(2, 5000);
  CHECK(reads.begin(true, at(1001)) == 1003);
  reads.add(3, 5000);
  CHECK(reads.abandon().size() == 2);
  CHECK(reads.size() == 0);
}

TEST_CASE("a leader's read is confirmed by the others, and waits until what is committed is executed") {
  Trio t;
  const auto leader = t.elect();
  t.run(500);
  t.executes[leader - 1] = false;
  t.pay(leader);
  t.run(200);
  REQUIRE(t.committed[leader - 1] == 1);
  const auto read = t.read(leader);
  t.run(200);
  CHECK_FALSE(t.answer(leader, read));
  t.executes[leader - 1] = true;
  t.run(20);
  CHECK(t.answer(leader, read) == true);
}

TEST_CASE("a follower's read sees what was acknowledged before it began, however far the follower is behind") {
  Trio t;
  const auto leader = t.elect(), follower = leader % 3 + 1;
  t.run(500);
  t.wired[follower - 1] = false;
  t.pay(leader);
  t.run(300);
  REQUIRE(t.executed[leader - 1] == 1);
  t.executes[follower - 1] = false;
  t.wired[follower - 1] = true;
  t.run(40);
  REQUIRE(t.leader() == leader);
  const auto read = t.read(follower);
  t.run(500);
  CHECK_FALSE(t.answer(follower, read));
  CHECK(t.committed[follower - 1] == 1);
  t.executes[follower - 1] = true;
  t.run(20);
  CHECK(t.answer(follower, read) == true);
}

TEST_CASE("a deposed leader in a minority confirms no read, its own or another's, until it has heard the new one") {
  Trio t;
  const auto old = t.elect();
  t.run(500);
  t.wired[old - 1] = false;
  const auto early = t.read(old), hopeless = t.read(old, 1500);
  for (int i = 0; i < 500 && (t.leader() == old || t.leader() == 0); ++i) {
    t.run(20);
    t.read(old);
  }
  std::uint64_t successor = 0;
  for (int i = 0; i < 500 && successor == 0; ++i) {
    t.run(20);
    for (std::uint64_t node = 1; node <= 3; ++node)
      if (node != old && t.of(node).status().role == "leader") successor = node;
  }
  REQUIRE(successor != 0);
  t.pay(successor);
  t.run(2000);
  REQUIRE(t.executed[successor - 1] == 1);
  for (const auto& [token, confirmed] : t.reads[old - 1]) CHECK_FALSE(confirmed);
  CHECK(t.answer(old, hopeless) == false);
  CHECK_FALSE(t.answer(old, early));
  t.wired[old - 1] = true;
  t.run(2000);
  CHECK(t.answer(old, early) == true);
  CHECK(t.executed[old - 1] == 1);
}

TEST_CASE("a follower's read outlives its leader: the next one is asked") {
  Trio t;
  const auto first = t.elect(), follower = first % 3 + 1;
  t.run(500);
  t.up[first - 1] = false;
  const auto read = t.read(follower);
  t.run(100);
  CHECK_FALSE(t.answer(follower, read));
  t.run(3000);
  CHECK(t.answer(follower, read) == true);
}

TEST_CASE("a node that is stopping confirms no read") {
  Trio t;
  const auto read = t.read(1);
  t.step(0, [](Replica& r) { r.abandon_all(); });
  CHECK(t.answer(1, read) == false);
}
