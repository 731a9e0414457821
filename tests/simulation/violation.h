// A promise that was broken, and how a simulation ends because of it.
#pragma once
#include <stdexcept>
#include <string>

namespace daftar::simulation {

struct Violation : std::runtime_error {
  Violation(std::string rule_, const std::string& detail) : std::runtime_error(rule_ + ": " + detail), rule(std::move(rule_)) {}
  std::string rule;   // stable name, e.g. "election safety"
};

/// Assertions of the code under test (DAFTAR_CHECK, CONSENSUS_INVARIANT) throw a Violation in programs that call this: linking it takes the
/// place of the functions that would end the process.
void assertions_are_violations();

}  // namespace daftar::simulation
