// Money: 64-bit integers of a currency's minor unit; sums in 128 bits; overflow is a value, never wrap-around; no floating point anywhere.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/expected.h"

namespace daftar::ledger {

inline constexpr std::uint32_t whole_ppm = 1'000'000;   // of rates and shares in parts per million

/// An amount in minor units (tiyin, cent; for PYG the guaraní itself). May be negative where a balance may.
using MinorUnits = std::int64_t;
using Int128 = __int128;

/// ISO 4217: code and number of decimals. Known codes are a table in money.cc (all active ones); nothing for an unknown code.
std::optional<int> currency_decimals(std::string_view code);

std::optional<MinorUnits> checked_add(MinorUnits a, MinorUnits b);
std::optional<MinorUnits> checked_sub(MinorUnits a, MinorUnits b);
std::optional<MinorUnits> narrow(Int128 value);

enum class Rounding : std::uint8_t { half_away = 0, floor = 1, ceiling = 2, half_even = 3 };  // numbers are stored: never renumber
std::string_view name(Rounding rounding);

/// value × numerator / denominator, rounded by name; nothing on overflow. denominator > 0. Exact in 128 bits.
std::optional<MinorUnits> mul_div(MinorUnits value, std::int64_t numerator, std::int64_t denominator, Rounding rounding);
/// dividend / divisor, rounded once by name to a whole multiple of `unit` minor units (unit >= 1; 100 = whole so'm); nothing on overflow. divisor > 0.
std::optional<MinorUnits> round_division(Int128 dividend, std::int64_t divisor, std::int64_t unit, Rounding rounding);

enum class DecimalError { empty, not_a_number, too_many_decimals, out_of_range };
std::string_view describe(DecimalError);
/// Parses a plain decimal number ("180941456.0", "-12.50", JSON exponents as "1.5e3" too) into minor units with `decimals` places.
/// Trailing zeros beyond the places are accepted; anything that would need rounding is too_many_decimals.
Expected<MinorUnits, DecimalError> parse_decimal(std::string_view text, int decimals);
/// "1234567.89"; with `group` "1 234 567.89" for people.
std::string format_decimal(MinorUnits value, int decimals, bool group = false);

}  // namespace daftar::ledger
