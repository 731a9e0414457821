// Nodes that come and go on a live network (docs/consensus.md, "Membership"): real disks, links and loops; governance through the ledger.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

#include "ledger/receipt.h"
#include "tests/node/cluster.h"

using namespace daftar;
using namespace std::chrono_literals;
using node::HaltKind;
using node::SubmitReply;
using node::WaitFor;
using tests::Cluster;

namespace {

/// Payments, one after the other, given to the nodes in turn, until it is stopped. Each must be committed, or unknown at first and found later.
/// `pause`: before each. Without, they come as fast as those nodes execute them. A node that begins behind, and executes no faster, then has the whole
/// log and stays as many blocks behind, however long one waits: so it is with tiny memtables, when RocksDB holds every node's commits back alike.
class Payments {
 public:
  explicit Payments(Cluster& cluster, std::vector<int> through, std::chrono::milliseconds pause = 0ms) : cluster_(cluster), through_(std::move(through)) {
    thread_ = std::thread([this, pause] {
      for (std::size_t i = 0; !stopping_; ++i) {
        std::this_thread::sleep_for(pause);
        const auto transaction = cluster_.network.transfer("acme", "baraka", 1);
        auto reply = pay(i, transaction);
        for (int again = 0; again < 20 && reply.status != SubmitReply::Status::committed && reply.status != SubmitReply::Status::rejected; ++again) {
          ++asked_again;
          reply = pay(++i, transaction);
        }
        if (reply.status == SubmitReply::Status::committed)
          ++committed;
        else
          refused.push_back(reply.rejection.detail);
      }
    });
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  ~Payments() { stop(); }

  std::atomic<int> committed{0}, asked_again{0};
  std::vector<std::string> refused;   // read after stop()

 private:
  SubmitReply pay(std::size_t i, const std::shared_ptr<const ledger::Transaction>& transaction) {
    auto* node = cluster_.nodes[static_cast<std::size_t>(through_[i % through_.size()]) - 1].get();
    auto promise = std::make_shared<std::promise<SubmitReply>>();
    auto future = promise->get_future();
    node->submit({transaction}, WaitFor::committed, 5s, [promise](std::size_t, SubmitReply reply) { promise->set_value(std::move(reply)); });
    return future.get();
  }

  Cluster& cluster_;
  const std::vector<int> through_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

void fund(Cluster& cluster) {
  const int leader = cluster.wait_for_leader();
  REQUIRE(cluster.submit(leader, cluster.network.issue("acme/UZS", 1'000'000, "statement 1")).status == SubmitReply::Status::committed);
}

/// At once, through one node; until each has its answer.
void pay_many(Cluster& cluster, int through, int count) {
  std::vector<std::shared_ptr<const ledger::Transaction>> many;
  for (int i = 0; i < count; ++i) many.push_back(cluster.network.transfer("acme", "baraka", 1));
  auto left = std::make_shared<std::atomic<int>>(count);
  cluster.nodes[static_cast<std::size_t>(through) - 1]->submit(many, WaitFor::committed, 10s, [left](std::size_t, SubmitReply) { --*left; });
  while (*left > 0) std::this_thread::sleep_for(5ms);
}

bool votes(const Cluster& cluster, int asked, std::vector<std::uint32_t> voters) {
  const auto status = cluster.nodes[static_cast<std::size_t>(asked) - 1]->status();
  return status.voters == voters && status.outgoing.empty();
}

std::vector<ledger::PublicKey> keys(const Cluster& cluster, const std::vector<int>& nodes) {
  std::vector<ledger::PublicKey> out;
  for (const int n : nodes) out.push_back(cluster.network.checkpoint_keys[static_cast<std::size_t>(n) - 1].public_key());
  return out;
}

std::string receipt_of(Cluster& cluster, int n, std::uint64_t entry) {
  std::optional<std::string> receipt;
  cluster.wait_until("a receipt", [&] { return (receipt = cluster.nodes[static_cast<std::size_t>(n) - 1]->receipt(entry)).has_value(); });
  return *receipt;
}

}  // namespace

TEST_CASE("a fourth validator is added under load: first it learns, then it votes and signs") {
  Cluster cluster;
  fund(cluster);
  const int through = cluster.wait_for_leader();
  Payments payments(cluster, {1, 2, 3});
  const int fourth = cluster.join();
  cluster.change_nodes(through, {cluster.network.node_change("add_observer", 4, cluster.address(4))});
  cluster.wait_until("the fourth has caught up", [&] {
    return cluster.nodes[3]->snapshot()->mark().height + 5 > cluster.nodes[0]->snapshot()->mark().height;
  });
  cluster.change_nodes(through, {cluster.network.node_change("promote", 4)});
  for (const int n : {1, 2, 3, 4}) cluster.wait_until("four voters on all", [&] { return votes(cluster, n, {1, 2, 3, 4}); });
  cluster.wait_until("more than a few payments", [&] { return payments.committed > 20; });   // the change may be quicker than they are
  payments.stop();
  INFO((payments.refused.empty() ? "" : payments.refused.front()));
  REQUIRE(payments.refused.empty());

  // Certified by three of the four from now on, whoever is asked.
  const auto paid = cluster.submit(fourth, cluster.network.transfer("acme", "baraka", 5), WaitFor::certified);
  REQUIRE(paid.status == SubmitReply::Status::certified);
  const auto receipt = receipt_of(cluster, fourth, *paid.entry_index);
  const auto verified = ledger::verify_receipt(receipt, cluster.network.genesis->origin(), keys(cluster, {1, 2, 3, 4}));
  REQUIRE(verified);
  REQUIRE(verified->validators_signed >= 3);

  // Any one may fail; two are too many.
  cluster.stop(1);
  cluster.wait_for_leader();
  REQUIRE(cluster.submit(fourth, cluster.network.transfer("acme", "baraka", 5)).status == SubmitReply::Status::committed);
  cluster.stop(2);
  REQUIRE(cluster.submit(fourth, cluster.network.transfer("acme", "baraka", 5), WaitFor::committed, 3s).status == SubmitReply::Status::unknown);
}

TEST_CASE("the leader is removed under load: it says so and stops, and the others go on") {
  Cluster cluster;
  fund(cluster);
  const int leader = cluster.wait_for_leader();
  std::vector<int> others;
  for (const int n : {1, 2, 3})
    if (n != leader) others.push_back(n);
  Payments payments(cluster, others);
  cluster.change_nodes(others[0], {cluster.network.node_change("remove", static_cast<std::uint32_t>(leader))});
  cluster.wait_until("the removed leader stops", [&] { return cluster.nodes[leader - 1]->halt_kind() == HaltKind::removed; });
  REQUIRE(cluster.nodes[leader - 1]->halted().find("removed") != std::string::npos);
  cluster.stop(leader);
  for (const int n : others)
    cluster.wait_until("two voters", [&] { return votes(cluster, n, {static_cast<std::uint32_t>(others[0]), static_cast<std::uint32_t>(others[1])}); });
  const int before = payments.committed;
  cluster.wait_until("payments go on", [&] { return payments.committed > before + 10; });
  payments.stop();
  REQUIRE(payments.refused.empty());

  const auto paid = cluster.submit(others[0], cluster.network.transfer("acme", "baraka", 5), WaitFor::certified);
  REQUIRE(paid.status == SubmitReply::Status::certified);
  REQUIRE(ledger::verify_receipt(receipt_of(cluster, others[0], *paid.entry_index), cluster.network.genesis->origin(), keys(cluster, others)));
  cluster.require_equal_roots();
}

TEST_CASE("a dead validator and its successor change places at once") {
  Cluster cluster;
  fund(cluster);
  cluster.wait_for_leader();
  cluster.stop(3);
  const int through = cluster.wait_for_leader();
  Payments payments(cluster, {1, 2});
  cluster.join();
  cluster.change_nodes(through, {cluster.network.node_change("add_observer", 4, cluster.address(4))});
  cluster.wait_until("the fourth has caught up", [&] {
    return cluster.nodes[3]->snapshot()->mark().height + 5 > cluster.nodes[0]->snapshot()->mark().height;
  });
  cluster.change_nodes(through, {cluster.network.node_change("remove", 3), cluster.network.node_change("promote", 4)});
  for (const int n : {1, 2, 4}) cluster.wait_until("the new voters", [&] { return votes(cluster, n, {1, 2, 4}); });
  payments.stop();
  REQUIRE(payments.refused.empty());
  cluster.stop(1);
  cluster.wait_for_leader();
  const auto paid = cluster.submit(2, cluster.network.transfer("acme", "baraka", 5), WaitFor::certified);
  REQUIRE(paid.status == SubmitReply::Status::certified);   // by 2 and 4
  cluster.require_equal_roots();
}

TEST_CASE("an observer receives and verifies everything, and does not count") {
  Cluster cluster;
  fund(cluster);
  const int through = cluster.wait_for_leader();
  const int observer = cluster.join();
  cluster.change_nodes(through, {cluster.network.node_change("add_observer", 4, cluster.address(4))});
  const auto paid = cluster.submit(observer, cluster.network.transfer("acme", "baraka", 7), WaitFor::certified);
  REQUIRE(paid.status == SubmitReply::Status::certified);    // out of the observer's own execution, with certificates it gathered
  const auto verified = ledger::verify_receipt(receipt_of(cluster, observer, *paid.entry_index), cluster.network.genesis->origin(), keys(cluster, {1, 2, 3}));
  REQUIRE(verified);
  cluster.wait_until("it learns", [&] { return cluster.nodes[3]->status().learners == std::vector<std::uint32_t>{4}; });
  // Two of three validators are silent: the observer makes no quorum of the third.
  std::vector<int> others;
  for (const int n : {1, 2, 3}) others.push_back(n);
  cluster.stop(others[0]);
  cluster.stop(others[1]);
  REQUIRE(cluster.submit(observer, cluster.network.transfer("acme", "baraka", 7), WaitFor::committed, 3s).status == SubmitReply::Status::unknown);
}

TEST_CASE("who was away too long gets a snapshot, and so does who is new, while payments go on") {
  Cluster cluster(3, [](node::NodeOptions& options) {
    options.memtable_bytes = 256 << 10;
    options.log_retain_bytes = 64 << 10;
    options.log_retain_for_laggards_bytes = 128 << 10;
  });
  fund(cluster);
  const int away = cluster.wait_for_leader() % 3 + 1;
  cluster.stop(away);
  const int through = cluster.wait_for_leader();
  std::vector<int> present;
  for (const int n : {1, 2, 3})
    if (n != away) present.push_back(n);
  Payments payments(cluster, present, 5ms);
  const auto height_away = cluster.nodes[through - 1]->status().raft_commit;
  cluster.wait_until("the log is compacted beyond what the absent node has", [&] {
    pay_many(cluster, through, 200);
    return cluster.nodes[through - 1]->status().raft_first > height_away + 1;
  });
  cluster.start(away);
  cluster.wait_until("the absent node has caught up", [&] {
    return cluster.nodes[away - 1]->snapshot()->mark().height + 5 > cluster.nodes[through - 1]->snapshot()->mark().height;
  });
  cluster.wait_until("it says so", [&] { return cluster.nodes[away - 1]->status().snapshots_installed > 0; });
  REQUIRE(cluster.nodes[away - 1]->status().snapshots_installed == 1);

  cluster.join();
  cluster.change_nodes(through, {cluster.network.node_change("add_observer", 4, cluster.address(4))});
  cluster.wait_until("the new node has caught up", [&] {
    return cluster.nodes[3]->snapshot()->mark().height + 5 > cluster.nodes[through - 1]->snapshot()->mark().height;
  });
  cluster.wait_until("it says so", [&] { return cluster.nodes[3]->status().snapshots_installed > 0; });
  REQUIRE(cluster.nodes[3]->status().snapshots_installed == 1);
  payments.stop();
  REQUIRE(payments.refused.empty());
  cluster.require_equal_roots();

  // What was installed is there after a restart, and the first outcome of old payments can be asked of it.
  cluster.stop(away);
  cluster.start(away);
  cluster.wait_for_leader();
  REQUIRE(cluster.submit(away, cluster.network.transfer("acme", "baraka", 5)).status == SubmitReply::Status::committed);
  cluster.require_equal_roots();
}

// As slow disks and a full load would have it: what is kept for laggards is written anew several times while a snapshot is sent and checked.
TEST_CASE("a new node arrives with one snapshot, though more is paid meanwhile than the log keeps for laggards") {
  Cluster cluster(3, [](node::NodeOptions& options) {
    options.memtable_bytes = 64 << 10;
    options.log_retain_bytes = 4 << 10;
    options.log_retain_for_laggards_bytes = 8 << 10;
  });
  fund(cluster);
  const int through = cluster.wait_for_leader();
  auto& leader = *cluster.nodes[static_cast<std::size_t>(through) - 1];
  for (int i = 0; i < 4; ++i) pay_many(cluster, through, 500);   // so that the state has more bytes than one piece
  Payments payments(cluster, {1, 2, 3});
  cluster.wait_until("the log no longer begins at the beginning", [&] { return leader.status().raft_first > 5; });
  cluster.join();
  cluster.change_nodes(through, {cluster.network.node_change("add_observer", 4, cluster.address(4))});
  const auto& joined = *cluster.nodes[3];
  cluster.wait_until("the new node has a snapshot", [&] { return joined.status().snapshots_installed > 0; });
  for (int i = 0; i < 3; ++i) {   // it executes what the leader had a moment ago, and does so while the log goes on
    const auto height = leader.snapshot()->mark().height;
    cluster.wait_until("the new node follows", [&] { return joined.snapshot()->mark().height >= height; });
  }
  REQUIRE(joined.status().snapshots_installed == 1);
  payments.stop();
  REQUIRE(payments.refused.empty());
  cluster.require_equal_roots();
}
