// Execution over a real store: what leaves an entry, and what somebody who waits is told about what leaves none.
#include <catch2/catch.hpp>

#include "node/executor.h"
#include "storage/state_store.h"
#include "tests/harness/small_network.h"

using namespace daftar;

TEST_CASE("a transaction that is ordered again after it expired is a replay of its first outcome, not expired") {
  tests::TemporaryFolder folder;
  tests::SmallNetwork network(1);
  auto store = storage::open_rocks_state_store({folder / "state"});
  REQUIRE(store);
  REQUIRE(node::initialise_store(*network.genesis, **store));
  node::Executor executor(network.genesis, **store);
  const std::uint64_t valid_until = tests::wall_ms() + 1000;
  ledger::proto::Operation issue;
  issue.mutable_issue()->set_to("acme/UZS");
  issue.mutable_issue()->set_amount(5);
  issue.mutable_issue()->set_statement_reference("s1");
  const auto transaction = network.transaction("bank", {issue}, valid_until);
  issue.mutable_issue()->set_statement_reference("s2");
  const auto never_executed = network.transaction("bank", {issue}, valid_until);

  ledger::Digest previous = network.genesis->ledger_id();
  const auto execute = [&](std::uint64_t height, std::uint64_t time_ms, std::vector<std::shared_ptr<const ledger::Transaction>> transactions) {
    auto block = ledger::make_block(previous, height, time_ms, false, std::move(transactions));
    previous = block->hash();
    auto done = executor.execute({height, 1, std::make_shared<const std::string>(block->bytes()), block});
    REQUIRE(done);
    return *done;
  };
  const auto first = execute(1, valid_until - 1, {transaction});
  REQUIRE(first.transactions.at(0).rejection.code == ledger::RejectionCode::ok);
  REQUIRE(first.transactions.at(0).entry_index == 0u);
  const auto again = execute(2, valid_until + 100'000'000, {transaction, never_executed});
  REQUIRE(again.transactions.at(0).rejection.code == ledger::RejectionCode::replayed);
  REQUIRE_FALSE(again.transactions.at(0).entry_index);
  REQUIRE(again.transactions.at(1).rejection.code == ledger::RejectionCode::expired);
  REQUIRE(again.size == first.size);
}
