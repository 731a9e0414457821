// One simulation: a whole network of nodes with its clients and operators, from one seed, in one thread. First time with faults, then without: all that
// was promised must hold at every step, and in the end everything must come together.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "tests/consensus/trace_check.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/core_watch.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/governor.h"
#include "tests/simulation/nemesis.h"
#include "tests/simulation/readers.h"

namespace daftar::simulation {

struct Verdict {
  std::uint64_t seed = 0, nodes = 0, digest = 0;
  std::uint64_t ticks = 0;               // simulated, convergence included
  std::uint64_t steps = 0;               // events
  std::uint64_t committed = 0;           // entries of the ledger
  std::uint64_t elections = 0;           // terms that had a leader
  std::uint64_t proposals = 0;            // changes of the nodes put in force on the ledger
  std::uint64_t membership_changes = 0;   // of Raft, carried to their end
  std::uint64_t observers = 0;            // nodes that learned for a while
  std::uint64_t removed = 0;              // nodes that stopped because the leader told them
  std::uint64_t snapshots = 0;            // installed; of those:
  std::uint64_t installed_at_start = 0;   // a crash came between its state and its log
  std::uint64_t snapshots_resumed = 0;    // receptions that went on after a restart or a change of mind
  std::uint64_t snapshots_superseded = 0; // receptions given up for another snapshot
  std::uint64_t compactions = 0;          // of logs
  std::uint64_t doubts = 0;               // nodes that came back with less than they had promised, were told so, and were made whole again,
  std::uint64_t given_up = 0;             // and times when one went on without some of it, as nobody has it
  std::uint64_t trace_lines = 0;          // checked
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
  std::vector<std::uint64_t> members() const;
  std::string who_waits() const;
  void take_trace(const std::string& line);
  void connected(std::uint64_t a, std::uint64_t b);

  static constexpr Millis converge_ms_max = 90'000;   // of simulated time
  Environment environment_;
  Clients::Machines machines_;
  Clients clients_;
  Readers readers_;
  Nemesis nemesis_;
  Governor governor_;
  CoreWatch watch_;
  consensus::test::TraceCheck trace_check_;
  std::uint64_t steps_ = 0;
  Millis converged_after_ = 0;
};

/// Runs one seed; a seed that fails is run again for its story.
Verdict simulate(const SimOptions& options);
Verdict simulate(const SimOptions& options, Saboteur& saboteur, bool story_wanted);

}  // namespace daftar::simulation
