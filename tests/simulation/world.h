// One simulation: a whole network of validators with its clients, from one seed, in one thread. First time with faults, then without: all that
// was promised must hold at every step, and in the end everything must come together.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "tests/simulation/clients.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/nemesis.h"
#include "tests/simulation/readers.h"

namespace daftar::simulation {

struct Verdict {
  std::uint64_t seed = 0, nodes = 0, digest = 0;
  std::uint64_t ticks = 0;               // simulated, convergence included
  std::uint64_t steps = 0;               // events
  std::uint64_t committed = 0;           // entries of the ledger
  std::uint64_t elections = 0;           // terms that had a leader
  std::uint64_t membership_changes = 0, snapshots = 0;   // 0: the replica cannot do these yet
  std::uint64_t certificates = 0, restarts = 0, refused_starts = 0, log_reads = 0, answered = 0, retries = 0;
  std::uint64_t reads = 0, reads_unconfirmed = 0;   // linearizable ones; those that no quorum confirmed in time
  std::uint64_t converged_ticks = 0;     // after the faults
  FaultCounts faults;
  std::string rule, detail;              // of the violation; empty: none
  std::string story;                     // the newest lines, when asked for
  bool passed() const { return rule.empty(); }
};

class World {
 public:
  /// `tells`: keep the story of what happens.
  World(const SimOptions& options, Saboteur& saboteur, bool tells = false);
  Verdict run();

 private:
  void run_until(Millis until);
  void converge();
  bool converged() const;
  std::string who_waits() const;
  void connected(std::uint64_t a, std::uint64_t b);

  static constexpr Millis converge_ms_max = 90'000;   // of simulated time
  Environment environment_;
  Clients::Machines machines_;
  Clients clients_;
  Readers readers_;
  Nemesis nemesis_;
  std::uint64_t steps_ = 0;
  Millis converged_after_ = 0;
};

/// Runs one seed; a seed that fails is run again for its story.
Verdict simulate(const SimOptions& options);
Verdict simulate(const SimOptions& options, Saboteur& saboteur, bool story_wanted);

}  // namespace daftar::simulation
