// Classes of ASCII characters; those of the C library depend on the locale.
#pragma once

namespace daftar::ledger {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace daftar::ledger
