// Moments of the calendar in milliseconds since 1970-01-01T00:00:00Z, in UTC.
#pragma once
#include <chrono>
#include <cstdint>

namespace daftar::ledger {

/// The first moment whose year has five digits: no date of the ledger is at or after it.
inline constexpr std::uint64_t year_10000_ms = 253'402'300'800'000;

/// `year` from 1970 to 10000.
constexpr std::uint64_t year_begins_ms(std::uint32_t year) {
  const std::chrono::sys_days first{std::chrono::year(static_cast<int>(year)) / std::chrono::January / 1};
  return static_cast<std::uint64_t>(first.time_since_epoch().count()) * 86'400'000;
}
static_assert(year_begins_ms(1970) == 0 && year_begins_ms(10'000) == year_10000_ms);

}  // namespace daftar::ledger
