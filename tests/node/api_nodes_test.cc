// The registry of nodes, its proposals and the changes of the validators over HTTP.
#include "contracts/validator_chain.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;
using nlohmann::json;

namespace {

Operation propose(const std::string& verb, std::uint32_t node, const ledger::PublicKey& link_key, const ledger::PublicKey& checkpoint_key) {
  Operation operation;
  auto& change = *operation.mutable_propose_node_change();
  change.set_until_ms(wall_ms() + 86'400'000);
  auto& step = *change.add_changes();
  step.set_verb(verb);
  step.set_node(node);
  step.set_operator_("operator-1");
  step.set_link_key(std::string(link_key.view()));
  step.set_checkpoint_key(std::string(checkpoint_key.view()));
  step.set_link_address("127.0.0.1:7002");
  return operation;
}

}  // namespace

TEST_CASE("the registry is shown with what the node knows of consensus") {
  OneNode one;
  auto before = one.server->get("/v1/nodes").json();
  // It leads before its first entry is committed, and may say so.
  for (int wait = 0; wait < 100 && before["raft_commit"] == 0; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    before = one.server->get("/v1/nodes").json();
  }
  CHECK(before["node"] == 1);
  CHECK(before["role"] == "leader");
  CHECK(before["leader"] == 1);
  CHECK(before["raft_commit"].get<std::uint64_t>() > 0);
  CHECK(before["voters"] == json::array({1}));
  CHECK(before["learners"] == json::array());
  CHECK(before["outgoing"] == json::array());
  CHECK(before["next_node"] == 2);
  CHECK(before["approvals_needed"] == 1);
  CHECK(before["approvers"] == json::array({"operator-1"}));
  REQUIRE(before["nodes"].size() == 1);
  CHECK(before["nodes"][0] == json{{"node", 1}, {"operator", "operator-1"}, {"standing", "validator"}, {"link_key", one.network.link_keys[0].public_key().hex()},
                                   {"checkpoint_key", one.network.checkpoint_keys[0].public_key().hex()}, {"link_address", ""}, {"since_height", 0}});

  const auto link_key = ledger::SigningKey::generate(), checkpoint_key = ledger::SigningKey::generate();
  one.commit(*one.network.transaction("operator-1", {propose("add_observer", 2, link_key.public_key(), checkpoint_key.public_key())}));
  const auto after = one.server->get("/v1/nodes").json();
  CHECK(after["next_node"] == 3);
  REQUIRE(after["nodes"].size() == 2);
  CHECK(after["nodes"][1]["standing"] == "observer");
  CHECK(after["nodes"][1]["link_address"] == "127.0.0.1:7002");
  CHECK(after["nodes"][1]["since_height"].get<std::uint64_t>() > 0);
  CHECK(after["nodes"][1]["link_key"] == link_key.public_key().hex());

  // Found by node, by anybody; an entry of the registry is nobody's secret.
  const auto entries = one.server->get("/v1/entries?kind=node&id=2").json();
  REQUIRE(entries["entries"].size() == 1);
  CHECK(entries["entries"][0]["result"]["events"][0]["kind"] == "node_change_proposed");
  CHECK(one.server->get("/v1/entries?kind=node&id=1").json()["entries"].empty());
}

TEST_CASE("proposals are shown one by one and in pages") {
  OneNode one;
  const auto propose_one = [&] {
    return one.commit(*one.network.transaction(
        "operator-1", {propose("add_observer", one.server->get("/v1/nodes").json()["next_node"], ledger::SigningKey::generate().public_key(), ledger::SigningKey::generate().public_key())}));
  };
  const std::string first = propose_one(), second = propose_one();
  const auto shown = one.server->get("/v1/nodes/proposals/" + first).json();
  CHECK(shown["id"] == first);
  CHECK(shown["proposer"] == "operator-1");
  CHECK(shown["stage"] == "in_force");
  CHECK(shown["approvals"] == json::array({"operator-1"}));
  REQUIRE(shown["changes"].size() == 1);
  CHECK(shown["changes"][0]["verb"] == "add_observer");
  CHECK(shown["changes"][0]["node"] == 2);
  CHECK(shown["changes"][0]["operator"] == "operator-1");
  const auto page = one.server->get("/v1/nodes/proposals?limit=1").json();
  REQUIRE(page["proposals"].size() == 1);
  CHECK(page["proposals"][0]["id"] == std::min(first, second));
  const auto rest = one.server->get("/v1/nodes/proposals?after=" + page["next"].get<std::string>()).json();
  REQUIRE(rest["proposals"].size() == 1);
  CHECK(rest["proposals"][0]["id"] == std::max(first, second));
  CHECK(rest["next"].is_null());
  CHECK(one.server->get("/v1/nodes/proposals/" + std::string(64, '0')).code() == "node_proposal_unknown");
  CHECK(one.server->get("/v1/nodes/proposals/xyz").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/nodes/proposals?after=xyz").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/nodes/proposals?limit=0").code() == "parameter_invalid");
}

TEST_CASE("changes of the validators are given with receipts that a chain from the genesis follows") {
  OneNode one;
  CHECK(one.server->get("/v1/validators/changes").json() == json{{"changes", json::array()}, {"next", nullptr}});
  const auto link_key = ledger::SigningKey::generate(), checkpoint_key = ledger::SigningKey::generate();
  const std::string id = one.commit(*one.network.transaction("operator-1", {propose("add_validator", 2, link_key.public_key(), checkpoint_key.public_key())}));
  json changes;
  for (int i = 0; i < 500; ++i) {   // the certificate comes a moment after the commit
    changes = one.server->get("/v1/validators/changes").json()["changes"];
    if (changes.size() == 1 && changes[0].contains("receipt")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  REQUIRE(changes.size() == 1);
  CHECK(changes[0]["id"] == id);
  REQUIRE(changes[0]["validators"].size() == 2);
  CHECK(changes[0]["validators"][1] == json{{"node", 2}, {"checkpoint_key", checkpoint_key.public_key().hex()}});
  REQUIRE(changes[0].contains("receipt"));
  auto chain = contracts::ValidatorChain::from_genesis(*one.network.genesis);
  const auto advanced = chain.advance(changes[0]["receipt"].get<std::string>());
  INFO((advanced ? "" : advanced.error().sentence));
  REQUIRE(advanced);
  REQUIRE(chain.validators_at(UINT64_MAX).size() == 2);
  CHECK(chain.validators_at(UINT64_MAX)[1].checkpoint_key == checkpoint_key.public_key());

  const auto index = changes[0]["index"].get<std::uint64_t>();
  CHECK(one.server->get("/v1/validators/changes?from=" + std::to_string(index + 1)).json()["changes"].empty());
  CHECK(one.server->get("/v1/validators/changes?limit=1").json()["next"] == index + 1);
  CHECK(one.server->get("/v1/validators/changes?from=x").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/validators/changes?limit=501").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/entries?kind=node&id=validators").json()["entries"].size() == 1);
}
