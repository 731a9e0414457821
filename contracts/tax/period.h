// Months, quarters and years in UTC, proleptic Gregorian. Integer arithmetic only.
#pragma once
#include <cstdint>
#include <optional>

#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

/// yyyymm
std::uint32_t period_of(std::uint64_t time_ms);
/// yyyymm of the first month of the period in which what is withheld then is remitted. Not for Remittance::at_payment.
std::uint32_t remittance_period(Remittance remittance, std::uint64_t time_ms);
/// When that period's tax leaves by itself: at the end of that day of the month after the period.
std::uint64_t due_ms_of(const TaxRule& rule, std::uint32_t period);
/// yyyymm, or yyyy00 for a year. Not for Accumulation::none.
std::uint32_t accumulation_period(Accumulation accumulation, std::uint64_t time_ms);

}  // namespace daftar::contracts::tax
