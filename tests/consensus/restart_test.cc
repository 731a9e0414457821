// Restarts, the window in memory, catching up from disk, limits.
#include <catch2/catch.hpp>

#include "tests/consensus/test_node.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

const std::size_t one = entry(1, 1).byte_size();

// Delivers between a leader and node 2 until nothing moves; answers log reads from the leader's disk. Returns the number of reads.
std::size_t converse(TestNode& leader, TestNode& follower, int rounds) {
  std::size_t reads = 0;
  for (int i = 0; i < rounds; ++i) {
    leader.settle();
    for (const LogRead& read : std::exchange(leader.log_reads, {})) {
      ++reads;
      leader.raft->log_read_done(read, leader.disk.read(read));
    }
    for (const Envelope& envelope : leader.take_sent())
      if (envelope.to == NodeId{2}) follower.raft->step(envelope);
    for (const Envelope& envelope : follower.take_sent()) leader.raft->step(envelope);
  }
  return reads;
}

// A leader whose window is small, and whose log is long and committed by nodes 1 and 3.
void grow(TestNode& leader, int entries) {
  for (int i = 0; i < entries; ++i) {
    REQUIRE(leader.raft->propose(payload("x")));
    leader.settle();
    leader.acknowledge(3, leader.last());
  }
  leader.sent.clear();
}

}  // namespace

TEST_CASE("a node restarted from its disk goes on where it was") {
  TestNode node({});
  node.answer(2, append(3, {}, log_of({1, 2, 3}), 2));
  node.answer(2, append(3, at(3, 3), {entry(3, 4)}, 3));
  const Status before = node.status();
  node.restart();
  const Status after = node.status();
  CHECK(after.term == before.term);
  CHECK(after.last == before.last);
  CHECK(after.applied == Index{3});
  CHECK(after.commit == Index{3});
  CHECK(after.leader == no_node);
  CHECK(single<AppendReply>(node.answer(2, append(3, at(3, 4), {entry(3, 5)}, 4))).match == Index{5});
}

TEST_CASE("what was not synced is gone after a crash, and nobody was told otherwise") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1})));
  node.sent.clear();
  node.step(2, append(1, at(1, 1), {entry(1, 2)}));
  node.carry_out_now(node.raft->take_output());
  CHECK(node.sent.empty());
  node.restart();
  CHECK(node.last() == 1);
  const auto reply = single<AppendReply>(node.answer(2, append(1, at(1, 2), {entry(1, 3)})));
  CHECK_FALSE(reply.success);
  CHECK(reply.hint == at(1, 1));
}

TEST_CASE("a node may be restored from the end of its log alone") {
  Restored restored{.hard_state = {Term{4}, no_node, Index{7}},
                    .before_tail = at(2, 5),
                    .tail = {entry(2, 6), entry(4, 7)},
                    .applied = Index{6},
                    .membership = {{{1}, {2}, {3}}, {}}};
  Raft raft({NodeId{1}, 10, 2, 1000, 4, 1000, 1}, restored);
  REQUIRE(raft.has_output());
  const Output output = raft.take_output();
  CHECK(output.committed == std::vector<Entry>{entry(4, 7)});
  raft.step({NodeId{2}, NodeId{1}, append(4, at(2, 3), {entry(2, 4), entry(2, 5), entry(2, 6), entry(4, 7), entry(4, 8)}, 8)});
  CHECK(raft.take_output().entries == std::vector<Entry>{entry(4, 8)});
}

TEST_CASE("the window forgets applied entries, and a follower far behind is fed from disk") {
  TestNode leader({.append_bytes_max = 4 * one, .inflight_appends_max = 4, .log_window_bytes_max = 10 * one});
  leader.become_leader();
  leader.acknowledge(3, 1);
  grow(leader, 100);
  CHECK(leader.status().window_bytes <= 10 * one);
  CHECK(leader.status().window_first == Index{92});
  TestNode follower({.self = 2});
  leader.tick(2);
  const std::size_t reads = converse(leader, follower, 200);
  CHECK(reads >= 20);
  CHECK(reads <= 60);
  CHECK(follower.disk.log == leader.disk.log);
  leader.tick(2);
  converse(leader, follower, 4);
  CHECK(follower.commit() == leader.commit());
  CHECK(leader.status().peers[0].state == Progress::State::replicate);
}

TEST_CASE("a follower with a conflicting old log, behind the window, is repaired from disk") {
  TestNode leader({.append_bytes_max = 4 * one, .log_window_bytes_max = 10 * one});
  leader.become_leader();
  leader.acknowledge(3, 1);
  grow(leader, 60);
  Disk old{HardState{Term{1}, no_node, {}}, {leader.disk.log[0], leader.disk.log[1], leader.disk.log[2]}};
  TestNode follower({.self = 2}, old);
  leader.tick(2);
  converse(leader, follower, 200);
  CHECK(follower.disk.log == leader.disk.log);
}

TEST_CASE("requests lost while the window moved on are noticed, and read again from disk") {
  TestNode leader({.append_bytes_max = one, .inflight_appends_max = 2, .log_window_bytes_max = 2 * one});
  TestNode follower({.self = 2});
  leader.become_leader();
  leader.acknowledge(3, 1);
  leader.tick(2);
  converse(leader, follower, 4);
  REQUIRE(leader.status().peers[0].state == Progress::State::replicate);
  grow(leader, 20);  // nothing of it reaches node 2: its pipeline is full and what it lacks is out of the window
  REQUIRE(leader.status().peers[0].inflight == 2);
  REQUIRE(leader.status().window_first > leader.status().peers[0].next);
  for (int i = 0; i < 10; ++i) {
    leader.tick(2);
    leader.acknowledge(3, leader.last());
    converse(leader, follower, 20);
  }
  CHECK(follower.disk.log == leader.disk.log);
}

TEST_CASE("a log read that yields one entry at a time, or nothing for now, still gets there") {
  TestNode leader({.append_bytes_max = 1, .log_window_bytes_max = 2 * one});
  leader.become_leader();
  leader.acknowledge(3, 1);
  grow(leader, 12);
  TestNode follower({.self = 2});
  int empty = 3;
  for (int i = 0; i < 400 && follower.disk.log.size() < leader.disk.log.size(); ++i) {
    leader.raft->tick();
    leader.acknowledge(3, leader.last());
    for (const LogRead& read : std::exchange(leader.log_reads, {})) {
      const bool nothing = empty-- > 0;
      leader.raft->log_read_done(read, nothing ? std::vector<Entry>{} : leader.disk.read(read));
      leader.raft->log_read_done(read, leader.disk.read(read));  // answered twice: the second is ignored
    }
    converse(leader, follower, 1);
  }
  CHECK(follower.disk.log == leader.disk.log);
}

TEST_CASE("a log read answered after leadership is lost is ignored") {
  TestNode leader({.log_window_bytes_max = 2 * one});
  leader.become_leader();
  leader.acknowledge(3, 1);
  grow(leader, 12);
  leader.tick(2);
  leader.step(2, AppendReply{.term = Term{1}, .rejected = Index{0} + leader.status().peers[0].next.value - 1});
  leader.settle();
  REQUIRE(leader.log_reads.size() == 1);
  const LogRead read = leader.log_reads[0];
  leader.step(3, append(2, {}));
  leader.take_sent();
  leader.raft->log_read_done(read, leader.disk.read(read));
  CHECK(leader.status().role == Role::follower);
  CHECK(only<AppendRequest>(leader.take_sent()).empty());
}

TEST_CASE("what is before the snapshot mark is not asked from disk") {
  Restored restored{.hard_state = {Term{1}, no_node, Index{9}},
                    .snapshot = {at(1, 8)},
                    .before_tail = at(1, 8),
                    .tail = {entry(1, 9)},
                    .applied = Index{9},
                    .membership = {{{1}, {2}, {3}}, {}}};
  Raft raft({NodeId{1}, 10, 2, 1000, 4, 1000, 1}, restored);
  for (int i = 0; i < 20; ++i) raft.tick();
  raft.step({NodeId{3}, NodeId{1}, VoteReply{Term{1}, Term{2}, true, true}});
  raft.synced(raft.take_output().batch);
  raft.step({NodeId{3}, NodeId{1}, VoteReply{Term{2}, Term{2}, false, true}});
  raft.synced(raft.take_output().batch);
  REQUIRE(raft.status().role == Role::leader);
  raft.step({NodeId{2}, NodeId{1}, AppendReply{.term = Term{2}, .rejected = Index{9}, .hint = {}}});
  CHECK(raft.status().peers[0].needs_snapshot);
  const Output output = raft.take_output();
  CHECK(output.log_reads.empty());
  CHECK(only<AppendRequest>(output.send_now).empty());
  raft.tick();
  raft.tick();
  const auto heartbeats = only<AppendRequest>(raft.take_output().send_now);
  REQUIRE(heartbeats.size() == 2);
  CHECK(heartbeats[0].second.previous == at(0, 0));
  CHECK(describe(raft.status()).find("needs a snapshot") != std::string::npos);
}

TEST_CASE("a leader whose state machine falls behind is busy, and free again when it has caught up") {
  TestNode node({.voters = 1, .log_window_bytes_max = 5 * one});
  node.become_leader();
  std::vector<Output> outputs;
  int accepted = 0;
  while (accepted < 100 && node.raft->propose(payload("x"))) {
    ++accepted;
    outputs.push_back(node.raft->take_output());
    node.raft->synced(outputs.back().batch);
  }
  CHECK(accepted >= 4);
  CHECK(accepted <= 6);
  CHECK(node.raft->propose(payload("x")).error().failure == ProposeFailure::busy);
  const Output rest = node.raft->take_output();
  node.raft->applied(rest.committed.back().index);
  CHECK(node.raft->propose(payload("x")).has_value());
}

TEST_CASE("a follower that cannot apply takes no more, says so, and goes on later") {
  TestNode leader({.append_bytes_max = 2 * one, .log_window_bytes_max = 1000 * one});
  TestNode follower({.self = 2, .log_window_bytes_max = 6 * one});
  leader.become_leader();
  leader.acknowledge(3, 1);
  leader.tick(2);
  converse(leader, follower, 3);
  REQUIRE(leader.status().peers[0].state == Progress::State::replicate);
  // The follower's disk works, its state machine does not.
  std::vector<Index> to_apply;
  auto exchange = [&] {
    std::size_t messages = 0;
    for (const Envelope& envelope : leader.take_sent())
      if (envelope.to == NodeId{2}) follower.raft->step(envelope);
    while (follower.raft->has_output()) {
      const Output output = follower.raft->take_output();
      if (!output.committed.empty()) to_apply.push_back(output.committed.back().index);
      follower.disk.write(output);
      follower.raft->synced(output.batch);
      for (const auto* box : {&output.send_now, &output.send_after_sync})
        for (const Envelope& envelope : *box) {
          ++messages;
          leader.raft->step(envelope);
        }
    }
    return messages;
  };
  for (int i = 0; i < 50; ++i) {
    (void)leader.raft->propose(payload("x"));
    leader.settle();
    leader.acknowledge(3, leader.last());
    exchange();
  }
  CHECK(follower.last() > 5);
  CHECK(follower.status().window_bytes <= 10 * one);
  std::size_t quiet = 0;
  for (int i = 0; i < 20; ++i) quiet += exchange();
  CHECK(quiet <= 4);  // no busy loop between the two
  for (int i = 0; i < 200; ++i) {
    leader.acknowledge(3, leader.last());
    leader.raft->tick();
    exchange();
    if (!to_apply.empty()) follower.raft->applied(to_apply.back());
    to_apply.clear();
  }
  CHECK(follower.disk.log.size() == leader.disk.log.size());
}

TEST_CASE("a new leader's no-op is taken by a follower full of uncommitted entries") {
  TestNode follower({.self = 2, .log_window_bytes_max = 3 * one});
  follower.answer(1, append(1, {}, log_of({1, 1, 1, 1, 1})));
  const auto reply = single<AppendReply>(follower.answer(3, append(2, at(1, 5), {{Term{2}, Index{6}, EntryKind::noop, nullptr}})));
  CHECK(reply.success);
  CHECK_FALSE(reply.full);
  CHECK(reply.match == Index{6});
}

TEST_CASE("an entry larger than append_bytes_max goes alone") {
  TestNode leader({.append_bytes_max = 10});
  leader.become_leader();
  leader.acknowledge(2, 1);
  leader.take_sent();
  (void)leader.raft->propose(payload(std::string(1000, 'x')));
  (void)leader.raft->propose(payload("y"));
  const auto appends = only<AppendRequest>(leader.take_sent());
  REQUIRE(appends.size() >= 2);
  CHECK(appends[0].second.entries.size() == 1);
  CHECK(appends[1].second.entries.size() == 1);
}
