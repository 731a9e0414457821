// Reading and writing single fields of Protobuf's wire format, for messages that are taken apart or built without copying them through
// the Protobuf library. The reader is for bytes that strict_scan has accepted; it is total all the same.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daftar::ledger {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

/// A varint at the front of `bytes`, in its shortest form, at most 64 bits. Nothing: overlong, too large or cut short (`bytes` unchanged).
std::optional<std::uint64_t> take_varint(std::string_view& bytes);

struct WireField {
  std::uint32_t number = 0;
  std::uint64_t varint = 0;     // for wire type varint
  std::string_view bytes;       // for wire type length_delimited: a view into the message
};

/// The next field of a message, taken off the front of `message`. Nothing at its end, and nothing for what is not such a field.
std::optional<WireField> take_field(std::string_view& message);

void append_varint(std::string& out, std::uint64_t value);
/// proto3: a zero, and empty bytes of a singular field, are not written.
void append_varint_field(std::string& out, std::uint32_t number, std::uint64_t value);
/// Writes the field even when `bytes` is empty.
void append_bytes_field(std::string& out, std::uint32_t number, std::string_view bytes);

}  // namespace daftar::ledger
