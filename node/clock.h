// The node's two clocks. Wall time is for block time, expiry and signed reads only; waiting is measured on the monotonic one.
#pragma once
#include <chrono>
#include <cstdint>

namespace daftar::node {

/// Milliseconds since 1970-01-01T00:00:00Z; may jump.
inline std::uint64_t wall_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

/// Milliseconds since some moment of this process's machine; never goes back.
inline std::uint64_t monotonic_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace daftar::node
