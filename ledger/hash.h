// SHA-256 and the domain tags under which Daftar hashes. OpenSSL's implementation (SHA-NI), one shot or in parts.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace daftar::ledger {

/// 32 bytes of SHA-256. Ordered and hashable, so that it can be a key.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// Lower-case hexadecimal, 64 characters.
  std::string hex() const;
  /// From exactly 32 raw bytes; nothing otherwise.
  static std::optional<Digest> from_bytes(std::string_view raw);
  /// From exactly 64 hexadecimal digits of either case; nothing otherwise.
  static std::optional<Digest> from_hex(std::string_view text);
};

/// For unordered containers outside replicated code.
struct DigestHash {
  std::size_t operator()(const Digest& d) const;
};

Digest sha256(std::string_view bytes);
/// Of the parts one after the other, without joining them first.
Digest sha256(std::string_view first, std::string_view second);
Digest sha256(std::string_view first, std::string_view second, std::string_view third);

/// SHA-256 of what comes in runs, such as a file. finish() once, then it is done.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  Digest finish();

 private:
  struct Running;
  const std::unique_ptr<Running> running_;
};

/// SHA-256(tag ‖ 0x00 ‖ part ‖ part ...). Tags are the constants below; parts must be of fixed length, or only the last may vary.
Digest tagged_hash(std::string_view tag, std::string_view part);
Digest tagged_hash(std::string_view tag, std::string_view first, std::string_view second);
Digest tagged_hash(std::string_view tag, std::string_view first, std::string_view second, std::string_view third);

namespace tag {  // never change: they are part of every id and signature (docs/formats.md)
inline constexpr std::string_view genesis = "daftar/genesis/v1";
inline constexpr std::string_view transaction_id = "daftar/transaction/v1";
inline constexpr std::string_view transaction_signature = "daftar/transaction-signature/v1";
inline constexpr std::string_view envelope = "daftar/envelope/v1";
inline constexpr std::string_view block = "daftar/block/v1";
inline constexpr std::string_view blinding = "daftar/blinding/v1";
inline constexpr std::string_view result = "daftar/result/v1";
inline constexpr std::string_view contract = "daftar/contract/v1";
inline constexpr std::string_view template_program = "daftar/template-program/v1";
inline constexpr std::string_view deadline_id = "daftar/deadline/v1";
inline constexpr std::string_view tax_due = "daftar/tax-due/v1";
inline constexpr std::string_view seal = "daftar/seal/v1";
inline constexpr std::string_view signed_read = "daftar/signed-read/v1";
}  // namespace tag

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);
/// Standard base64 with padding (RFC 4648 §4); decoding is strict: no white space, canonical padding bits.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace daftar::ledger
