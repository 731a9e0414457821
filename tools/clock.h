// Wall time as the ledger writes it.
#pragma once
#include <chrono>
#include <cstdint>

namespace daftar::tools {

/// Milliseconds since 1970-01-01T00:00:00Z.
inline std::uint64_t now_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace daftar::tools
