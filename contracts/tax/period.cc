#include "contracts/tax/period.h"

#include <chrono>

namespace daftar::contracts::tax {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;

std::uint64_t midnight_ms(std::uint32_t year, std::uint32_t month, std::uint32_t day) {
  const std::chrono::sys_days days{std::chrono::year{static_cast<int>(year)} / static_cast<int>(month) / static_cast<int>(day)};
  return static_cast<std::uint64_t>(days.time_since_epoch().count()) * day_ms;
}

}  // namespace

// Days to civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days; era begins on 1 March.
std::uint32_t period_of(std::uint64_t time_ms) {
  const std::uint64_t days = time_ms / day_ms + 719'468;
  const std::uint64_t era = days / 146'097;
  const std::uint64_t day_of_era = days % 146'097;
  const std::uint64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t shifted_month = (5 * day_of_year + 2) / 153;   // 0 = March
  const std::uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return static_cast<std::uint32_t>(year * 100 + month);
}

std::uint32_t remittance_period(Remittance remittance, std::uint64_t time_ms) {
  const std::uint32_t month = period_of(time_ms);
  return remittance == Remittance::quarter ? month - (month % 100 - 1) % 3 : month;
}

std::uint64_t due_ms_of(const TaxRule& rule, std::uint32_t period) {
  std::uint32_t year = period / 100, month = period % 100 + (rule.remittance == Remittance::quarter ? 3 : 1);
  if (month > 12) {
    ++year;
    month -= 12;
  }
  return midnight_ms(year, month, rule.remittance_day) + day_ms;
}

std::uint32_t accumulation_period(Accumulation accumulation, std::uint64_t time_ms) {
  const std::uint32_t month = period_of(time_ms);
  return accumulation == Accumulation::year ? month / 100 * 100 : month;
}

}  // namespace daftar::contracts::tax
