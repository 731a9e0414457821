// Bugs that real Raft systems had, as scenarios: the source of each stands in its name.
#include <catch2/catch.hpp>

#include "tests/consensus/test_node.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

Disk disk_with(std::uint64_t term, std::initializer_list<std::uint64_t> terms, NodeId vote = no_node) {
  return {HardState{Term{term}, vote, {}}, log_of(terms)};
}

bool granted(const std::vector<Envelope>& sent) { return single<VoteReply>(sent).granted; }

}  // namespace

TEST_CASE("CCF 8094: a candidate that steps down in its term does not vote a second time") {
  TestNode node({});
  node.become_candidate();
  node.answer(2, append(1, {}));
  CHECK_FALSE(granted(node.answer(3, VoteRequest{Term{1}, false, false, {}})));
  node.restart();
  CHECK_FALSE(granted(node.answer(3, VoteRequest{Term{1}, false, false, {}})));
  TestNode leader({});
  leader.become_leader();
  leader.tick(10);
  REQUIRE(leader.status().role == Role::follower);
  CHECK_FALSE(granted(leader.answer(3, VoteRequest{Term{1}, false, false, at(0, 0)})));
  CHECK(leader.disk.hard_state.voted_for == NodeId{1});
}

TEST_CASE("etcd 10000: a crash between decision and write loses the decision and the promise together") {
  TestNode node({}, disk_with(3, {}));
  node.step(2, VoteRequest{Term{4}, false, false, {}});
  const Output lost = node.raft->take_output();
  CHECK(lost.send_now.empty());
  REQUIRE(lost.send_after_sync.size() == 1);
  node.restart();  // neither written nor sent
  CHECK(node.term() == Term{3});
  CHECK(granted(node.answer(3, VoteRequest{Term{4}, false, false, {}})));
  node.restart();
  CHECK(node.term() == Term{4});
  CHECK_FALSE(granted(node.answer(2, VoteRequest{Term{4}, false, false, {}})));
}

TEST_CASE("little-raft 44: votes of an earlier election do not count in a later one") {
  TestNode node({});
  node.become_candidate();
  const VoteReply late{Term{1}, Term{1}, false, true};
  const VoteReply late_pre{Term{0}, Term{1}, true, true};
  node.become_candidate();
  REQUIRE(node.term() == Term{2});
  node.step(2, late);
  node.step(3, late);
  node.step(2, late_pre);
  CHECK(node.status().role == Role::candidate);
  node.time_out();
  REQUIRE(node.status().role == Role::pre_candidate);
  node.step(2, VoteReply{Term{1}, Term{2}, true, true});  // for the election of term 2, not 3
  node.step(3, VoteReply{Term{2}, Term{2}, false, true});
  CHECK(node.status().role == Role::pre_candidate);
  CHECK(node.term() == Term{2});
}

TEST_CASE("nebula 2405: a stale append lowers neither term nor vote") {
  TestNode node({}, disk_with(5, {1}, NodeId{3}));
  const auto reply = single<AppendReply>(node.answer(2, append(2, at(1, 1), {entry(2, 2)}, 2)));
  CHECK(reply == AppendReply{.term = Term{5}});
  node.restart();
  CHECK(node.term() == Term{5});
  CHECK(node.status().voted_for == NodeId{3});
  CHECK(node.commit() == 0);
  CHECK(node.last() == 1);
}

TEST_CASE("scylladb 9965, copycat 265: an empty append commits nothing beyond what it checked") {
  TestNode node({}, disk_with(2, {1, 2, 2}));  // 2 and 3 were never committed
  node.answer(2, append(3, at(1, 1), {}, 3));
  CHECK(node.commit() == 1);
  CHECK(node.committed.size() == 1);
  node.answer(2, append(3, at(1, 1), {entry(3, 2)}, 3));
  CHECK(node.commit() == 2);
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 3});
}

TEST_CASE("openraft 509: a previous position that is no longer in the window is no conflict") {
  const std::size_t one = entry(1, 1).byte_size();
  TestNode node({.log_window_bytes_max = one});
  node.answer(2, append(1, {}, log_of({1, 1, 1, 1, 1}), 5));
  REQUIRE(node.status().window_first == Index{5});
  const auto reply = single<AppendReply>(node.answer(2, append(1, at(1, 2), {entry(1, 3), entry(1, 4), entry(1, 5), entry(1, 6)}, 5)));
  CHECK(reply.success);
  CHECK(reply.match == Index{6});
  CHECK(node.disk.log.size() == 6);
  CHECK(node.commit() == 5);
}

TEST_CASE("redpanda 3114, etcd async ABA: an old write's sync vouches for nothing that replaced it") {
  TestNode node({}, disk_with(1, {1}));
  node.step(2, append(2, at(1, 1), {entry(2, 2, "a"), entry(2, 3, "b")}));
  const Output first = node.raft->take_output();
  node.step(3, append(3, at(1, 1), {entry(3, 2, "c")}));
  const Output second = node.raft->take_output();
  // Node 2 leads again, in term 4, with its old entries.
  node.step(2, append(4, at(1, 1), {entry(2, 2, "a"), entry(2, 3, "b"), entry(4, 4)}, 4));
  const Output third = node.raft->take_output();
  REQUIRE(third.entries.size() == 3);
  CHECK(terms_of(third.committed) == std::vector<std::uint64_t>{1});  // the only one this disk holds

  node.sync(first);
  CHECK(node.status().durable == Index{1});
  CHECK(node.raft->take_output().committed.empty());
  node.sync(second);
  CHECK(node.status().durable == Index{1});
  node.sync(third);
  CHECK(node.status().durable == Index{4});
  node.settle();
  CHECK(terms_of(node.committed) == std::vector<std::uint64_t>{2, 2, 4});
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 2, 2, 4});
}

TEST_CASE("redpanda 16105: a leader does not count its replaced write when it leads again") {
  TestNode node({}, disk_with(1, {1}));
  node.become_leader();  // term 2, no-op at 2
  node.acknowledge(3, 1);
  (void)node.raft->propose(payload("mine"));
  const Output under_way = node.raft->take_output();
  node.step(3, append(3, at(1, 1), {entry(3, 2)}));
  const Output replaced = node.raft->take_output();
  node.raft->synced(under_way.batch);
  CHECK(node.status().durable == Index{1});
  node.sync(under_way);
  node.sync(replaced);
  CHECK(node.status().durable == Index{2});
}

TEST_CASE("etcd 20418: an answer to an earlier leadership's read probe confirms nothing") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  (void)node.raft->request_read();
  node.settle();
  const AppendReply late{.term = Term{1}, .success = true, .match = Index{1}, .context = 1};
  AppendRequest old_probe = append(1, at(1, 1), {}, 1);
  old_probe.context = 1;
  node.tick(20);  // nobody answers
  REQUIRE(node.status().role == Role::follower);
  node.become_leader();
  REQUIRE(node.term() == Term{2});
  node.acknowledge(2, 2);
  node.reads.clear();
  (void)node.raft->request_read();
  node.settle();
  node.step(2, late);
  // The old probe itself arrives late at a follower that is in the new term.
  TestNode follower({.self = 2}, disk_with(2, {1, 2}));
  for (const auto& [to, reply] : only<AppendReply>(follower.answer(1, old_probe))) node.step(2, reply);
  node.settle();
  CHECK(node.reads.empty());
  CHECK(node.status().reads_open == 1);
}

TEST_CASE("openraft 1748: a transfer that was given up and is carried out late is an election like any other") {
  TestNode leader({});
  leader.become_leader();
  leader.acknowledge(2, 1);
  leader.acknowledge(3, 1);
  REQUIRE(leader.raft->transfer_leadership(NodeId{2}));
  const auto late = only<TimeoutNow>(leader.take_sent()).at(0).second;
  for (int i = 0; i < 10; ++i) {
    leader.tick(1);
    leader.acknowledge(2, 1);
    leader.acknowledge(3, 1);
  }
  (void)leader.raft->request_read();
  leader.settle();
  TestNode target({.self = 2});
  target.answer(1, append(1, {}, {{Term{1}, Index{1}, EntryKind::noop, nullptr}}, 1));
  const auto requests = only<VoteRequest>(target.answer(1, late));
  REQUIRE(requests.size() == 2);
  leader.step(2, requests[0].second);
  leader.settle();
  CHECK(leader.reads.empty());
  CHECK(leader.reads_aborted.size() == 1);
  CHECK(leader.status().role == Role::follower);
}

TEST_CASE("hashicorp/raft 612: a follower whose disk stalled catches up when it is back") {
  TestNode leader({.inflight_appends_max = 2});
  TestNode follower({.self = 2});
  leader.become_leader();
  leader.acknowledge(3, 1);
  std::vector<Output> stalled;
  auto exchange = [&](bool disk_works) {
    for (const Envelope& envelope : leader.take_sent())
      if (envelope.to == NodeId{2}) follower.raft->step(envelope);
    while (follower.raft->has_output()) stalled.push_back(follower.raft->take_output());
    if (!disk_works) return;
    for (const Output& output : std::exchange(stalled, {})) {
      follower.carry_out_now(output);
      follower.sync(output);
    }
    for (const Envelope& envelope : follower.take_sent()) leader.raft->step(envelope);
  };
  for (int i = 0; i < 30; ++i) {
    (void)leader.raft->propose(payload("x"));
    leader.settle();
    leader.acknowledge(3, leader.last());
    leader.raft->tick();
    exchange(false);
  }
  CHECK(follower.disk.log.empty());
  for (int i = 0; i < 30; ++i) {
    leader.acknowledge(3, leader.last());
    leader.raft->tick();
    exchange(true);
  }
  CHECK(follower.disk.log == leader.disk.log);
  CHECK(follower.commit() == leader.commit());
}

TEST_CASE("hashicorp/raft 605: a node with a higher term than the living leader's makes its term known") {
  TestNode stuck({.self = 3}, disk_with(9, {1}));
  TestNode leader({}, disk_with(1, {1}));
  leader.become_leader();
  const auto reply = single<AppendReply>(stuck.answer(1, append(2, at(1, 1))));
  CHECK(reply.term == Term{9});
  leader.step(3, reply);
  CHECK(leader.term() == Term{9});
  CHECK(leader.status().role == Role::follower);
}
