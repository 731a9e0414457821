#include "ledger/ids.h"

#include <algorithm>

#include "ledger/ascii.h"
#include "ledger/check.h"
#include "ledger/utf8.h"

namespace daftar::ledger {
namespace {

template <class Allowed>
bool consists_of(std::string_view text, std::size_t size_max, Allowed allowed) {
  return !text.empty() && text.size() <= size_max && std::all_of(text.begin(), text.end(), allowed);
}

bool is_label(std::string_view text) {
  return consists_of(text, 40, [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '.'; });
}

bool is_currency_shape(std::string_view text) { return text.size() == 3 && std::all_of(text.begin(), text.end(), is_upper); }

// Characters that steer a terminal, end a line or reorder what is displayed: what a person reads must be what is signed.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

bool is_member_id(std::string_view text) {
  return consists_of(text, 40, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; }) && text.front() != '-';
}

std::optional<AccountName> parse_account(std::string_view text) {
  const auto first = text.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  AccountName name{text.substr(0, first), text.substr(first + 1), {}};
  if (const auto second = name.currency.find('/'); second != std::string_view::npos) {
    name.label = name.currency.substr(second + 1);
    name.currency = name.currency.substr(0, second);
    if (!is_label(name.label)) return std::nullopt;
  }
  if (!is_member_id(name.member) || !is_currency_shape(name.currency)) return std::nullopt;
  return name;
}

std::string account_id(std::string_view member, std::string_view currency, std::string_view label) {
  std::string id;
  id.reserve(member.size() + currency.size() + label.size() + 2);
  id.append(member).append(1, '/').append(currency);
  if (!label.empty()) id.append(1, '/').append(label);
  return id;
}

bool is_budget_line_id(std::string_view text) {
  return consists_of(text, 64, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_code(std::string_view text) {
  return consists_of(text, 40, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_plain_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return false;
  while (!text.empty()) {
    const auto c = take_code_point(text);
    if (!c || is_control(*c)) return false;
  }
  return true;
}

}  // namespace daftar::ledger
