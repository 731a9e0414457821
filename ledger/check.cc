#include "ledger/check.h"

#include <cstdio>
#include <cstdlib>

namespace daftar {

void check_failed(const char* fact, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal error: this should hold and does not: %s\n", file, line, fact);
  std::fflush(stderr);
  std::abort();
}

}  // namespace daftar
