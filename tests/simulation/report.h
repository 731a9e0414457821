// A verdict, or the sum of many, as one line of JSON.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/world.h"

namespace daftar::simulation {

/// `seed, nodes, digest, ticks, steps, committed, elections, membership_changes, snapshots, ..., faults{...}, violations`.
std::string report(const Verdict& verdict);

struct CampaignOptions {
  SimOptions each;                // seed: the first; every next run has the next one
  std::uint64_t seconds = 60;     // no new seed is begun later
  unsigned jobs = 1;
};
/// Runs seeds one after the other on `jobs` threads, each in a world of its own; prints every failing seed with its story at once. The sums as
/// one line of JSON; `failed`: the seeds that did.
struct CampaignResult { std::string report; std::vector<std::uint64_t> failed; };
CampaignResult campaign(const CampaignOptions& options);

}  // namespace daftar::simulation
