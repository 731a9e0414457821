#include "ledger/wire_read.h"

namespace daftar::ledger {

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i == 9 && byte > 1) return std::nullopt;  // more than 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0) return std::nullopt;  // overlong
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<WireField> take_field(std::string_view& message) {
  std::string_view rest = message;
  const auto tag = take_varint(rest);
  if (!tag || *tag >> 32 != 0) return std::nullopt;
  WireField field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  const auto value = take_varint(rest);
  if (!value) return std::nullopt;
  switch (static_cast<WireType>(*tag & 7)) {
    case WireType::varint:
      field.varint = *value;
      break;
    case WireType::length_delimited:
      if (*value > rest.size()) return std::nullopt;
      field.bytes = rest.substr(0, *value);
      rest.remove_prefix(*value);
      break;
    default:
      return std::nullopt;
  }
  message = rest;
  return field;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_varint_field(std::string& out, std::uint32_t number, std::uint64_t value) {
  if (value == 0) return;
  append_varint(out, number << 3);
  append_varint(out, value);
}

void append_bytes_field(std::string& out, std::uint32_t number, std::string_view bytes) {
  append_varint(out, number << 3 | static_cast<std::uint32_t>(WireType::length_delimited));
  append_varint(out, bytes.size());
  out.append(bytes);
}

}  // namespace daftar::ledger
