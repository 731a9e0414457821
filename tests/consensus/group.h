// A few nodes that talk to each other, without chance: what leaves one is delivered in order, unless the link is cut.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "tests/consensus/test_node.h"

namespace daftar::consensus::test {

inline Membership voters(std::initializer_list<std::uint64_t> nodes, std::initializer_list<std::uint64_t> outgoing = {}) {
  Membership membership;
  for (std::uint64_t node : nodes) membership.voters.push_back({node});
  for (std::uint64_t node : outgoing) membership.outgoing.push_back({node});
  return membership;
}

using Verb = MembershipChange::Verb;
inline MembershipChange change(Verb verb, std::uint64_t node) { return {{{verb, NodeId{node}}}}; }

class Group {
 public:
  /// Nodes 1..count, of which `first` are the members at the beginning.
  Group(std::uint64_t count, Membership first, Setup common = {}) {
    for (std::uint64_t id = 1; id <= count; ++id) {
      Setup setup = common;
      setup.self = id;
      setup.membership = first;
      nodes_.emplace(id, std::make_unique<TestNode>(setup));
    }
  }

  TestNode& operator[](std::uint64_t id) { return *nodes_.at(id); }
  std::set<std::uint64_t> silent;                            // neither heard nor hearing
  std::function<bool(const Envelope&)> drop = [](const Envelope&) { return false; };

  /// Until nothing moves.
  void deliver() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [id, node] : nodes_) {
        for (const LogRead& read : std::exchange(node->log_reads, {})) node->raft->log_read_done(read, node->disk.read(read));
        for (Envelope& envelope : node->take_sent()) {
          const auto to = nodes_.find(envelope.to.value);
          if (to == nodes_.end() || silent.count(id) || silent.count(envelope.to.value) || drop(envelope)) continue;
          moved = true;
          to->second->raft->step(std::move(envelope));
          to->second->settle();
        }
      }
    }
  }
  void tick(Ticks times) {
    for (Ticks i = 0; i < times; ++i) {
      for (auto& [id, node] : nodes_) node->raft->tick();
      deliver();
    }
  }
  void elect(std::uint64_t id) {
    nodes_.at(id)->time_out();
    deliver();
    if (nodes_.at(id)->status().role != Role::leader) throw std::runtime_error("not elected: " + describe(nodes_.at(id)->status()));
  }
  void propose(std::uint64_t leader, const std::string& text = "x") {
    if (!nodes_.at(leader)->raft->propose(payload(text))) throw std::runtime_error("not taken");
    deliver();
  }
  /// 0: nobody among those who can be heard.
  std::uint64_t leader() const {
    std::uint64_t leader = 0;
    Term newest{};
    for (const auto& [id, node] : nodes_)
      if (const Status status = node->status(); !silent.count(id) && status.role == Role::leader && status.term >= newest) leader = id, newest = status.term;
    return leader;
  }

 private:
  std::map<std::uint64_t, std::unique_ptr<TestNode>> nodes_;
};

}  // namespace daftar::consensus::test
