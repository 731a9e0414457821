// The event of a rule that accumulates, as text and back: apart from what executes, since it is read from outside.
#include <charconv>

#include "contracts/tax/sums.h"

namespace daftar::contracts::tax {
namespace {

std::optional<ledger::MinorUnits> amount_in(std::string_view text) {
  ledger::MinorUnits amount = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (fault != std::errc() || end != text.data() + text.size() || amount < 0 || std::to_string(amount) != text) return std::nullopt;
  return amount;
}

}  // namespace

std::string sum_text(const SoFar& before) { return std::to_string(before.start) + " " + std::to_string(before.tax); }

std::optional<SoFar> parse_sum(const Event& event) {
  const std::string_view text = event.text;
  const auto space = text.find(' ');
  if (event.kind != sum_event || space == std::string_view::npos) return std::nullopt;
  const auto start = amount_in(text.substr(0, space)), tax = amount_in(text.substr(space + 1));
  if (!start || !tax) return std::nullopt;
  return SoFar{.base = event.amount, .start = *start, .tax = *tax};
}

}  // namespace daftar::contracts::tax
