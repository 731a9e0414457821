#include "consensus/invariant.h"

#include <cstdio>
#include <cstdlib>

namespace daftar::consensus {

void invariant_broken(const char* fact, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: consensus invariant broken: %s\n", file, line, fact);
  std::abort();
}

}  // namespace daftar::consensus
