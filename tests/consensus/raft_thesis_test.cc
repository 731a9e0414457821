// One test per rule of the thesis, chapters 3, 6 and 9; the section stands above each.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <set>

#include "tests/consensus/test_node.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

Disk disk_with(std::uint64_t term, std::initializer_list<std::uint64_t> terms, NodeId vote = no_node) {
  return {HardState{Term{term}, vote, {}}, log_of(terms)};
}

VoteRequest vote_request(std::uint64_t term, LogPosition last) { return {Term{term}, false, false, last}; }

Envelope vote_reply_in(const std::vector<Envelope>& sent) {
  for (const Envelope& e : sent)
    if (std::holds_alternative<VoteReply>(e.message)) return e;
  throw std::runtime_error("no vote reply");
}

bool granted(const std::vector<Envelope>& sent) { return std::get<VoteReply>(vote_reply_in(sent).message).granted; }

}  // namespace

// ---- 3.3 Raft basics

// 3.3: "If one server's current term is smaller than the other's, then it updates its current term to the larger value."
TEST_CASE("3.3 any message with a larger term raises ours and makes us a follower") {
  const Message messages[] = {vote_request(7, {}), append(7, {}), VoteReply{Term{7}, Term{2}, false, false}, AppendReply{.term = Term{7}}};
  for (const Message& message : messages) {
    TestNode node({}, disk_with(1, {}));
    const bool is_vote_request = std::holds_alternative<VoteRequest>(message);
    // A leader ignores a vote request of a larger term: see 4.2.3 below.
    is_vote_request ? node.become_candidate() : node.become_leader();
    node.step(2, message);
    CAPTURE(describe(message));
    CHECK(node.term() == Term{7});
    CHECK(node.status().role == Role::follower);
  }
}

// 3.3: "If a server receives a request with a stale term number, it rejects the request."
TEST_CASE("3.3 a request of an old term is refused, and the answer carries the newer term") {
  TestNode node({}, disk_with(5, {1, 5}));
  const auto append_reply = single<AppendReply>(node.answer(2, append(4, at(1, 1), {entry(4, 2)})));
  CHECK(append_reply.term == Term{5});
  CHECK_FALSE(append_reply.success);
  CHECK_FALSE(granted(node.answer(2, vote_request(4, at(3, 9)))));
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 5});
  CHECK(node.status().leader == no_node);
}

// 3.3: servers start as followers.
TEST_CASE("3.4 a node starts as a follower in the term it remembers, and asks for nothing") {
  TestNode node({}, disk_with(3, {1, 2}));
  CHECK(node.status().role == Role::follower);
  CHECK(node.term() == Term{3});
  CHECK_FALSE(node.raft->has_output());
}

// ---- 3.4 Leader election

// 3.4: "Leaders send periodic heartbeats to all followers in order to maintain their authority."
TEST_CASE("3.4 a leader sends a heartbeat to every follower at each heartbeat interval") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.acknowledge(3, 1);
  node.take_sent();
  node.tick(2);
  const auto heartbeats = only<AppendRequest>(node.take_sent());
  REQUIRE(heartbeats.size() == 2);
  CHECK(heartbeats[0].first == NodeId{2});
  CHECK(heartbeats[1].first == NodeId{3});
  CHECK(heartbeats[0].second.entries.empty());
}

// 3.4: "If a follower receives no communication over a period of time called the election timeout, then it [...] begins an election."
// 9.6: with a pre-vote first, which changes no term and no vote.
TEST_CASE("3.4, 9.6 a follower that hears no leader asks for pre-votes, without changing term or vote") {
  TestNode node({}, disk_with(4, {4}, NodeId{2}));
  node.time_out();
  CHECK(node.status().role == Role::pre_candidate);
  CHECK(node.term() == Term{4});
  CHECK(node.status().voted_for == NodeId{2});
  const auto requests = only<VoteRequest>(node.take_sent());
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].second == VoteRequest{Term{5}, true, false, at(4, 1)});
  CHECK(node.disk.hard_state.term == Term{4});
}

TEST_CASE("3.4 a leader's heartbeats keep followers from campaigning") {
  TestNode node({});
  for (int i = 0; i < 20; ++i) {
    node.answer(2, append(1, {}));
    node.tick(9);
    CHECK(node.status().role == Role::follower);
  }
}

// 3.4: "To begin an election, a follower increments its current term and transitions to candidate state. It then votes for itself."
TEST_CASE("3.4 after a majority of pre-votes a node raises its term and votes for itself") {
  TestNode node({}, disk_with(4, {}));
  node.become_candidate();
  CHECK(node.term() == Term{5});
  CHECK(node.disk.hard_state == HardState{Term{5}, NodeId{1}, {}});
  const auto requests = only<VoteRequest>(node.take_sent());
  REQUIRE(requests.size() == 4);  // two pre-votes, two votes
  CHECK(requests[2].second == VoteRequest{Term{5}, false, false, at(0, 0)});
}

// 3.4: "(a) it wins the election"; "A candidate wins an election if it receives votes from a majority of the servers [...] for the same term."
TEST_CASE("3.4 a candidate leads with the votes of a majority, and not before") {
  TestNode node({.voters = 5});
  node.become_candidate();
  node.step(2, VoteReply{Term{1}, Term{1}, false, true});
  node.step(2, VoteReply{Term{1}, Term{1}, false, true});
  CHECK(node.status().role == Role::candidate);
  node.step(3, VoteReply{Term{1}, Term{1}, false, false});
  node.step(3, VoteReply{Term{1}, Term{1}, false, true});  // no change of mind
  CHECK(node.status().role == Role::candidate);
  node.step(4, VoteReply{Term{1}, Term{1}, false, true});
  CHECK(node.status().role == Role::leader);
}

TEST_CASE("3.4 a single voter elects itself, once its vote is on disk") {
  TestNode node({.voters = 1});
  node.time_out();
  const Output output = node.raft->take_output();
  CHECK(node.status().role == Role::candidate);
  node.carry_out_now(output);
  node.sync(output);
  CHECK(node.status().role == Role::leader);
  node.settle();
  CHECK(node.commit() == 1);
}

// 3.4: "(b) another server establishes itself as leader": same or larger term.
TEST_CASE("3.4 a candidate that hears the leader of its term follows it, and keeps its vote") {
  TestNode node({});
  node.become_candidate();
  node.step(2, append(1, {}));
  CHECK(node.status().role == Role::follower);
  CHECK(node.status().leader == NodeId{2});
  CHECK(node.status().voted_for == NodeId{1});
}

TEST_CASE("3.4 a candidate refuses the leader of an older term and goes on") {
  TestNode node({}, disk_with(6, {}));
  node.become_candidate();
  node.step(2, append(6, {}));
  CHECK(node.status().role == Role::candidate);
}

// 3.4: "(c) a period of time goes by with no winner": "each candidate will time out and start a new election".
TEST_CASE("3.4 a candidate without a majority starts over after its timeout") {
  TestNode node({});
  node.become_candidate();
  node.sent.clear();
  node.time_out();
  CHECK(node.status().role == Role::pre_candidate);
  CHECK(only<VoteRequest>(node.take_sent())[0].second.term == Term{2});
}

TEST_CASE("3.4 a candidate refused by a majority gives up at once") {
  TestNode node({});
  node.become_candidate();
  node.step(2, VoteReply{Term{1}, Term{1}, false, false});
  CHECK(node.status().role == Role::candidate);
  node.step(3, VoteReply{Term{1}, Term{1}, false, false});
  CHECK(node.status().role == Role::follower);
  CHECK(node.term() == Term{1});
}

// 3.4: "Each server will vote for at most one candidate in a given term, on a first-come-first-served basis."
TEST_CASE("3.4 one vote per term: the first candidate has it, and may ask again") {
  TestNode node({});
  CHECK(granted(node.answer(2, vote_request(1, {}))));
  CHECK(node.disk.hard_state.voted_for == NodeId{2});
  CHECK_FALSE(granted(node.answer(3, vote_request(1, {}))));
  CHECK(granted(node.answer(2, vote_request(1, {}))));
  CHECK(granted(node.answer(3, vote_request(2, {}))));
}

// 3.4: "Raft uses randomized election timeouts".
TEST_CASE("3.4 election timeouts lie in from T to below 2T, vary from election to election, and differ between nodes of one seed") {
  auto waits = [](std::uint64_t self) {
    TestNode node({.self = self, .election_timeout = 10, .seed = 5});
    std::vector<Ticks> all;
    for (int round = 0; round < 50; ++round) {
      Ticks ticks = 0;
      node.sent.clear();
      while (only<VoteRequest>(node.sent).empty()) {
        node.tick(1);
        ++ticks;
      }
      all.push_back(ticks);
    }
    return all;
  };
  const auto first = waits(1);
  CHECK(*std::min_element(first.begin(), first.end()) >= 10);
  CHECK(*std::max_element(first.begin(), first.end()) < 20);
  CHECK(std::set<Ticks>(first.begin(), first.end()).size() > 5);
  CHECK(first != waits(2));
  CHECK(first == waits(1));
}

// ---- 3.5 Log replication

// 3.5: "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in parallel".
TEST_CASE("3.5 a leader appends proposals and offers them to every follower before its own disk has them") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.acknowledge(3, 1);
  node.take_sent();
  CHECK(node.raft->propose(payload("a")).value() == at(1, 2));
  CHECK(node.raft->propose(payload("b")).value() == at(1, 3));
  const Output output = node.raft->take_output();
  CHECK(output.entries.size() == 2);
  const auto offers = only<AppendRequest>(output.send_now);
  REQUIRE(offers.size() == 2);
  CHECK(offers[0].second.previous == at(1, 1));
  CHECK(offers[0].second.entries == output.entries);
  CHECK(offers[0].second.entries[0].payload == output.entries[0].payload);
}

// 3.5: "A log entry is committed once the leader that created the entry has replicated it on a majority of the servers."
TEST_CASE("3.5 an entry is committed once a majority has it on disk") {
  TestNode node({.voters = 5});
  node.become_leader();
  for (std::uint64_t i = 2; i <= 5; ++i) node.acknowledge(i, 1);
  (void)node.raft->propose(payload("a"));
  node.settle();
  node.acknowledge(2, 2);
  CHECK(node.commit() == 1);
  node.acknowledge(2, 2);
  CHECK(node.commit() == 1);
  node.acknowledge(3, 2);
  CHECK(node.commit() == 2);
  CHECK(node.committed.back().index == Index{2});
}

// 3.5: "This also commits all preceding entries in the leader's log, including entries created by previous leaders."
TEST_CASE("3.5 committing an entry commits all before it") {
  TestNode node({}, disk_with(2, {1, 2, 2}));
  node.become_leader();
  CHECK(node.commit() == 0);
  node.acknowledge(2, 4);
  CHECK(node.commit() == 4);
  CHECK(terms_of(node.committed) == std::vector<std::uint64_t>{1, 2, 2, 3});
}

// 3.5: "The leader keeps track of the highest index it knows to be committed, and it includes that index in future AppendEntries RPCs".
TEST_CASE("3.5 followers learn the commit index and apply in order") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1, 1, 1})));
  CHECK(node.committed.empty());
  node.answer(2, append(1, at(1, 3), {}, 2));
  CHECK(node.committed.size() == 2);
  node.answer(2, append(1, at(1, 3), {}, 3));
  CHECK(terms_of(node.committed) == std::vector<std::uint64_t>{1, 1, 1});
}

TEST_CASE("3.5 a leader tells a new commit index at once") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  const auto told = only<AppendRequest>(node.take_sent());
  REQUIRE_FALSE(told.empty());
  CHECK(told.front().first == NodeId{2});
  CHECK(told.front().second.commit == Index{1});
}

// 3.5: "If the follower does not find an entry in its log with the same index and term, then it refuses the new entries."
TEST_CASE("3.5 a follower refuses entries that do not fit onto its log") {
  struct Case { LogPosition previous; LogPosition hint; };
  const std::vector<Case> cases{{at(2, 3), at(2, 2)}, {at(2, 9), at(2, 2)}, {at(1, 2), at(1, 1)}, {at(3, 2), at(1, 1)}};
  for (const Case& c : cases) {
    TestNode node({}, disk_with(3, {1, 2}));
    const auto reply = single<AppendReply>(node.answer(2, append(3, c.previous, {entry(3, c.previous.index.value + 1)}, 9)));
    CAPTURE(describe(c.previous));
    CHECK_FALSE(reply.success);
    CHECK(reply.rejected == c.previous.index);
    CHECK(reply.hint == c.hint);
    CHECK(node.commit() == 0);
    CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 2});
  }
}

// 3.5, figure 3.6: "conflicting entries in follower logs will be overwritten with entries from the leader's log".
TEST_CASE("3.5 a follower replaces conflicting entries and all after them, and only those") {
  struct Case { LogPosition previous; std::vector<Entry> entries; std::vector<std::uint64_t> expected; };
  const std::vector<Case> cases{
      {at(2, 2), {entry(3, 3)}, {1, 2, 3}},
      {at(1, 1), {entry(3, 2), entry(4, 3)}, {1, 3, 4}},
      {at(0, 0), {entry(1, 1)}, {1, 2, 2}},               // a prefix: nothing is dropped
      {at(1, 1), {entry(2, 2), entry(2, 3)}, {1, 2, 2}},  // a repetition
      {at(2, 3), {entry(4, 4)}, {1, 2, 2, 4}},
      {at(0, 0), {entry(3, 1)}, {3}},
  };
  for (const Case& c : cases) {
    TestNode node({}, disk_with(4, {1, 2, 2}));
    const auto reply = single<AppendReply>(node.answer(2, append(5, c.previous, c.entries)));
    CHECK(reply.success);
    CHECK(reply.match == c.previous.index + c.entries.size());
    CHECK(terms_of(node.disk.log) == c.expected);
  }
}

// 3.5: "After a rejection, the leader decrements nextIndex and retries"; "one AppendEntries RPC will be required for each term with
// conflicting entries, rather than one RPC per entry".
TEST_CASE("3.5 a leader finds the place of agreement in one round trip per conflicting term") {
  TestNode node({}, disk_with(6, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6}));
  node.become_candidate();
  node.sent.clear();
  node.step(2, VoteReply{Term{7}, Term{7}, false, true});
  const auto probe = only<AppendRequest>(node.take_sent())[0].second;
  CHECK(probe.previous == at(6, 10));
  // Figure 3.6 (f): the follower's log is 1 1 1 2 2 2 3 3 3 3 3.
  TestNode follower({.self = 2}, disk_with(6, {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3}));
  int round_trips = 0;
  AppendRequest request = probe;
  while (true) {
    ++round_trips;
    const auto reply = single<AppendReply>(follower.answer(1, request));
    if (reply.success) break;
    const auto next = only<AppendRequest>(node.answer(2, reply));
    REQUIRE(next.size() == 1);
    request = next[0].second;
  }
  CHECK(round_trips <= 3);
  CHECK(terms_of(follower.disk.log) == terms_of(node.disk.log));
}

// 3.5: "A leader never overwrites or deletes entries in its own log" (leader append-only).
TEST_CASE("3.5 a new leader keeps its log and adds to it") {
  TestNode node({}, disk_with(3, {1, 1, 2, 3}));
  node.become_leader();
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 1, 2, 3, 4});
  CHECK(node.disk.log.back().kind == EntryKind::noop);
}

// 3.5: retries without end: "If followers crash or run slowly, or if network packets are lost, the leader retries [...] indefinitely".
TEST_CASE("3.5 an unanswered probe is repeated at each heartbeat, not more often") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(3, 1);
  node.take_sent();
  node.tick(1);
  CHECK(only<AppendRequest>(node.take_sent()).empty());
  node.tick(1);
  std::size_t to_2 = 0;
  for (const auto& [to, request] : only<AppendRequest>(node.take_sent())) {
    if (to != NodeId{2}) continue;
    ++to_2;
    CHECK(request.entries.size() == 1);
  }
  CHECK(to_2 == 1);
}

// ---- 3.6 Safety

// 3.6.1: "the voter denies its vote if its own log is more up-to-date than that of the candidate."
TEST_CASE("3.6.1 votes go only to candidates whose log is at least as up to date") {
  struct Case { LogPosition last; bool expected; };
  const std::vector<Case> cases{{at(2, 3), true},  {at(2, 4), true},  {at(3, 1), true},
                                {at(2, 2), false}, {at(1, 9), false}, {at(0, 0), false}};
  for (const Case& c : cases) {
    TestNode voter({}, disk_with(3, {1, 2, 2}));
    CAPTURE(describe(c.last));
    CHECK(granted(voter.answer(2, vote_request(4, c.last))) == c.expected);
    TestNode pre_voter({}, disk_with(3, {1, 2, 2}));
    CHECK(granted(pre_voter.answer(2, VoteRequest{Term{4}, true, false, c.last})) == c.expected);
    CHECK(pre_voter.disk.hard_state == disk_with(3, {}).hard_state);
  }
}

// 3.6.2, figure 3.7: "Raft never commits log entries from previous terms by counting replicas."
TEST_CASE("3.6.2 figure 3.7: an old term's entry on a majority is not committed until one of the own term is") {
  TestNode node({.voters = 5}, disk_with(3, {1, 2}));  // S1 of the figure, at (c)
  node.become_leader();
  CHECK(node.term() == Term{4});
  node.acknowledge(2, 2);
  node.acknowledge(3, 2);
  CHECK(node.commit() == 0);
  CHECK(node.committed.empty());
  node.acknowledge(2, 3);
  node.acknowledge(3, 3);
  CHECK(node.commit() == 3);
}

// 3.6.3: leader completeness rests on 3.6.1; a contradiction cannot come from a correct leader.
TEST_CASE("3.6.3 entries that contradict committed ones are refused and change nothing") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1, 1}), 2));
  CHECK(node.answer(3, append(2, {}, {entry(2, 1)})).empty());
  CHECK(node.answer(3, append(2, at(2, 2), {})).empty());
  CHECK(node.status().refused == 2);
  CHECK(node.term() == Term{1});
  CHECK(terms_of(node.disk.log) == std::vector<std::uint64_t>{1, 1});
}

// ---- 3.8 Persisted state and server restarts

// 3.8: "each server persists its current term and vote [...] before responding".
TEST_CASE("3.8 a vote leaves only after it is on disk") {
  TestNode node({});
  node.step(2, vote_request(1, {}));
  const Output output = node.raft->take_output();
  CHECK(output.needs_sync());
  CHECK(output.hard_state == HardState{Term{1}, NodeId{2}, {}});
  CHECK(output.send_now.empty());
  CHECK(only<VoteReply>(output.send_after_sync).size() == 1);
}

TEST_CASE("3.8 an acceptance leaves only after the entries are on disk") {
  TestNode node({});
  node.step(2, append(1, {}, log_of({1})));
  const Output output = node.raft->take_output();
  CHECK(output.entries.size() == 1);
  CHECK(output.send_now.empty());
  CHECK(only<AppendReply>(output.send_after_sync).size() == 1);
}

TEST_CASE("3.8 an acceptance that needs no write of its own still waits for the write before it") {
  TestNode node({});
  node.step(2, append(1, {}, log_of({1})));
  const Output first = node.raft->take_output();
  node.step(2, append(1, {}, log_of({1})));
  const Output second = node.raft->take_output();
  CHECK(second.entries.empty());
  CHECK(second.needs_sync());
  CHECK(second.send_now.empty());
  CHECK(only<AppendReply>(second.send_after_sync).size() == 1);
  node.raft->synced(first.batch);
  node.raft->synced(second.batch);
  node.step(2, append(1, at(1, 1)));
  const Output third = node.raft->take_output();
  CHECK_FALSE(third.needs_sync());
  CHECK(only<AppendReply>(third.send_now).size() == 1);
}

TEST_CASE("3.8 vote requests leave, and the own vote counts, only after term and vote are on disk") {
  TestNode node({.voters = 3});
  node.time_out();
  node.settle();
  node.step(2, VoteReply{Term{0} + 1, Term{1}, true, true});
  const Output output = node.raft->take_output();
  CHECK(output.hard_state == HardState{Term{1}, NodeId{1}, {}});
  CHECK(only<VoteRequest>(output.send_now).empty());
  CHECK(only<VoteRequest>(output.send_after_sync).size() == 2);
  node.step(2, VoteReply{Term{1}, Term{1}, false, true});
  CHECK(node.status().role == Role::candidate);
  node.sync(output);
  CHECK(node.status().role == Role::leader);
}

TEST_CASE("3.8 a restarted node remembers its vote") {
  TestNode node({});
  CHECK(granted(node.answer(2, vote_request(1, {}))));
  node.restart();
  CHECK(node.term() == Term{1});
  CHECK_FALSE(granted(node.answer(3, vote_request(1, {}))));
  CHECK(granted(node.answer(2, vote_request(1, {}))));
}

// 3.8: the commit index may be lost: "it is safe to reinitialize to zero". Ours is a hint that saves the wait.
TEST_CASE("3.8 a restarted node applies again what its disk knows to be committed, from where its state is") {
  TestNode node({}, {HardState{Term{2}, no_node, Index{3}}, log_of({1, 1, 2, 2})}, Index{1});
  node.settle();
  REQUIRE(node.committed.size() == 2);
  CHECK(node.committed.front().index == Index{2});
  CHECK(node.commit() == 3);
}

TEST_CASE("3.8 the stored commit index never runs ahead of the stored log") {
  TestNode node({});
  node.step(2, append(1, {}, log_of({1, 1}), 2));
  const Output first = node.raft->take_output();
  REQUIRE(first.hard_state);
  CHECK(first.hard_state->commit == Index{0});
  node.sync(first);
  node.step(2, append(1, at(1, 2), {entry(1, 3)}, 2));
  const Output second = node.raft->take_output();
  REQUIRE(second.hard_state);
  CHECK(second.hard_state->commit == Index{2});
}

TEST_CASE("3.8 commit news alone cause no write") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1, 1})));
  node.step(2, append(1, at(1, 2), {}, 2));
  const Output output = node.raft->take_output();
  CHECK(output.committed.size() == 2);
  CHECK_FALSE(output.needs_sync());
}

// ---- 3.10 Leadership transfer

TEST_CASE("3.10 transfer: proposals stop, the target is brought up to date, then told to campaign") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(3, 1);
  REQUIRE(node.raft->transfer_leadership(NodeId{2}));
  CHECK(node.raft->transfer_leadership(NodeId{2}).has_value());
  CHECK(node.raft->transfer_leadership(NodeId{3}).error().failure == ProposeFailure::transfer_in_progress);
  CHECK(node.raft->propose(payload("x")).error().failure == ProposeFailure::transfer_in_progress);
  CHECK(only<TimeoutNow>(node.take_sent()).empty());
  const auto sent = only<TimeoutNow>(node.answer(2, AppendReply{.term = Term{1}, .success = true, .match = Index{1}}));
  REQUIRE(sent.size() == 1);
  CHECK(sent[0] == std::pair{NodeId{2}, TimeoutNow{Term{1}}});
}

TEST_CASE("3.10 transfer: given up after an election timeout, and proposals go on") {
  TestNode node({});
  node.become_leader();
  REQUIRE(node.raft->transfer_leadership(NodeId{2}));
  for (int i = 0; i < 10; ++i) {
    CHECK(node.status().transfer_target == NodeId{2});
    node.acknowledge(3, 1);
    node.tick(1);
  }
  CHECK(node.status().transfer_target == no_node);
  CHECK(node.raft->propose(payload("x")).has_value());
}

TEST_CASE("3.10 transfer: only from the leader, only to another voter") {
  TestNode node({.learners = {NodeId{4}}});
  CHECK(node.raft->transfer_leadership(NodeId{2}).error().failure == ProposeFailure::not_leader);
  node.become_leader();
  for (std::uint64_t unfit : {1, 4, 5, 0})
    CHECK(node.raft->transfer_leadership(NodeId{unfit}).error().failure == ProposeFailure::target_unfit);
}

TEST_CASE("3.10 transfer: the target campaigns at once and is voted for although the leader lives") {
  TestNode target({});
  target.answer(2, append(1, {}, log_of({1})));
  const auto sent = only<VoteRequest>(target.answer(2, TimeoutNow{Term{1}}));
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].second == VoteRequest{Term{2}, false, true, at(1, 1)});
  TestNode voter({.self = 3});
  voter.answer(2, append(1, {}, log_of({1})));
  CHECK(granted(voter.answer(1, sent[1].second)));
  TestNode leader({.self = 2});
  leader.become_leader();
  leader.step(1, sent[0].second);
  CHECK(leader.status().role == Role::follower);
}

TEST_CASE("3.10 transfer: a late TimeoutNow, or one from a stranger to the term, does nothing") {
  TestNode node({});
  node.answer(2, append(3, {}));
  CHECK(node.answer(2, TimeoutNow{Term{2}}).empty());
  CHECK(node.answer(3, TimeoutNow{Term{3}}).empty());
  CHECK(node.answer(2, TimeoutNow{Term{4}}).empty());
  CHECK(node.status().role == Role::follower);
  CHECK(node.term() == Term{3});
}

// ---- 4.2.1 learners

TEST_CASE("4.2.1 a learner receives the log, counts for nothing, and never campaigns") {
  TestNode leader({.voters = 2, .learners = {NodeId{3}}});
  leader.become_leader();
  leader.tick(2);
  CHECK(only<AppendRequest>(leader.take_sent()).size() == 2);
  leader.acknowledge(3, 1);
  CHECK(leader.commit() == 0);
  leader.acknowledge(2, 1);
  CHECK(leader.commit() == 1);

  TestNode learner({.self = 3, .voters = 2, .learners = {NodeId{3}}});
  learner.tick(100);
  CHECK(learner.status().role == Role::follower);
  CHECK(learner.take_sent().empty());
  const auto reply = single<AppendReply>(learner.answer(1, append(1, {}, log_of({1}), 1)));
  CHECK(reply.match == Index{1});
  CHECK(learner.committed.size() == 1);
}

// ---- 4.2.3, 6.2, 9.6 Disruptions

// 4.2.3: "if a server receives a RequestVote request within the minimum election timeout of hearing from a current leader, it does not
// update its term or grant its vote."
TEST_CASE("4.2.3 a vote request is ignored while a leader is heard") {
  TestNode node({});
  node.answer(2, append(1, {}));
  node.tick(9);
  CHECK(node.answer(3, vote_request(5, at(4, 9))).empty());
  CHECK(node.answer(3, VoteRequest{Term{5}, true, false, at(4, 9)}).empty());
  CHECK(node.term() == Term{1});
  TestNode leader({});
  leader.become_leader();
  CHECK(leader.answer(3, vote_request(5, at(4, 9))).empty());
  CHECK(leader.status().role == Role::leader);
}

TEST_CASE("4.2.3 ... and granted once it is silent for an election timeout") {
  TestNode node({.seed = 3});
  node.answer(2, append(1, {}));
  node.tick(10);
  CHECK(granted(node.answer(3, vote_request(2, {}))));
}

TEST_CASE("3.10, 3.4 a transfer does not excuse a second vote") {
  TestNode node({});
  CHECK(granted(node.answer(2, VoteRequest{Term{1}, false, true, {}})));
  CHECK_FALSE(granted(node.answer(3, VoteRequest{Term{1}, false, true, {}})));
}

// 9.6: a server cut off from the majority does not raise its term.
TEST_CASE("9.6 a node that cannot win does not raise its term, however long it is cut off") {
  TestNode node({}, disk_with(3, {}));
  node.tick(1000);
  CHECK(node.term() == Term{3});
}

TEST_CASE("9.6 a pre-candidate left behind in terms learns the term from a refusal") {
  TestNode behind({}, disk_with(2, {1, 1, 1, 1}));  // the longer log, the lower term
  TestNode ahead({.self = 2}, disk_with(7, {1, 1}));
  behind.time_out();
  const auto requests = only<VoteRequest>(behind.take_sent());
  const auto reply = std::get<VoteReply>(vote_reply_in(ahead.answer(1, requests[0].second)).message);
  CHECK_FALSE(reply.granted);
  behind.answer(2, reply);
  CHECK(behind.term() == Term{7});
  behind.time_out();
  const auto again = only<VoteRequest>(behind.take_sent());
  CHECK(granted(ahead.answer(1, again[0].second)));
}

TEST_CASE("9.6 pre-votes are no votes: a node may give them to several, and give its vote to another") {
  TestNode node({}, disk_with(3, {}));
  CHECK(granted(node.answer(2, VoteRequest{Term{4}, true, false, {}})));
  CHECK(granted(node.answer(3, VoteRequest{Term{4}, true, false, {}})));
  CHECK(node.disk.hard_state.term == Term{3});
  CHECK(granted(node.answer(3, vote_request(4, {}))));
}

// 6.2: "a leader steps down if an election timeout elapses without a successful round of heartbeats to a majority of its cluster".
TEST_CASE("6.2 a leader that does not hear a majority for an election timeout steps down, in its term") {
  TestNode node({.voters = 5});
  node.become_leader();
  node.acknowledge(2, 1);
  node.tick(9);
  CHECK(node.status().role == Role::leader);
  node.tick(1);
  CHECK(node.status().role == Role::follower);
  CHECK(node.status().leader == no_node);
  CHECK(node.term() == Term{1});
  CHECK(node.status().voted_for == NodeId{1});
  CHECK(node.raft->propose(payload("x")).error() == ProposeError{ProposeFailure::not_leader, no_node});
}

// Heartbeats leave before the disk is done: they must not keep in office a leader whose disk does nothing.
TEST_CASE("6.2 a leader whose disk hangs for an election timeout steps down, however well it is heard, and does not campaign") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.acknowledge(3, 1);
  (void)node.raft->propose(payload("a"));
  const Output never_synced = node.raft->take_output();
  REQUIRE(never_synced.needs_sync());
  auto tick_and_hear = [&] {
    node.raft->tick();
    const Output output = node.raft->take_output();
    for (std::uint64_t id : {2, 3}) node.step(id, AppendReply{.term = Term{1}, .success = true, .match = Index{2}});
    return output;
  };
  Ticks ticks = 0;
  std::size_t heartbeats = 0;
  for (; ticks < 40 && node.status().role == Role::leader; ++ticks) heartbeats += only<AppendRequest>(tick_and_hear().send_now).size();
  CHECK(ticks <= 20);
  CHECK(ticks >= 10);
  CHECK(heartbeats >= 8);  // others were told all the while
  CHECK(node.status().disk_hangs);
  CHECK(node.raft->propose(payload("x")).error().failure == ProposeFailure::not_leader);
  for (int i = 0; i < 100; ++i) {
    node.raft->tick();
    CHECK(only<VoteRequest>(node.raft->take_output().send_now).empty());
  }
  node.sync(never_synced);
  node.settle();
  CHECK_FALSE((node.raft->tick(), node.status().disk_hangs));
  node.time_out();
  CHECK(node.status().role == Role::pre_candidate);
}

TEST_CASE("6.2 a disk that is slow, but works, does not cost the leadership, neither does one that has nothing to do") {
  TestNode node({});
  node.become_leader();
  std::deque<BatchId> owed;
  for (int i = 0; i < 200; ++i) {
    (void)node.raft->propose(payload("x"));
    owed.push_back(node.raft->take_output().batch);
    if (owed.size() > 9) node.raft->synced(owed.front()), owed.pop_front();
    node.raft->tick();
    for (std::uint64_t id : {2, 3}) node.step(id, AppendReply{.term = Term{1}, .success = true, .match = Index{1}});
    REQUIRE(node.status().role == Role::leader);
  }
  node.raft->synced(owed.back());
  for (int i = 0; i < 100; ++i) {
    node.raft->tick();
    (void)node.raft->take_output();
    for (std::uint64_t id : {2, 3}) node.step(id, AppendReply{.term = Term{1}, .success = true, .match = Index{1}});
    REQUIRE(node.status().role == Role::leader);
  }
}

TEST_CASE("6.2 a follower whose disk hangs is not heard: its answers are promises") {
  TestNode node({});
  node.answer(2, append(1, {}, log_of({1})));
  node.step(2, append(1, at(1, 1), {entry(1, 2)}));
  (void)node.raft->take_output();  // never synced
  for (int i = 0; i < 5; ++i) {
    node.step(2, append(1, at(1, 1)));
    CHECK(node.raft->take_output().send_now.empty());
  }
}

TEST_CASE("6.2 replies of any kind from a majority keep a leader in place, learners' do not") {
  TestNode node({.learners = {NodeId{4}}});
  node.become_leader();
  for (int i = 0; i < 20; ++i) {
    node.step(2, AppendReply{.term = Term{1}, .rejected = Index{9}});
    node.tick(5);
    CHECK(node.status().role == Role::leader);
  }
  for (int i = 0; i < 20; ++i) {
    node.acknowledge(4, 1);
    node.tick(1);
    if (node.status().role != Role::leader) break;
  }
  CHECK(node.status().role == Role::follower);
}

// ---- 6.4 Processing read-only queries more efficiently

TEST_CASE("6.4 a read is allowed after a majority has answered a heartbeat sent after it was asked for") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.take_sent();
  const ReadId read = node.raft->request_read().value();
  const auto probes = only<AppendRequest>(node.take_sent());
  REQUIRE(probes.size() == 2);
  CHECK(probes[0].second.context == 1);
  node.acknowledge(2, 1, 0);  // an answer to something earlier
  CHECK(node.reads.empty());
  node.acknowledge(3, 0, 1);
  REQUIRE(node.reads.size() == 1);
  CHECK(node.reads[0] == ReadReady{read, Index{1}});
  CHECK(node.status().reads_open == 0);
}

// 6.4 step 1: "If the leader has not yet marked an entry from its current term committed, it waits until it has done so."
TEST_CASE("6.4 reads wait until an entry of the leader's own term is committed") {
  TestNode node({}, {HardState{Term{1}, no_node, Index{1}}, log_of({1, 1})}, Index{1});
  node.become_leader();
  (void)node.raft->request_read();
  node.settle();
  node.acknowledge(2, 2, 0);
  CHECK(node.reads.empty());
  CHECK(node.commit() == 1);
  node.sent.clear();
  node.acknowledge(2, 3, 0);
  CHECK(node.commit() == 3);
  CHECK(node.reads.empty());
  node.acknowledge(2, 3, 1);
  REQUIRE(node.reads.size() == 1);
  CHECK(node.reads[0].index == Index{3});
}

TEST_CASE("6.4 reads asked for together share one round, a later round confirms the earlier ones") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.take_sent();
  for (int i = 0; i < 100; ++i) (void)node.raft->request_read();
  CHECK(only<AppendRequest>(node.take_sent()).size() == 2);
  (void)node.raft->propose(payload("a"));
  node.settle();
  node.acknowledge(2, 2);
  (void)node.raft->request_read();
  node.settle();
  CHECK(node.reads.empty());
  node.acknowledge(3, 2, 2);
  REQUIRE(node.reads.size() == 101);
  CHECK(node.reads[99].index == Index{1});
  CHECK(node.reads[100].index == Index{2});
}

TEST_CASE("6.4 a single voter reads at once, a follower not at all") {
  TestNode alone({.voters = 1});
  alone.become_leader();
  (void)alone.raft->request_read();
  alone.settle();
  REQUIRE(alone.reads.size() == 1);
  TestNode follower({});
  follower.answer(2, append(1, {}));
  CHECK(follower.raft->request_read().error() == ProposeError{ProposeFailure::not_leader, NodeId{2}});
}

TEST_CASE("6.4 open reads are aborted when leadership ends") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  const ReadId first = node.raft->request_read().value();
  node.settle();
  const ReadId second = node.raft->request_read().value();
  node.step(2, append(2, {}));
  node.settle();
  CHECK(node.reads.empty());
  CHECK(node.reads_aborted == std::vector<ReadId>{first, second});
}

TEST_CASE("6.4 learners do not confirm reads") {
  TestNode node({.learners = {NodeId{4}}});
  node.become_leader();
  node.acknowledge(2, 1);
  (void)node.raft->request_read();
  node.settle();
  node.acknowledge(4, 1, 1);
  CHECK(node.reads.empty());
}

TEST_CASE("6.4 open reads are bounded") {
  TestNode node({});
  node.become_leader();
  for (std::size_t i = 0; i < Raft::reads_open_max; ++i) REQUIRE(node.raft->request_read());
  CHECK(node.raft->request_read().error().failure == ProposeFailure::busy);
}

// ---- 10.2 Performance

// 10.2.1: "The leader may even commit an entry before it has been written to its own disk, if a majority of followers have".
TEST_CASE("10.2.1 others may commit before the leader's disk is done, the leader then does not apply yet") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.acknowledge(3, 1);
  (void)node.raft->propose(payload("a"));
  const Output output = node.raft->take_output();
  node.step(2, AppendReply{.term = Term{1}, .success = true, .match = Index{2}});
  CHECK(node.commit() == 1);
  node.step(3, AppendReply{.term = Term{1}, .success = true, .match = Index{2}});
  CHECK(node.commit() == 2);
  CHECK(node.raft->take_output().committed.empty());
  node.raft->synced(output.batch);
  CHECK(node.raft->take_output().committed.size() == 1);
}

TEST_CASE("10.2.1 the leader's own copy counts only when synced") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  (void)node.raft->propose(payload("a"));
  const Output output = node.raft->take_output();
  node.step(2, AppendReply{.term = Term{1}, .success = true, .match = Index{2}});
  CHECK(node.commit() == 1);
  node.raft->synced(output.batch);
  CHECK(node.commit() == 2);
}

// 10.2.2: batching and pipelining.
TEST_CASE("10.2.2 a replicating follower is sent requests without waiting, up to the limit in number and bytes") {
  TestNode node({.append_bytes_max = 2 * entry(1, 1).byte_size(), .inflight_appends_max = 3});
  node.become_leader();
  node.acknowledge(2, 1);
  node.take_sent();
  for (int i = 0; i < 20; ++i) (void)node.raft->propose(payload("x"));
  auto to_2 = [](const std::vector<Envelope>& sent) {
    std::vector<std::uint64_t> firsts;
    for (const auto& [to, request] : only<AppendRequest>(sent))
      if (to == NodeId{2} && !request.entries.empty()) {
        CHECK(request.entries.size() == 2);
        firsts.push_back(request.entries.front().index.value);
      }
    return firsts;
  };
  CHECK(to_2(node.take_sent()) == std::vector<std::uint64_t>{2, 4, 6});
  node.acknowledge(2, 5);
  CHECK(to_2(node.take_sent()) == std::vector<std::uint64_t>{8, 10});
}

TEST_CASE("10.2.2 a lost request in a pipeline is noticed and what is missing sent again") {
  TestNode node({});
  node.become_leader();
  node.acknowledge(2, 1);
  node.take_sent();
  (void)node.raft->propose(payload("lost"));
  node.take_sent();
  node.tick(2);
  const auto heartbeat = only<AppendRequest>(node.take_sent())[0].second;
  CHECK(heartbeat.previous == at(1, 2));
  const auto again = only<AppendRequest>(
      node.answer(2, AppendReply{.term = Term{1}, .rejected = Index{2}, .hint = at(1, 1)}));
  REQUIRE(again.size() >= 1);
  CHECK(again[0].second.previous == at(1, 1));
  CHECK(again[0].second.entries.size() == 1);
}
