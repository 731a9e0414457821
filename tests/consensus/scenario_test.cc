// The runner of text scenarios: what it refuses to read, that it sees broken safety properties, and that its page tells of every verb.
// The scenarios themselves are tests of their own: tests/consensus/CMakeLists.txt.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/consensus/scenario_runner/runner.h"
#include "tests/consensus/scenario_runner/safety.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace fs = std::filesystem;
using namespace daftar::consensus;
using namespace daftar::consensus::scenario;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Entry entry(std::uint64_t term, std::uint64_t index, const std::string& payload) {
  return {Term{term}, Index{index}, EntryKind::payload, std::make_shared<const std::string>(payload)};
}

Node node(std::uint64_t id, HardState state, std::vector<Entry> entries, Index applied = {}) {
  const Options options{NodeId{id}, 10, 2, 1 << 20, 8, 1 << 20, 1};
  return Node(options, Disk{state, {}, std::move(entries), Membership{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}}, {}, {}}, applied);
}

}  // namespace

TEST_CASE("a malformed scenario is refused with line, column, and what was expected, nothing of it runs") {
  const std::pair<const char*, const char*> cases[] = {
      {"add-nodes 3\n----\nok\n\nfly 1\n----\n", "5:1: expected a verb"},
      {"add-nodes\n----\n", "1:1: add-nodes: expected how many nodes, found none"},
      {"add-nodes three\n----\n", "1:11: expected how many nodes, found 'three'"},
      {"add-nodes 3 voters=(1 x)\n----\n", "1:23: expected a number of at least 1, found 'x'"},
      {"add-nodes 3 voters=(1 2\n----\n", "1:24: expected a closing ')'"},
      {"add-nodes 3 speed=1\n----\n", "1:13: add-nodes has no option 'speed'"},
      {"add-nodes 3 seed=1 seed=2\n----\n", "1:20: option 'seed' is given twice"},
      {"add-nodes 3 pre-vote=off\n----\n", "1:1: pre-vote is always on in this core"},
      {"tick 1 2 fast\n----\n", "1:10: tick: unexpected 'fast'"},
      {"propose 1 \"open\n----\n", "1:16: expected a closing '\"'"},
      {"propose 1 \"a\"b\n----\n", "1:14: expected a blank between arguments"},
      {"deliver 1-2\n----\n", "1:9: expected a link"},
      {"deliver all type=gossip\n----\n", "1:18: expected one of pre-vote"},
      {"hold all first=1\n----\n", "1:1: expected links and type= only"},
      {"expect 1 mood=good\n----\n", "1:10: expected one of role"},
      {"status\n\nstatus\n----\n", "2:1: expected another command or '----'"},
      {"status\n", "1:1: expected '----'"},
      {"----\nok\n", "1:1: expected a command before '----'"},
      {"status\tall\n----\n", "1:7: expected blanks and line feeds only"},
      {"add-nodes 2\nstatus 7\n----\n", "2:8: there is no node 7"},
      {"add-nodes 2\ncrash 1\ntick 1\n----\n", "3:6: node 1 is down"},
      {"propose-conf-change 1 transition=explicit\n----\n", "1:1: propose-conf-change: transition=explicit needs a change"},
      {"propose-conf-change 1 add=2 transition=later\n----\n", "1:40: expected auto, implicit or explicit, found 'later'"},
      {"expect-peer 1 2 mood=good\n----\n", "1:17: expected one value of state"},
      {"add-nodes 2 voters=(2 3)\n----\n", "1:1: expected node 1 among either voters or learners"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    const Result result = run(text);
    CHECK(result.verdict == Verdict::malformed);
    CHECK(result.message.substr(0, std::string(message).size()) == message);
  }
}

TEST_CASE("another output than the expected one fails, and is what rewriting writes") {
  const std::string text = "# One node.\nadd-nodes 1\nstatus\n----\n1 leader\n\n# The end.\n";
  const Result result = run(text);
  CHECK(result.verdict == Verdict::differs);
  CHECK(result.message.substr(0, 5) == "5:1: ");
  CHECK(result.rewritten == "# One node.\nadd-nodes 1\nstatus\n----\n1 follower term=0 leader=none log=0/0 commit=0\n\n# The end.\n");
  CHECK(run(result.rewritten).verdict == Verdict::passed);
}

TEST_CASE("an unmet expectation fails at its line, and is not rewritten away") {
  const Result result = run("add-nodes 3\n----\nok\n\ncampaign 1\nexpect 1 role=leader\n----\n");
  CHECK(result.verdict == Verdict::unmet);
  CHECK(result.message == "6:1: node 1 has role=pre-candidate, not leader");
  CHECK(result.rewritten.empty());
  CHECK(run("add-nodes 3\ncut all\nconverge\n----\n").verdict == Verdict::unmet);
  CHECK(run("add-nodes 3\nexpect-in-sync\n----\n").verdict == Verdict::unmet);
  CHECK(run("add-nodes 3\ncampaign 1\nstabilize show=off\nexpect-peer 1 2 state=probe\n----\n").message == "4:1: node 1 has node 2 with state=replicate, not probe");
  CHECK(run("add-nodes 3\nexpect-peer 1 2 state=probe\n----\n").message == "2:1: node 1 knows nothing of node 2");
}

// A forged vote and a disk set back are the two ways in which a text can break Raft itself.
TEST_CASE("two leaders in a term are seen, at the line where the second one is elected") {
  const Result result = run(
      "add-nodes 3\ncampaign 1 pre-vote=off\ncampaign 2 pre-vote=off\nprocess 1 2\n"
      "step vote-reply 3->1 term=1\nprocess 1\nstep vote-reply 3->2 term=1\nprocess 2\n----\n");
  CHECK(result.verdict == Verdict::unsafe);
  CHECK(result.message == "8:1: unsafe: election safety: node 1 and node 2 both lead term 1");
}

TEST_CASE("a node that votes again after its disk was set back is seen") {
  const Result result = run(
      "add-nodes 3\nsave-disk 3 old\ncampaign 1 pre-vote=off\nprocess 1\ndeliver 1->3\nprocess 3\ncrash 3\nrestart 3 disk=old\n"
      "campaign 2 pre-vote=off\nprocess 2\ndeliver 2->3\nprocess 3\n----\n");
  CHECK(result.verdict == Verdict::unsafe);
  CHECK(result.message == "12:1: unsafe: one vote per term: node 3 votes twice in term 1");
}

TEST_CASE("committed entries that a disk set back lets a later leader lose are seen") {
  const Result result = run(
      "add-nodes 3\ncampaign 1\nstabilize show=off\nsave-disk 2 old\ncut 1->3\npropose 1 a\nstabilize show=off\nexpect 1 commit=2\n"
      "crash 1 2\nrestart 2 disk=old\nheal\nforget-leader 3\ncampaign 2\nstabilize show=off\n----\n");
  CHECK(result.verdict == Verdict::unsafe);
  CHECK(result.message == "14:1: unsafe: leader completeness: node 2 leads without committed entry 1/2");
}

TEST_CASE("each safety property is seen to break") {
  const std::vector<Entry> entries{entry(1, 1, "a"), entry(1, 2, "b")};
  Safety safety;
  const Node one = node(1, {Term{1}, NodeId{2}, Index{0}}, entries);

  SECTION("log matching: another entry at a position, or another one before it") {
    safety.node_added(one);
    CHECK_THROWS_AS(safety.entries_written(node(2, {Term{1}, no_node, Index{0}}, {}), {entry(1, 1, "z")}), Broken);
    CHECK_THROWS_AS(safety.entries_written(node(2, {Term{2}, no_node, Index{0}}, {entry(2, 1, "z")}), {entry(1, 2, "b")}), Broken);
    CHECK_NOTHROW(safety.entries_written(node(2, {Term{1}, no_node, Index{0}}, {}), entries));
  }
  SECTION("state machine safety: out of order, not on disk, another history") {
    CHECK_THROWS_AS(safety.applied(one, entries[1]), Broken);
    CHECK_THROWS_AS(safety.applied(one, entry(1, 1, "z")), Broken);
    CHECK_NOTHROW(safety.applied(one, entries[0]));
    CHECK_THROWS_AS(safety.applied(node(2, {Term{1}, no_node, Index{0}}, {entry(1, 1, "z")}), entry(1, 1, "z")), Broken);
  }
  SECTION("a leader that drops entries of its own; a commit that is not on a majority's disks") {
    Node leader(Options{NodeId{1}, 10, 2, 1 << 20, 8, 1 << 20, 1}, Disk{{}, {}, {}, Membership{{NodeId{1}}, {}, {}}, {}, {}}, Index{0});
    for (int i = 0; i < 20; ++i) {
      leader.raft->tick();
      while (leader.raft->has_output()) {
        const Output output = leader.raft->take_output();
        leader.take_into_log(output.entries);
        leader.disk.write(output);
        leader.raft->synced(output.batch);
      }
    }
    leader.place = {Role::leader, leader.raft->status().term, NodeId{1}};
    REQUIRE(leader.raft->status().commit == Index{1});
    CHECK_THROWS_AS(safety.entries_written(leader, {entry(1, 1, "z")}), Broken);
    CHECK_THROWS_AS(Safety().commit_moved(leader, {}), Broken);
    CHECK_NOTHROW(safety.commit_moved(leader, {&leader}));
  }
  SECTION("promises before the disk") {
    const auto from_1 = [](Message message) { return Envelope{NodeId{1}, NodeId{3}, std::move(message)}; };
    CHECK_NOTHROW(safety.promised(one, from_1(AppendReply{.term = Term{1}, .success = true, .match = Index{2}}), Term{1}));
    CHECK_THROWS_AS(safety.promised(one, from_1(AppendReply{.term = Term{1}, .success = true, .match = Index{3}}), Term{1}), Broken);
    CHECK_THROWS_AS(safety.promised(one, from_1(AppendReply{.term = Term{1}, .success = true, .match = Index{2}}), Term{2}), Broken);
    CHECK_THROWS_AS(safety.promised(one, from_1(AppendReply{.term = Term{2}, .success = true}), Term{}), Broken);
    CHECK_THROWS_AS(safety.promised(one, from_1(VoteReply{Term{1}, Term{1}, false, true}), Term{}), Broken);
    CHECK_THROWS_AS(safety.promised(one, from_1(VoteRequest{Term{2}, false, false, {}}), Term{}), Broken);
  }
}

TEST_CASE("every scenario opens with a comment that says its rule, the page tells of every verb") {
  const fs::path root = DAFTAR_SOURCE_DIR;
  std::size_t scenarios = 0;
  for (const auto& file : fs::directory_iterator(root / "tests/consensus/scenarios")) {
    CAPTURE(file.path().string());
    CHECK(read(file.path()).substr(0, 2) == "# ");
    ++scenarios;
  }
  CHECK(scenarios >= 60);
  const std::string page = read(root / "docs/raft-scenarios.md");
  for (const auto subject : all_verbs())
    for (const Verb& verb : subject) {
      CAPTURE(std::string(verb.name));
      CHECK(page.find("| `" + std::string(verb.name) + "` |") != std::string::npos);
    }
}
