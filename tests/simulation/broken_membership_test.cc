// Broken on purpose: mistakes with memberships, observers and snapshots, planted from outside the code under test, as in broken_test.cc. Mistakes
// in the quorums themselves are linked in (mistaken_quorums.cc).
#include <catch2/catch.hpp>
#include <algorithm>
#include <iostream>

#include "tests/simulation/planted.h"

using namespace daftar;
using namespace daftar::simulation;

namespace {

struct SnapshotOffByOne : Saboteur {      // its place is that of the entry before the last one it holds
  void picturing(std::uint64_t, storage::AppliedMark& mark) override { --mark.raft_index; }
};
struct SnapshotBehindItsState : Saboteur { // a mark that says more than the state holds
  void picturing(std::uint64_t, storage::AppliedMark& mark) override { ++mark.raft_index; }
};
struct CompactedTooFar : Saboteur {       // all that is in the log, flushed or not
  void compacting(std::uint64_t, storage::LogPlace& place, const SimRaftLog& log) override {
    if (const auto record = log.read(log.last(), log.last(), 0)) place = {record->front().index, record->front().term};
  }
};
struct LogKeptAfterSnapshot : Saboteur {  // a snapshot's state, and the old log before it
  bool keeps_the_log(std::uint64_t) override { return true; }
};
struct MembershipForgotten : Saboteur {   // a node starts with the membership of the genesis
  void restored(std::uint64_t, node::ReplicaRestored& restored) override {
    restored.raft.membership = {};
    for (const auto& [number, key] : restored.registry.validators.begin()->second) restored.raft.membership.voters.push_back({number});
  }
};
struct SnapshotOfGenesisMembership : Saboteur {   // the mark of a snapshot says nothing of the membership
  void picturing(std::uint64_t, storage::AppliedMark& mark) override { mark.membership.clear(); }
};
/// The set that comes certifies the tree that ends the time of the set before.
struct SetTooEarly : Saboteur {
  static void shift(node::Registry& registry) {
    node::ValidatorHistory shifted;
    for (const auto& [size, validators] : registry.validators) shifted[size == 0 ? 0 : size - 1] = validators;
    registry.validators = std::move(shifted);
  }
  void executed(std::uint64_t, node::ExecutedBlock& block) override {
    if (block.registry) shift(*block.registry);
  }
  void restored(std::uint64_t, node::ReplicaRestored& restored) override { shift(restored.registry); }
};
struct OldSetForEver : Saboteur {         // certificates by the validators of the genesis
  void executed(std::uint64_t, node::ExecutedBlock& block) override {
    if (!block.registry) return;
    block.registry->validators.erase(std::next(block.registry->validators.begin()), block.registry->validators.end());
  }
  void restored(std::uint64_t, node::ReplicaRestored& restored) override {
    restored.registry.validators.erase(std::next(restored.registry.validators.begin()), restored.registry.validators.end());
  }
};
struct ObserverVotes : Saboteur {         // and asks for votes: its log makes it a voter, on this node alone
  void restored(std::uint64_t, node::ReplicaRestored& restored) override {
    auto& membership = restored.raft.membership;
    for (const auto learner : membership.learners) membership.voters.push_back(learner);
    std::sort(membership.voters.begin(), membership.voters.end());
    membership.learners.clear();
  }
};
struct ObserverSigns : Saboteur {         // every node counts itself among the validators
  void restored(std::uint64_t node, node::ReplicaRestored& restored) override { among(node, restored.registry); }
  void executed(std::uint64_t node, node::ExecutedBlock& block) override {
    if (block.registry) among(node, *block.registry);
  }
  static void among(std::uint64_t node, node::Registry& registry) {
    for (auto& [size, validators] : registry.validators)
      for (const auto& record : registry.nodes)
        if (record.number == node) validators.emplace(record.number, record.checkpoint_key);
  }
};
struct RemovalIgnored : Saboteur {        // Raft never hears that somebody was removed: he goes on voting
  void executed(std::uint64_t, node::ExecutedBlock& block) override { keep(block.registry); }
  void restored(std::uint64_t, node::ReplicaRestored& restored) override {
    std::optional<node::Registry> registry = restored.registry;
    keep(registry);
    restored.registry = *registry;
  }
  static void keep(std::optional<node::Registry>& registry) {
    if (registry)
      for (auto& record : registry->nodes)
        if (record.standing == contracts::NodeStanding::removed) record.standing = contracts::NodeStanding::observer;
  }
};

}  // namespace

TEST_CASE("every planted mistake with memberships and snapshots is caught within a bounded number of seeds") {
  constexpr std::uint64_t seeds_max = 200;
  std::cout << "broken on purpose, memberships and snapshots: seeds from 1, at most " << seeds_max << " each\n";
  for (const auto& mistake : {
           planted<SnapshotOffByOne>("snapshot's place one too low"), planted<SnapshotBehindItsState>("snapshot's place one too high"),
           planted<CompactedTooFar>("log compacted beyond what is flushed"), planted<LogKeptAfterSnapshot>("log not begun anew after a snapshot"),
           planted<MembershipForgotten>("membership forgotten at a restart"), planted<SnapshotOfGenesisMembership>("membership left out of a snapshot"),
           planted<SetTooEarly>("new validators certify the old one's last tree"), planted<OldSetForEver>("old validators certify for ever"),
           planted<ObserverVotes>("observer takes itself for a voter"), planted<ObserverSigns>("observer signs"),
           planted<RemovalIgnored>("removal not carried out")}) {
    CAPTURE(mistake.name);
    CHECK(seeds_needed(mistake, seeds_max, 1500) > 0);
  }
}
