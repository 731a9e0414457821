#include "tests/simulation/violation.h"

#include "consensus/invariant.h"
#include "ledger/check.h"

namespace daftar {
void check_failed(const char* fact, const char* file, int line) {
  throw simulation::Violation("assertion", std::string(fact) + " (" + file + ":" + std::to_string(line) + ")");
}
}  // namespace daftar

namespace daftar::consensus {
void invariant_broken(const char* fact, const char* file, int line) { check_failed(fact, file, line); }
}  // namespace daftar::consensus

namespace daftar::simulation {
void assertions_are_violations() {}
}  // namespace daftar::simulation
