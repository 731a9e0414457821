// Runs the text of a scenario.
#pragma once

#include <functional>

#include "tests/consensus/scenario_runner/syntax.h"

namespace daftar::consensus::scenario {

enum class Verdict : std::uint8_t {
  passed,
  differs,    ///< a step printed something else
  unmet,      ///< an `expect` or `converge` failed
  unsafe,     ///< a safety property is broken
  malformed,  ///< not a scenario, or it names what is not there
};

struct Result {
  Verdict verdict = Verdict::passed;
  std::string message;    ///< why not passed: "line:column: ..." of the first failure
  std::string rewritten;  ///< the text with the outputs of this run; empty after unmet, unsafe and malformed
};

/// `on_command` hears each command's line before it runs: for whoever must say where an assertion of the core struck.
Result run(std::string_view text, const std::function<void(int line)>& on_command = {});

}  // namespace daftar::consensus::scenario
