#include "consensus/quorum.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "consensus/random.h"

using namespace daftar::consensus;

TEST_CASE("any two majorities share a member") {
  for (std::size_t n = 1; n <= 16; ++n) {
    CHECK(2 * majority(n) > n);
    CHECK(2 * (majority(n) - 1) <= n);
  }
}

TEST_CASE("a majority has reached the median, rounded towards the slower") {
  auto reached = [](std::vector<std::uint64_t> values) { return majority_reached(values); };
  CHECK(reached({}) == 0);
  CHECK(reached({7}) == 7);
  CHECK(reached({7, 3}) == 3);
  CHECK(reached({1, 9, 5}) == 5);
  CHECK(reached({9, 9, 0, 0}) == 0);
  CHECK(reached({9, 8, 7, 0, 0}) == 7);
}

TEST_CASE("majority_reached agrees with counting, for random values") {
  Random random(42);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::uint64_t> values(1 + random.below(9));
    for (auto& value : values) value = random.below(6);
    std::uint64_t expected = 0;
    for (std::uint64_t candidate = 0; candidate < 6; ++candidate) {
      auto count = std::count_if(values.begin(), values.end(), [&](std::uint64_t v) { return v >= candidate; });
      if (static_cast<std::size_t>(count) >= majority(values.size())) expected = candidate;
    }
    CAPTURE(round);
    REQUIRE(majority_reached(values) == expected);
  }
}

TEST_CASE("votes: won by a majority, lost when none is possible, strangers and repeats count for nothing") {
  const std::vector<NodeId> voters{{1}, {2}, {3}, {4}};
  using Nodes = std::vector<NodeId>;
  CHECK(tally(voters, Nodes{{1}, {2}}, Nodes{}) == VoteOutcome::pending);
  CHECK(tally(voters, Nodes{{1}, {2}, {3}}, Nodes{}) == VoteOutcome::won);
  CHECK(tally(voters, Nodes{{1}, {2}, {7}}, Nodes{}) == VoteOutcome::pending);
  CHECK(tally(voters, Nodes{{1}, {2}, {2}}, Nodes{}) == VoteOutcome::pending);
  CHECK(tally(voters, Nodes{{1}}, Nodes{{2}}) == VoteOutcome::pending);
  CHECK(tally(voters, Nodes{{1}}, Nodes{{2}, {3}}) == VoteOutcome::lost);
}
