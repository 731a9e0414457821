// Assertions that stay in release: a broken invariant of consensus ends the process before it can end the ledger.
#pragma once

namespace daftar::consensus {
[[noreturn]] void invariant_broken(const char* fact, const char* file, int line);
}

#define CONSENSUS_INVARIANT(fact) \
  (static_cast<bool>(fact) ? void(0) : ::daftar::consensus::invariant_broken(#fact, __FILE__, __LINE__))
