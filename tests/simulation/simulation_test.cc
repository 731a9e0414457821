#include <catch2/catch.hpp>

#include "tests/simulation/world.h"

using namespace daftar::simulation;

TEST_CASE("equal seeds give equal runs") {
  SimOptions options;
  options.ticks = 500;
  for (options.seed = 1; options.seed <= 3; ++options.seed) CHECK(simulate(options).digest == simulate(options).digest);
}
