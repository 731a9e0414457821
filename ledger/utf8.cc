#include "ledger/utf8.h"

#include <cstring>

#include "ledger/check.h"

namespace daftar::ledger {

std::optional<char32_t> take_code_point(std::string_view& text) {
  DAFTAR_CHECK(!text.empty());
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  // The range of the second byte is what excludes overlong forms, surrogates and values beyond U+10FFFF.
  unsigned length = 0, low = 0x80, high = 0xBF;
  char32_t value = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    value = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    value = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    value = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return std::nullopt;
  }
  if (text.size() < length) return std::nullopt;
  for (unsigned i = 1; i < length; ++i) {
    const unsigned next = at(i);
    if (next < low || next > high) return std::nullopt;
    value = (value << 6) | (next & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  text.remove_prefix(length);
  return value;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (text.size() >= 8) {  // most text is ASCII: eight bytes at a time
      std::uint64_t word;
      std::memcpy(&word, text.data(), 8);
      if ((word & 0x8080808080808080u) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    if (!take_code_point(text)) return false;
  }
  return true;
}

}  // namespace daftar::ledger
