// The result of a run, for people and as the JSON line.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/checks.h"
#include "tools/bench/driver.h"
#include "tools/bench/options.h"

namespace daftar::bench {

struct Report {
  Options options;
  unsigned cores = 0;
  double verify_before = 0, verify_after = 0;   // per second and core
  Outcome outcome;
  double measured_s = 0;                        // the window as it really was
  LatencyHistogram single, fdatasync;
  std::vector<Counters> counters;               // of each node, over the measured window
  unsigned leader = 0;
  double setup_s = 0;
  Check roots, receipts;
  std::vector<std::string> problems;            // each makes the run a failure

  double tx_per_s() const;
  double verify_per_s_core() const;             // the larger of the two
  double limit_tx_per_s() const;                // cores × verify rate / nodes
  std::uint64_t errors() const { return outcome.busy + outcome.unknown; }
  std::uint64_t flushes() const;                // of the node that flushed least
  std::uint64_t elections() const;              // in the measured window, by the rise of the term; of a healthy network none
  /// Not figures for the record: less than 60 s, fewer than 3 flushes on some node, fewer keys or accounts, or not the production configuration.
  bool is_short() const;
  std::string json() const;
  std::string table() const;
};

}  // namespace daftar::bench
