// How long the network stands still when its leader dies: SIGKILL of the leader, until the first commit by the next one, as clients of the
// other nodes see it.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/bench/checks.h"
#include "tools/bench/options.h"
#include "tools/bench/population.h"
#include "tools/local_network.h"

namespace daftar::bench {

struct Failover {
  std::vector<std::chrono::nanoseconds> gaps;   // one for each kill, ascending
  double load_tx_per_s = 0;                     // while all nodes were up
  Check roots;
  std::vector<std::string> problems;            // each makes the run a failure

  /// The smallest gap that `percent` of all gaps do not exceed.
  std::chrono::nanoseconds percentile(unsigned percent) const;
  std::string json(const Options& options) const;
  std::string table(const Options& options) const;
};

/// `options.kills` times: all nodes ready, the leader killed, a payment committed, the dead node started again. A few clients of every node pay all
/// the time, one payment under way each; only payments sent after the kill count, so what the old leader had ordered does not. Then the roots
/// are compared. `go_on` is asked between kills.
Failover measure_failover(tools::LocalNetwork& network, const Population& population, const Options& options, std::uint64_t valid_until_ms,
                          const std::function<bool()>& go_on);

}  // namespace daftar::bench
