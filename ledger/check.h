// DAFTAR_CHECK: a fact that only a bug of ours can break. Stays in release builds: a node that has lost its mind stops.
#pragma once

namespace daftar {
[[noreturn]] void check_failed(const char* fact, const char* file, int line);
}

#define DAFTAR_CHECK(fact) \
  (static_cast<bool>(fact) ? static_cast<void>(0) : ::daftar::check_failed(#fact, __FILE__, __LINE__))
