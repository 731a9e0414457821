// How many seeds it takes to catch a planted mistake. For the tests of mistakes only.
#pragma once
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "tests/simulation/world.h"

namespace daftar::simulation {

using MakeSaboteur = std::function<std::unique_ptr<Saboteur>()>;
struct Planted { std::string name; MakeSaboteur make; };

template <typename S>
Planted planted(std::string name) {
  return {std::move(name), [] { return std::make_unique<S>(); }};
}

/// The first seed that catches the mistake, from 1; 0: none up to `seeds_max`. Prints what was found.
inline std::uint64_t seeds_needed(const Planted& mistake, std::uint64_t seeds_max, SimOptions options) {
  std::string rule = "not caught";
  std::uint64_t needed = 0;
  for (options.seed = 1; options.seed <= seeds_max && needed == 0; ++options.seed) {
    const auto saboteur = mistake.make();
    const Verdict verdict = simulate(options, *saboteur, false);
    if (verdict.passed()) continue;
    rule = verdict.rule;
    needed = options.seed;
  }
  std::cout << "  " << mistake.name << ": " << needed << " (" << rule << ")\n" << std::flush;
  return needed;
}

inline std::uint64_t seeds_needed(const Planted& mistake, std::uint64_t seeds_max, std::uint64_t ticks) {
  SimOptions options;
  options.ticks = ticks;
  return seeds_needed(mistake, seeds_max, options);
}

}  // namespace daftar::simulation
