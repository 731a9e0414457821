// The traces of the simulator's own cores, inside the real replicas, against the thesis (tests/consensus/trace_check.h); and the story that a
// person reads of a seed that fails.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/simulation/common_mistakes.h"
#include "tests/simulation/planted.h"

using namespace daftar;
using namespace daftar::simulation;

TEST_CASE("every step of the cores under all faults is one that the thesis allows") {
  SimOptions options;
  options.checks_trace = true;
  options.ticks = 2000;
  std::uint64_t snapshots = 0, changes = 0, doubts = 0, elections = 0;
  for (options.seed = 1; options.seed <= 8; ++options.seed) {
    const Verdict verdict = simulate(options);
    INFO(verdict.story << "seed " << options.seed << ": " << verdict.detail);
    CHECK(verdict.passed());
    CHECK(verdict.trace_lines > 5000);
    snapshots += verdict.snapshots;
    changes += verdict.membership_changes;
    doubts += verdict.doubts;
    elections += verdict.elections;
  }
  CHECK(elections > 8);
  CHECK(changes > 8);
  CHECK(snapshots > 0);
  CHECK(doubts > 0);
}

TEST_CASE("a trace that is checked changes nothing in the run, and a line of it can be read by whoever asked for it") {
  SimOptions options;
  options.seed = 3;
  options.ticks = 500;
  const auto digest = simulate(options).digest;
  std::uint64_t lines = 0;
  options.checks_trace = true;
  options.trace = [&](const std::string& line) { lines += line.front() == '{' && line.back() == '}'; };
  const Verdict verdict = simulate(options);
  CHECK(verdict.digest == digest);
  CHECK(lines == verdict.trace_lines);
  CHECK(lines > 500);
}

TEST_CASE("the trace shows a vote that is forgotten at a restart") {
  SimOptions options;
  options.ticks = 1500;
  options.checks_trace = true;
  bool seen = false;
  for (options.seed = 1; options.seed <= 20 && !seen; ++options.seed) {
    VoteForgotten mistake;
    const Verdict verdict = simulate(options, mistake, false);
    seen = verdict.rule == "trace" && verdict.detail.find("a node restarts with the term, vote and log that its disk was given") != std::string::npos;
  }
  CHECK(seen);
}

TEST_CASE("of a seed that fails the newest lines are told, each with its time, the last one says what was broken") {
  SimOptions options;
  options.ticks = 1500;
  Verdict verdict;
  for (options.seed = 1; options.seed <= 20 && verdict.passed(); ++options.seed) {
    AcknowledgedBeforeSync mistake;
    verdict = simulate(options, mistake, true);
  }
  REQUIRE_FALSE(verdict.passed());
  std::istringstream story(verdict.story);
  std::vector<std::string> lines;
  for (std::string line; std::getline(story, line);) lines.push_back(line);
  REQUIRE(lines.size() > 10);
  CHECK(lines.size() < 200);
  CHECK(lines.back().find(" ms  VIOLATION  " + verdict.detail) != std::string::npos);
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK(line.find(" ms  ") == 8);
    CHECK(line.size() < 1000);
  }
}
