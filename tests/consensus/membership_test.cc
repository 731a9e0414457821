// Configurations as values: what a change makes of one, its bytes, the fault tolerance, quorums of two configurations.
#include "consensus/membership.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "consensus/quorum.h"
#include "consensus/random.h"
#include "tests/consensus/group.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;
using Why = ChangeRefused::Why;

namespace {

const Membership three{{{1}, {2}, {3}}, {{7}, {8}}, {}};

Membership then(const Membership& now, std::vector<MembershipChange::Step> steps) { return after(now, {std::move(steps)}).value(); }

}  // namespace

TEST_CASE("each kind of change, alone and together") {
  CHECK(then(three, {{Verb::add_voter, {4}}}) == Membership{{{1}, {2}, {3}, {4}}, {{7}, {8}}, {}});
  CHECK(then(three, {{Verb::add_learner, {4}}}) == Membership{{{1}, {2}, {3}}, {{4}, {7}, {8}}, {}});
  CHECK(then(three, {{Verb::promote, {7}}}) == Membership{{{1}, {2}, {3}, {7}}, {{8}}, {}});
  CHECK(then(three, {{Verb::demote, {1}}}) == Membership{{{2}, {3}}, {{1}, {7}, {8}}, {}});
  CHECK(then(three, {{Verb::remove, {2}}}) == Membership{{{1}, {3}}, {{7}, {8}}, {}});
  CHECK(then(three, {{Verb::remove, {8}}}) == Membership{{{1}, {2}, {3}}, {{7}}, {}});
  CHECK(then(three, {{Verb::remove, {3}}, {Verb::promote, {7}}}) == Membership{{{1}, {2}, {7}}, {{8}}, {}});
}

TEST_CASE("a change that makes no sense is refused, with the reason and the node") {
  struct Case { MembershipChange change; ChangeRefused expected; };
  const std::vector<Case> cases{
      {{}, {Why::empty, no_node}},
      {change(Verb::add_voter, 0), {Why::node_invalid, no_node}},
      {change(Verb::add_voter, 1), {Why::already_member, {1}}},
      {change(Verb::add_voter, 7), {Why::already_member, {7}}},
      {change(Verb::add_learner, 7), {Why::already_member, {7}}},
      {change(Verb::promote, 1), {Why::not_learner, {1}}},
      {change(Verb::promote, 9), {Why::not_learner, {9}}},
      {change(Verb::demote, 7), {Why::not_voter, {7}}},
      {change(Verb::remove, 9), {Why::not_member, {9}}},
      {{{{Verb::remove, {1}}, {Verb::add_learner, {1}}}}, {Why::node_twice, {1}}},
      {{{{Verb::remove, {1}}, {Verb::remove, {2}}, {Verb::demote, {3}}}}, {Why::no_voters, no_node}},
  };
  for (const Case& c : cases) {
    CAPTURE(describe(c.expected));
    CHECK(after(three, c.change).error() == c.expected);
  }
  CHECK(after(voters({1, 2}, {1}), change(Verb::add_voter, 4)).error() == ChangeRefused{Why::joint, no_node});
  Membership full;
  for (std::uint64_t node = 1; node <= voters_max; ++node) full.voters.push_back({node});
  for (std::uint64_t node = 1; node <= learners_max; ++node) full.learners.push_back({100 + node});
  CHECK(after(full, change(Verb::promote, 101)).error().why == Why::too_many_voters);
  CHECK(after(full, change(Verb::add_learner, 99)).error().why == Why::too_many_learners);
  CHECK(after(full, {{{Verb::promote, {101}}, {Verb::remove, {1}}}}).has_value());
}

TEST_CASE("only a change of the voters needs a joint configuration") {
  const Membership more = then(three, {{Verb::add_voter, {4}}});
  CHECK(way_to(three, more) == Membership{{{1}, {2}, {3}, {4}}, {{7}, {8}}, {{1}, {2}, {3}}});
  CHECK(without_outgoing(way_to(three, more)) == more);
  const Membership watched = then(three, {{Verb::add_learner, {9}}});
  CHECK(way_to(three, watched) == watched);
}

TEST_CASE("the encoding of a membership, byte by byte") {
  const Membership joint{{{1}, {258}}, {{9}}, {{1}, {9}}};
  const std::string expected("\x01\x00\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x01\x02"
                             "\x00\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x09"
                             "\x00\x01\0\0\0\0\0\0\0\x09", 47);
  CHECK(encode_membership(joint) == expected);
  CHECK(decode_membership(expected) == joint);
  CHECK(joint.is_voter({9}));
  CHECK(joint.members() == std::vector<NodeId>{{1}, {9}, {258}});
}

TEST_CASE("bytes that no membership has are refused: cut, longer, unordered, repeated, out of bounds") {
  const Membership joint{{{1}, {2}}, {{9}}, {{1}, {3}}};
  const std::string good = encode_membership(joint);
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(decode_membership(good.substr(0, n)));
  CHECK_FALSE(decode_membership(good + '\0'));
  CHECK_FALSE(decode_membership("\x02" + good.substr(1)));
  Membership many;
  for (std::uint64_t node = 1; node <= voters_max + 1; ++node) many.voters.push_back({node});
  for (const Membership& bad : {Membership{{{2}, {1}}, {}, {}}, Membership{{{1}, {1}}, {}, {}}, Membership{{{0}}, {}, {}}, Membership{{}, {{1}}, {}},
                                Membership{{{1}, {2}}, {{2}}, {}}, many})
    CHECK_FALSE(decode_membership(encode_membership(bad)));
  many.voters.pop_back();
  CHECK(decode_membership(encode_membership(many)) == many);
}

TEST_CASE("random bytes decode to nothing, or to what encodes to the same bytes") {
  std::cout << "membership bytes: seed 77\n";
  Random random(77);
  const std::string good = encode_membership({{{1}, {2}}, {{9}}, {{1}, {3}}});
  int decoded = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) bytes[random.below(bytes.size())] = static_cast<char>(random.below(12));
    if (const auto membership = decode_membership(bytes)) {
      ++decoded;
      REQUIRE(encode_membership(*membership) == bytes);
    }
  }
  CHECK(decoded > 100);
}

TEST_CASE("the plan of a change says what may fail before and after, and what would lose the quorum") {
  const std::vector<NodeId> all{{1}, {2}, {3}, {4}, {7}};
  const auto grow = plan(three, change(Verb::add_voter, 4), all).value();
  CHECK(grow.before == Tolerance{3, 3, 2});
  CHECK(grow.after == Tolerance{4, 4, 3});
  CHECK(grow.before.spare() == 1);
  CHECK(grow.after.spare() == 1);
  CHECK(grow.keeps_quorum());
  const std::vector<NodeId> without_3{{1}, {2}, {4}};
  CHECK(plan(three, change(Verb::remove, 3), without_3).value().keeps_quorum());
  CHECK_FALSE(plan(three, change(Verb::remove, 2), without_3).value().keeps_quorum());
  const auto replaced = plan(three, {{{Verb::remove, {3}}, {Verb::add_voter, {4}}}}, without_3).value();
  CHECK(replaced.before.spare() == 0);
  CHECK(replaced.after.spare() == 1);
  const std::vector<NodeId> alone{{1}};
  CHECK_FALSE(plan(three, change(Verb::remove, 3), alone).value().keeps_quorum());  // nobody could commit it
  CHECK(plan(three, change(Verb::remove, 5), all).error() == ChangeRefused{Why::not_member, {5}});
}

// 4.3: "Agreement (for elections and entry commitment) requires majorities from both the old and new configurations."
TEST_CASE("4.3 a joint quorum is a majority of each configuration, not of both together") {
  const Membership joint = voters({1, 2, 3}, {3, 4, 5});
  using Nodes = std::vector<NodeId>;
  CHECK(tally(joint, Nodes{{1}, {2}, {4}}, Nodes{}) == VoteOutcome::pending);  // 3 of 5, one only of the outgoing
  CHECK(tally(joint, Nodes{{1}, {2}, {3}}, Nodes{}) == VoteOutcome::pending);
  CHECK(tally(joint, Nodes{{1}, {3}, {4}}, Nodes{}) == VoteOutcome::won);
  CHECK(tally(joint, Nodes{{1}, {2}, {3}}, Nodes{{4}, {5}}) == VoteOutcome::lost);
  CHECK(tally(joint, Nodes{{3}, {4}, {5}}, Nodes{{1}, {2}}) == VoteOutcome::lost);
}

TEST_CASE("4.3 quorums agree with counting, and any two of one joint configuration meet in each half") {
  std::cout << "joint quorums: seed 43\n";
  Random random(43);
  std::vector<std::uint64_t> scratch;
  for (int round = 0; round < 3000; ++round) {
    Membership joint;
    for (std::uint64_t node = 1; node <= 7; ++node) {
      if (random.below(2) == 0) joint.voters.push_back({node});
      if (random.below(2) == 0) joint.outgoing.push_back({node});
    }
    if (joint.voters.empty()) continue;
    std::vector<std::uint64_t> value(8);
    for (auto& v : value) v = random.below(5);
    auto at_least = [&](const std::vector<NodeId>& half, std::uint64_t bound) {
      const auto count = std::count_if(half.begin(), half.end(), [&](NodeId n) { return value[n.value] >= bound; });
      return half.empty() || static_cast<std::size_t>(count) >= half.size() / 2 + 1;
    };
    std::uint64_t expected = 0;
    for (std::uint64_t bound = 1; bound < 5; ++bound)
      if (at_least(joint.voters, bound) && at_least(joint.outgoing, bound)) expected = bound;
    REQUIRE(quorum_reached(joint, [&](NodeId n) { return value[n.value]; }, scratch) == expected);
    std::vector<NodeId> granted, refused;
    for (std::uint64_t n = 1; n <= 7; ++n) (value[n] >= 3 ? granted : refused).push_back({n});
    REQUIRE((tally(joint, granted, refused) == VoteOutcome::won) == (at_least(joint.voters, 3) && at_least(joint.outgoing, 3)));
  }
}

TEST_CASE("a history knows what is in force where, and goes back when the log does") {
  MembershipHistory history(Index{4}, voters({3, 1, 2}));
  CHECK(history.latest() == voters({1, 2, 3}));
  history.append(Index{7}, voters({1, 2, 3, 4}, {1, 2, 3}));
  history.append(Index{9}, voters({1, 2, 3, 4}));
  CHECK(history.at(Index{6}) == voters({1, 2, 3}));
  CHECK(history.at(Index{7}).joint());
  CHECK(history.at(Index{100}) == voters({1, 2, 3, 4}));
  history.truncate(Index{9});
  CHECK(history.latest_index() == Index{7});
  history.truncate(Index{8});
  CHECK(history.latest().joint());
  history.truncate(Index{5});
  CHECK(history.latest() == voters({1, 2, 3}));
  CHECK(history.latest_index() == Index{4});
  history.append(Index{5}, voters({1, 2}, {1, 2, 3}));
  history.append(Index{6}, voters({1, 2}));
  history.append(Index{8}, voters({1}, {1, 2}));
  history.forget(Index{7});
  CHECK(history.at(Index{7}) == voters({1, 2}));
  CHECK(history.latest().joint());
  REQUIRE(history.before_latest());
  CHECK(*history.before_latest() == voters({1, 2}));
}
