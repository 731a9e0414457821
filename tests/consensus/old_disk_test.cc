// A node whose disk holds less than it promised: an old copy, an empty one, a damaged one (docs/consensus.md).
#include <catch2/catch.hpp>

#include "tests/consensus/group.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

namespace {

/// Node 1 leads three nodes; node 3 is silent. Entries 1 (the no-op) and 2 are on nodes 1 and 2, and committed.
struct Story {
  Story() : group(3, voters({1, 2, 3})) {
    group.silent = {3};
    group.elect(1);
    copy = group[2].disk;
    group.propose(1, "paid");
    CHECK(group[1].commit() == 2);
    CHECK(group[2].commit() == 2);
  }
  /// Node 2 is started from `disk`, and says so to node 1.
  void start_2_from(Disk disk, bool withheld = false) {
    group[2].take_sent();
    group[2].disk = std::move(disk);
    group[2].applied = std::min(group[2].applied, Index{group[2].disk.log.size()});
    group[2].withheld = withheld;
    group[2].restart();
    group[1].raft->peer_restarted(NodeId{2});
  }
  /// What `from` remembers of `of`, told to it.
  void tell(std::uint64_t from, std::uint64_t of) { group[of].raft->recalled(group[from].raft->recall(NodeId{of})); }

  Group group;
  Disk copy;
};

VoteRequest vote(std::uint64_t term, LogPosition last) { return {Term{term}, false, false, last}; }
VoteRequest pre_vote(std::uint64_t term, LogPosition last) { return {Term{term}, true, false, last}; }

}  // namespace

TEST_CASE("a leader feeds a follower again that came back with less than it had acknowledged") {
  Story story;
  for (int i = 0; i < 5; ++i) story.group.propose(1);
  const std::uint64_t commit = story.group[1].commit();
  story.start_2_from(GENERATE(0, 1) == 0 ? Disk{} : story.copy);
  CHECK(story.group[1].status().peers.at(0).match == Index{0});
  CHECK(story.group[1].commit() == commit);
  story.group.tick(6);
  CHECK(story.group[2].last() == story.group[1].last());
  CHECK(story.group[2].commit() == commit);
  story.group.propose(1);
  CHECK(story.group[1].commit() == commit + 1);
}

TEST_CASE("a new process of a follower that lost nothing costs one round trip") {
  Story story;
  story.start_2_from(story.group[2].disk);
  story.group.deliver();
  CHECK(story.group[1].status().peers.at(0).match == Index{2});
  CHECK(story.group[1].status().peers.at(0).state == Progress::State::replicate);
}

TEST_CASE("leaders remember what was acknowledged to them, followers what they took from a leader and what it long called committed, all the terms of all") {
  Story story;
  CHECK(story.group[1].raft->memory().of(NodeId{2}) == Recollection{NodeId{2}, Term{1}, at(1, 2)});
  CHECK(story.group[2].raft->memory().of(NodeId{1}) == Recollection{NodeId{1}, Term{1}, {}, at(1, 2)});
  CHECK(story.group[1].raft->memory().of(NodeId{3}) == Recollection{NodeId{3}, Term{0}, {}});
  story.group.tick(30);
  CHECK(story.group[2].raft->memory().of(NodeId{1}) == Recollection{NodeId{1}, Term{1}, at(1, 2), at(1, 2)});
  const auto changes = story.group[1].raft->memory().changes(), of_follower = story.group[2].raft->memory().changes();
  story.group.tick(30);
  CHECK(story.group[1].raft->memory().changes() == changes);  // an idle cluster writes nothing
  CHECK(story.group[2].raft->memory().changes() == of_follower);
  story.group[1].step(3, vote(7, at(1, 1)));  // too soon after the leader was heard for a vote, but 3 was in term 7
  CHECK(story.group[1].raft->memory().of(NodeId{3}).term == Term{7});
  story.group[1].step(3, pre_vote(9, at(1, 1)));  // of a term it is not in
  CHECK(story.group[1].raft->memory().of(NodeId{3}).term == Term{7});
  story.group[1].step(4, vote(7, at(1, 1)));  // a stranger
  CHECK(story.group[1].raft->memory().of(NodeId{4}).term == Term{0});
}

TEST_CASE("memory survives a restart") {
  Story story;
  story.group[1].restart();
  CHECK(story.group[1].raft->memory().of(NodeId{2}) == Recollection{NodeId{2}, Term{1}, at(1, 2)});
}

TEST_CASE("until it was told what it promised, a node promises nothing") {
  Story story;
  story.start_2_from(story.copy, true);
  TestNode& node = story.group[2];
  CHECK(node.status().withheld);
  CHECK(node.answer(3, vote(2, at(1, 1))).empty());
  CHECK(node.answer(3, pre_vote(2, at(1, 1))).empty());
  CHECK(node.answer(1, append(1, at(1, 1), {entry(1, 2, "paid")}, 2)).empty());
  CHECK(node.last() == 1);
  CHECK(node.status().leader == NodeId{1});  // heard all the same
  node.tick(40);
  CHECK(node.status().role == Role::follower);
  CHECK(node.take_sent().empty());
  node.raft->trust_disk();
  CHECK(single<AppendReply>(node.answer(1, append(1, at(1, 1), {entry(1, 2, "paid")}, 2))).success);
}

TEST_CASE("a node with an old copy neither votes nor campaigns until its log is whole again") {
  Story story;
  story.start_2_from(story.copy, true);
  story.tell(1, 2);
  TestNode& node = story.group[2];
  node.raft->trust_disk();
  CHECK(node.status().in_doubt);
  CHECK(node.status().doubt_until == at(1, 2));
  // Node 3 lacks the committed entry 2, as node 2 now does: their two votes would elect it away.
  CHECK_FALSE(single<VoteReply>(node.answer(3, pre_vote(2, at(1, 1)))).granted);
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(2, at(1, 1)))).granted);
  node.tick(40);
  CHECK(node.status().role == Role::follower);
  CHECK(node.term() == Term{2});
  // The leader of term 3 brings back what was lost: not enough, before an entry of its own is committed and here.
  CHECK(single<AppendReply>(node.answer(1, append(3, at(1, 1), {entry(1, 2, "paid")}, 2))).success);
  CHECK(node.commit() == 2);
  CHECK(node.status().in_doubt);
  node.answer(1, append(3, at(1, 2), {entry(3, 3)}, 2));
  CHECK(node.status().in_doubt);
  node.answer(1, append(3, at(3, 3), {}, 3));
  CHECK_FALSE(node.status().in_doubt);
  CHECK_FALSE(single<VoteReply>(node.answer(3, {VoteRequest{Term{4}, false, true, at(1, 2)}})).granted);
  CHECK(single<VoteReply>(node.answer(3, {VoteRequest{Term{5}, false, true, at(3, 3)}})).granted);
}

TEST_CASE("a node with an old copy votes for a log that has all that the others had, when they have all said where theirs end") {
  Story story;
  story.start_2_from(story.copy, true);
  story.tell(1, 2);
  TestNode& node = story.group[2];
  node.raft->trust_disk();
  CHECK_FALSE(single<VoteReply>(node.answer(1, vote(2, at(1, 2)))).granted);  // node 3 might have more
  node.raft->recalled({NodeId{3}, {NodeId{2}, Term{1}, at(1, 1)}, Term{1}, at(1, 1)});
  CHECK(node.raft->heard_enough());
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(3, at(1, 1)))).granted);
  CHECK(single<VoteReply>(node.answer(1, vote(4, at(1, 2)))).granted);
  CHECK(node.status().in_doubt);
  node.tick(40);
  CHECK(node.status().role == Role::follower);
}

TEST_CASE("entries that this node helped to commit may be remembered by nobody: where the others' logs end counts, too") {
  // Five nodes; 2 and 3 hold entry 2, and their memory of it was lost in a power cut; what gives node 1 away is its term.
  TestNode node({.self = 1, .voters = 5}, {.hard_state = {Term{1}, NodeId{2}, Index{1}}, .log = log_of({1})});
  node.withheld = true;
  node.restart();
  node.raft->recalled({NodeId{4}, {NodeId{1}, Term{2}, {}}, Term{2}, at(1, 1)});
  node.raft->recalled({NodeId{5}, {NodeId{1}, Term{2}, {}}, Term{2}, at(1, 1)});
  node.raft->trust_disk();
  CHECK_FALSE(node.raft->heard_enough());
  CHECK_FALSE(single<VoteReply>(node.answer(4, vote(3, at(1, 1)))).granted);
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, {}}, Term{2}, at(1, 2)});  // three of the others: one of them has what was committed
  CHECK(node.raft->heard_enough());
  CHECK(node.status().in_doubt);
  CHECK_FALSE(single<VoteReply>(node.answer(4, vote(4, at(1, 1)))).granted);
  CHECK(single<VoteReply>(node.answer(2, vote(5, at(1, 2)))).granted);
}

TEST_CASE("a disk that lost only its term and vote is whole as soon as the others have said so") {
  Story story;
  Disk disk = story.group[2].disk;
  story.start_2_from(disk, true);
  story.group[2].raft->recalled({NodeId{1}, {NodeId{2}, Term{7}, at(1, 2)}, Term{7}, at(1, 2)});
  story.group[2].raft->recalled({NodeId{3}, {NodeId{2}, Term{0}, {}}, Term{1}, at(1, 1)});
  CHECK(story.group[2].status().in_doubt);
  story.group[2].raft->trust_disk();
  CHECK_FALSE(story.group[2].status().in_doubt);
  CHECK_FALSE(single<VoteReply>(story.group[2].answer(3, vote(7, at(1, 2)))).granted);
  CHECK(single<VoteReply>(story.group[2].answer(3, vote(8, at(1, 2)))).granted);
}

TEST_CASE("doubt lasts until all is back that was acknowledged to the same leader") {
  Story story;
  for (int i = 0; i < 3; ++i) story.group.propose(1);
  story.start_2_from(story.copy, true);
  story.tell(1, 2);
  TestNode& node = story.group[2];
  node.raft->trust_disk();
  node.answer(1, append(1, at(1, 1), {entry(1, 2, "paid")}, 5));
  CHECK(node.commit() == 2);
  CHECK(node.status().in_doubt);
  node.answer(1, append(1, at(1, 2), {entry(1, 3), entry(1, 4), entry(1, 5)}, 5));
  CHECK_FALSE(node.status().in_doubt);
}

namespace {

/// An answer to node 2: it is remembered with `held`, the log of `from` ends at `end`.
Recalled told(std::uint64_t from, std::uint64_t round, LogPosition held, LogPosition end, bool whole = true) {
  return {NodeId{from}, {NodeId{2}, Term{1}, held}, Term{1}, end, whole, round};
}

/// Node 2 of three holds (1, 1) and was told by both others, of whom node 1 remembers it with (1, 5).
struct Doubting {
  Doubting() {
    node.withheld = true;
    node.restart();
    node.raft->recalled(told(1, 0, at(1, 5), at(1, 2)));
    CHECK(node.raft->round() == 0);
    node.raft->recalled(told(3, 0, {}, at(1, 3)));
    CHECK(node.raft->round() == 1);
    node.raft->trust_disk();
    CHECK(node.status().doubt_until == at(1, 5));
  }
  TestNode node{{.self = 2}, {.hard_state = {Term{1}, NodeId{1}, Index{1}}, .log = log_of({1})}};
};

}  // namespace

TEST_CASE("what all others, asked anew, do not hold is not waited for") {
  Doubting story;
  TestNode& node = story.node;
  node.raft->recalled(told(1, 1, at(1, 5), at(1, 2)));
  CHECK(node.status().doubt_until == at(1, 5));
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(2, at(1, 3)))).granted);
  node.raft->recalled(told(3, 1, {}, at(1, 3)));
  CHECK(node.status().in_doubt);
  CHECK(node.status().doubt_until == at(1, 3));
  CHECK_FALSE(single<VoteReply>(node.answer(1, vote(3, at(1, 2)))).granted);
  CHECK(single<VoteReply>(node.answer(3, vote(4, at(1, 3)))).granted);
  // What it is remembered with is told again and again, and says nothing any more.
  node.raft->recalled(told(1, 2, at(1, 5), at(1, 2)));
  CHECK(node.status().doubt_until == at(1, 3));
  node.answer(3, append(4, at(1, 1), {entry(1, 2), entry(1, 3)}, 1));
  CHECK_FALSE(node.status().in_doubt);
  node.raft->recalled(told(1, 2, at(1, 5), at(1, 2)));
  CHECK_FALSE(node.status().in_doubt);
  node.raft->recalled(told(1, 2, at(1, 6), at(1, 2)));
  CHECK(node.status().doubt_until == at(1, 6));
}

TEST_CASE("of the second round only answers to its own questions count, of nodes that are whole themselves, and of all") {
  Doubting story;
  TestNode& node = story.node;
  node.raft->recalled(told(1, 1, at(1, 5), at(1, 2)));
  node.raft->recalled(told(1, 1, at(1, 5), at(1, 2)));
  node.raft->recalled(told(3, 0, {}, at(1, 3)));         // asked before node 1 had answered
  node.raft->recalled(told(3, 2, {}, at(1, 3)));
  node.raft->recalled(told(3, 1, {}, at(1, 3), false));  // may have lost what it took
  CHECK(node.raft->round() == 1);
  CHECK(node.status().doubt_until == at(1, 5));
  node.raft->recalled(told(3, 1, {}, at(1, 3)));
  CHECK(node.raft->round() == 2);
  CHECK(node.status().doubt_until == at(1, 3));
}

TEST_CASE("what another of the second round holds is waited for") {
  Doubting story;
  story.node.raft->recalled(told(3, 1, {}, at(1, 5)));
  story.node.raft->recalled(told(1, 1, at(1, 5), at(1, 2)));
  CHECK(story.node.status().doubt_until == at(1, 5));
  CHECK(story.node.raft->round() == 2);
}

TEST_CASE("a change of the voters begins the round anew, with all of them, of both configurations") {
  Doubting story;
  TestNode& node = story.node;
  node.raft->recalled(told(1, 1, at(1, 5), at(1, 2)));
  const Membership joint = voters({1, 2, 4}, {1, 2, 3});
  node.answer(3, append(1, at(1, 1), {Entry{Term{1}, Index{2}, EntryKind::membership, payload(encode_membership(joint))}}, 1));
  CHECK(node.status().membership == joint);
  node.raft->recalled(told(3, 1, {}, at(1, 3)));         // node 4 was never asked
  CHECK(node.status().doubt_until == at(1, 5));
  node.raft->recalled(told(4, 1, {}, at(1, 1)));
  CHECK(node.raft->round() == 2);
  for (const std::uint64_t from : {1, 3}) node.raft->recalled(told(from, 2, {}, at(1, 3)));
  CHECK(node.status().doubt_until == at(1, 5));
  node.raft->recalled(told(4, 2, {}, at(1, 1)));
  CHECK(node.status().doubt_until == at(1, 3));
}

TEST_CASE("a node that has not asked what it may have forgotten, or is in doubt, does not vouch for its log") {
  Story story;
  CHECK(story.group[1].raft->recall(NodeId{3}).whole);
  story.start_2_from(story.copy, true);
  CHECK_FALSE(story.group[2].raft->recall(NodeId{1}).whole);
  story.tell(1, 2);
  story.group[2].raft->trust_disk();
  CHECK_FALSE(story.group[2].raft->recall(NodeId{1}).whole);
  story.group.tick(6);
  CHECK_FALSE(story.group[2].status().in_doubt);
  CHECK(story.group[2].raft->recall(NodeId{1}).whole);
}

TEST_CASE("what counts is on disk: an entry that would end the doubt must be synced first") {
  TestNode node({});
  node.in_doubt = true;
  node.restart();
  node.step(2, append(1, {}, {entry(1, 1)}, 1));
  const Output output = node.raft->take_output();
  CHECK(node.status().commit == Index{1});
  CHECK(node.status().in_doubt);
  node.sync(output);
  CHECK_FALSE(node.status().in_doubt);
}

TEST_CASE("a leader of a term before the one a node is remembered in gets no acknowledgement") {
  // Node 2 acknowledged to the leader of term 5, and forgot; the leader of term 3, cut off since then, is still at it.
  TestNode node({.self = 2}, {.hard_state = {Term{3}, NodeId{1}, Index{1}}, .log = log_of({3})});
  node.withheld = true;
  node.restart();
  CHECK(node.answer(1, append(3, at(3, 1), {entry(3, 2)}, 1)).empty());
  node.raft->recalled({NodeId{3}, {NodeId{2}, Term{5}, at(5, 2)}, Term{5}, at(5, 2)});
  node.raft->trust_disk();
  const auto reply = single<AppendReply>(node.answer(1, append(3, at(3, 1), {entry(3, 2)}, 1)));
  CHECK_FALSE(reply.success);
  CHECK(reply.term == Term{5});
  CHECK(node.last() == 1);
  CHECK(single<AppendReply>(node.answer(3, append(5, at(3, 1), {entry(5, 2)}, 1))).success);
}

TEST_CASE("a forgotten vote is not given again, in doubt or after it") {
  TestNode node({.self = 2}, {.hard_state = {Term{4}, no_node, Index{1}}, .log = log_of({4})});
  node.withheld = true;
  node.restart();
  node.raft->recalled({NodeId{1}, {NodeId{2}, Term{5}, {}}, Term{5}, at(4, 1)});  // its vote in term 5 went to node 1
  node.raft->trust_disk();
  CHECK(node.status().in_doubt);  // the term on disk went back: so may have the log
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(5, at(4, 1)))).granted);
  node.answer(1, append(5, at(4, 1), {entry(5, 2)}, 2));
  CHECK_FALSE(node.status().in_doubt);
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(5, at(4, 9)))).granted);
  node.withheld = false;
  node.restart();
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(5, at(4, 9)))).granted);
  CHECK(node.disk.hard_state.voted_for == NodeId{2});  // what it gave away it does not know
  CHECK(single<VoteReply>(node.answer(3, vote(6, at(5, 2)))).granted);
}

TEST_CASE("whoever could hold a forgotten vote is in its term, even if it has forgotten the vote itself") {
  TestNode node({.self = 2}, {.hard_state = {Term{4}, no_node, Index{1}}, .log = log_of({4})});
  node.withheld = true;
  node.restart();
  node.raft->recalled({NodeId{1}, {NodeId{2}, Term{4}, {}}, Term{9}, at(4, 1)});  // it led term 9, and its memory was lost in a power cut
  CHECK_FALSE(node.status().in_doubt);  // a node that missed elections has lost nothing
  CHECK(node.term() == Term{4});
  node.raft->recalled({NodeId{3}, {NodeId{2}, Term{5}, {}}, Term{8}, at(4, 1)});
  node.raft->trust_disk();
  CHECK(node.term() == Term{9});
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(9, at(4, 1)))).granted);
  CHECK(single<VoteReply>(node.answer(3, vote(10, at(4, 1)))).granted);
}

TEST_CASE("a term taken up before the others were heard does not free a forgotten vote, also over a crash") {
  // Found by seed 1801 of the cluster with old disks.
  TestNode node({.self = 2});
  node.withheld = true;
  node.restart();                       // emptied; its vote in term 2 went to node 3
  node.answer(3, append(2, at(2, 4)));  // a heartbeat
  CHECK(node.disk.hard_state.term == Term{2});
  node.restart();
  node.raft->recalled({NodeId{3}, {NodeId{2}, Term{2}, {}}, Term{2}, at(2, 4)});
  node.raft->recalled({NodeId{1}, {NodeId{2}, Term{0}, {}}, Term{1}, at(1, 1)});
  node.raft->trust_disk();
  CHECK_FALSE(single<VoteReply>(node.answer(1, vote(2, at(1, 9)))).granted);
}

TEST_CASE("a vote in the term on disk may be forgotten, too") {
  TestNode node({.self = 2}, {.hard_state = {Term{4}, no_node, Index{1}}, .log = log_of({3})});
  node.withheld = true;
  node.restart();
  node.raft->recalled({NodeId{1}, {NodeId{2}, Term{4}, at(4, 2)}, Term{4}, at(4, 2)});
  node.raft->trust_disk();
  node.answer(1, append(4, at(3, 1), {entry(4, 2)}, 2));
  CHECK_FALSE(node.status().in_doubt);
  node.withheld = false;
  node.restart();
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(4, at(3, 9)))).granted);
  CHECK(node.disk.hard_state.voted_for == NodeId{2});
}

TEST_CASE("nodes that lost nothing are not in doubt, and start as fast as ever") {
  Group group(3, voters({1, 2, 3}));
  group.elect(1);
  for (int i = 0; i < 5; ++i) group.propose(1);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    group[id].take_sent();
    group[id].withheld = true;
    group[id].restart();
  }
  for (std::uint64_t from = 1; from <= 3; ++from)
    for (std::uint64_t of = 1; of <= 3; ++of)
      if (from != of) group[of].raft->recalled(group[from].raft->recall(NodeId{of}));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    group[id].raft->trust_disk();
    CHECK_FALSE(group[id].status().in_doubt);
  }
  group.tick(20);
  CHECK(group.leader() != 0);
}

TEST_CASE("a leader that learns it has forgotten something steps down") {
  TestNode node({.self = 1}, {.hard_state = {Term{1}, no_node, Index{1}}, .log = log_of({1})});
  node.become_leader();
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{2}, at(1, 3)}, Term{2}, at(1, 3)});
  CHECK(node.status().role == Role::leader);  // (2, 2) is later
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{2}, at(2, 3)}, Term{2}, at(2, 3)});
  node.settle();
  CHECK(node.status().role == Role::follower);
  CHECK(node.status().in_doubt);
  CHECK(node.term() == Term{2});
}

TEST_CASE("a leader that may have committed with its own copy alone, and told nobody, votes for no log that is behind the others'") {
  // Node 1 led term 1; node 2 took entry 2 and acknowledged it. Whether node 1 had it on disk, too, and so committed it, nobody knows.
  TestNode node({.self = 1}, {.hard_state = {Term{1}, NodeId{1}, Index{1}}, .log = log_of({1})});
  node.withheld = true;
  node.restart();
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, at(1, 1), at(1, 2)}, Term{1}, at(1, 2)});
  node.raft->trust_disk();
  CHECK(node.status().in_doubt);
  CHECK_FALSE(node.status().loss_certain);
  CHECK_FALSE(single<VoteReply>(node.answer(3, vote(2, at(1, 1)))).granted);
  // Most often it only crashed before its disk was done: node 2 can be elected without node 3.
  CHECK(single<VoteReply>(node.answer(2, vote(3, at(1, 2)))).granted);
  node.answer(2, append(3, at(1, 1), {entry(1, 2)}, 1));
  CHECK_FALSE(node.status().in_doubt);
}

TEST_CASE("what a learner holds is no reason to wait for it") {
  // Found by seed 680 of the cluster with old disks: a learner had taken an entry that its leader lost, and no voter could be elected.
  TestNode node({.self = 1, .learners = {{4}}}, {.hard_state = {Term{1}, NodeId{1}, Index{1}}, .log = log_of({1})});
  node.raft->recalled({NodeId{4}, {NodeId{1}, Term{1}, at(1, 1), at(1, 2)}, Term{1}, at(1, 2)});
  CHECK_FALSE(node.status().in_doubt);
}

TEST_CASE("a recollection that no correct node could have is refused") {
  TestNode node({.self = 1});
  node.raft->recalled({NodeId{2}, {NodeId{2}, Term{5}, {}}, Term{5}, {}});
  node.raft->recalled({NodeId{1}, {NodeId{1}, Term{5}, {}}, Term{5}, {}});
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{Raft::term_jump_max + 1}, {}}, Term{Raft::term_jump_max + 1}, {}});
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, at(2, 3)}, Term{1}, {}});
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, {Term{1}, index_max + 1}}, Term{1}, {}});
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, {}}, Term{1}, {Term{1}, index_max + 1}});
  node.raft->recalled({NodeId{2}, {NodeId{1}, Term{1}, {}, at(2, 1)}, Term{1}, {}});
  CHECK(node.status().refused == 7);
  CHECK_FALSE(node.raft->heard_enough());
  CHECK_FALSE(node.status().in_doubt);
  CHECK(node.term() == Term{0});
}
