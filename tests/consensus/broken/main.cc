// Runs changing clusters over a core with a planted mistake, each seed in a process of its own, as a broken invariant ends the process.
// Succeeds if a seed shows the mistake within the bound; with mistake 0, if none shows anything.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "tests/consensus/broken/planted_mistake.h"
#include "tests/consensus/cluster.h"

namespace {

constexpr std::uint64_t seeds_max = 3000;

bool holds(std::uint64_t seed) {
  const pid_t child = fork();
  if (child == 0) {
    std::freopen("/dev/null", "w", stderr);
    try {
      daftar::consensus::test::Cluster cluster(seed, 3, 0, daftar::consensus::test::Sabotage::none, 1 + seed % 3);
      cluster.run(600);
      cluster.converge(600);
    } catch (const daftar::consensus::test::Broken&) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main() {
  using daftar::consensus::test::planted_mistake;
  std::cout << "mistake " << planted_mistake << ": seeds 1.." << seeds_max << "\n" << std::flush;
  std::uint64_t seed = 1;
  const std::uint64_t last = planted_mistake == 0 ? 40 : seeds_max;
  while (seed <= last && holds(seed)) ++seed;
  const bool seen = seed <= last;
  std::cout << (seen ? "seen with seed " + std::to_string(seed) : "not seen in " + std::to_string(last) + " seeds") << "\n";
  return seen == (planted_mistake != 0) ? 0 : 1;
}
