// Three whole nodes in one process: real disks, real TLS links on loopback, the real loop. What a validator network promises its clients.
#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "ledger/receipt.h"
#include "node/node.h"
#include "tests/node/cluster.h"

using namespace daftar;
using namespace std::chrono_literals;
using node::SubmitReply;
using node::WaitFor;
using tests::Cluster;

namespace {

std::vector<ledger::PublicKey> validators(const Cluster& cluster) { return cluster.network.genesis->checkpoint_keys(); }

}  // namespace

TEST_CASE("a transaction given to any node is committed and executed on all") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const int follower = leader % 3 + 1;
  const auto issued = cluster.submit(leader, cluster.network.issue("acme/UZS", 1000, "statement 1"));
  REQUIRE(issued.status == SubmitReply::Status::committed);
  const auto paid = cluster.submit(follower, cluster.network.transfer("acme", "baraka", 300));
  INFO(paid.rejection.detail);
  REQUIRE(paid.status == SubmitReply::Status::committed);
  REQUIRE(paid.entry_index == 1u);
  cluster.require_equal_roots();
}

TEST_CASE("an overdraft is an entry with its reason, and changes nothing") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const auto refused = cluster.submit(leader, cluster.network.transfer("acme", "baraka", 300));
  REQUIRE(refused.status == SubmitReply::Status::rejected);
  REQUIRE(refused.rejection.code == ledger::RejectionCode::overdraft);
  REQUIRE(refused.entry_index == 0u);
  cluster.require_equal_roots();
}

TEST_CASE("the same bytes again give the first outcome, on every node") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const auto transaction = cluster.network.issue("acme/UZS", 1000, "statement 1");
  const auto first = cluster.submit(leader, transaction);
  REQUIRE(first.status == SubmitReply::Status::committed);
  for (int n = 1; n <= 3; ++n) {
    const auto again = cluster.submit(n, transaction);
    REQUIRE(again.status == SubmitReply::Status::committed);
    REQUIRE(again.entry_index == first.entry_index);
  }
  cluster.require_equal_roots();
  REQUIRE(cluster.nodes[0]->snapshot()->mark().entries == 1);
}

TEST_CASE("copies of one transaction given to all nodes at once make one entry") {
  Cluster cluster;
  cluster.wait_for_leader();
  const auto transaction = cluster.network.issue("acme/UZS", 1000, "statement 1");
  std::vector<std::future<SubmitReply>> replies;
  for (int n = 1; n <= 3; ++n)
    for (int copy = 0; copy < 3; ++copy)
      replies.push_back(cluster.send(n, transaction));
  for (auto& reply : replies) {
    REQUIRE(reply.wait_for(25s) == std::future_status::ready);
    const auto outcome = reply.get();
    REQUIRE(outcome.status == SubmitReply::Status::committed);
    REQUIRE(outcome.entry_index == 0u);
  }
  cluster.require_equal_roots();
  REQUIRE(cluster.nodes[0]->snapshot()->mark().entries == 1);
}

TEST_CASE("certified comes with a receipt that verifies offline against a quorum") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const auto certified = cluster.submit(leader, cluster.network.issue("acme/UZS", 1000, "statement 1"), WaitFor::certified);
  REQUIRE(certified.status == SubmitReply::Status::certified);
  const auto receipt = cluster.nodes[leader - 1]->receipt(*certified.entry_index);
  REQUIRE(receipt);
  const auto verified = ledger::verify_receipt(*receipt, cluster.network.genesis->origin(), validators(cluster));
  REQUIRE(verified);
  REQUIRE(verified->entry.id == certified.id);
  REQUIRE(verified->validators_signed >= 2);
}

TEST_CASE("a certificate can be had through a follower, too") {
  Cluster cluster;
  const int follower = cluster.wait_for_leader() % 3 + 1;
  const auto certified = cluster.submit(follower, cluster.network.issue("acme/UZS", 1000, "statement 1"), WaitFor::certified);
  REQUIRE(certified.status == SubmitReply::Status::certified);
  REQUIRE(cluster.nodes[follower - 1]->receipt(*certified.entry_index));
}

TEST_CASE("a forged signature is refused before it is ordered") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const auto honest = cluster.network.issue("acme/UZS", 1000, "statement 1");
  auto signature = honest->signatures()[0];
  signature.signature.bytes[3] ^= 1;
  auto forged = ledger::Transaction::parse(ledger::make_envelope(honest->body_bytes(), {signature}), {});
  REQUIRE(forged);
  const auto refused = cluster.submit(leader, *forged);
  REQUIRE(refused.status == SubmitReply::Status::rejected);
  REQUIRE(refused.rejection.code == ledger::RejectionCode::signature_invalid);
  REQUIRE_FALSE(refused.entry_index);
}

TEST_CASE("a key that is not the sender's is refused") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const auto honest = cluster.network.issue("acme/UZS", 1000, "statement 1");
  const auto& thief = cluster.network.members.at("acme");
  auto stolen = ledger::Transaction::parse(
      ledger::make_envelope(honest->body_bytes(), {{thief.public_key(), thief.sign(ledger::signing_bytes(honest->body_bytes()))}}), {});
  REQUIRE(stolen);
  const auto refused = cluster.submit(leader, *stolen);
  REQUIRE(refused.status == SubmitReply::Status::rejected);
  REQUIRE(refused.rejection.code == ledger::RejectionCode::key_not_of_member);
}

TEST_CASE("without a majority nothing is acknowledged, with it again the same transaction succeeds") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  REQUIRE(cluster.submit(leader, cluster.network.issue("acme/UZS", 1000, "statement 1")).status == SubmitReply::Status::committed);
  const int others[2] = {leader % 3 + 1, (leader + 1) % 3 + 1};
  for (int other : others) cluster.stop(other);
  const auto transaction = cluster.network.transfer("acme", "baraka", 1);
  const auto alone = cluster.submit(leader, transaction, WaitFor::committed, 1500ms);
  REQUIRE(alone.status == SubmitReply::Status::unknown);
  for (int other : others) cluster.start(other);
  cluster.wait_for_leader();
  const auto later = cluster.submit(others[0], transaction);
  INFO(later.rejection.detail);
  REQUIRE(later.status == SubmitReply::Status::committed);
  cluster.require_equal_roots();
}

TEST_CASE("who has an answer from a new leader finds it ready") {
  Cluster cluster;
  REQUIRE(cluster.submit(cluster.wait_for_leader(), cluster.network.issue("acme/UZS", 1000, "statement 1")).status == SubmitReply::Status::committed);
  for (int round = 0; round < 5; ++round) {
    const int old_leader = cluster.wait_for_leader();
    cluster.stop(old_leader);
    int leader = 0;
    cluster.wait_until("there is a new leader", [&] {
      for (int n : {1, 2, 3})
        if (n != old_leader && cluster.nodes[n - 1]->status().role == "leader") leader = n;
      return leader != 0;
    });
    REQUIRE(cluster.submit(leader, cluster.network.transfer("acme", "baraka", 1)).status == SubmitReply::Status::committed);
    const auto status = cluster.nodes[leader - 1]->status();
    INFO(status.not_ready_because);
    REQUIRE((status.ready || status.role != "leader"));
    cluster.start(old_leader);
  }
}

TEST_CASE("a node that was away catches up and agrees") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  const int away = leader % 3 + 1;
  REQUIRE(cluster.submit(leader, cluster.network.issue("acme/UZS", 100'000, "statement 1")).status == SubmitReply::Status::committed);
  cluster.stop(away);
  for (int i = 0; i < 50; ++i) REQUIRE(cluster.submit(leader, cluster.network.transfer("acme", "baraka", 1 + i)).status == SubmitReply::Status::committed);
  cluster.start(away);
  cluster.wait_for_leader();
  REQUIRE(cluster.submit(away, cluster.network.transfer("acme", "baraka", 7)).status == SubmitReply::Status::committed);
  cluster.require_equal_roots();
}

TEST_CASE("all nodes stopped and started again hold what they acknowledged") {
  Cluster cluster;
  int leader = cluster.wait_for_leader();
  std::vector<ledger::Digest> acknowledged;
  acknowledged.push_back(cluster.submit(leader, cluster.network.issue("acme/UZS", 100'000, "statement 1")).id);
  for (int i = 0; i < 20; ++i) acknowledged.push_back(cluster.submit(leader, cluster.network.transfer("acme", "baraka", 1 + i)).id);
  for (int n = 1; n <= 3; ++n) cluster.stop(n);
  for (int n = 1; n <= 3; ++n) cluster.start(n);
  leader = cluster.wait_for_leader();
  REQUIRE(cluster.submit(leader, cluster.network.transfer("acme", "baraka", 5)).status == SubmitReply::Status::committed);
  cluster.require_equal_roots();
  for (auto& n : cluster.nodes)
    for (const auto& id : acknowledged) REQUIRE(n->snapshot()->find_entry(id));
}

TEST_CASE("many transactions from many threads all arrive exactly once") {
  Cluster cluster;
  const int leader = cluster.wait_for_leader();
  REQUIRE(cluster.submit(leader, cluster.network.issue("acme/UZS", 1'000'000, "statement 1")).status == SubmitReply::Status::committed);
  constexpr int count = 600;
  std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
  for (int i = 0; i < count; ++i) transactions.push_back(cluster.network.transfer("acme", "baraka", 1 + i));
  std::mutex mutex;
  std::condition_variable all;
  std::map<std::uint64_t, int> indexes;
  int left = count;
  for (int third = 0; third < 3; ++third) {
    std::vector<std::shared_ptr<const ledger::Transaction>> part(transactions.begin() + third * count / 3, transactions.begin() + (third + 1) * count / 3);
    cluster.nodes[third]->submit(part, WaitFor::committed, 30s, [&](std::size_t, SubmitReply reply) {
      std::lock_guard lock(mutex);
      if (reply.status == SubmitReply::Status::committed) ++indexes[*reply.entry_index];
      if (--left == 0) all.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  REQUIRE(all.wait_for(lock, 40s, [&] { return left == 0; }));
  REQUIRE(indexes.size() == count);
  lock.unlock();
  cluster.require_equal_roots();
  REQUIRE(cluster.nodes[0]->snapshot()->mark().entries == count + 1);
}
