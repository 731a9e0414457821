// Which time stands on a block (DESIGN §12.5): the clock of a quorum, what a follower takes, how a ledger ahead of its time goes on.
#include <catch2/catch.hpp>

#include "tests/node/trio.h"

using namespace daftar;
using namespace daftar::node;
using tests::Trio;
using tests::voters;
using tests::year_ms;

namespace {
constexpr std::uint64_t now_wall = tests::trio_wall_ms, skew = 5000;
}

TEST_CASE("the clock of a quorum is the latest moment that a majority has reached, by readings that are not old") {
  struct Row { std::int64_t own, second, third; std::optional<std::int64_t> quorum; };
  for (const Row& row : {Row{0, 0, 0, 0}, Row{3'600'000, 0, -10, 0}, Row{-3'600'000, 0, 10, 0}, Row{0, 3'600'000, 10, 10},
                         Row{0, -3'600'000, 10, 0}, Row{3'600'000, 0, 3'600'000, 3'600'000}}) {
    QuorumClock clock({1});
    const auto at = [&](std::int64_t off) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(now_wall) + off); };
    const Times now{at(row.own), 5000};
    CHECK_FALSE(clock.read(voters({1, 2, 3}), now));
    clock.heard({2}, {4990, at(row.second)}, now);
    clock.heard({3}, {4995, at(row.third)}, now);
    CHECK(clock.read(voters({1, 2, 3}), now) == at(*row.quorum));
    // Readings grow older with time, and are dropped when they were asked for too long ago.
    const Times later{now.wall_ms + 500, 5500};
    CHECK(clock.read(voters({1, 2, 3}), later) == at(*row.quorum) + 500);
    CHECK(clock.read(voters({1, 2, 3}), {now.wall_ms + 2000, 4990 + QuorumClock::reading_ms_max}));
    CHECK_FALSE(clock.read(voters({1, 2, 3}), {now.wall_ms + 2000, 4995 + QuorumClock::reading_ms_max + 1}));
  }
}

TEST_CASE("an old answer that arrives late, and one that was never asked for, move no clock") {
  QuorumClock clock({1});
  const Times now{now_wall, 5000};
  clock.heard({2}, {4990, now_wall}, now);
  clock.heard({2}, {4000, now_wall + year_ms}, now);   // reordered: asked before
  clock.heard({3}, {5001, now_wall + year_ms}, now);   // asked in the future
  CHECK(clock.read(voters({1, 2, 3}), now) == now_wall);
  CHECK(clock.read(voters({1}), now) == now_wall);
  CHECK_FALSE(clock.read(voters({1, 2, 3}, {1, 3, 4}), now));   // joint: a majority of each
  clock.heard({4}, {4990, now_wall - 100}, now);
  CHECK(clock.read(voters({1, 2, 3}, {1, 3, 4}), now) == now_wall - 100);
}

TEST_CASE("a block a millisecond after its committed predecessor is taken, and so are those that follow it so, and any other is measured by the clock") {
  const BlockMoment committed{10, now_wall + year_ms};
  CHECK(latest_block_time(11, committed, now_wall, skew) == now_wall + year_ms + 1);
  CHECK(latest_block_time(13, committed, now_wall, skew) == now_wall + year_ms + 3);
  CHECK(latest_block_time(11, {10, now_wall - 40}, now_wall, skew) == now_wall + skew);
}

TEST_CASE("patience: a leader's own block dated ahead is refused always, an inherited one until nothing has been committed for a while") {
  Patience patience;
  CHECK(patience.refuses(true, {now_wall, 1000}));
  CHECK(patience.refuses(true, {now_wall, 1000 + Patience::stands_still_ms_max - 1}));
  CHECK_FALSE(patience.refuses(true, {now_wall, 1000 + Patience::stands_still_ms_max}));
  CHECK(patience.refuses(false, {now_wall, 1000 + Patience::stands_still_ms_max}));
  patience.committed();
  CHECK(patience.refuses(true, {now_wall, 1000 + Patience::stands_still_ms_max}));
}

TEST_CASE("a leader whose clock is a year off leads on, writes the others' time, and says so") {
  for (const std::int64_t off : {static_cast<std::int64_t>(year_ms), -static_cast<std::int64_t>(year_ms)}) {
    Trio t;
    const auto leader = t.elect();
    t.run(500);
    t.clock_off[leader - 1] = off;
    t.run(3000);
    t.pay(leader);
    t.run(500);
    CHECK(t.leader() == leader);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(t.committed[i] == 1);
      CHECK(t.newest_time[i] <= now_wall + t.ms);
      CHECK(t.newest_time[i] + 1000 > now_wall + t.ms);
    }
    CHECK(t.warned("blocks are dated by theirs"));
    CHECK_FALSE(t.warned("refused what node"));
  }
}

TEST_CASE("a leader that hears no quorum's clocks writes no block, not even into its own log") {
  Trio t;
  const auto leader = t.elect();
  t.run(500);
  for (std::size_t i = 0; i < 3; ++i) t.up[i] = i + 1 == leader;
  t.run(200);
  t.ms += QuorumClock::reading_ms_max;   // its readings have become old; it has not noticed yet that nobody answers
  t.pay(leader);
  CHECK(t.newest_time[leader - 1] == 0);
  CHECK(t.of(leader).status().not_ready_because.find("clocks of a majority") != std::string::npos);
}

TEST_CASE("when all clocks were ahead, the ledger goes on by a millisecond a block until they are caught up with") {
  Trio t;
  const auto leader = t.elect();
  t.clock_off = {3'600'000, 3'600'000, 3'600'000};
  t.run(500);
  t.pay(leader);
  t.run(200);
  const std::uint64_t ahead = t.newest_time[0];
  REQUIRE(ahead > now_wall + t.ms + 3'000'000);
  t.clock_off = {0, 0, 0};
  for (std::uint64_t n = 1; n <= 5; ++n) {
    t.run(3000);
    t.pay(t.elect());
    t.run(200);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(t.committed[i] >= 1 + n);
      CHECK(t.newest_time[i] <= ahead + t.committed[i]);
    }
  }
  CHECK_FALSE(t.warned("refused what node"));
}

TEST_CASE("a tail dated ahead is left behind by those who can elect another leader") {
  Trio t({1});
  t.run(30'000);
  t.pay(t.elect());
  t.run(200);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(t.committed[i] == 1);
    CHECK(t.newest_time[i] < now_wall + t.ms);
  }
}

TEST_CASE("two logs of three with tails dated ahead: no leader without one can be elected, so in the end one is taken") {
  Trio t({1, 2});
  t.run(15'000);
  CHECK(t.committed == std::vector<std::uint64_t>{0, 0, 0});
  CHECK(t.warned("ahead of this node's clock"));
  t.run(45'000);
  t.pay(t.elect());
  t.run(200);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(t.committed[i] == 2);                          // the tail, and the payment a millisecond later
    CHECK(t.newest_time[i] == now_wall + year_ms + 1);
  }
}
