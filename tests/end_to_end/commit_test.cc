// The plain life of a transaction on a running network.
#include <sys/wait.h>

#include <thread>

#include "ledger/receipt.h"
#include "tests/harness/service_contract.h"
#include "tests/end_to_end/payment_load.h"

using namespace daftar;
using namespace daftar::tests;

TEST_CASE("a payment is committed, certified, and proved by a receipt without the network") {
  TestNetwork network;
  const std::string envelope = network.transfer(1'234'500);
  const auto answer = network.accepted(envelope, tools::Wait::certified);
  REQUIRE(answer.status == tools::SubmitStatus::certified);
  REQUIRE(answer.index);
  const auto receipt = network.client().receipt(answer.id);
  REQUIRE(receipt);
  const auto& genesis = network.genesis();
  network.network().stop_all(SIGKILL);

  const auto verified = ledger::verify_receipt(*receipt, genesis.origin(), genesis.checkpoint_keys());
  REQUIRE(verified);
  CHECK(verified->validators_signed >= 2);
  CHECK(verified->entry.id.hex() == answer.id);
  CHECK(verified->entry.index == *answer.index);
  CHECK(verified->entry.envelope == envelope);

  SECTION("any changed character of it is noticed") {
    // Every line's first and middle character: header, extra, index, hashes, checkpoint, signatures. Whether a line of signatures beyond the quorum
    // changes is of no matter, so those may pass; nothing may pass with another entry.
    for (std::size_t at = 0; at < receipt->size(); at += 7) {
      std::string changed = *receipt;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      const auto judged = ledger::verify_receipt(changed, genesis.origin(), genesis.checkpoint_keys());
      INFO("character " << at);
      if (judged) CHECK(ledger::encode_entry(judged->entry) == ledger::encode_entry(verified->entry));
    }
    std::string changed = *receipt;
    const std::size_t extra = changed.find("extra ") + 40;
    changed[extra] = changed[extra] == 'A' ? 'B' : 'A';
    CHECK_FALSE(ledger::verify_receipt(changed, genesis.origin(), genesis.checkpoint_keys()));
  }
  SECTION("another ledger's validators do not prove it") {
    std::vector<ledger::PublicKey> strangers;
    for (int i = 0; i < 3; ++i) strangers.push_back(ledger::SigningKey::generate().public_key());
    CHECK_FALSE(ledger::verify_receipt(*receipt, genesis.origin(), strangers));
    CHECK_FALSE(ledger::verify_receipt(*receipt, genesis.origin() + "1", genesis.checkpoint_keys()));
  }
}

TEST_CASE("a follower takes a payment, and the same bytes have one outcome everywhere") {
  TestNetwork network;
  const std::string envelope = network.transfer(500);
  tools::NodeConnection follower(network.network().endpoints()[network.follower() - 1]);
  const auto first = follower.submit(envelope, tools::Wait::committed, std::chrono::seconds(20));
  REQUIRE(first);
  INFO(first->code << " " << first->sentence);
  REQUIRE(first->accepted());
  network.settle();
  for (unsigned node = 1; node <= 3; ++node) {
    INFO("node " << node);
    tools::NodeConnection connection(network.network().endpoints()[node - 1]);
    const auto again = connection.submit(envelope, tools::Wait::committed, std::chrono::seconds(20));
    REQUIRE(again);
    CHECK(again->accepted());
    CHECK(again->id == first->id);
    CHECK(again->index == first->index);
    CHECK(again->height == first->height);
  }
  network.settle();
  for (unsigned node = 1; node <= 3; ++node) CHECK(network.balance(node, payee_account) == 500);
}

TEST_CASE("a deadline fires on an idle ledger") {
  TestNetwork network;
  const std::uint64_t offer_until_ms = tools::now_ms() + 3000;
  const auto operation = draft_service({.customer = payer, .provider = payee, .budget_line = {}, .price = 100'000, .due_ms = offer_until_ms + 86'400'000, .offer_until_ms = offer_until_ms});
  const auto answer = network.accepted(network.sign(payer, {operation}));

  auto client = network.client();
  std::string phase;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (phase != "expired" && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto contract = client.get("/v1/contracts/" + answer.id);
    REQUIRE(contract);
    phase = contract->at("phase").get<std::string>();
    if (tools::now_ms() + 500 < offer_until_ms) REQUIRE(phase == "offered");
  }
  REQUIRE(phase == "expired");

  const auto entries = client.get("/v1/entries?kind=contract&id=" + answer.id + "&from=0&limit=10");
  REQUIRE(entries);
  REQUIRE(entries->at("entries").size() == 2);
  const auto& fired = entries->at("entries").at(1);
  CHECK(fired.at("kind") == "deadline");
  CHECK(fired.at("time_ms").get<std::uint64_t>() >= offer_until_ms);
  network.require_equal_roots(network.settle(), 10);
}

TEST_CASE("SIGTERM ends a node cleanly, under load too, and the network comes back") {
  TestNetwork network;
  PaymentLoad load(network, 2);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  for (unsigned node = 1; node <= 3; ++node) {
    INFO("node " << node);
    const auto status = network.network().stop_node(node, SIGTERM, std::chrono::seconds(20));
    REQUIRE(status);
    CHECK(WIFEXITED(*status));
    CHECK(WEXITSTATUS(*status) == 0);
    REQUIRE(network.network().start_node(node));
    network.wait_ready();
  }
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  load.stop();
  load.require_kept(network);
}
