#include "ledger/money.h"

#include <limits>
#include <random>

#include "tests/ledger/support.h"

using namespace daftar::ledger;

namespace {

constexpr MinorUnits least = std::numeric_limits<MinorUnits>::min(), most = std::numeric_limits<MinorUnits>::max();

std::string shown(const daftar::Expected<MinorUnits, DecimalError>& value) {
  return value ? std::to_string(*value) : std::string(describe(value.error()));
}

}  // namespace

TEST_CASE("Currencies have the decimals of ISO 4217") {
  struct Row { const char* code; int decimals; };
  for (const auto& row : {Row{"UZS", 2}, {"PYG", 0}, {"JPY", 0}, {"KWD", 3}, {"BHD", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4}, {"EUR", 2},
                          {"USD", 2}, {"KZT", 2}, {"ISK", 0}, {"AED", 2}, {"ZWG", 2}, {"VND", 0}})
    CHECK(currency_decimals(row.code) == row.decimals);
  for (const auto* unknown : {"", "UZ", "uzs", "UZSX", "ZZZ", "XXX", "XAU", "HRK", "AAA", "   "}) CHECK_FALSE(currency_decimals(unknown));
}

TEST_CASE("Sums that do not fit are nothing") {
  CHECK(checked_add(2, 3) == 5);
  CHECK(checked_add(most, 0) == most);
  CHECK_FALSE(checked_add(most, 1));
  CHECK_FALSE(checked_add(least, -1));
  CHECK(checked_sub(least, least) == 0);
  CHECK_FALSE(checked_sub(least, 1));
  CHECK_FALSE(checked_sub(0, least));
  CHECK(narrow(Int128{most}) == most);
  CHECK_FALSE(narrow(Int128{most} + 1));
  CHECK(narrow(Int128{least}) == least);
  CHECK_FALSE(narrow(Int128{least} - 1));
}

TEST_CASE("Products are rounded by name, away from any doubt about negative amounts") {
  struct Row { MinorUnits value; std::int64_t numerator, denominator; MinorUnits half_away, floor, ceiling, half_even; };
  const Row rows[] = {
      {7, 1, 2, 4, 3, 4, 4},      {5, 1, 2, 3, 2, 3, 2},      {-5, 1, 2, -3, -3, -2, -2}, {-7, 1, 2, -4, -4, -3, -4},
      {1, 1, 3, 0, 0, 1, 0},      {-1, 1, 3, 0, -1, 0, 0},    {2, 1, 3, 1, 0, 1, 1},      {-2, 1, 3, -1, -1, 0, -1},
      {10, 3, 5, 6, 6, 6, 6},     {-10, 3, 5, -6, -6, -6, -6}, {0, 9, 7, 0, 0, 0, 0},     {3, -1, 2, -2, -2, -1, -2},
      {180'941'456, 100'000, 1'000'000, 18'094'146, 18'094'145, 18'094'146, 18'094'146},
  };
  for (const auto& r : rows) {
    CAPTURE(r.value, r.numerator, r.denominator);
    CHECK(mul_div(r.value, r.numerator, r.denominator, Rounding::half_away) == r.half_away);
    CHECK(mul_div(r.value, r.numerator, r.denominator, Rounding::floor) == r.floor);
    CHECK(mul_div(r.value, r.numerator, r.denominator, Rounding::ceiling) == r.ceiling);
    CHECK(mul_div(r.value, r.numerator, r.denominator, Rounding::half_even) == r.half_even);
  }
  CHECK(mul_div(most, most, most, Rounding::floor) == most);
  CHECK(mul_div(least, most, most, Rounding::floor) == least);
  CHECK_FALSE(mul_div(most, 2, 1, Rounding::floor));
  CHECK_FALSE(mul_div(least, -1, 1, Rounding::floor));
  CHECK_FALSE(mul_div(most, 3, 2, Rounding::half_even));
  CHECK(mul_div(most, 1, most, Rounding::half_even) == 1);
  CHECK(mul_div(least, least, most, Rounding::half_away) == std::nullopt);
}

TEST_CASE("Rounding to whole units") {
  CHECK(round_division(12'345, 1, 100, Rounding::half_away) == 12'300);
  CHECK(round_division(12'350, 1, 100, Rounding::half_away) == 12'400);
  CHECK(round_division(12'350, 1, 100, Rounding::half_even) == 12'400);
  CHECK(round_division(12'250, 1, 100, Rounding::half_even) == 12'200);
  CHECK(round_division(-12'345, 1, 100, Rounding::floor) == -12'400);
  CHECK(round_division(-12'345, 1, 100, Rounding::ceiling) == -12'300);
  CHECK(round_division(12'345, 1, 1, Rounding::ceiling) == 12'345);
  CHECK_FALSE(round_division(most, 1, 100, Rounding::ceiling));
  CHECK_FALSE(round_division(least, 1, 100, Rounding::floor));
}

TEST_CASE("Decimal numbers become minor units exactly, or are refused") {
  struct Row { const char* text; int decimals; const char* result; };
  const char* const not_a_number = "not a decimal number such as 1250.50";
  const char* const decimals = "more decimals than the currency has";
  const char* const range = "too large for an amount";
  const Row rows[] = {
      {"180941456.0", 0, "180941456"}, {"180941456.0", 2, "18094145600"}, {"0", 2, "0"}, {"-0", 2, "0"}, {"0.00000", 0, "0"},
      {"-12.50", 2, "-1250"}, {"12.5", 2, "1250"}, {"12.50000", 2, "1250"}, {"1.5e3", 0, "1500"}, {"1.5E+3", 2, "150000"},
      {"15e-1", 2, "150"}, {"100e-2", 0, "1"}, {"12.345", 3, "12345"}, {"12.345", 2, decimals}, {"0.001", 2, decimals},
      {"1e-1", 0, decimals}, {"0e-999999999999999999999", 0, "0"}, {"0e999999999999999999999", 0, "0"},
      {"1e999999999999999999999", 2, range}, {"1e-999999999999999999999", 2, decimals},
      {"92233720368547758.07", 2, "9223372036854775807"}, {"92233720368547758.08", 2, range},
      {"-92233720368547758.08", 2, "-9223372036854775808"}, {"-92233720368547758.09", 2, range}, {"9223372036854775807", 0, "9223372036854775807"},
      {"9999999999999999999", 0, range}, {"10000000000000000000", 0, range}, {"1e19", 0, range}, {"1e18", 0, "1000000000000000000"},
      {"0.1", 18, "100000000000000000"}, {"100000000000000000000000000e-24", 0, "100"},
      {"", 2, "there is no number"}, {" 1", 2, not_a_number}, {"1 ", 2, not_a_number}, {"+1", 2, not_a_number}, {"-", 2, not_a_number},
      {"1.", 2, not_a_number}, {".5", 2, not_a_number}, {"01", 2, not_a_number}, {"-01", 2, not_a_number}, {"1e", 2, not_a_number},
      {"1e+", 2, not_a_number}, {"1,5", 2, not_a_number}, {"1 000", 2, not_a_number}, {"0x10", 2, not_a_number}, {"NaN", 2, not_a_number},
      {"Infinity", 2, not_a_number}, {"1.5.2", 2, not_a_number}, {"--1", 2, not_a_number}, {"\xD9\xA1", 2, not_a_number},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text, row.decimals);
    CHECK(shown(parse_decimal(row.text, row.decimals)) == row.result);
  }
}

TEST_CASE("Minor units are shown as decimals") {
  CHECK(format_decimal(123'456'789, 2) == "1234567.89");
  CHECK(format_decimal(123'456'789, 2, true) == "1 234 567.89");
  CHECK(format_decimal(-123'456, 0, true) == "-123 456");
  CHECK(format_decimal(5, 2) == "0.05");
  CHECK(format_decimal(-5, 3) == "-0.005");
  CHECK(format_decimal(0, 2) == "0.00");
  CHECK(format_decimal(0, 0) == "0");
  CHECK(format_decimal(least, 2) == "-92233720368547758.08");
  CHECK(format_decimal(most, 0, true) == "9 223 372 036 854 775 807");
  std::mt19937_64 random(testing::seed());
  CAPTURE(testing::seed());
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<MinorUnits>(random() >> random() % 64);
    for (const int decimals : {0, 2, 3, 4}) {
      CHECK(parse_decimal(format_decimal(value, decimals), decimals) == value);
      CHECK(parse_decimal(format_decimal(-value, decimals), decimals) == -value);
    }
  }
}
