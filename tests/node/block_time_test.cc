// Which time stands on a block (DESIGN §12.5): the clock of a quorum, what a follower takes, how a ledger ahead of its time goes on.
#include <catch2/catch.hpp>

#include "node/replica.h"
#include "tests/harness/small_network.h"

using namespace daftar;
using namespace daftar::node;
namespace c = daftar::consensus;

namespace {

constexpr std::uint64_t now_wall = 1'800'000'000'000, skew = 5000, year = 365ull * 24 * 3600 * 1000;

c::Membership voters(std::initializer_list<std::uint64_t> nodes, std::initializer_list<std::uint64_t> outgoing = {}) {
  c::Membership membership;
  for (const auto node : nodes) membership.voters.push_back({node});
  for (const auto node : outgoing) membership.outgoing.push_back({node});
  return membership;
}

/// Three replicas whose disks and wires are instant and whose clocks are ours. Nothing is executed: what is committed is enough.
class Trio {
 public:
  tests::SmallNetwork network{3};
  std::vector<std::unique_ptr<Replica>> replicas;
  std::vector<std::int64_t> clock_off{0, 0, 0};
  std::vector<bool> up{true, true, true};
  std::vector<std::uint64_t> newest_time{0, 0, 0}, committed{0, 0, 0};   // of the log; blocks handed to execution
  std::vector<std::string> warnings;
  std::uint64_t ms = 1000;
  std::deque<std::pair<std::uint64_t, Replica::Send>> wires;

  /// `dated_ahead`: nodes with an uncommitted block a year ahead at the end of their logs, each of a term of its own.
  explicit Trio(const std::vector<std::uint64_t>& dated_ahead = {}) {
    for (std::uint64_t node = 1; node <= 3; ++node) {
      ReplicaOptions options{{{node}, 20, 4, 1 << 20, 16, 8 << 20, 42}, {}};
      ReplicaRestored fresh;
      fresh.raft.membership = voters({1, 2, 3});
      fresh.block_time_ms = network.genesis->content().time_ms();
      fresh.block_hash = network.genesis->ledger_id();
      fresh.raft.hard_state.term = {3};
      if (std::find(dated_ahead.begin(), dated_ahead.end(), node) != dated_ahead.end()) {
        const auto block = ledger::make_block(fresh.block_hash, 1, now_wall + year, false, {});
        fresh.raft.tail = {{{node}, {1}, c::EntryKind::noop, nullptr}, {{node}, {2}, c::EntryKind::payload, std::make_shared<const std::string>(block->bytes())}};
      }
      replicas.push_back(std::make_unique<Replica>(network.genesis, network.checkpoint_keys[node - 1], options, std::move(fresh)));
    }
  }
  Times times(std::size_t i) const { return {static_cast<std::uint64_t>(static_cast<std::int64_t>(now_wall + ms) + clock_off[i]), ms}; }
  Replica& of(std::uint64_t node) { return *replicas[node - 1]; }

  void carry_out(std::size_t i) {
    for (;;) {
      auto out = replicas[i]->take_output();
      for (auto& w : out.warnings) warnings.push_back("node " + std::to_string(i + 1) + ": " + w);
      for (auto& s : out.send) wires.emplace_back(i + 1, std::move(s));
      committed[i] += out.execute.size();
      bool more = false;
      for (auto& write : out.log_writes) {
        for (const auto& record : write.records)
          if (record.payload && record.kind == static_cast<std::uint8_t>(c::EntryKind::payload)) newest_time[i] = (*ledger::Block::parse(record.payload, {}, {}))->time_ms();
        replicas[i]->log_written(write.batch);
        more = true;
      }
      for (auto& check : out.block_checks) {
        std::vector<std::shared_ptr<const ledger::Block>> blocks;
        for (auto& payload : check.payloads) blocks.push_back(*ledger::Block::parse(payload, {}, {}));
        replicas[i]->blocks_checked(check.ticket, std::move(blocks));
        more = true;
      }
      if (!more) return;
    }
  }
  void step(std::size_t i, const std::function<void(Replica&)>& input) {
    replicas[i]->set_time(times(i));
    input(*replicas[i]);
    carry_out(i);
  }
  void run(std::uint64_t duration_ms) {
    for (const std::uint64_t end = ms + duration_ms; ms < end; ms += 20) {
      for (std::size_t i = 0; i < 3; ++i)
        if (up[i]) step(i, [&](Replica& r) { r.tick(times(i)); });
      while (!wires.empty()) {
        auto [from, send] = std::move(wires.front());
        wires.pop_front();
        if (up[send.to - 1] && up[from - 1]) step(send.to - 1, [&](Replica& r) { r.receive(from, std::move(send.message)); });
      }
    }
  }
  std::uint64_t leader() {
    for (std::uint64_t node = 1; node <= 3; ++node)
      if (up[node - 1] && of(node).status().role == "leader") return node;
    return 0;
  }
  std::uint64_t elect() {
    for (int i = 0; i < 500 && leader() == 0; ++i) run(20);
    REQUIRE(leader() != 0);
    return leader();
  }
  void pay(std::uint64_t node) {
    step(node - 1, [&](Replica& r) { r.submit(++client, network.issue("acme/UZS", 1, "s" + std::to_string(client)), WaitFor::committed, 60'000); });
  }
  bool warned(const std::string& of_what) const {
    return std::any_of(warnings.begin(), warnings.end(), [&](const auto& w) { return w.find(of_what) != std::string::npos; });
  }
  std::uint64_t client = 0;
};

}  // namespace

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
  clock.heard({2}, {4000, now_wall + year}, now);   // reordered: asked before
  clock.heard({3}, {5001, now_wall + year}, now);   // asked in the future
  CHECK(clock.read(voters({1, 2, 3}), now) == now_wall);
  CHECK(clock.read(voters({1}), now) == now_wall);
  CHECK_FALSE(clock.read(voters({1, 2, 3}, {1, 3, 4}), now));   // joint: a majority of each
  clock.heard({4}, {4990, now_wall - 100}, now);
  CHECK(clock.read(voters({1, 2, 3}, {1, 3, 4}), now) == now_wall - 100);
}

TEST_CASE("a block a millisecond after its committed predecessor is taken, and so are those that follow it so; any other is measured by the clock") {
  const BlockMoment committed{10, now_wall + year};
  CHECK(latest_block_time(11, committed, now_wall, skew) == now_wall + year + 1);
  CHECK(latest_block_time(13, committed, now_wall, skew) == now_wall + year + 3);
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
  for (const std::int64_t off : {static_cast<std::int64_t>(year), -static_cast<std::int64_t>(year)}) {
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
    CHECK(t.newest_time[i] == now_wall + year + 1);
  }
}
