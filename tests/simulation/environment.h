// What the parts of one simulation share. One thread; nothing here outlives the World that owns it.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "tests/harness/small_network.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/network.h"
#include "tests/simulation/saboteur.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/trace.h"

namespace daftar::simulation {

inline constexpr Millis tick_ms = 20;                                // one tick of a replica, and of --ticks
inline constexpr std::uint64_t wall_ms_at_start = 1'800'000'000'000; // what right clocks show when the simulation begins

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint64_t ticks = 6000;          // with faults; then everything must converge
  std::uint64_t nodes = 0;             // 3..7; 0: drawn from the seed
  FaultSet faults = FaultSet().set();
  bool changes = true;                 // nodes come and go
  std::function<void(const std::string& line)> trace;   // takes the trace of all cores (docs/consensus.md, "Traces"); empty: none is made
  bool checks_trace = false;           // and holds it against the thesis (tests/consensus/trace_check.h)
};

struct Environment {
  Environment(const SimOptions& options_, std::uint64_t nodes_, Saboteur& saboteur_, bool tells, Network::Deliver deliver)
      : options(options_),
        nodes(nodes_),
        machines(nodes_ + (options_.changes ? Chance(options_.seed, 7).between(2, 4) : 0)),
        saboteur(saboteur_),
        trace(schedule, tells),
        population(static_cast<int>(nodes_), {"acme", "baraka", "silk"}, seeded_keys(options_.seed), 1 + static_cast<std::uint32_t>(options_.seed % 2)),
        checker(*population.genesis, machines),
        network(options_.seed, machines, options_.faults, schedule, counts, std::move(deliver)) {
    while (population.checkpoint_keys.size() < machines) population.make_node();
  }

  bool has(Fault fault) const { return options.faults.test(static_cast<std::size_t>(fault)); }
  /// What a right clock shows.
  std::uint64_t wall_ms() const { return wall_ms_at_start + schedule.now(); }
  /// Real verification, done once for each envelope of the simulation: the outcome is a fact of the bytes.
  ledger::Rejection verify(const ledger::Transaction& transaction) {
    const auto [known, is_new] = verdicts_.try_emplace(transaction.envelope_hash());
    if (is_new)
      if (auto verdict = transaction.verify_signatures(); !verdict) known->second = verdict.error();
    return known->second;
  }

  const SimOptions options;
  const std::uint64_t nodes;      // validators of the genesis
  const std::uint64_t machines;   // those, and more that may be taken in
  Saboteur& saboteur;
  Schedule schedule;
  FaultCounts counts;
  Trace trace;
  tests::SmallNetwork population;
  Checker checker;
  Network network;
  /// A node is about to do in the next `during` what a crash should not harm.
  std::function<void(std::uint64_t node, Millis during)> delicate = [](std::uint64_t, Millis) {};
  /// The membership that operators have asked for, while they wait for it.
  std::vector<consensus::Membership> asked_for;
  /// A reading of this node's clock may be a wrong one.
  std::function<bool(std::uint64_t node)> clock_is_suspect = [](std::uint64_t) { return false; };
  /// For the trace of the cores (core_watch.h): what became of a node's disks behind its core's back. Empty: nobody reads it.
  std::function<void(const std::string& line)> core_trace;
  void trace_disk(std::uint64_t node, const char* event, std::uint64_t copy) const {
    if (core_trace) core_trace("{\"node\":" + std::to_string(node) + ",\"event\":\"" + event + "\",\"copy\":" + std::to_string(copy) + "}");
  }
  /// A node's disks are older than they were: who runs the network changes nothing until it is whole again.
  bool repairing = false;
  bool striking = true;                // the faults have not ended
  bool block_time_promised = true;     // clocks were never wrong on half of the nodes or more
  std::uint64_t restarts = 0, refused_starts = 0, log_reads = 0, compactions = 0, removals_told = 0;
  std::uint64_t copies_kept = 0, doubts = 0, given_up = 0;   // of disks; nodes that were told of a loss and are whole again; what they had held, and nobody has
  std::uint64_t snapshots_resumed = 0, snapshots_superseded = 0, installed_at_start = 0;

 private:
  static std::function<ledger::SigningKey()> seeded_keys(std::uint64_t seed) {
    return [chance = std::make_shared<Chance>(seed, 2)] {
      std::string bytes;
      while (bytes.size() < 32) bytes.push_back(static_cast<char>(chance->below(256)));
      return *ledger::SigningKey::from_seed(bytes);
    };
  }
  std::map<ledger::Digest, ledger::Rejection> verdicts_;
};

}  // namespace daftar::simulation
