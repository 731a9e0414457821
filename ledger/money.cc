#include "ledger/money.h"

#include <algorithm>
#include <array>
#include <limits>

#include "ledger/ascii.h"
#include "ledger/check.h"

namespace daftar::ledger {
namespace {

struct Currency {
  char code[4];
  std::uint8_t decimals;
};

// ISO 4217 list one: national currencies and the funds codes that have a minor unit, in order of code. Codes without a minor unit
// (metals, XDR, XXX, ...) cannot be counted in whole minor units and are left out.
constexpr Currency currencies[] = {
    {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2}, {"AWG", 2}, {"AZN", 2}, {"BAM", 2},
    {"BBD", 2}, {"BDT", 2}, {"BGN", 2}, {"BHD", 3}, {"BIF", 0}, {"BMD", 2}, {"BND", 2}, {"BOB", 2}, {"BOV", 2}, {"BRL", 2},
    {"BSD", 2}, {"BTN", 2}, {"BWP", 2}, {"BYN", 2}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2}, {"CHE", 2}, {"CHF", 2}, {"CHW", 2},
    {"CLF", 4}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"COU", 2}, {"CRC", 2}, {"CUP", 2}, {"CVE", 2}, {"CZK", 2}, {"DJF", 0},
    {"DKK", 2}, {"DOP", 2}, {"DZD", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2}, {"EUR", 2}, {"FJD", 2}, {"FKP", 2}, {"GBP", 2},
    {"GEL", 2}, {"GHS", 2}, {"GIP", 2}, {"GMD", 2}, {"GNF", 0}, {"GTQ", 2}, {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HTG", 2},
    {"HUF", 2}, {"IDR", 2}, {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0},
    {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2}, {"KRW", 0}, {"KWD", 3}, {"KYD", 2}, {"KZT", 2}, {"LAK", 2},
    {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MGA", 2}, {"MKD", 2}, {"MMK", 2},
    {"MNT", 2}, {"MOP", 2}, {"MRU", 2}, {"MUR", 2}, {"MVR", 2}, {"MWK", 2}, {"MXN", 2}, {"MXV", 2}, {"MYR", 2}, {"MZN", 2},
    {"NAD", 2}, {"NGN", 2}, {"NIO", 2}, {"NOK", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3}, {"PAB", 2}, {"PEN", 2}, {"PGK", 2},
    {"PHP", 2}, {"PKR", 2}, {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"RWF", 0}, {"SAR", 2},
    {"SBD", 2}, {"SCR", 2}, {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2}, {"SLE", 2}, {"SOS", 2}, {"SRD", 2}, {"SSP", 2},
    {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2}, {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2}, {"TRY", 2},
    {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2}, {"UGX", 0}, {"USD", 2}, {"USN", 2}, {"UYI", 0}, {"UYU", 2}, {"UYW", 4},
    {"UZS", 2}, {"VED", 2}, {"VES", 2}, {"VND", 0}, {"VUV", 0}, {"WST", 2}, {"XAD", 2}, {"XAF", 0}, {"XCD", 2}, {"XCG", 2},
    {"XOF", 0}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2}, {"ZMW", 2}, {"ZWG", 2},
};

constexpr bool before(const Currency& a, std::string_view code) { return std::string_view(a.code) < code; }

constexpr bool in_order() {
  for (std::size_t i = 1; i < std::size(currencies); ++i)
    if (!before(currencies[i - 1], currencies[i].code)) return false;
  return true;
}
static_assert(in_order(), "the look-up is a binary search");

// Truncating division leaves |remainder| < divisor with the sign of the dividend; the rounding moves the quotient by at most one.
Int128 divide(Int128 dividend, Int128 divisor, Rounding rounding) {
  Int128 quotient = dividend / divisor;
  const Int128 remainder = dividend % divisor;
  if (remainder == 0) return quotient;
  const int away = dividend < 0 ? -1 : 1;
  const Int128 twice = 2 * (remainder < 0 ? -remainder : remainder);
  switch (rounding) {
    case Rounding::half_away:
      return twice >= divisor ? quotient + away : quotient;
    case Rounding::floor:
      return away < 0 ? quotient - 1 : quotient;
    case Rounding::ceiling:
      return away > 0 ? quotient + 1 : quotient;
    case Rounding::half_even:
      return twice > divisor || (twice == divisor && quotient % 2 != 0) ? quotient + away : quotient;
  }
  DAFTAR_CHECK(false && "a rounding that has a name");
  return 0;
}

// The parts of a JSON number: digits of the whole and fractional part, and the exponent.
struct DecimalText {
  bool negative = false;
  std::string_view whole, fraction;
  std::int64_t exponent = 0;  // held within ±10^15: beyond that the text would have to be longer than memory to matter
};

std::string_view take_digits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  const auto digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// RFC 8259 §6: [minus] int [frac] [exp].
std::optional<DecimalText> split(std::string_view text) {
  DecimalText parts;
  parts.negative = take(text, '-');
  parts.whole = take_digits(text);
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole.front() == '0')) return std::nullopt;
  if (take(text, '.')) {
    parts.fraction = take_digits(text);
    if (parts.fraction.empty()) return std::nullopt;
  }
  if (take(text, 'e') || take(text, 'E')) {
    const bool down = take(text, '-');
    if (!down) take(text, '+');
    const auto digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    constexpr std::int64_t exponent_max = 1'000'000'000'000'000;
    for (const char c : digits) parts.exponent = std::min(parts.exponent * 10 + (c - '0'), exponent_max);
    if (down) parts.exponent = -parts.exponent;
  }
  if (!text.empty()) return std::nullopt;
  return parts;
}

}  // namespace

std::optional<int> currency_decimals(std::string_view code) {
  const auto* found = std::lower_bound(std::begin(currencies), std::end(currencies), code, before);
  if (found == std::end(currencies) || code != found->code) return std::nullopt;
  return found->decimals;
}

std::optional<MinorUnits> checked_add(MinorUnits a, MinorUnits b) {
  MinorUnits sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<MinorUnits> checked_sub(MinorUnits a, MinorUnits b) {
  MinorUnits difference;
  if (__builtin_sub_overflow(a, b, &difference)) return std::nullopt;
  return difference;
}

std::optional<MinorUnits> narrow(Int128 value) {
  if (value < std::numeric_limits<MinorUnits>::min() || value > std::numeric_limits<MinorUnits>::max()) return std::nullopt;
  return static_cast<MinorUnits>(value);
}

std::string_view name(Rounding rounding) {
  switch (rounding) {
    case Rounding::half_away:
      return "half_away";
    case Rounding::floor:
      return "floor";
    case Rounding::ceiling:
      return "ceiling";
    case Rounding::half_even:
      return "half_even";
  }
  DAFTAR_CHECK(false && "a rounding that has a name");
  return {};
}

std::optional<MinorUnits> mul_div(MinorUnits value, std::int64_t numerator, std::int64_t denominator, Rounding rounding) {
  return round_division(static_cast<Int128>(value) * numerator, denominator, 1, rounding);
}

std::optional<MinorUnits> round_division(Int128 dividend, std::int64_t divisor, std::int64_t unit, Rounding rounding) {
  DAFTAR_CHECK(divisor > 0 && unit >= 1);
  const auto units = narrow(divide(dividend, static_cast<Int128>(divisor) * unit, rounding));
  if (!units) return std::nullopt;
  return narrow(static_cast<Int128>(*units) * unit);
}

std::string_view describe(DecimalError error) {
  switch (error) {
    case DecimalError::empty:
      return "there is no number";
    case DecimalError::not_a_number:
      return "not a decimal number such as 1250.50";
    case DecimalError::too_many_decimals:
      return "more decimals than the currency has";
    case DecimalError::out_of_range:
      return "too large for an amount";
  }
  DAFTAR_CHECK(false && "a decimal error that has a name");
  return {};
}

Expected<MinorUnits, DecimalError> parse_decimal(std::string_view text, int decimals) {
  DAFTAR_CHECK(decimals >= 0 && decimals <= 18);
  if (text.empty()) return Unexpected<DecimalError>(DecimalError::empty);
  const auto parts = split(text);
  if (!parts) return Unexpected<DecimalError>(DecimalError::not_a_number);

  // The value is digits × 10^power minor units; zeros at either end of the digits carry nothing.
  std::string digits(parts->whole);
  digits += parts->fraction;
  auto power = parts->exponent - static_cast<std::int64_t>(parts->fraction.size()) + decimals;
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++power;
  }
  if (digits.empty()) return 0;
  if (power < 0) return Unexpected<DecimalError>(DecimalError::too_many_decimals);
  if (power > 19 || digits.size() + static_cast<std::size_t>(power) > 19) return Unexpected<DecimalError>(DecimalError::out_of_range);

  Int128 value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  for (; power > 0; --power) value *= 10;
  const auto narrowed = narrow(parts->negative ? -value : value);
  if (!narrowed) return Unexpected<DecimalError>(DecimalError::out_of_range);
  return *narrowed;
}

std::string format_decimal(MinorUnits value, int decimals, bool group) {
  DAFTAR_CHECK(decimals >= 0 && decimals <= 18);
  const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string digits = std::to_string(magnitude);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  const std::size_t whole = digits.size() - places;

  std::string out = value < 0 ? "-" : "";
  for (std::size_t i = 0; i < whole; ++i) {
    if (group && i > 0 && (whole - i) % 3 == 0) out.push_back(' ');
    out.push_back(digits[i]);
  }
  if (places > 0) out.append(1, '.').append(digits, whole);
  return out;
}

}  // namespace daftar::ledger
