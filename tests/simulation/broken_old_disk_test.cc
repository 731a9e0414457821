// Broken on purpose, and seen only when a disk is older than what its node has promised: the question what the others remember is not asked, not
// answered, or the answer comes to nothing. Without that fault the same seeds show nothing.
#include <catch2/catch.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "consensus/quorum.h"
#include "tests/simulation/planted.h"

using namespace daftar;
using namespace daftar::simulation;

namespace {

struct DiskTrusted : Saboteur {          // a node takes part at once with what its disk holds, and asks nobody
  void restored(std::uint64_t, node::ReplicaRestored& r) override { r.raft.withheld = false; }
};
struct MemoryForgotten : Saboteur {      // what is remembered of the others dies with the process
  void restored(std::uint64_t, node::ReplicaRestored& r) override { r.raft.memory.clear(); }
};
struct MemoryNotTold : Saboteur {        // who is asked says nothing of what it remembers
  void sending(std::uint64_t, std::uint64_t, node::PeerMessage& message) override {
    if (auto* reply = std::get_if<node::RecallReply>(&message)) reply->your_term = {}, reply->you_held = reply->you_offered = {};
  }
};
struct RestartNotNoticed : Saboteur {    // a leader goes on counting what the process before had acknowledged
  bool greets_anew(std::uint64_t) override { return false; }
};

/// What a node held is given up when a majority of the voters, itself among them, lacks it, not when all others do. (All have answered once, as they must.)
struct MajorityAskedAnew : Saboteur {
  struct Asking {
    std::set<std::uint64_t> others, ever;
    std::uint64_t question = 0;                       // the newest that came after all had answered
    std::set<std::uint64_t> answered;
  };
  std::map<std::uint64_t, Asking> asking;

  void restored(std::uint64_t node, node::ReplicaRestored& r) override {
    asking[node] = {};
    for (const auto voter : r.raft.membership.all_voters())
      if (voter.value != node) asking[node].others.insert(voter.value);
  }
  std::vector<std::pair<std::uint64_t, node::PeerMessage>> imagines(std::uint64_t node, std::uint64_t from, const node::PeerMessage& message) override {
    const auto* reply = std::get_if<node::RecallReply>(&message);
    if (!reply) return {};
    Asking& a = asking[node];
    const bool all_had = std::includes(a.ever.begin(), a.ever.end(), a.others.begin(), a.others.end());
    a.ever.insert(from);
    if (!all_had || !a.others.contains(from) || reply->question < a.question) return {};
    if (reply->question > a.question) a.answered.clear();
    a.question = reply->question;
    a.answered.insert(from);
    if (a.answered.size() + 1 < consensus::majority(a.others.size() + 1)) return {};
    node::RecallReply nothing;
    nothing.question = reply->question;
    nothing.whole = true;
    std::vector<std::pair<std::uint64_t, node::PeerMessage>> imagined;
    for (const auto other : a.others)
      if (!a.answered.contains(other)) imagined.emplace_back(other, nothing);
    return imagined;
  }
};

const auto mistakes = {planted<DiskTrusted>("old disk trusted, the others not asked"), planted<MemoryForgotten>("memory of the others lost in a restart"),
                       planted<MemoryNotTold>("memory not told to who asks"), planted<RestartNotNoticed>("a new process not noticed")};

}  // namespace

TEST_CASE("every mistake with an old disk is caught within a bounded number of seeds") {
  constexpr std::uint64_t seeds_max = 600;
  std::cout << "broken on purpose, with old disks: seeds from 1, at most " << seeds_max << " each\n";
  for (const auto& mistake : mistakes) {
    CAPTURE(mistake.name);
    const auto needed = seeds_needed(mistake, seeds_max, 1500);
    CHECK(needed > 0);
    SimOptions options;
    options.ticks = 1500;
    options.faults.reset(static_cast<std::size_t>(Fault::old_disk));
    for (options.seed = 1; options.seed <= std::clamp<std::uint64_t>(needed, 20, 100); ++options.seed) {
      const auto saboteur = mistake.make();
      const Verdict verdict = simulate(options, *saboteur, false);
      INFO("without old disks, seed " << options.seed << ": " << verdict.detail);
      CHECK(verdict.passed());
    }
  }
}

// Another must fall silent in the moment between two answers: few kinds of faults, so that the rest goes on.
TEST_CASE("what was held and is given up when a mere majority lacks it is missed within a bounded number of seeds") {
  SimOptions options;
  options.nodes = 3;
  options.changes = false;
  options.ticks = 1500;
  options.faults = *parse_faults("loss,delay,partition,one-way,clog,crash,power,blackout,slow-sync,hang-sync,old-disk");
  const auto needed = seeds_needed(planted<MajorityAskedAnew>("given up when a majority lacks it"), 300, options);
  CHECK(needed > 0);
  for (options.seed = 1; options.seed <= std::max<std::uint64_t>(needed, 20); ++options.seed) {
    const Verdict verdict = simulate(options);
    INFO("without the mistake, seed " << options.seed << ": " << verdict.detail);
    CHECK(verdict.passed());
  }
}
