// Snapshots and compaction (thesis chapter 5), with the caller's disk played: a snapshot's bytes are "state at <index>".
#include <catch2/catch.hpp>

#include "tests/consensus/group.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

std::string bytes_of(const Snapshot& snapshot) { return "the state at " + describe(snapshot.position) + ", and all that led to it"; }

// What a driver does for one node. `stored`: bytes received so far.
struct Driver {
  explicit Driver(TestNode& n) : node(n) {}
  TestNode& node;
  std::optional<Snapshot> newest;   // that can be sent
  std::string manifest_stored, stored;
  int installed = 0, failed = 0;
  bool hold_install = false;        // keeps the last piece
  bool damaged = false;             // the check before use fails
  std::optional<SnapshotArrival> held;

  // Applied entries up to `index` leave the log; a snapshot stands for them.
  void compact(std::uint64_t index) {
    const Membership in_force = node.status().membership;
    const LogPosition mark = node.disk.log.at(index - node.disk.mark.index.value - 1).position();
    newest = Snapshot{mark, in_force, "manifest of node " + std::to_string(node.setup.self) + " at " + describe(mark)};
    node.raft->compact(mark);
    node.disk.compact(index, in_force);
  }
  void serve() {
    for (const SnapshotRead& read : std::exchange(node.snapshot_reads, {})) {
      if (!newest) {
        node.raft->snapshot_read_done(read, std::nullopt);
        continue;
      }
      const std::uint64_t offset = read.snapshot == *newest ? read.offset : 0;
      const std::string all = bytes_of(*newest);
      const std::string part = all.substr(std::min<std::size_t>(offset, all.size()), read.bytes_max);
      node.raft->snapshot_read_done(read, SnapshotPiece{*newest, offset, payload(part), offset + part.size() >= all.size()});
    }
  }
  void install(const SnapshotArrival& arrival) {
    const Snapshot& snapshot = arrival.piece.snapshot;
    if (damaged || stored != bytes_of(snapshot)) {
      ++failed;
      stored.clear();
      return node.raft->snapshot_failed(arrival.id);
    }
    ++installed;
    node.disk.log.clear();
    node.disk.mark = snapshot.position;
    node.disk.membership = snapshot.membership;
    node.applied = snapshot.position.index;
    newest = snapshot;
    stored.clear();
    node.raft->snapshot_installed(arrival.id);
  }
  void store() {
    for (const SnapshotArrival& arrival : std::exchange(node.arrivals, {})) {
      const SnapshotPiece& piece = arrival.piece;
      if (manifest_stored != piece.snapshot.manifest) stored.clear();
      manifest_stored = piece.snapshot.manifest;
      const bool fits = piece.offset == stored.size();
      if (fits && piece.bytes) stored += *piece.bytes;
      if (!fits || !piece.done) node.raft->snapshot_wants(arrival.id, stored.size());
      else if (hold_install) held = arrival;
      else install(arrival);
    }
  }
};

// Three nodes with drivers; node 3 has missed what node 1 and 2 have and node 1 has compacted away.
struct Cluster3 : Group {
  explicit Cluster3(Setup common = {}) : Group(3, voters({1, 2, 3}), common) {
    for (std::uint64_t id = 1; id <= 3; ++id) drivers.emplace_back((*this)[id]);
    elect(1);
    silent = {3};
    for (int i = 0; i < 20; ++i) propose(1);
  }
  std::vector<Driver> drivers;
  Driver& driver(std::uint64_t id) { return drivers[id - 1]; }
  void run(Ticks ticks) {
    for (Ticks i = 0; i < ticks; ++i) {
      tick(1);
      for (int rounds = 0; rounds < 30; ++rounds) {
        for (Driver& d : drivers) d.serve(), d.store();
        deliver();
      }
    }
  }
};

// Node 3 has been sent all of a snapshot, and has not installed it yet.
struct AllSent : Cluster3 {
  AllSent() {
    driver(1).compact(15);
    driver(3).hold_install = true;
    silent = {};
    run(10);
    REQUIRE(driver(3).held);
  }
};

}  // namespace

// 5: "the leader must occasionally send snapshots to followers that lag behind [...] when the leader has already discarded the next log
// entry that it needs to send to a follower."
TEST_CASE("5 a follower that needs what was compacted gets a snapshot in pieces, then the log") {
  Cluster3 group;
  group.driver(1).compact(15);
  CHECK(group[1].status().compacted == Index{15});
  group.silent = {};
  group.run(12);
  CHECK(group.driver(3).installed == 1);
  CHECK(group[3].disk.mark == at(1, 15));
  CHECK(group[3].last() == 21);
  CHECK(group[3].commit() == 21);
  REQUIRE(group[3].committed.size() == 7);
  CHECK(group[3].committed[1].index == Index{16});  // after entry 1, which it had
  CHECK(group[3].status().membership == voters({1, 2, 3}));
  CHECK(group[1].status().peers[1].state == Progress::State::replicate);
  CHECK(group[1].status().match_min == Index{21});
  group[3].restart();
  CHECK(group[3].last() == 21);
}

TEST_CASE("5 pieces follow each other one by one, a cut is resumed where it happened") {
  Cluster3 group;
  group.driver(1).compact(15);
  group.silent = {};
  std::vector<std::uint64_t> offsets;
  bool cut = false;
  group.drop = [&](const Envelope& e) {
    const auto* request = std::get_if<SnapshotRequest>(&e.message);
    if (cut) return e.to == NodeId{3};
    if (request && request->piece.bytes) offsets.push_back(request->piece.offset);
    return false;
  };
  for (int i = 0; i < 100 && offsets.size() < 2; ++i) {
    group.tick(1);
    for (Driver& d : group.drivers) d.serve(), d.store();
  }
  group.deliver();
  REQUIRE(group.driver(3).installed == 0);
  cut = true;
  group.run(12);
  const std::size_t before_cut = offsets.size();
  cut = false;
  group.run(40);
  CHECK(group.driver(3).installed == 1);
  REQUIRE(offsets.size() > before_cut);
  CHECK(offsets[before_cut] > 0);  // not from the beginning
  for (std::size_t i = 1; i < before_cut; ++i) CHECK(offsets[i] == offsets[i - 1] + 10);
}

TEST_CASE("5 a follower restarted in the middle goes on with what its disk kept, or from the beginning") {
  for (const bool kept : {true, false}) {
    Cluster3 group;
    group.driver(1).compact(15);
    group.silent = {};
    for (int i = 0; i < 100 && group.driver(3).stored.size() < 20; ++i) {
      group.tick(1);
      for (Driver& d : group.drivers) d.serve(), d.store();
    }
    REQUIRE(group.driver(3).stored.size() >= 20);
    group[3].restart();
    group[3].arrivals.clear();
    if (!kept) group.driver(3).stored.clear();
    group.run(60);
    CAPTURE(kept);
    CHECK(group.driver(3).installed == 1);
    CHECK(group[3].commit() == 21);
  }
}

TEST_CASE("5 a follower restarted when all pieces had come, and before they were installed, installs them") {
  AllSent group;
  group.driver(3).hold_install = false;
  group.driver(3).held.reset();
  group[3].restart();
  group.run(60);
  CHECK(group.driver(3).installed == 1);
  CHECK(group[3].commit() == 21);
}

TEST_CASE("5 a snapshot that fails its check is not used, and sent again later") {
  Cluster3 group;
  group.driver(1).compact(15);
  group.driver(3).damaged = true;
  group.silent = {};
  group.run(12);
  CHECK(group.driver(3).failed >= 1);
  CHECK(group.driver(3).failed <= 2);  // not in a busy loop
  CHECK(group[3].commit() == 1);
  group.driver(3).damaged = false;
  group.run(30);
  CHECK(group.driver(3).installed == 1);
  CHECK(group[3].commit() == 21);
}

TEST_CASE("5 without a snapshot to send the leader asks again after an election timeout, and the follower stays a follower") {
  Cluster3 group;
  group.driver(1).compact(15);
  const Snapshot newest = *std::exchange(group.driver(1).newest, std::nullopt);
  group.silent = {};
  group.run(30);
  CHECK(group[3].commit() == 1);
  CHECK(group[3].status().role == Role::follower);
  CHECK(group[1].status().role == Role::leader);
  CHECK(group[1].status().peers[1].state == Progress::State::snapshot);
  group.driver(1).newest = newest;
  group.run(20);
  CHECK(group[3].commit() == 21);
}

// 5.3, figure 5.3 step 6: "If existing log entry has same index and term as snapshot's last included entry, retain log entries following it".
TEST_CASE("5.3 a snapshot of what the log already holds is not installed: it only says what is committed") {
  TestNode node({}, {HardState{Term{2}, no_node, {}}, log_of({1, 1, 2})});
  const Snapshot snapshot{at(1, 2), voters({1, 2, 3}), "m"};
  const auto reply = single<AppendReply>(node.answer(2, SnapshotRequest{Term{2}, {snapshot, 0, payload("x"), true}}));
  CHECK(reply.success);
  CHECK(reply.match == Index{2});
  CHECK(node.commit() == 2);
  CHECK(node.arrivals.empty());
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 1, 2});
}

TEST_CASE("5.3 a snapshot older than what is committed is answered as held") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1, 1, 1}), 3));
  const auto reply = single<AppendReply>(node.answer(2, SnapshotRequest{Term{1}, {{at(1, 2), voters({1, 2, 3}), "m"}, 0, payload("x"), true}}));
  CHECK(reply.match == Index{3});
  CHECK(node.arrivals.empty());
  CHECK(node.answer(2, SnapshotRequest{Term{2}, {{at(2, 2), voters({1, 2, 3}), "m"}, 0, payload("x"), true}}).empty());
  CHECK(node.status().refused == 1);  // another entry 2 cannot be committed
}

// 5.3: a conflicting log is discarded entirely. openraft#559, #561, #753: the old log was kept.
TEST_CASE("openraft 559: the log that a snapshot replaces is gone, in memory and for the disk, old writes vouch for nothing") {
  TestNode node({}, {HardState{Term{1}, no_node, {}}, log_of({1, 1})});
  node.step(2, append(2, at(1, 2), {entry(2, 3), entry(2, 4)}));
  const Output under_way = node.raft->take_output();
  node.step(3, SnapshotRequest{Term{3}, {{at(3, 3), voters({1, 2}, {1, 2, 3}), "m"}, 0, payload("x"), true}});
  const Output output = node.raft->take_output();
  REQUIRE(output.snapshot_arrivals.size() == 1);
  CHECK(node.status().installing);
  node.raft->snapshot_installed(output.snapshot_arrivals[0].id);
  CHECK(node.status().last == at(3, 3));
  CHECK(node.commit() == 3);
  CHECK(node.status().applied == Index{3});
  CHECK(node.status().membership == voters({1, 2}, {1, 2, 3}));
  node.raft->synced(under_way.batch);
  CHECK(node.status().durable == Index{3});
  node.raft->synced(output.batch);
  const Output next = node.raft->take_output();
  const auto reply = single<AppendReply>(next.send_now.empty() ? next.send_after_sync : next.send_now);
  CHECK(reply.match == Index{3});
  node.step(3, append(3, at(3, 3), {entry(3, 4)}, 4));
  const Output appended = node.raft->take_output();
  CHECK(appended.entries == std::vector<Entry>{entry(3, 4)});
}

TEST_CASE("5.3 while the state is being replaced, nothing is taken into the log, applied, or campaigned for") {
  TestNode node({}, {HardState{Term{1}, no_node, {}}, log_of({1, 1})});
  node.answer(2, SnapshotRequest{Term{2}, {{at(2, 9), voters({1, 2, 3}), "m"}, 0, payload("x"), true}});
  REQUIRE(node.arrivals.size() == 1);
  const auto reply = single<AppendReply>(node.answer(2, append(2, at(1, 2), {entry(2, 3)}, 2)));
  CHECK(reply.success);
  CHECK(reply.full);
  CHECK(node.last() == 2);
  CHECK(node.committed.empty());
  node.tick(50);
  CHECK(node.status().role == Role::follower);
  CHECK(node.take_sent().empty());
  node.raft->snapshot_failed(node.arrivals[0].id);
  node.settle();
  CHECK(node.committed.size() == 2);
}

// jgroups-raft#23: the receiver took the snapshot's term for its own, and was sent the snapshot for ever.
TEST_CASE("jgroups-raft 23: a snapshot of an old term changes no term") {
  TestNode node({}, {HardState{Term{7}, no_node, {}}, {}});
  node.answer(2, SnapshotRequest{Term{7}, {{at(3, 9), voters({1, 2, 3}), "m"}, 0, payload("x"), true}});
  REQUIRE(node.arrivals.size() == 1);
  node.raft->snapshot_installed(node.arrivals[0].id);
  CHECK(node.term() == Term{7});
  CHECK(node.status().last == at(3, 9));
  CHECK(single<AppendReply>(node.take_sent()).term == Term{7});
  CHECK(single<SnapshotReply>(node.answer(3, SnapshotRequest{Term{6}, {{at(3, 12), voters({1, 2, 3}), "m"}, 0, nullptr, false}})).term == Term{7});
}

// canonical/raft#250, #354: an uncommitted configuration was lost, or kept, by a snapshot before it.
TEST_CASE("canonical/raft 250: a configuration after the snapshot is found again after a restart, and undone when dropped") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  for (int i = 0; i < 5; ++i) group.propose(1);
  group.silent = {2, 3};
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 3)));
  group.deliver();
  group[1].raft->compact(at(1, 6));
  group[1].disk.compact(6, voters({1, 2, 3}));
  group[1].restart();
  CHECK(group[1].status().membership == voters({1, 2}, {1, 2, 3}));
  const auto reply = single<AppendReply>(group[1].answer(2, append(2, at(1, 6), {entry(2, 7)})));
  CHECK(reply.success);
  CHECK(group[1].status().membership == voters({1, 2, 3}));
}

TEST_CASE("a lagging peer's need shows in match_min, and compaction up to there costs no snapshot") {
  Cluster3 group;
  group.silent = {};
  group.tick(3);
  group.silent = {3};
  for (int i = 0; i < 5; ++i) group.propose(1);
  const Index needed = group[1].status().match_min;
  CHECK(needed == Index{21});
  group.driver(1).compact(needed.value);
  group.silent = {};
  group.run(6);
  CHECK(group[3].commit() == 26);
  CHECK(group.driver(3).installed == 0);
}

TEST_CASE("who is being sent a snapshot waits for the log after its place, and who has not been heard of for long waits for nothing") {
  Cluster3 group;
  CHECK(group[1].status().awaited_min == Index{1});
  group.driver(1).compact(15);
  group.driver(3).hold_install = true;
  group.silent = {};
  group.run(10);
  REQUIRE(group[1].status().peers[1].snapshot.position == at(1, 15));
  for (int i = 0; i < 5; ++i) group.propose(1);
  group.run(1);
  CHECK(group[1].status().match_min == Index{1});
  CHECK(group[1].status().awaited_min == Index{15});
  group.silent = {3};
  group.run(Raft::awaited_timeouts * 10 - 1);
  CHECK(group[1].status().awaited_min == Index{15});
  group.run(2);
  CHECK(group[1].status().awaited_min == Index{26});
  group.silent = {};
  group.driver(3).install(*group.driver(3).held);
  group.run(10);
  CHECK(group[3].commit() == 26);
  CHECK(group[1].status().awaited_min == Index{26});
}

TEST_CASE("an installing follower is asked, not sent to, until it is done, a late answer of another leadership is ignored") {
  AllSent group;
  std::size_t bytes = 0;
  group.drop = [&](const Envelope& e) {
    const auto* request = std::get_if<SnapshotRequest>(&e.message);
    if (request && request->piece.bytes) bytes += request->piece.bytes->size();
    return false;
  };
  group.run(100);
  CHECK(bytes == 0);
  CHECK(group[3].status().role == Role::follower);
  group[3].raft->snapshot_failed(group.driver(3).held->id + 1);
  CHECK(group[3].status().installing);
  group.driver(3).install(*group.driver(3).held);
  group.run(3);
  CHECK(group[3].commit() == 21);
}
