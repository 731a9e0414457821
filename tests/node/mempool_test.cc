// Fair use: one who floods waits behind himself; limits are refusals, not losses.
#include <catch2/catch.hpp>

#include "node/mempool.h"
#include "tests/harness/small_network.h"

using namespace daftar;
using node::Mempool;

TEST_CASE("members take turns, so a flood does not delay another member's payment") {
  tests::SmallNetwork network(1);
  Mempool pool({});
  for (int i = 0; i < 100; ++i) REQUIRE(pool.add(network.transfer("acme", "baraka", 1), false, 0) == Mempool::Verdict::taken);
  REQUIRE(pool.add(network.transfer("baraka", "acme", 1), false, 0) == Mempool::Verdict::taken);
  const auto block = pool.take(2, 1 << 20);
  REQUIRE(block.transactions.size() == 2);
  REQUIRE(block.transactions[0]->body().sender() == "acme");
  REQUIRE(block.transactions[1]->body().sender() == "baraka");
  REQUIRE(pool.size() == 99);
}

TEST_CASE("a member's transactions keep their order") {
  tests::SmallNetwork network(1);
  Mempool pool({});
  std::vector<ledger::Digest> order;
  for (int i = 0; i < 10; ++i) {
    auto transaction = network.transfer("acme", "baraka", 1);
    order.push_back(transaction->id());
    pool.add(transaction, false, 0);
  }
  for (const auto& id : order) REQUIRE(pool.take(1, 1).transactions.at(0)->id() == id);
  REQUIRE(pool.empty());
  REQUIRE(pool.bytes() == 0);
}

TEST_CASE("the bounds of the pool and of one member refuse what is too much") {
  tests::SmallNetwork network(1);
  node::MempoolLimits limits;
  limits.transactions_max = 3;
  limits.member_transactions_max = 2;
  Mempool pool(limits);
  REQUIRE(pool.add(network.transfer("acme", "baraka", 1), false, 0) == Mempool::Verdict::taken);
  REQUIRE(pool.add(network.transfer("acme", "baraka", 1), false, 0) == Mempool::Verdict::taken);
  REQUIRE(pool.add(network.transfer("acme", "baraka", 1), false, 0) == Mempool::Verdict::member_full);
  REQUIRE(pool.add(network.transfer("baraka", "acme", 1), false, 0) == Mempool::Verdict::taken);
  REQUIRE(pool.add(network.transfer("baraka", "acme", 1), false, 0) == Mempool::Verdict::full);
  node::MempoolLimits small;
  small.bytes_max = 10;
  Mempool tiny(small);
  REQUIRE(tiny.add(network.transfer("acme", "baraka", 1), false, 0) == Mempool::Verdict::full);
}

TEST_CASE("a member's rate is a second's worth at once and then so many a second") {
  tests::SmallNetwork network(1);
  node::MempoolLimits limits;
  limits.member_rate_per_s = 2;
  Mempool pool(limits);
  const auto add = [&](std::uint64_t at_ms) { return pool.add(network.transfer("acme", "baraka", 1), false, at_ms); };
  REQUIRE(add(1000) == Mempool::Verdict::taken);
  REQUIRE(add(1000) == Mempool::Verdict::taken);
  REQUIRE(add(1000) == Mempool::Verdict::member_rate);
  REQUIRE(add(1499) == Mempool::Verdict::member_rate);
  REQUIRE(add(1500) == Mempool::Verdict::taken);
  REQUIRE(add(1500) == Mempool::Verdict::member_rate);
}

TEST_CASE("someone waiting for a certificate is remembered with the block") {
  tests::SmallNetwork network(1);
  Mempool pool({});
  pool.add(network.transfer("acme", "baraka", 1), false, 0);
  pool.add(network.transfer("baraka", "acme", 1), true, 0);
  REQUIRE(pool.take(10, 1 << 20).certified);
  pool.add(network.transfer("acme", "baraka", 1), false, 0);
  REQUIRE_FALSE(pool.take(10, 1 << 20).certified);
}

TEST_CASE("what could not be ordered goes back to the front, without asking limits or rates again") {
  tests::SmallNetwork network(1);
  node::MempoolLimits limits;
  limits.transactions_max = 3;
  limits.member_rate_per_s = 3;
  Mempool pool(limits);
  std::vector<ledger::Digest> order;
  for (int i = 0; i < 3; ++i) {
    auto transaction = network.transfer("acme", "baraka", 1);
    order.push_back(transaction->id());
    REQUIRE(pool.add(transaction, i == 0, 0) == Mempool::Verdict::taken);
  }
  const std::size_t bytes = pool.bytes();
  auto taken = pool.take(2, 1 << 20);
  REQUIRE(taken.transactions.size() == 2);
  REQUIRE(pool.add(network.transfer("baraka", "acme", 1), false, 0) == Mempool::Verdict::taken);
  pool.put_back(taken);
  REQUIRE(pool.size() == 4);
  REQUIRE(pool.bytes() > bytes);
  std::vector<ledger::Digest> again;
  while (!pool.empty())
    for (const auto& transaction : pool.take(1, 1).transactions)
      if (transaction->body().sender() == "acme") again.push_back(transaction->id());
  REQUIRE(again == order);
  REQUIRE(pool.bytes() == 0);
}
