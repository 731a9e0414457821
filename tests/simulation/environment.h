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
};

struct Environment {
  Environment(const SimOptions& options_, std::uint64_t nodes_, Saboteur& saboteur_, bool tells, Network::Deliver deliver)
      : options(options_),
        nodes(nodes_),
        saboteur(saboteur_),
        trace(schedule, tells),
        population(static_cast<int>(nodes_), {"acme", "baraka", "silk"}, seeded_keys(options_.seed)),
        checker(*population.genesis, nodes_),
        network(options_.seed, nodes_, options_.faults, schedule, counts, std::move(deliver)) {}

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
  const std::uint64_t nodes;
  Saboteur& saboteur;
  Schedule schedule;
  FaultCounts counts;
  Trace trace;
  tests::SmallNetwork population;
  Checker checker;
  Network network;
  bool block_time_promised = true;     // clocks were never wrong on half of the nodes or more
  std::uint64_t restarts = 0, refused_starts = 0, log_reads = 0;

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
