// Ed25519 keys under the one signature rule of Daftar (docs/formats.md, "Signatures"):
//   * A and R canonical, s < L, A and R not of small order;
//   * A in the prime-order subgroup, checked once, when a key is registered (check_registrable);
//   * the cofactored equation 8(sB - hA - R) = 0. libsodium's accept is final; its reject is decided again by that equation,
//     so that one-by-one and batch verification can agree on every input.
// Any thread. Call initialise_crypto() once at the start of a program.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/hash.h"

namespace daftar::ledger {

/// Prepares libsodium. Aborts when the system has no source of randomness.
void initialise_crypto();

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::string hex() const { return to_hex(view()); }
  static std::optional<PublicKey> from_bytes(std::string_view raw);
  static std::optional<PublicKey> from_hex(std::string_view text);
};

struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  auto operator<=>(const Signature&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  static std::optional<Signature> from_bytes(std::string_view raw);
};

/// May this key stand in the registry? Canonical, on the curve, of no small order, in the prime-order subgroup.
bool check_registrable(const PublicKey& key);

/// The rule above without the subgroup check of the key, which registration has made.
bool verify(const PublicKey& key, std::string_view message, const Signature& signature);

/// A seed and its key pair. The secret is wiped when the object dies; not copyable.
class SigningKey {
 public:
  static SigningKey generate();
  /// `seed` has exactly 32 bytes (RFC 8032 private key).
  static std::optional<SigningKey> from_seed(std::string_view seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }
  Signature sign(std::string_view message) const;
  /// The 32 secret bytes, for an encrypted keystore only. The caller wipes its copy.
  std::string seed() const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};
  PublicKey public_key_;
};

}  // namespace daftar::ledger
