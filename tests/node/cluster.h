// Whole nodes in one process: real disks, real TLS links on loopback, the real loop; those of the genesis, and others that come later.
#pragma once
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <functional>
#include <future>
#include <thread>

#include "node/node.h"
#include "tests/harness/small_network.h"

namespace daftar::tests {

using namespace std::chrono_literals;
using node::SubmitReply;
using node::WaitFor;

/// Free loopback ports, found by binding; another process could take one in between, which no test here has met.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

class Cluster {
 public:
  /// `change`: what the options of every node differ in.
  explicit Cluster(int validators = 3, std::function<void(node::NodeOptions&)> change = {}) : network(validators), change_(std::move(change)) {
    for (int n = 0; n < validators; ++n) ports_.push_back(free_port());
    nodes.reserve(16);   // others submit while a node joins: the vector must not move
    nodes.resize(static_cast<std::size_t>(validators));
    for (int n = 1; n <= validators; ++n) start(n);
  }
  void start(int n) {
    node::NodeOptions options;
    options.node = static_cast<std::uint32_t>(n);
    options.data_dir = directory / "node-" + std::to_string(n);
    options.genesis = network.genesis;
    options.link_seed = network.link_keys[n - 1].seed();
    options.checkpoint_seed = network.checkpoint_keys[n - 1].seed();
    options.link_port = ports_[n - 1];
    options.tick = 20ms;
    options.heartbeat = 60ms;
    options.election_timeout = 400ms;
    options.verifier_threads = 1;
    for (std::size_t peer = 1; peer <= ports_.size(); ++peer)
      if (static_cast<int>(peer) != n) options.peers.push_back({static_cast<std::uint32_t>(peer), "127.0.0.1", ports_[peer - 1]});
    if (change_) change_(options);
    auto started = node::Node::start(std::move(options));
    if (!started) FAIL(started.error());
    nodes[n - 1] = std::move(*started);
  }
  void stop(int n) { nodes[n - 1].reset(); }
  /// One node more, which knows those before it from the genesis; they hear of it from the ledger only. Started; returns its number.
  int join() {
    const auto n = static_cast<int>(network.make_node());
    ports_.push_back(free_port());
    nodes.emplace_back();
    start(n);
    return n;
  }
  std::string address(int n) const { return "127.0.0.1:" + std::to_string(ports_[static_cast<std::size_t>(n) - 1]); }

  /// Proposed by the operator of the first node, approved by that of the second: enough of two or three.
  void change_nodes(int through, const std::vector<ledger::proto::NodeChange>& changes) {
    const auto proposal = network.propose("operator-1", changes);
    const auto proposed = submit(through, proposal);
    INFO(proposed.rejection.detail);
    REQUIRE(proposed.status == SubmitReply::Status::committed);
    const auto approved = submit(through, network.approve("operator-2", proposal->id()));
    INFO(approved.rejection.detail);
    REQUIRE(approved.status == SubmitReply::Status::committed);
  }

  /// Until `holds`, at most 20 s.
  template <class Condition>
  void wait_until(const std::string& what, Condition holds) {
    for (int i = 0; i < 1000; ++i) {
      if (holds()) return;
      std::this_thread::sleep_for(20ms);
    }
    FAIL("not within 20 s: " + what);
  }

  int wait_for_leader() {
    for (int i = 0; i < 1000; ++i) {
      for (std::size_t n = 0; n < nodes.size(); ++n)
        if (nodes[n] && nodes[n]->status().role == "leader" && nodes[n]->status().ready) return static_cast<int>(n) + 1;
      std::this_thread::sleep_for(20ms);
    }
    FAIL("no leader within 20 s");
    return 0;
  }

  SubmitReply submit(int n, std::shared_ptr<const ledger::Transaction> transaction, WaitFor wait = WaitFor::committed,
                     std::chrono::milliseconds timeout = 15s) {
    auto future = send(n, std::move(transaction), wait, timeout);
    REQUIRE(future.wait_for(timeout + 10s) == std::future_status::ready);
    return future.get();
  }
  std::future<SubmitReply> send(int n, std::shared_ptr<const ledger::Transaction> transaction, WaitFor wait = WaitFor::committed,
                                std::chrono::milliseconds timeout = 15s) {
    auto promise = std::make_shared<std::promise<SubmitReply>>();
    auto future = promise->get_future();
    nodes[n - 1]->submit({std::move(transaction)}, wait, timeout, [promise](std::size_t, SubmitReply reply) { promise->set_value(std::move(reply)); });
    return future;
  }

  /// Waits until all running nodes have executed the same height, then compares the trees.
  void require_equal_roots() {
    for (int i = 0; i < 500; ++i) {
      std::vector<std::uint64_t> heights;
      for (auto& n : nodes)
        if (n) heights.push_back(n->snapshot()->mark().height);
      if (std::adjacent_find(heights.begin(), heights.end(), std::not_equal_to<>()) == heights.end()) {
        std::optional<ledger::Digest> root;
        for (auto& n : nodes) {
          if (!n) continue;
          const auto here = n->snapshot()->root_at(heights[0]);
          REQUIRE(here);
          if (root) REQUIRE(here->root == *root);
          root = here->root;
        }
        return;
      }
      std::this_thread::sleep_for(20ms);
    }
    FAIL("the nodes did not reach one height within 10 s");
  }

  tests::TemporaryFolder directory;
  tests::SmallNetwork network;
  std::vector<std::unique_ptr<node::Node>> nodes;

 private:
  std::function<void(node::NodeOptions&)> change_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace daftar::tests
