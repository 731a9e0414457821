// A protocol version that the program does not know: the node stops before the first block of it, loses nothing, and goes on with a program that knows it.
#include "node/executor.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

std::shared_ptr<const ledger::Transaction> next_version(const SmallNetwork& network, std::uint64_t now_ms) {
  ledger::proto::Operation operation;
  operation.mutable_propose_change()->mutable_protocol_version()->set_version(2);
  operation.mutable_propose_change()->set_until_ms(now_ms + 86'400'000);
  return network.transaction("operator-1", {operation}, now_ms + 3'600'000);
}

void at_once(ledger::proto::Genesis& genesis) {
  auto& policy = *genesis.mutable_governance()->mutable_protocol_version();
  policy.add_proposers("operator");
  policy.add_approvers("operator");
  policy.set_approvals(1);
  policy.set_proposer_approves(true);
}

bool wait_for(const std::function<bool()>& holds) {
  for (int i = 0; i < 2'000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

}  // namespace

TEST_CASE("the block that brings an unknown protocol version is executed, the next one is not, and says what to install") {
  TemporaryFolder folder;
  SmallNetwork network(1);
  auto store = storage::open_rocks_state_store({folder / "state"});
  REQUIRE(store);
  REQUIRE(node::initialise_store(*network.genesis, **store));
  const std::uint64_t now = wall_ms();
  ledger::Digest previous = network.genesis->ledger_id();
  const auto task = [&](std::uint64_t height, std::uint64_t time_ms, std::vector<std::shared_ptr<const ledger::Transaction>> transactions) {
    auto block = ledger::make_block(previous, height, time_ms, false, std::move(transactions));
    previous = block->hash();
    return node::ExecuteTask{height, 1, std::make_shared<const std::string>(block->bytes()), block, {}};
  };
  node::Executor older(network.genesis, **store);
  REQUIRE(older.execute(task(1, now, {next_version(network, now)})));
  REQUIRE(older.execute(task(2, now + 7 * 86'400'000ull, {})));   // in force
  const auto third = task(3, now + 7 * 86'400'000ull + 1, {network.issue("acme/UZS", 5, "s1", now + 7 * 86'400'000ull + 1'000)});
  const auto halted = older.execute(third);
  REQUIRE_FALSE(halted);
  CHECK(halted.error().protocol);
  CHECK_FALSE(halted.error().disk);
  CHECK(halted.error().sentence ==
        "from block 3 on the ledger is executed by protocol version 2, and this program knows versions up to 1. Nothing is lost: install the program that knows it and start the node again");
  CHECK((*store)->mark().height == 2);
  node::Executor newer(network.genesis, **store, 2);
  const auto done = newer.execute(third);
  REQUIRE(done);
  CHECK(done->accepted == 1);
}

TEST_CASE("a node stops by itself before a protocol version it does not know, also when started again, and a program that knows it executes what was ordered") {
  OneNode one({}, {service_template_of_genesis()}, at_once);
  one.commit(*one.network.issue("acme/UZS", 1'000, "s1"));
  CHECK(one.server->get("/v1/status").json()["protocol_version"] == 1);
  CHECK(one.server->get("/v1/protocol").json() == nlohmann::json{{"in_force", 1}, {"known", 1}});
  one.commit(*next_version(one.network, wall_ms()));
  REQUIRE(wait_for([&] { return one.node->status().protocol_version == 2; }));   // the block of the change is executed
  const auto transfer = one.network.transfer("acme", "baraka", 7);
  CHECK(one.submit(*transfer, "?timeout_ms=2000").json()["status"] != "committed");
  REQUIRE(wait_for([&] { return one.node->halt_kind() != node::HaltKind::none; }));
  CHECK(one.node->halt_kind() == node::HaltKind::protocol);
  CHECK(one.node->halted().find("install the program that knows it") != std::string::npos);
  const auto height = one.node->status().height;
  one.node->stop();
  one.server.reset();
  one.node.reset();

  one.start(1);   // the same program again
  REQUIRE(wait_for([&] { return one.node->halt_kind() == node::HaltKind::protocol; }));
  CHECK(one.node->status().height == height);
  one.node->stop();
  one.node.reset();

  one.start(2);   // the newer one: what the old one had ordered is not lost
  REQUIRE(wait_for([&] { return one.node->status().ready && one.node->snapshot()->find_entry(transfer->id()).has_value(); }));
  one.server.emplace(*one.node);
  CHECK(one.server->get("/v1/protocol").json() == nlohmann::json{{"in_force", 2}, {"known", 2}});
  one.commit(*one.network.transfer("acme", "baraka", 8));
  CHECK(one.get_as("baraka", "/v1/accounts/baraka/UZS").json()["balance"] == "15");
}
