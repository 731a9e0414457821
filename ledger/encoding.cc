#include "ledger/encoding.h"

#include <limits>

#include "ledger/check.h"

namespace daftar::ledger {
namespace {

template <class Unsigned>
void append_big_endian(std::string& out, Unsigned v) {
  char buffer[sizeof(Unsigned)];
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) buffer[i] = static_cast<char>(v >> (8 * (sizeof(Unsigned) - 1 - i)));
  out.append(buffer, sizeof(Unsigned));
}

template <class Unsigned>
Unsigned read_big_endian(std::string_view in) {
  Unsigned v = 0;
  for (const char c : in) v = static_cast<Unsigned>((static_cast<std::uint64_t>(v) << 8) | static_cast<unsigned char>(c));
  return v;
}

}  // namespace

void Writer::u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
void Writer::u16(std::uint16_t v) { append_big_endian(out_, v); }
void Writer::u32(std::uint32_t v) { append_big_endian(out_, v); }
void Writer::u64(std::uint64_t v) { append_big_endian(out_, v); }

void Writer::bytes(std::string_view v) {
  DAFTAR_CHECK(v.size() <= std::numeric_limits<std::uint32_t>::max());
  u32(static_cast<std::uint32_t>(v.size()));
  raw(v);
}

std::uint8_t Reader::u8() { return read_big_endian<std::uint8_t>(raw(1)); }
std::uint16_t Reader::u16() { return read_big_endian<std::uint16_t>(raw(2)); }
std::uint32_t Reader::u32() { return read_big_endian<std::uint32_t>(raw(4)); }
std::uint64_t Reader::u64() { return read_big_endian<std::uint64_t>(raw(8)); }

bool Reader::boolean() {
  const auto v = u8();
  if (v > 1) fail();
  return ok_ && v == 1;
}

std::string_view Reader::raw(std::size_t n) {
  if (!ok_ || n > in_.size()) {
    fail();
    return {};
  }
  const auto taken = in_.substr(0, n);
  in_.remove_prefix(n);
  return taken;
}

std::string_view Reader::bytes() {
  const auto size = u32();
  return raw(size);
}

}  // namespace daftar::ledger
