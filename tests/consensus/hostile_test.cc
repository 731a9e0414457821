// No message, however wrong, breaks the node, and what no correct node could send changes nothing.
#include <catch2/catch.hpp>
#include <iostream>

#include "consensus/random.h"
#include "tests/consensus/test_node.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

constexpr std::uint64_t huge = ~std::uint64_t{0};

struct Case {
  const char* what;
  Envelope envelope;
};

Envelope from_2(Message message) { return {NodeId{2}, NodeId{1}, std::move(message)}; }

bool flag(Random& random) { return random.below(2) == 0; }
Membership voters_1_2() { return {{{1}, {2}}, {}, {}}; }

std::vector<Case> malformed() {
  const AppendRequest fine = append(2, at(1, 2), {entry(2, 3)});
  auto changed = [&](auto change) {
    AppendRequest request = fine;
    change(request);
    return from_2(request);
  };
  return {
      {"from itself", {NodeId{1}, NodeId{1}, fine}},
      {"from nobody", {NodeId{0}, NodeId{1}, fine}},
      {"for another", {NodeId{2}, NodeId{3}, fine}},
      {"term 0", from_2(append(0, {}))},
      {"last term there is", from_2(append(huge, {}))},
      {"term out of reach", from_2(append(3 + Raft::term_jump_max + 1, {}))},
      {"vote, last term", from_2(VoteRequest{Term{huge}, false, true, at(1, 1)})},
      {"pre-vote, last term", from_2(VoteRequest{Term{huge}, true, false, at(1, 1)})},
      {"reply, last term", from_2(AppendReply{.term = Term{huge}})},
      {"campaign now, last term", from_2(TimeoutNow{Term{huge}})},
      {"snapshot of nothing", from_2(SnapshotRequest{Term{3}, {{at(1, 0), voters_1_2(), ""}, 0, nullptr, false}})},
      {"snapshot from the future", from_2(SnapshotRequest{Term{3}, {{at(4, 9), voters_1_2(), ""}, 0, nullptr, false}})},
      {"snapshot without voters", from_2(SnapshotRequest{Term{3}, {{at(1, 9), {}, ""}, 0, nullptr, false}})},
      {"snapshot without end", from_2(SnapshotRequest{Term{3}, {{at(1, huge), voters_1_2(), ""}, 0, nullptr, false}})},
      {"snapshot offset without end", from_2(SnapshotRequest{Term{3}, {{at(1, 9), voters_1_2(), ""}, huge, nullptr, false}})},
      {"snapshot with a long manifest", from_2(SnapshotRequest{Term{3}, {{at(1, 9), voters_1_2(), std::string(5000, 'x')}, 0, nullptr, false}})},
      {"snapshot answer without end", from_2(SnapshotReply{Term{3}, at(1, 9), huge, false})},
      {"campaign now, term 0", from_2(TimeoutNow{Term{0}})},
      {"a log newer than the election", from_2(VoteRequest{Term{5}, false, false, at(5, 1)})},
      {"a log without end", from_2(VoteRequest{Term{5}, false, false, at(1, huge)})},
      {"pre-vote on a transfer", from_2(VoteRequest{Term{5}, true, true, at(1, 1)})},
      {"vote in the wrong term", from_2(VoteReply{Term{4}, Term{5}, false, true})},
      {"vote for the last election", from_2(VoteReply{Term{4}, Term{huge}, true, true})},
      {"previous at the end of numbers", changed([](auto& r) { r.previous.index = Index{huge}; })},
      {"previous with a term only", changed([](auto& r) { r.previous.index = Index{0}; })},
      {"previous with an index only", changed([](auto& r) { r.previous.term = Term{0}; })},
      {"previous from the future", changed([](auto& r) { r.previous.term = Term{9}; r.entries.clear(); })},
      {"gap before the entries", changed([](auto& r) { r.entries[0].index = Index{4}; })},
      {"gap between entries", changed([](auto& r) { r.entries.push_back(entry(2, 5)); })},
      {"entry twice", changed([](auto& r) { r.entries.push_back(entry(2, 3)); })},
      {"entry of index 0", changed([](auto& r) { r.entries[0].index = Index{0}; })},
      {"entry terms fall", changed([](auto& r) { r.entries.push_back(entry(1, 4)); })},
      {"entry of term 0", changed([](auto& r) { r.entries[0].term = Term{0}; })},
      {"entry of a later term", changed([](auto& r) { r.entries[0].term = Term{3}; })},
      {"entry of an unknown kind", changed([](auto& r) { r.entries[0].kind = EntryKind{77}; })},
      {"membership that cannot be read", changed([](auto& r) { r.entries[0].kind = EntryKind::membership; })},
      {"membership without bytes", changed([](auto& r) { r.entries[0] = {Term{2}, Index{3}, EntryKind::membership, nullptr}; })},
      {"membership without voters", changed([](auto& r) {
         r.entries[0] = {Term{2}, Index{3}, EntryKind::membership, payload(encode_membership({{}, {{1}}, {}}))};
       })},
      {"no-op with a payload", changed([](auto& r) { r.entries[0].kind = EntryKind::noop; })},
      {"reply index out of range", from_2(AppendReply{.term = Term{3}, .success = true, .match = Index{huge}})},
      {"hint out of range", from_2(AppendReply{.term = Term{3}, .hint = at(1, huge)})},
  };
}

bool same_state(const Status& a, const Status& b) {
  return a.role == b.role && a.term == b.term && a.voted_for == b.voted_for && a.leader == b.leader && a.last == b.last &&
         a.commit == b.commit && a.durable == b.durable;
}

// Any voters and learners out of 1..5, joint or not, and sometimes not well formed.
Payload random_membership(Random& random) {
  Membership membership;
  for (std::uint64_t node = 1; node <= 5; ++node) {
    if (random.below(2) == 0) membership.outgoing.push_back(NodeId{node});
    if (random.below(2) == 0) membership.voters.push_back(NodeId{node});
    else if (random.below(3) == 0) membership.learners.push_back(NodeId{node});
  }
  if (random.below(2) == 0) membership.outgoing.clear();
  return payload(encode_membership(membership));
}

Message random_message(Random& random, std::uint64_t term, std::uint64_t last) {
  auto number = [&](std::uint64_t near) -> std::uint64_t {
    switch (random.below(8)) {
      case 0: return 0;
      case 1: return huge - random.below(3);
      case 2: return (std::uint64_t{1} << 62) + random.below(3) - 1;
      case 3: return random.next();
      default: return near + random.below(5) - std::min<std::uint64_t>(near, 2);
    }
  };
  auto flag = [&] { return random.below(2) == 0; };
  auto position = [&] { return at(number(term), number(last)); };
  switch (random.below(7)) {
    case 5: return SnapshotRequest{Term{number(term)}, {{position(), voters_1_2(), ""}, number(0), payload("bytes"), flag()}};
    case 6: return SnapshotReply{Term{number(term)}, position(), number(5), flag()};
    case 0: return VoteRequest{Term{number(term)}, flag(), flag(), position()};
    case 1: return VoteReply{Term{number(term)}, Term{number(term)}, flag(), flag()};
    case 2: {
      AppendRequest request{Term{number(term)}, position(), Index{number(last)}, {}, number(2)};
      const std::uint64_t count = random.below(4);
      for (std::uint64_t i = 0; i < count; ++i) {
        const bool fits = random.below(6) != 0;
        const std::uint64_t index = fits ? request.previous.index.value + 1 + i : number(last);
        const std::uint64_t entry_term = fits ? request.term.value : number(term);
        request.entries.push_back({Term{entry_term}, Index{index}, static_cast<EntryKind>(random.below(4)), flag() ? payload("h") : nullptr});
        if (flag() && flag()) request.entries.back() = {Term{entry_term}, Index{index}, EntryKind::membership, random_membership(random)};
      }
      return request;
    }
    case 3: return AppendReply{Term{number(term)}, flag(), flag(), Index{number(last)}, Index{number(last)}, position(), number(2)};
    default: return TimeoutNow{Term{number(term)}};
  }
}

}  // namespace

TEST_CASE("what no correct node could send is refused, counted, and changes nothing") {
  for (Case& c : malformed()) {
    CAPTURE(c.what);
    TestNode node({}, {HardState{Term{3}, NodeId{2}, {}}, log_of({1, 1})});
    node.settle();
    const Status before = node.status();
    node.raft->step(c.envelope);
    const Status after = node.status();
    CHECK(after.refused == 1);
    CHECK_FALSE(after.refused_last_why.empty());
    CHECK(same_state(before, after));
    CHECK_FALSE(node.raft->has_output());
  }
}

TEST_CASE("a second leader in one term is refused, by its followers and by the first") {
  TestNode follower({});
  follower.answer(2, append(1, {}));
  CHECK(follower.answer(3, append(1, {}, log_of({1}))).empty());
  CHECK(follower.status().refused == 1);
  CHECK(follower.status().leader == NodeId{2});
  TestNode leader({});
  leader.become_leader();
  CHECK(leader.answer(3, append(1, {}, log_of({1}))).empty());
  CHECK(leader.status().refused == 1);
  CHECK(leader.status().role == Role::leader);
}

TEST_CASE("a reply that claims more than was ever sent is refused") {
  TestNode leader({});
  leader.become_leader();
  leader.acknowledge(2, 2);
  leader.acknowledge(2, 1, 5);
  CHECK(leader.status().refused == 2);
  CHECK(leader.commit() == 0);
}

TEST_CASE("a peer gone mad raises the term by a bounded step per message, and the node still works") {
  TestNode node({});
  node.answer(2, append(Raft::term_jump_max, {}, log_of({1})));
  CHECK(node.term().value == Raft::term_jump_max);
  node.become_leader();
  CHECK(node.term().value == Raft::term_jump_max + 1);
}

TEST_CASE("at the end of the terms a node no longer campaigns, and no number overflows") {
  TestNode node({}, {HardState{term_max, no_node, {}}, {}});
  node.tick(100);
  CHECK(node.term() == term_max);
  CHECK(node.status().role == Role::follower);
  CHECK(node.take_sent().empty());
}

TEST_CASE("random messages break no invariant, and outputs keep their rules") {
  const std::uint64_t seed = 20261124;
  INFO("seed " << seed);
  for (std::uint64_t round = 0; round < 300; ++round) {
    Random random(seed + round);
    TestNode node({.voters = 3, .learners = {NodeId{4}}, .log_window_bytes_max = 10 * entry(1, 1).byte_size()});
    Index applied{0};
    for (int i = 0; i < 200; ++i) {
      const Status status = node.status();
      Envelope envelope{NodeId{random.below(6)}, NodeId{random.below(8) ? 1u : 2u},
                        random_message(random, status.term.value, status.last.index.value)};
      // Now and then a fitting vote, so that every role is met.
      if (random.below(6) == 0) envelope = {NodeId{2}, NodeId{1}, VoteReply{status.term, status.term + (status.role == Role::pre_candidate), status.role == Role::pre_candidate, true}};
      node.raft->step(envelope);
      if (random.below(3) == 0) node.raft->tick();
      if (random.below(5) == 0) (void)node.raft->propose(payload("p"));
      if (random.below(9) == 0) (void)node.raft->request_read();
      if (random.below(9) == 0) (void)node.raft->propose_membership({{{static_cast<MembershipChange::Verb>(random.below(5)), NodeId{random.below(6)}}}});
      if (random.below(9) == 0) (void)node.raft->transfer_leadership(NodeId{random.below(5)});
      if (random.below(2) == 0) node.settle();
      for (const LogRead& read : std::exchange(node.log_reads, {})) node.raft->log_read_done(read, node.disk.read(read));
      for (const SnapshotArrival& arrival : std::exchange(node.arrivals, {})) {
        if (flag(random)) node.raft->snapshot_failed(arrival.id);
        else node.raft->snapshot_wants(arrival.id, random.below(20));
      }
      for (const Entry& e : std::exchange(node.committed, {})) REQUIRE(e.index == ++applied);
      REQUIRE(node.status().term >= status.term);
      REQUIRE(node.status().commit >= status.commit);
      REQUIRE(node.disk.hard_state.term <= node.status().term);
    }
  }
}
