// UTF-8 as Unicode defines it (table 3-7): shortest form only, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace daftar::ledger {

/// Takes one code point off the front of `text`; nothing when the bytes there are not well-formed (then `text` is unchanged).
/// `text` must not be empty.
std::optional<char32_t> take_code_point(std::string_view& text);

bool is_utf8(std::string_view text);

}  // namespace daftar::ledger
