// What a new node says of itself, what the network says of its nodes, and what a change would do.
#include <catch2/catch.hpp>

#include "tools/node_change.h"

namespace daftar::tools {
namespace {
using nlohmann::json;

json node_file() {
  ledger::initialise_crypto();
  return {{"format", "daftar-node"}, {"version", 1}, {"ledger_id", std::string(64, 'a')}, {"node", 4}, {"operator", "operator-4"},
          {"link_key", ledger::SigningKey::generate().public_key().hex()}, {"checkpoint_key", ledger::SigningKey::generate().public_key().hex()},
          {"link_address", "10.0.0.4:7000"}};
}

/// Voters 1 to `voters`, node 1 leads; those in `unreached` are not connected. Node 9 is a connected observer.
NetworkFacts network_of(std::uint32_t voters, const std::vector<std::uint32_t>& unreached = {}) {
  json answer = {{"node", 1}, {"role", "leader"}, {"leader", 1}, {"term", 3}, {"raft_commit", 500}, {"voters", json::array()}, {"learners", {9}}, {"outgoing", json::array()},
                 {"next_node", 10}, {"approvals_needed", 2}, {"approvers", {"operator-1", "operator-2"}}, {"nodes", json::array()}};
  for (std::uint32_t node = 1; node <= voters; ++node) {
    answer["voters"].push_back(node);
    json row = {{"node", node}, {"operator", "operator-" + std::to_string(node)}, {"standing", "validator"}, {"link_key", "aa"}};
    if (node != 1) row["connected"] = std::find(unreached.begin(), unreached.end(), node) == unreached.end();
    if (node != 1) row["match"] = 490;
    answer["nodes"].push_back(row);
  }
  answer["nodes"].push_back({{"node", 9}, {"operator", "operator-9"}, {"standing", "observer"}, {"link_key", "bb"}, {"connected", true}, {"match", 12}});
  auto facts = parse_network_facts(json::parse(answer.dump()));   // as it comes over the wire: numbers without a sign
  REQUIRE(facts);
  return *facts;
}

std::string side(const Tolerance& t) {
  return std::to_string(t.voters) + "/" + std::to_string(t.needed) + "/" + std::to_string(t.reachable) + "/" + std::to_string(t.spare());
}

}  // namespace

TEST_CASE("the description of a new node is read whole or not at all") {
  const json good = node_file();
  const auto read = parse_node_file(good.dump(), "node.json");
  REQUIRE(read);
  CHECK(read->number == 4);
  CHECK(read->operator_member == "operator-4");
  CHECK(read->link_address == "10.0.0.4:7000");
  CHECK(read->link_key.hex() == good["link_key"]);
  CHECK(read->checkpoint_key.hex() == good["checkpoint_key"]);
  struct Case { const char* field; json value; const char* says; };
  for (const Case& test : {Case{"format", "x", "not the description"}, Case{"version", 2, "not the description"}, Case{"ledger_id", "aa", "'ledger_id'"}, Case{"node", 0, "'node'"},
                           Case{"node", "4", "'node'"}, Case{"node", 4294967296, "'node'"}, Case{"operator", "No", "'operator'"}, Case{"link_key", "zz", "'link_key'"},
                           Case{"checkpoint_key", nullptr, "'checkpoint_key'"}, Case{"link_address", "here", "'link_address'"}}) {
    json spoilt = good;
    spoilt[test.field] = test.value;
    INFO(test.field);
    const auto refused = parse_node_file(spoilt.dump(), "my.json");
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().sentence, Catch::StartsWith("my.json: ") && Catch::Contains(test.says));
  }
  CHECK_FALSE(parse_node_file("no json", "x"));
  CHECK_FALSE(parse_node_file("[]", "x"));
}

TEST_CASE("what the network says of its nodes is read, and anything else is not taken for it") {
  const auto facts = network_of(3, {2});
  CHECK(facts.from_leader);
  CHECK(facts.commit == 500);
  CHECK(facts.next_node == 10);
  CHECK(facts.approvals_needed == 2);
  CHECK(facts.approvers == std::vector<std::string>{"operator-1", "operator-2"});
  CHECK(facts.reachable(1));
  CHECK_FALSE(facts.reachable(2));
  CHECK(facts.reachable(3));
  CHECK_FALSE(facts.reachable(77));
  CHECK(facts.find(9)->match == 12u);
  CHECK(facts.votes(3));
  CHECK_FALSE(facts.votes(9));
  for (const char* other : {"null", "[]", "{}", R"({"nodes":3})", R"({"nodes":[3]})", R"({"error":{"code":"route_unknown"}})"}) CHECK_FALSE(parse_network_facts(json::parse(other)));
}

TEST_CASE("a plan counts voters, who is needed, who can be reached, and how many may fall") {
  struct Case {
    const char* what;
    NetworkFacts facts;
    VoterChange change;
    const char *before, *after, *refusal;
  };
  NetworkFacts follower = network_of(3);
  follower.from_leader = false;
  NetworkFacts joint = network_of(3);
  joint.outgoing = {1, 2};
  for (const Case& test : {
           Case{"a fourth, not met yet", network_of(3), {{4}, {}}, "3/2/3/1", "4/3/4/1", ""},
           Case{"a fifth", network_of(4), {{5}, {}}, "4/3/4/1", "5/3/5/2", ""},
           Case{"an observer promoted", network_of(3), {{9}, {}}, "3/2/3/1", "4/3/4/1", ""},
           Case{"a fourth while one is dead", network_of(3, {2}), {{4}, {}}, "3/2/2/0", "4/3/3/0", ""},
           Case{"an observer removed", network_of(3), {{}, {9}}, "3/2/3/1", "3/2/3/1", ""},
           Case{"one of three removed", network_of(3), {{}, {3}}, "3/2/3/1", "2/2/2/0", ""},
           Case{"the leader removed", network_of(3), {{}, {1}}, "3/2/3/1", "2/2/2/0", ""},
           Case{"the dead one removed", network_of(3, {2}), {{}, {2}}, "3/2/2/0", "2/2/2/0", ""},
           Case{"a live one removed while another is dead", network_of(3, {2}), {{}, {3}}, "3/2/2/0", "2/2/1/-1", "lose the quorum: 1 of 2 voters can be reached, and 2 are needed"},
           Case{"the dead one replaced", network_of(3, {2}), {{4}, {2}}, "3/2/2/0", "3/2/3/1", ""},
           Case{"no quorum before", network_of(3, {2, 3}), {{4}, {2}}, "3/2/1/-1", "3/2/2/0", "no quorum now"},
           Case{"the last one removed", network_of(1), {{}, {1}}, "1/1/1/0", "0/1/0/-1", "No validator would remain"},
           Case{"asked of a follower", follower, {{4}, {}}, "3/2/3/1", "4/3/4/1", "leader cannot be asked"},
           Case{"another change under way", joint, {{4}, {}}, "3/2/3/1", "4/3/4/1", "Another change"},
       }) {
    INFO(test.what);
    const auto plan = plan_change(test.facts, test.change);
    CHECK(side(plan.before) == test.before);
    CHECK(side(plan.after) == test.after);
    if (*test.refusal == '\0') CHECK(plan.refusal == "");
    else CHECK_THAT(plan.refusal, Catch::Contains(test.refusal));
    CHECK(plan_json(plan)["allowed"] == plan.refusal.empty());
  }
  // A node that the leader knows and does not reach does not count as coming.
  NetworkFacts known = network_of(3, {2});
  known.nodes.push_back({.number = 4, .operator_member = "operator-4", .standing = "observer", .link_key = "cc", .connected = false, .match = 0});
  CHECK(side(plan_change(known, {{4}, {}}).after) == "4/3/2/-1");
}

TEST_CASE("a plan is a table") {
  const ChangePlan plan = plan_change(network_of(3, {2}), {{}, {3}});
  CHECK(plan_table(plan) ==
        std::vector<std::string>{"            before  after", "voters           3      2", "needed           2      2", "reachable        2      1", "may fall         0     -1"});
  CHECK(plan.refusal == "The change would lose the quorum: 1 of 2 voters can be reached, and 2 are needed.");
}

}  // namespace daftar::tools
