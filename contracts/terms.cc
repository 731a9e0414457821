#include "contracts/terms.h"

#include <cstdint>

namespace daftar::contracts {
namespace {

constexpr std::uint64_t operations_field = 6, draft_contract_field = 7;   // ledger.proto
constexpr unsigned wire_varint = 0, wire_bytes = 2;

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Calls `visit(number, bytes)` for each length-delimited field until it returns true. Fields of other wire types than varint end the walk.
template <class Visit>
void each_bytes_field(std::string_view message, const Visit& visit) {
  while (!message.empty()) {
    const auto header = take_varint(message);
    if (!header) return;
    if ((*header & 7) == wire_varint) {
      if (!take_varint(message)) return;
      continue;
    }
    if ((*header & 7) != wire_bytes) return;
    const auto size = take_varint(message);
    if (!size || *size > message.size()) return;
    if (visit(*header >> 3, message.substr(0, *size))) return;
    message.remove_prefix(*size);
  }
}

}  // namespace

std::optional<std::string_view> draft_bytes(std::string_view body_bytes) {
  std::optional<std::string_view> found;
  each_bytes_field(body_bytes, [&](std::uint64_t field, std::string_view operation) {
    if (field != operations_field) return false;
    each_bytes_field(operation, [&](std::uint64_t kind, std::string_view bytes) {
      if (kind == draft_contract_field) found = bytes;
      return true;
    });
    return found.has_value();
  });
  return found;
}

std::optional<ledger::Digest> terms_digest(std::string_view body_bytes) {
  const auto bytes = draft_bytes(body_bytes);
  if (!bytes) return std::nullopt;
  return ledger::tagged_hash(ledger::tag::terms, *bytes);
}

}  // namespace daftar::contracts
