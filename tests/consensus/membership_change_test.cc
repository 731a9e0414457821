// Membership changes of a running cluster: a test per rule of the thesis' chapter 4, and bugs that other systems had in it.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/consensus/group.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;
using Why = ChangeRefused::Why;

namespace {

Entry membership_entry(std::uint64_t term, std::uint64_t index, const Membership& membership) {
  return {Term{term}, Index{index}, EntryKind::membership, payload(encode_membership(membership))};
}

}  // namespace

// 4.3: first C_old,new, then C_new, each an entry of the log.
TEST_CASE("4.3 adding a voter: a joint configuration, then the new one, both in the log") {
  Group group(4, voters({1, 2, 3}));
  group.elect(1);
  CHECK(group[1].raft->propose_membership(change(Verb::add_voter, 4)).value() == at(1, 2));
  CHECK(group[1].status().membership == voters({1, 2, 3, 4}, {1, 2, 3}));  // in force at once (4.1), not when committed
  CHECK(group[1].status().membership_index == Index{2});
  group.deliver();
  group.tick(2);
  for (std::uint64_t id = 1; id <= 4; ++id) {
    CAPTURE(id);
    CHECK(group[id].status().membership == voters({1, 2, 3, 4}));
    CHECK(group[id].commit() == 3);
    CHECK(group[id].disk.log[1] == membership_entry(1, 2, voters({1, 2, 3, 4}, {1, 2, 3})));
    CHECK(group[id].disk.log[2] == membership_entry(1, 3, voters({1, 2, 3, 4})));
  }
  group.silent = {3};  // now 3 of 4 are needed
  group.propose(1);
  CHECK(group[1].commit() == 4);
  group.silent = {3, 4};
  group.propose(1);
  CHECK(group[1].commit() == 4);
}

// 4.3: "Agreement (for elections and entry commitment) requires majorities from both the old and new configurations."
TEST_CASE("4.3 while joint, entries are committed by a majority of each configuration") {
  Group group(6, voters({1, 2, 3}));
  group.elect(1);
  group.silent = {2, 3};  // of the old majority only the leader is left
  REQUIRE(group[1].raft->propose_membership({{{Verb::remove, {2}}, {Verb::remove, {3}}, {Verb::add_voter, {4}}, {Verb::add_voter, {5}}}}));
  group.deliver();
  group.tick(2);
  CHECK(group[1].status().peers[2].match == Index{2});  // node 4 has it, and so has 5
  CHECK(group[1].commit() == 1);
  CHECK(group[1].status().membership.joint());
  group.silent = {3};
  group.tick(2);
  CHECK(group[1].status().membership == voters({1, 4, 5}));
  CHECK(group[1].commit() == 3);
}

TEST_CASE("4.3 while joint, a leader needs the votes of a majority of each configuration") {
  const Membership joint = voters({1, 4, 5}, {1, 2, 3});
  const Disk disk{HardState{Term{1}, no_node, {}}, {membership_entry(1, 1, joint)}};
  TestNode node({.membership = voters({1, 2, 3})}, disk);
  node.time_out();
  CHECK(only<VoteRequest>(node.take_sent()).size() == 4);
  for (std::uint64_t id : {4, 5}) node.step(id, VoteReply{Term{1}, Term{2}, true, true});
  CHECK(node.status().role == Role::pre_candidate);
  node.step(2, VoteReply{Term{1}, Term{2}, true, true});
  REQUIRE(node.status().role == Role::candidate);
  node.settle();
  for (std::uint64_t id : {2, 3}) node.step(id, VoteReply{Term{2}, Term{2}, false, true});
  CHECK(node.status().role == Role::candidate);
  node.step(5, VoteReply{Term{2}, Term{2}, false, true});
  CHECK(node.status().role == Role::leader);
}

TEST_CASE("4.3, 6.2, 6.4 while joint, check-quorum and reads need a majority of each configuration") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  REQUIRE(node.raft->propose_membership({{{Verb::remove, {2}}, {Verb::remove, {3}}, {Verb::add_voter, {4}}, {Verb::add_voter, {5}}}}));
  (void)node.raft->request_read();
  node.settle();
  node.acknowledge(4, 1, 1);
  node.acknowledge(5, 1, 1);
  CHECK(node.reads.empty());
  node.acknowledge(3, 1, 1);
  CHECK(node.reads.size() == 1);
  node.tick(10);
  CHECK(node.status().role == Role::leader);
  for (int i = 0; i < 10; ++i) {
    node.acknowledge(4, 1);
    node.acknowledge(5, 1);
    node.tick(1);
  }
  CHECK(node.status().role == Role::follower);  // no majority of 1, 2, 3
}

// 4.1: "each server adopts C_new as soon as that entry is added to its log"; "a server [...] must be prepared to fall back".
TEST_CASE("4.1 a configuration is in force when it is in the log, and undone when it is dropped from it") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1}), 1));
  node.answer(2, append(1, at(1, 1), {membership_entry(1, 2, voters({1, 2}, {1, 2, 3})), membership_entry(1, 3, voters({1, 2}))}, 1));
  CHECK(node.status().membership == voters({1, 2}));
  CHECK(node.commit() == 1);
  node.answer(3, append(2, at(1, 2), {entry(2, 3)}, 1));
  CHECK(node.status().membership == voters({1, 2}, {1, 2, 3}));
  node.answer(2, append(3, at(1, 1), {entry(3, 2)}, 1));
  CHECK(node.status().membership == voters({1, 2, 3}));
  node.restart();
  CHECK(node.status().membership == voters({1, 2, 3}));
}

TEST_CASE("4.1 a restarted node finds the membership in its log, what stands before the tail is given") {
  TestNode node({});
  node.answer(2, append(1, {}, {entry(1, 1), membership_entry(1, 2, voters({1, 2}, {1, 2, 3})), membership_entry(1, 3, voters({1, 2}))}, 2));
  node.restart();
  CHECK(node.status().membership == voters({1, 2}));
  CHECK(node.status().membership_index == Index{3});
  Restored late{.hard_state = {Term{1}, no_node, Index{2}}, .before_tail = at(1, 2), .tail = {node.disk.log[2]}, .applied = Index{2},
                .membership = voters({1, 2}, {1, 2, 3})};
  Raft raft({NodeId{1}, 10, 2, 1000, 4, 1000, 1}, late);
  CHECK(raft.status().membership == voters({1, 2}));
  raft.step({NodeId{2}, NodeId{1}, append(2, at(1, 2), {entry(2, 3)})});
  CHECK(raft.status().membership == voters({1, 2}, {1, 2, 3}));
}

TEST_CASE("one change at a time: the next is refused until the last entry of this one is committed") {
  Group group(5, voters({1, 2, 3}));
  group.elect(1);
  group.drop = [](const Envelope& e) { return e.from == NodeId{2} || e.from == NodeId{3}; };
  REQUIRE(group[1].raft->propose_membership(change(Verb::add_learner, 4)));
  CHECK(group[1].raft->propose_membership(change(Verb::add_learner, 5)).error().failure == ProposeFailure::change_pending);
  group.drop = [](const Envelope&) { return false; };
  group.tick(2);
  REQUIRE(group[1].raft->propose_membership(change(Verb::add_learner, 5)));
  group.deliver();
  REQUIRE(group[1].raft->propose_membership(change(Verb::promote, 4)));
  CHECK(group[1].raft->propose_membership(change(Verb::promote, 5)).error().failure == ProposeFailure::change_pending);
  group.deliver();
  CHECK(group[1].raft->propose_membership(change(Verb::promote, 5)).has_value());
}

// Ongaro, raft-dev 2015 (also baidu/braft#182, atomix/copycat#23, openraft#2051).
TEST_CASE("raft-dev 2015: no change before an entry of the leader's own term is committed") {
  TestNode node({.voters = 4});
  node.become_leader();
  CHECK(node.raft->propose_membership(change(Verb::remove, 4)).error().failure == ProposeFailure::term_not_established);
  node.acknowledge(2, 1);
  CHECK(node.raft->propose_membership(change(Verb::remove, 4)).error().failure == ProposeFailure::term_not_established);
  node.acknowledge(3, 1);
  CHECK(node.raft->propose_membership(change(Verb::remove, 4)).has_value());
}

TEST_CASE("a change is refused with its reason, and nothing happens") {
  TestNode node({.learners = {NodeId{4}}});
  CHECK(node.raft->propose_membership(change(Verb::remove, 3)).error().failure == ProposeFailure::not_leader);
  node.become_leader();
  node.acknowledge(2, 1);
  auto refused = [&](MembershipChange c) {
    const ProposeError error = node.raft->propose_membership(c).error();
    CHECK(error.failure == ProposeFailure::change_refused);
    return error.refused;
  };
  CHECK(refused({{{Verb::remove, {1}}, {Verb::remove, {2}}, {Verb::remove, {3}}}}) == ChangeRefused{Why::no_voters, no_node});
  CHECK(refused(change(Verb::add_voter, 2)) == ChangeRefused{Why::already_member, {2}});
  CHECK(refused(change(Verb::remove, 9)) == ChangeRefused{Why::not_member, {9}});
  CHECK(refused(change(Verb::promote, 2)) == ChangeRefused{Why::not_learner, {2}});
  CHECK(node.last() == 1);
  CHECK_FALSE(node.raft->has_output());
  REQUIRE(node.raft->transfer_leadership(NodeId{2}));
  CHECK(node.raft->propose_membership(change(Verb::remove, 3)).error().failure == ProposeFailure::transfer_in_progress);
}

// 4.2.1: "we allow a new server to catch up [...] before it joins".
TEST_CASE("4.2.1 a learner is promoted once it has caught up, before, it is refused by name") {
  Group group(4, voters({1, 2, 3}), {.voter_lag_max = 5});
  group.elect(1);
  group.silent = {4};
  for (int i = 0; i < 10; ++i) group.propose(1);
  const ProposeError direct = group[1].raft->propose_membership(change(Verb::add_voter, 4)).error();
  CHECK(direct.failure == ProposeFailure::voter_lags);
  CHECK(direct.refused.node == NodeId{4});
  REQUIRE(group[1].raft->propose_membership(change(Verb::add_learner, 4)));
  group.deliver();
  CHECK(group[1].status().membership.learners == std::vector<NodeId>{{4}});
  CHECK(group[1].commit() == 12);  // a learner's silence holds up nothing
  CHECK(group[1].raft->propose_membership(change(Verb::promote, 4)).error().failure == ProposeFailure::voter_lags);
  group.silent = {};
  group.tick(2);
  CHECK(group[1].raft->propose_membership(change(Verb::promote, 4)).has_value());
  group.deliver();
  group.tick(2);
  CHECK(group[4].status().membership == voters({1, 2, 3, 4}));
}

TEST_CASE("4.3 a dead voter is replaced in one change") {
  Group group(4, voters({1, 2, 3}));
  group.elect(1);
  group.silent = {3};
  REQUIRE(group[1].raft->propose_membership({{{Verb::remove, {3}}, {Verb::add_voter, {4}}}}));
  group.deliver();
  group.tick(2);
  CHECK(group[1].status().membership == voters({1, 2, 4}));
  group.silent = {3, 2};
  group.propose(1);
  CHECK(group[1].commit() == group[1].last());
  CHECK(group[4].status().membership == voters({1, 2, 4}));
}

TEST_CASE("4.3 a voter may become a learner: it votes while the change is under way, and no longer after") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership(change(Verb::demote, 3)));
  CHECK(group[1].status().membership == Membership{{{1}, {2}}, {{3}}, {{1}, {2}, {3}}});
  group.deliver();
  group.tick(2);
  CHECK(group[3].status().membership == Membership{{{1}, {2}}, {{3}}, {}});
  CHECK_FALSE(group[3].removed);
  group.silent = {1, 2};
  group[3].tick(100);
  CHECK(group[3].term() == Term{1});
  CHECK(group[3].status().role == Role::follower);
}

// 4.2.2: "a leader that is removed from the configuration steps down once the C_new entry is committed"; until then it "does not count
// itself in majorities".
TEST_CASE("4.2.2 a leader that its change removes leads without counting itself, steps down when it is committed, and says so") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  group.propose(1);
  std::size_t holding = 0;
  group.drop = [&](const Envelope& e) {
    const auto* reply = std::get_if<AppendReply>(&e.message);
    return e.from == NodeId{3} && reply && ++holding > 0;
  };
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 1)));
  group.deliver();
  // Node 2 alone is no majority of {2, 3}: with node 1 counted, the joint entry would be committed.
  CHECK(holding > 0);
  CHECK(group[1].commit() == 2);
  CHECK(group[1].status().membership.joint());
  group.drop = [](const Envelope&) { return false; };
  group.tick(2);
  CHECK(group[1].status().membership == voters({2, 3}));
  CHECK(group[1].commit() == 4);
  CHECK(group[1].status().role == Role::follower);
  CHECK(group[1].removed);
  CHECK(group[1].status().removed);
  const std::uint64_t next = group.leader();
  CHECK(next >= 2);  // told to campaign at once: no election timeout passes without a leader
  group.propose(next);
  CHECK(group[next].commit() == group[next].last());
  CHECK(describe(group[1].status()).find("removed from the membership") != std::string::npos);
  group.tick(100);
  CHECK(group[1].term() <= group[next].term());
  CHECK(group[1].status().role == Role::follower);
}

TEST_CASE("4.2.2 a leader on its way out takes no proposals after its last entry, and leaves none behind") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 1)));
  CHECK(group[1].raft->propose(payload("before")).has_value());  // joint: still a voter
  bool seen = false;
  group.drop = [&](const Envelope&) {
    const Status status = group[1].status();
    if (status.role == Role::leader && status.membership == voters({2, 3})) {
      seen = true;
      CHECK(group[1].raft->propose(payload("after")).error().failure == ProposeFailure::transfer_in_progress);
    }
    return false;
  };
  group.deliver();
  CHECK(seen);
  REQUIRE(group.leader() >= 2);
  CHECK(group[group.leader()].disk.log[2] == Entry{Term{1}, Index{3}, EntryKind::payload, payload("before")});
  CHECK(group[group.leader()].commit() >= 4);
}

// 4.2.2: "a server that is not part of its own latest configuration should still start new elections".
TEST_CASE("4.2.2 a removed node campaigns while its removal is not committed, and does not count its own vote") {
  const std::vector<Entry> log{entry(1, 1), membership_entry(1, 2, voters({2}, {1, 2})), membership_entry(1, 3, voters({2}))};
  // Node 2 has not got the last entry; it needs node 1's vote, and node 1, whose log is longer, does not give it.
  Group group(2, voters({1, 2}));
  group[1].disk = {HardState{Term{1}, no_node, Index{2}}, log};
  group[2].disk = {HardState{Term{1}, no_node, Index{1}}, {log[0], log[1]}};
  group[1].applied = group[2].applied = {};
  group[1].restart();
  group[2].restart();
  group[2].time_out();
  group.deliver();
  CHECK(group[2].status().role != Role::leader);
  group[1].time_out();
  group.deliver();
  CHECK(group[1].status().role == Role::follower);  // it led, committed its removal with node 2, and handed over
  CHECK(group[1].removed);
  CHECK(group[2].status().membership == voters({2}));
  CHECK(group.leader() == 2);
  CHECK(group[2].disk.log[3].term == Term{2});
}

TEST_CASE("a removed node is told: it learns that its removal is committed, and nothing after") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 3)));
  group.deliver();
  CHECK(group[3].removed);
  CHECK(group[3].commit() == 3);
  for (int i = 0; i < 5; ++i) group.propose(1);
  group.tick(4);
  CHECK(group[3].last() == 3);
  CHECK(group[2].last() == 8);
  CHECK(group[1].status().peers.size() == 2);
  group.tick(Raft::removed_told_timeouts * 10);
  CHECK(group[1].status().peers.size() == 1);
}

TEST_CASE("a removed node that was away is told when it is back in time, also by the next leader") {
  Group group(4, voters({1, 2, 3, 4}));
  group.elect(1);
  group.silent = {4};
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 4)));
  group.deliver();
  group.propose(1);
  CHECK_FALSE(group[4].removed);
  REQUIRE(group[1].raft->transfer_leadership(NodeId{2}));
  group.deliver();
  REQUIRE(group.leader() == 2);
  group.silent = {};
  group.tick(4);
  CHECK(group[4].removed);
  CHECK(group[4].last() == 3);
  CHECK(group[2].status().role == Role::leader);
}

TEST_CASE("a node that was removed and taken in again is not stopped by its old removal") {
  Group group(3, voters({1, 2, 3}), {.append_bytes_max = 1});
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 3)));
  group.deliver();
  group.tick(2 * Raft::removed_told_timeouts * 10);
  group[3].disk = {};  // with an empty disk, and the membership of the beginning
  group[3].applied = {};
  group[3].removed = false;
  group[3].restart();
  REQUIRE(group[1].raft->propose_membership(change(Verb::add_learner, 3)));
  group.deliver();
  group.tick(6);
  CHECK(group[3].last() == group[1].last());
  CHECK(group[3].commit() == group[1].commit());
  CHECK_FALSE(group[3].removed);
  CHECK_FALSE(group[3].status().removed);
}

// 4.2.3: "a server that [...] is not part of C_new [...] will time out and start new elections": they must not depose the leader.
TEST_CASE("4.2.3 a removed node that knows nothing of it disturbs nobody") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  group.silent = {3};
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 3)));
  group.deliver();
  group.tick(2 * Raft::removed_told_timeouts * 10);
  group.silent = {};
  group.tick(200);
  CHECK(group[1].status().role == Role::leader);
  CHECK(group[1].term() == Term{1});
  CHECK(group[3].removed);  // it asked for votes, and was told
  // Even if it gets as far as asking for votes in later terms.
  CHECK(group[2].answer(3, VoteRequest{Term{9}, false, false, at(1, 1)}).empty());
  CHECK(group[1].answer(3, VoteRequest{Term{9}, false, false, at(1, 1)}).empty());
}

TEST_CASE("a removed node in a later term than the leader's is not told: its answer would depose the leader (4.2.3)") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  group.silent = {3};
  REQUIRE(group[1].raft->propose_membership(change(Verb::remove, 3)));
  group.deliver();
  group.tick(2 * Raft::removed_told_timeouts * 10);
  const auto told = [&] {
    const auto peers = group[1].status().peers;
    return std::any_of(peers.begin(), peers.end(), [](const PeerStatus& peer) { return peer.removed; });
  };
  REQUIRE_FALSE(told());
  (void)group[1].answer(3, VoteRequest{Term{3}, true, false, at(1, 1)});
  (void)group[1].answer(3, VoteRequest{Term{2}, false, false, at(1, 1)});
  (void)group[1].answer(7, VoteRequest{Term{2}, true, false, at(1, 1)});  // never was a member
  CHECK_FALSE(told());
  (void)group[1].answer(3, VoteRequest{Term{2}, true, false, at(1, 1)});
  CHECK(told());
  group.tick(Raft::removed_told_timeouts * 10);
  CHECK_FALSE(told());  // bounded
}

// 4.1: "a server grants its vote to a candidate that is not part of its configuration", and accepts a leader that is not.
TEST_CASE("4.1 candidates and leaders that are strangers here are heard: they may know a later membership") {
  TestNode node({});
  CHECK(single<VoteReply>(node.answer(9, VoteRequest{Term{2}, false, false, {}})).granted);
  const auto reply = single<AppendReply>(node.answer(9, append(2, {}, {membership_entry(2, 1, voters({1, 2, 3, 9}, {1, 2, 3}))})));
  CHECK(reply.success);
  CHECK(node.status().leader == NodeId{9});
  CHECK(node.status().membership.is_voter({9}));
}

TEST_CASE("4.1 a node that knows nobody waits to be taken in") {
  TestNode node({.self = 4, .membership = Membership{}});
  node.tick(100);
  CHECK(node.status().role == Role::follower);
  CHECK(node.take_sent().empty());
  node.answer(1, append(1, {}, {membership_entry(1, 1, voters({1, 2, 4}, {1, 2}))}, 0));
  node.tick(20);
  CHECK(node.status().role == Role::pre_candidate);
}

// CCF#5973/#5919: the nodes that leave stop answering before the new configuration can be committed.
TEST_CASE("CCF 5973: from {1, 2} to {2, 3} with an election in between, the leaving node serves until the end") {
  Group group(3, voters({1, 2}));
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership({{{Verb::remove, {1}}, {Verb::add_voter, {3}}}}));
  group.drop = [](const Envelope& e) { return std::holds_alternative<AppendReply>(e.message); };
  group.deliver();  // the joint entry is with node 2, nobody knows
  group.tick(25);
  group.drop = [](const Envelope&) { return false; };
  group.tick(60);
  CHECK(group[2].status().membership == voters({2, 3}));
  CHECK(group[3].status().membership == voters({2, 3}));
  CHECK(group[1].removed);
  CHECK(group.leader() >= 2);
}

// redpanda#17675: a second voter promoted before the previous configuration is committed.
TEST_CASE("redpanda 17675: two leaders' changes never both come into force") {
  Group group(5, Membership{{{1}, {2}, {3}}, {{4}, {5}}, {}});
  group.elect(1);
  group.silent = {2, 3};
  REQUIRE(group[1].raft->propose_membership(change(Verb::promote, 4)));
  group.deliver();
  CHECK(group[1].raft->propose_membership(change(Verb::promote, 5)).error().failure == ProposeFailure::change_pending);
  CHECK(group[1].commit() == 1);  // 1, 4 are no majority of 1, 2, 3
  group.silent = {1, 4, 5};
  for (int i = 0; i < 40 && group.leader() == 0; ++i) group.tick(1);
  const std::uint64_t next = group.leader();
  REQUIRE(next >= 2);
  group.tick(2);
  REQUIRE(group[next].raft->propose_membership(change(Verb::promote, 5)));
  group.silent = {1, 4};
  group.tick(4);
  CHECK(group[next].status().membership.voters == std::vector<NodeId>{{1}, {2}, {3}, {5}});
  group.silent = {};
  group.tick(60);
  for (std::uint64_t id = 1; id <= 5; ++id) CHECK(group[id].status().membership == group[next].status().membership);
}

TEST_CASE("4.3 a new leader ends the change its predecessor began") {
  Group group(4, voters({1, 2, 3}));
  group.elect(1);
  REQUIRE(group[1].raft->propose_membership(change(Verb::add_voter, 4)));
  group.drop = [](const Envelope& e) { return std::holds_alternative<AppendReply>(e.message); };
  group.deliver();
  group.silent = {1};
  group.drop = [](const Envelope&) { return false; };
  group.tick(60);
  REQUIRE(group.leader() >= 2);
  CHECK(group[group.leader()].status().membership == voters({1, 2, 3, 4}));
  CHECK(group[group.leader()].commit() == group[group.leader()].last());
}

TEST_CASE("3.10, 4.3 leadership is not handed to a voter on its way out") {
  TestNode node({.membership = voters({1, 2}, {1, 2, 3})});
  node.time_out();
  for (const bool pre : {true, false}) node.settle(), node.step(2, VoteReply{node.term(), Term{1}, pre, true});
  REQUIRE(node.status().role == Role::leader);
  CHECK(node.raft->transfer_leadership(NodeId{3}).error().failure == ProposeFailure::target_unfit);
  CHECK(node.raft->transfer_leadership(NodeId{2}).has_value());
}
