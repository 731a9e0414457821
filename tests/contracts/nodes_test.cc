#include <catch2/catch.hpp>

#include <sstream>

#include "contracts/nodes.h"
#include "contracts/state_keys.h"
#include "tests/harness/scenario.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

std::string key_bytes(std::string_view name) { return std::string(key_of(name).public_key().view()); }

/// `count` validators of operators operator-1.. each; operators up to operator-5 exist.
std::function<void(proto::Genesis&)> with_operators(std::uint32_t validators, std::uint32_t approvals = 0) {
  return [=](proto::Genesis& g) {
    g.clear_validators();
    for (std::uint32_t n = 1; n <= std::max(5u, validators); ++n)
      *g.add_members() = member("operator-" + std::to_string(n), "company", "UZ", "none", {"operator"});
    for (std::uint32_t n = 1; n <= validators; ++n) {
      auto* validator = g.add_validators();
      validator->set_node(n);
      validator->set_operator_("operator-" + std::to_string(n));
      validator->set_link_key(key_bytes("link-" + std::to_string(n)));
      validator->set_checkpoint_key(key_bytes("checkpoint-" + std::to_string(n)));
    }
    g.mutable_limits()->set_node_change_approvals(approvals);
  };
}

proto::NodeChange step(std::string verb, std::uint32_t node, std::string operator_member = {}) {
  proto::NodeChange change;
  change.set_verb(std::move(verb));
  change.set_node(node);
  if (operator_member.empty()) return change;
  change.set_operator_(std::move(operator_member));
  change.set_link_key(key_bytes("link-" + std::to_string(node)));
  change.set_checkpoint_key(key_bytes("checkpoint-" + std::to_string(node)));
  change.set_link_address("node-" + std::to_string(node) + ".example:7000");
  return change;
}

proto::Operation propose(const World& w, std::vector<proto::NodeChange> steps) {
  proto::Operation o;
  for (auto& one : steps) *o.mutable_propose_node_change()->add_changes() = std::move(one);
  o.mutable_propose_node_change()->set_until_ms(w.now() + 10 * day);
  return o;
}
proto::Operation approve(const Digest& proposal) {
  proto::Operation o;
  o.mutable_approve_node_change()->set_proposal(std::string(proposal.view()));
  return o;
}
proto::Operation withdraw(const Digest& proposal) {
  proto::Operation o;
  o.mutable_withdraw_node_change()->set_proposal(std::string(proposal.view()));
  return o;
}

class NodeActor {
 public:
  std::string perform(const std::vector<std::string>& w) {
    const std::string& verb = w.at(0);
    if (verb == "idle") {
      world_.idle_until(world_.now() + std::stoull(w.at(1)) * day);
      return "ok";
    }
    if (verb == "propose") {
      std::vector<proto::NodeChange> steps;
      std::istringstream texts(w.at(2));
      for (std::string text; std::getline(texts, text, ',');) {
        std::istringstream parts(text);
        std::string name, node, operator_member;
        std::getline(parts, name, ':');
        std::getline(parts, node, ':');
        std::getline(parts, operator_member);
        steps.push_back(step(name, static_cast<std::uint32_t>(std::stoul(node)), operator_member));
      }
      const auto outcome = note(w.at(1), contracts::test::propose(world_, std::move(steps)));
      if (outcome == "ok") proposals_.push_back(world_.last_id());
      return outcome;
    }
    const Digest proposal = w.size() > 2 ? proposals_.at(std::stoul(w.at(2)) - 1) : proposals_.at(proposals_.size() - 1);
    if (verb == "approve") return note(w.at(1), contracts::test::approve(proposal));
    if (verb == "withdraw") return note(w.at(1), contracts::test::withdraw(proposal));
    FAIL("no such verb: " << verb);
    return {};
  }

  std::string describe() {
    std::string text = std::exchange(notes_, {});
    for (const NodeRecord& node : nodes(world_.state())) {
      const std::string now = "node " + std::to_string(node.number) + " " + std::string(name(node.standing)) + " of " + node.operator_member + "\n";
      if (std::exchange(known_[node.number], now) != now) text += now;
    }
    const auto sets = validator_sets(world_.state());
    if (std::exchange(sets_, sets.size()) == sets.size()) return text;
    text += "validators";
    for (const ValidatorKey& validator : sets.back().validators) text += " " + std::to_string(validator.number);
    return text + "\n";
  }

 private:
  std::string note(const std::string& sender, proto::Operation operation) {
    const auto result = world_.run(sender, std::move(operation));
    for (const Event& event : result.events)
      if (event.kind.starts_with("node_") && !event.kind.starts_with("node_change")) notes_ += event.kind + " " + event.subject + "\n";
    if (!result.rejection.detail.empty()) notes_ += std::string(ledger::name(result.rejection.code)) + ": " + shortened(result.rejection.detail) + "\n";
    return std::string(ledger::name(result.rejection.code));
  }
  static std::string shortened(const std::string& detail) { return detail.size() > 60 ? detail.substr(0, 30) + "…" : detail; }

  World world_{with_operators(3)};
  std::vector<Digest> proposals_;
  std::string notes_;
  std::map<std::uint32_t, std::string> known_;
  std::size_t sets_ = 0;
};

}  // namespace

TEST_CASE("scenario: changes of the nodes") {
  NodeActor actor;
  daftar::test::run_scenario(
      std::string(DAFTAR_SOURCE_DIR) + "/tests/contracts/scenarios/nodes.txt", [&](const std::vector<std::string>& words) { return actor.perform(words); },
      [&] { return actor.describe(); }, [](const std::string& difference) { FAIL_CHECK(difference); });
}

TEST_CASE("the genesis is the beginning of the registry and of the history of validators") {
  World w(with_operators(3));
  const auto all = nodes(w.state());
  REQUIRE(all.size() == 3);
  CHECK(all[1] == NodeRecord{.number = 2,
                             .operator_member = "operator-2",
                             .link_key = key_of("link-2").public_key(),
                             .checkpoint_key = key_of("checkpoint-2").public_key(),
                             .link_address = "",
                             .standing = NodeStanding::validator,
                             .since_height = 0});
  const auto sets = validator_sets(w.state());
  REQUIRE(sets.size() == 1);
  CHECK(sets[0].height == 0);
  REQUIRE(sets[0].validators.size() == 3);
  CHECK(sets[0].validators[2] == ValidatorKey{3, key_of("checkpoint-3").public_key()});
}

TEST_CASE("a change in force says the block it came with, the whole new set, and whom it concerns") {
  World w(with_operators(3));
  w.must("operator-1", propose(w, {step("add_observer", 4, "operator-4"), step("remove", 2)}));
  const Digest proposal = w.last_id();
  CHECK_FALSE(w.last_block().nodes_changed);
  CHECK_FALSE(w.last_block().validators_changed);
  CHECK(w.last_block().entries[0].index_rows ==
        std::vector<IndexRow>{{IndexKind::member, "operator-1"}, {IndexKind::member, "operator-2"}, {IndexKind::member, "operator-4"},
                              {IndexKind::node, "2"}, {IndexKind::node, "4"}});

  const auto result = w.must("operator-2", approve(proposal));   // it may approve its own removal
  CHECK(w.last_block().nodes_changed);
  CHECK(w.last_block().validators_changed);
  CHECK(w.last_block().entries[0].index_rows ==
        std::vector<IndexRow>{{IndexKind::member, "operator-2"}, {IndexKind::member, "operator-4"}, {IndexKind::node, "2"},
                              {IndexKind::node, "4"}, {IndexKind::node, "validators"}});
  const std::string keys_text = "1=" + key_of("checkpoint-1").public_key().hex() + " 3=" + key_of("checkpoint-3").public_key().hex();
  REQUIRE(result.events.size() == 4);
  CHECK(result.events[0].kind == "node_change_approved");
  CHECK(result.events[0].text == "operator-2");
  CHECK(result.events[1].kind == "node_added_observer");
  CHECK(result.events[1].subject == "4");
  CHECK(result.events[1].text == "operator-4 at node-4.example:7000");
  CHECK(result.events[2].kind == "node_removed");
  CHECK(result.events[3].kind == "validators_changed");
  CHECK(result.events[3].subject == proposal.hex());
  CHECK(result.events[3].text == keys_text);
  CHECK(parse_validator_set_text(keys_text) == validator_sets(w.state()).back().validators);

  const auto all = nodes(w.state());
  REQUIRE(all.size() == 4);
  CHECK(all[0].since_height == 0);
  CHECK(all[1].since_height == 2);
  CHECK(all[3].since_height == 2);
  CHECK(all[3].link_address == "node-4.example:7000");
  CHECK(validator_sets(w.state()).back().height == 2);
  CHECK(node_proposal(w.state(), proposal)->stage == ProposalStage::in_force);
  CHECK(node_proposal(w.state(), proposal)->approvals == std::vector<std::string>{"operator-1", "operator-2"});

  // An observer alone changes nodes, not validators.
  w.must("operator-1", propose(w, {step("remove", 4)}));
  w.must("operator-3", approve(w.last_id()));
  CHECK(w.last_block().nodes_changed);
  CHECK_FALSE(w.last_block().validators_changed);
  CHECK(validator_sets(w.state()).size() == 2);
  w.block({});
  CHECK_FALSE(w.last_block().nodes_changed);
}

TEST_CASE("two changes of the validators in one block leave one set: the last") {
  World w(with_operators(1));   // one operator decides alone
  const auto first = w.transaction("operator-1", {propose(w, {step("add_validator", 2, "operator-1")})});
  const auto second = w.transaction("operator-1", {propose(w, {step("add_validator", 3, "operator-1")})});
  w.block({first, second});
  const auto sets = validator_sets(w.state());
  REQUIRE(sets.size() == 2);
  CHECK(sets[1].height == 1);
  CHECK(sets[1].validators.size() == 3);
  // Each entry says the set as it left it.
  CHECK(decode_result(w.last_block().entries[0].result)->events.back().text.find("3=") == std::string::npos);
  CHECK(decode_result(w.last_block().entries[1].result)->events.back().text.find("3=") != std::string::npos);
}

TEST_CASE("a proposal is refused for each fault") {
  World w(with_operators(3));
  using C = proto::NodeChange;
  struct Case {
    const char* what;
    std::vector<C> steps;
    const char* expected;
    std::string detail;
  };
  const auto spoilt = [](const std::function<void(C&)>& spoil) {
    C change = step("add_validator", 4, "operator-4");
    spoil(change);
    return change;
  };
  const std::string small_order = std::string(1, '\1') + std::string(31, '\0');
  const Case cases[] = {
      {"no step", {}, "field_invalid", "changes: 1 to 16"},
      {"17 steps", std::vector<C>(17, step("remove", 3)), "field_invalid", "changes: 1 to 16"},
      {"no verb", {step("", 3)}, "field_invalid", "changes[0].verb: add_observer, add_validator, promote, demote or remove"},
      {"unknown verb", {step("rename", 3)}, "field_invalid", "changes[0].verb: add_observer, add_validator, promote, demote or remove"},
      {"keys of a removal", {spoilt([](C& c) { c.set_verb("remove"); c.set_node(3); })}, "field_invalid", "changes[0].verb: only an addition has operator, keys and address"},
      {"half a link key", {spoilt([](C& c) { c.set_link_key("short"); })}, "key_not_registrable", "changes[0].link_key: 32 bytes"},
      {"no checkpoint key", {spoilt([](C& c) { c.clear_checkpoint_key(); })}, "key_not_registrable", "changes[0].checkpoint_key: 32 bytes"},
      {"a link key of small order", {spoilt([&](C& c) { c.set_link_key(small_order); })}, "key_not_registrable", "changes[0].link_key: " + ledger::to_hex(small_order)},
      {"a checkpoint key of small order", {spoilt([&](C& c) { c.set_checkpoint_key(small_order); })}, "key_not_registrable", "changes[0].checkpoint_key: " + ledger::to_hex(small_order)},
      {"a member's key", {spoilt([](C& c) { c.set_link_key(key_bytes("acme")); })}, "key_in_use", "changes[0].link_key: " + ledger::to_hex(key_bytes("acme"))},
      {"a validator's key", {spoilt([](C& c) { c.set_checkpoint_key(key_bytes("checkpoint-1")); })}, "key_in_use", "changes[0].checkpoint_key: " + ledger::to_hex(key_bytes("checkpoint-1"))},
      {"one key for both purposes", {spoilt([](C& c) { c.set_checkpoint_key(c.link_key()); })}, "key_in_use", "changes[0].checkpoint_key: " + ledger::to_hex(key_bytes("link-4"))},
      {"a key of the step before", {step("add_observer", 4, "operator-4"), spoilt([](C& c) { c.set_node(5); c.set_checkpoint_key(key_bytes("checkpoint-5")); })}, "key_in_use", "changes[1].link_key: " + ledger::to_hex(key_bytes("link-4"))},
      {"no address", {spoilt([](C& c) { c.clear_link_address(); })}, "field_invalid", "changes[0].link_address: host:port or [IPv6 address]:port"},
      {"nobody operates it", {spoilt([](C& c) { c.set_operator_("nobody"); })}, "member_unknown", "changes[0].operator: nobody"},
      {"no operator operates it", {spoilt([](C& c) { c.set_operator_("acme"); })}, "role_missing", "changes[0].operator: acme is no operator"},
      {"a number left out", {spoilt([](C& c) { c.set_node(5); })}, "node_number_not_next", "changes[0].node: the next is 4"},
      {"a number in use", {spoilt([](C& c) { c.set_node(3); })}, "node_number_not_next", "changes[0].node: the next is 4"},
      {"number 0", {step("remove", 0)}, "node_unknown", "changes[0].node: 0"},
      {"an unknown number", {step("remove", 4)}, "node_unknown", "changes[0].node: 4"},
      {"promoting a validator", {step("promote", 3)}, "node_standing_wrong", "changes[0].node: 3 is validator"},
      {"one node twice", {step("demote", 3), step("remove", 3)}, "node_named_twice", "changes[1].node: 3"},
      {"the last validators", {step("remove", 1), step("demote", 2), step("remove", 3)}, "no_validator_left", "changes"},
      {"nothing wrong", {spoilt([](C&) {})}, "ok", ""},
  };
  for (const Case& test : cases) {
    INFO(test.what);
    const auto result = w.run("operator-1", std::vector{propose(w, test.steps)});
    CHECK(ledger::name(result.rejection.code) == test.expected);
    CHECK(result.rejection.detail == test.detail);
  }
  auto late = propose(w, {step("remove", 3)});
  late.mutable_propose_node_change()->set_until_ms(w.now() + 1000);   // the block's own time
  CHECK(w.outcome("operator-1", late) == "field_invalid");
  late.mutable_propose_node_change()->set_until_ms(w.now() + 1000 + 30 * day + 1);
  CHECK(w.outcome("operator-1", late) == "field_invalid");
  late.mutable_propose_node_change()->set_until_ms(w.now() + 1000 + 30 * day);
  CHECK(w.outcome("operator-1", late) == "ok");
  CHECK(ledger::name(w.run("operator-1", {propose(w, {step("remove", 3)}), propose(w, {step("remove", 2)})}).rejection.code) == "field_invalid");
  CHECK(w.outcome("acme", approve(w.last_id())) == "role_missing");
  CHECK(w.outcome("acme", withdraw(w.last_id())) == "role_missing");
  auto short_id = approve(w.last_id());
  short_id.mutable_approve_node_change()->set_proposal("short");
  CHECK(w.outcome("operator-1", short_id) == "field_invalid");
  CHECK(nodes(w.state()).size() == 3);
}

TEST_CASE("the number of approvals is the genesis's, and never more than there are operators") {
  World w(with_operators(3, 3));
  w.must("operator-1", propose(w, {step("remove", 3)}));
  const Digest first = w.last_id();
  w.must("operator-2", approve(first));
  CHECK(node_proposal(w.state(), first)->stage == ProposalStage::open);
  w.must("operator-3", approve(first));
  CHECK(node_proposal(w.state(), first)->stage == ProposalStage::in_force);
  w.must("operator-1", propose(w, {step("remove", 2)}));
  w.must("operator-2", approve(w.last_id()));   // two operators are left: both are enough
  CHECK(validator_operators(nodes(w.state())) == std::vector<std::string>{"operator-1"});

  proto::Genesis g = test_genesis();
  with_operators(3, 4)(g);
  CHECK_FALSE(ledger::Genesis::parse(ledger::encode_genesis(g)).has_value());
  g = test_genesis();
  with_operators(32)(g);
  CHECK_FALSE(ledger::Genesis::parse(ledger::encode_genesis(g)).has_value());
}

TEST_CASE("an operator of several validators has one voice, and approvals of who runs none any more do not count") {
  World w([](proto::Genesis& g) {
    with_operators(5)(g);
    g.mutable_validators(1)->set_operator_("operator-1");
    g.mutable_validators(2)->set_operator_("operator-1");
  });
  // operator-1 (nodes 1 to 3), operator-4, operator-5: two of three.
  w.must("operator-4", propose(w, {step("remove", 1)}));
  const Digest waiting = w.last_id();
  w.must("operator-1", propose(w, {step("remove", 4)}));
  w.must("operator-5", approve(w.last_id()));
  // operator-4 has left; of operator-1 and operator-5 both are needed.
  w.must("operator-1", approve(waiting));
  CHECK(node_proposal(w.state(), waiting)->stage == ProposalStage::open);
  w.must("operator-5", approve(waiting));
  CHECK(node_proposal(w.state(), waiting)->stage == ProposalStage::in_force);
}

TEST_CASE("a removed node's keys never come back, to a node or a member") {
  World w(with_operators(1));
  w.must("operator-1", propose(w, {step("add_observer", 2, "operator-2")}));
  w.must("operator-1", propose(w, {step("remove", 2)}));
  CHECK(nodes(w.state())[1].standing == NodeStanding::removed);
  auto again = step("add_observer", 3, "operator-2");
  again.set_link_key(key_bytes("link-2"));
  CHECK(w.outcome("operator-1", propose(w, {again})) == "key_in_use");
  proto::Operation o;
  o.mutable_change_key()->set_member("acme");
  o.mutable_change_key()->set_key(key_bytes("checkpoint-2"));
  CHECK(w.outcome("acme", o) == "key_in_use");
}

TEST_CASE("there are at most 31 validators and 255 observers") {
  World w(with_operators(30));
  const auto approved_by_all = [&](std::vector<proto::NodeChange> steps) {
    const auto refused = w.outcome("operator-1", propose(w, std::move(steps)));
    if (refused != "ok") return refused;
    const Digest proposal = w.last_id();
    for (int n = 2; node_proposal(w.state(), proposal)->stage == ProposalStage::open; ++n) w.must("operator-" + std::to_string(n), approve(proposal));
    return std::string("ok");
  };
  CHECK(approved_by_all({step("add_validator", 31, "operator-4"), step("add_validator", 32, "operator-4")}) == "nodes_too_many");
  CHECK(approved_by_all({step("add_validator", 31, "operator-4")}) == "ok");
  CHECK(approved_by_all({step("add_validator", 32, "operator-4")}) == "nodes_too_many");
  CHECK(approved_by_all({step("add_validator", 32, "operator-4"), step("remove", 1)}) == "ok");   // only the end counts

  World o(with_operators(1));
  std::uint32_t next = 2;
  while (next <= 241) {
    std::vector<proto::NodeChange> steps;
    for (int i = 0; i < 16; ++i) steps.push_back(step("add_observer", next++, "operator-2"));
    o.must("operator-1", propose(o, std::move(steps)));
  }
  std::vector<proto::NodeChange> rest;
  while (next <= 256) rest.push_back(step("add_observer", next++, "operator-2"));
  o.must("operator-1", propose(o, std::move(rest)));
  CHECK(o.outcome("operator-1", propose(o, {step("add_observer", next, "operator-2")})) == "nodes_too_many");
}

TEST_CASE("proposals are read in pages") {
  World w(with_operators(3));
  for (int i = 0; i < 3; ++i) w.must("operator-1", propose(w, {step("remove", 3)}));
  const auto first = node_proposals(w.state(), {}, 2);
  REQUIRE(first.size() == 2);
  const auto rest = node_proposals(w.state(), first.back().id.view(), 10);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].id > first[1].id);
  CHECK(node_proposals(w.state(), {}, 0).empty());
  CHECK_FALSE(node_proposal(w.state(), Digest{}));
}

TEST_CASE("the text of a set of validators has one form") {
  const auto a = key_of("a").public_key(), b = key_of("b").public_key();
  const std::string text = "1=" + a.hex() + " 12=" + b.hex();
  CHECK(validator_set_text({{1, a}, {12, b}}) == text);
  CHECK(parse_validator_set_text(text) == std::vector<ValidatorKey>{{1, a}, {12, b}});
  std::string upper = text;
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c);
  const std::vector<std::string> bad_texts = {"", " ", text + " ", " " + text, "0=" + a.hex(), "01=" + a.hex(), "1 =" + a.hex(), "1=" + a.hex() + "0",
                                              "1=", "1", "=" + a.hex(), "4294967296=" + a.hex(), "2=" + a.hex() + " 1=" + b.hex(), "1=" + a.hex() + " 1=" + b.hex(), upper};
  for (const std::string& bad : bad_texts) {
    INFO(bad);
    CHECK_FALSE(parse_validator_set_text(bad));
  }
}

TEST_CASE("link addresses are a host and a port") {
  for (const char* good : {"node-4.example:7000", "10.0.0.4:1", "[::1]:65535", "[2001:db8::4]:7000", "a:9", "[::ffff:10.0.0.1]:80"}) {
    INFO(good);
    CHECK(is_link_address(good));
  }
  const std::vector<std::string> bad_texts = {"", "node", ":7000", "node:", "node:0", "node:65536", "node:07", "no de:7", "::1:7", "[::1]", "[node]:7", "node\n:7",
                                              "n\xC3\xB6" "de:7", "[]:7", "[:7", std::string(200, 'a') + ":7"};
  for (const std::string& bad : bad_texts) {
    INFO(bad);
    CHECK_FALSE(is_link_address(bad));
  }
}

}  // namespace daftar::contracts::test
