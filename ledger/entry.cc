#include "ledger/entry.h"

#include "ledger/check.h"
#include "ledger/encoding.h"

namespace daftar::ledger {
namespace {

constexpr std::uint8_t entry_version = 1;  // never reuse a number: entries are kept for ever
constexpr std::uint8_t leaf_version = 1;
constexpr std::size_t nonce_bytes = 16;

}  // namespace

std::string encode_entry(const Entry& entry) {
  DAFTAR_CHECK(entry.nonce.size() == nonce_bytes);
  Writer out;
  out.u8(entry_version);
  out.u64(entry.index);
  out.u64(entry.height);
  out.u64(entry.time_ms);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.raw(entry.id.view());
  out.raw(entry.nonce);
  out.bytes(entry.envelope);
  out.bytes(entry.result);
  return out.take();
}

std::optional<Entry> decode_entry(std::string_view bytes) {
  Reader in(bytes);
  if (in.u8() != entry_version) return std::nullopt;
  Entry entry;
  entry.index = in.u64();
  entry.height = in.u64();
  entry.time_ms = in.u64();
  const auto kind = in.u8();
  if (kind > static_cast<std::uint8_t>(EntryKind::deadline)) return std::nullopt;
  entry.kind = static_cast<EntryKind>(kind);
  const auto id = Digest::from_bytes(in.raw(32));
  entry.nonce = in.raw(nonce_bytes);
  entry.envelope = in.bytes();
  entry.result = in.bytes();
  if (!in.done() || !id) return std::nullopt;
  entry.id = *id;
  return entry;
}

Digest result_digest(std::string_view nonce, std::string_view result) {
  const auto blinding_key = tagged_hash(tag::blinding, nonce);
  return tagged_hash(tag::result, blinding_key.view(), result);
}

Digest envelope_hash(std::string_view envelope) { return tagged_hash(tag::envelope, envelope); }

std::string leaf_record(const Entry& entry) { return leaf_record(entry, envelope_hash(entry.envelope)); }

std::string leaf_record(const Entry& entry, const Digest& envelope_hash) {
  DAFTAR_CHECK(entry.nonce.size() == nonce_bytes);
  Writer out;
  out.u8(leaf_version);
  out.u64(entry.index);
  out.u64(entry.height);
  out.u64(entry.time_ms);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.raw(entry.id.view());
  out.raw(envelope_hash.view());
  out.raw(result_digest(entry.nonce, entry.result).view());
  return out.take();
}

}  // namespace daftar::ledger
