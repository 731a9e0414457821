// Counts in texts of the log (tree sizes, indexes): ASCII digits, no sign, no leading zeros, within 64 bits.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace daftar::ledger {

inline std::optional<std::uint64_t> parse_canonical_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9' || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

}  // namespace daftar::ledger
