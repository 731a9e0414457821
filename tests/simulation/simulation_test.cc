// The network of validators under faults: a fixed list of seeds with each change, others by DAFTAR_SEED and DAFTAR_SEEDS.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/simulation/report.h"

using namespace daftar;
using namespace daftar::simulation;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("a network under all faults keeps its promises and comes together when they end") {
  const std::uint64_t first = from_environment("DAFTAR_SEED", 1), seeds = from_environment("DAFTAR_SEEDS", 40);
  std::cout << "simulation: seeds " << first << ".." << first + seeds - 1 << " (DAFTAR_SEED, DAFTAR_SEEDS)\n";
  FaultCounts faults;
  std::uint64_t committed = 0, elections = 0, reads = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.ticks = 3000;
    const Verdict verdict = simulate(options);
    INFO(verdict.story << "seed " << seed << ": " << verdict.detail);
    CHECK(verdict.passed());
    faults.add(verdict.faults);
    committed += verdict.committed;
    elections += verdict.elections;
    reads += verdict.reads;
  }
  if (seeds < 40) return;
  // The runs were worth something: work was done, leaders fell, every kind of fault was met.
  CHECK(committed > 50 * seeds);
  CHECK(elections > 3 * seeds);
  CHECK(reads > 50 * seeds);
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    INFO(name(static_cast<Fault>(i)));
    CHECK(faults.of(static_cast<Fault>(i)) > 0);
  }
}

TEST_CASE("equal seeds give equal runs, other seeds others") {
  SimOptions options;
  options.ticks = 800;
  std::uint64_t before = 0;
  for (options.seed = 1; options.seed <= 4; ++options.seed) {
    const std::uint64_t digest = simulate(options).digest;
    CHECK(digest == simulate(options).digest);
    CHECK(digest != before);
    before = digest;
  }
}

TEST_CASE("without faults one leader serves everybody, and nothing is retried") {
  SimOptions options;
  options.seed = 5;
  options.ticks = 3000;
  options.faults.reset();
  const Verdict verdict = simulate(options);
  INFO(verdict.detail);
  CHECK(verdict.passed());
  CHECK(verdict.elections == 1);
  CHECK(verdict.retries == 0);
  CHECK(verdict.reads > 300);
  CHECK(verdict.reads_unconfirmed == 0);
  CHECK(verdict.committed > 300);
}

TEST_CASE("the list of faults is read strictly") {
  CHECK(parse_faults("all")->count() == fault_kinds);
  CHECK(parse_faults("none")->none());
  const auto two = parse_faults("loss,hang-sync");
  REQUIRE(two);
  CHECK(two->count() == 2);
  CHECK(two->test(static_cast<std::size_t>(Fault::hang_sync)));
  CHECK(parse_faults("loss,flood").error().find("\"flood\"") != std::string::npos);
}
