#include "ledger/keys.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "ledger/check.h"

namespace daftar::ledger {
namespace {

static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_BYTES == 64 && crypto_sign_SECRETKEYBYTES == 64);

using Point = std::array<std::uint8_t, 32>;
using Scalar = std::array<std::uint8_t, 32>;

constexpr Point identity{1};
// The order of the prime-order subgroup, 2^252 + 27742317777372353535851937790883648493, little-endian; its last byte is 0x10.
constexpr Scalar group_order{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                             0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

bool is_zero(const Scalar& s) { return s == Scalar{}; }

// y < 2^255 - 19. (The other non-canonical form, x = 0 with the sign bit set, encodes points of small order only, refused as such.)
bool has_canonical_y(const std::uint8_t* encoding) {
  if ((encoding[31] & 0x7F) != 0x7F || encoding[0] < 0xED) return true;
  return std::any_of(encoding + 1, encoding + 31, [](std::uint8_t b) { return b != 0xFF; });
}

bool below_group_order(const std::uint8_t* s) {
  for (int i = 31; i >= 0; --i)
    if (s[i] != group_order[i]) return s[i] < group_order[i];
  return false;
}

/// False when an argument encodes no point of the curve. Unlike the scalar multiplications of libsodium it takes points of any order.
bool add(Point& sum, const Point& a, const Point& b) { return crypto_core_ed25519_add(sum.data(), a.data(), b.data()) == 0; }

bool times_eight(Point& p) {
  for (int i = 0; i < 3; ++i) {
    Point doubled;
    if (!add(doubled, p, p)) return false;
    p = doubled;
  }
  return true;
}

// libsodium reports a zero scalar and an infinite result as errors, since a key exchange must not go on with them; here they are values.
bool multiply_base(Point& product, const Scalar& s) {
  product = identity;
  return is_zero(s) || crypto_scalarmult_ed25519_base_noclamp(product.data(), s.data()) == 0;
}

/// `p` must be in the prime-order subgroup and not the identity.
bool multiply(Point& product, const Scalar& s, const Point& p) {
  product = identity;
  return is_zero(s) || crypto_scalarmult_ed25519_noclamp(product.data(), s.data(), p.data()) == 0;
}

Scalar challenge(const Point& r, const Point& a, std::string_view message) {
  crypto_hash_sha512_state state;
  std::array<std::uint8_t, 64> wide;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, r.data(), r.size());
  crypto_hash_sha512_update(&state, a.data(), a.size());
  crypto_hash_sha512_update(&state, octets(message), message.size());
  crypto_hash_sha512_final(&state, wide.data());
  Scalar h;
  crypto_core_ed25519_scalar_reduce(h.data(), wide.data());
  return h;
}

// 8sB = h(8A) + 8R. Multiplying A by eight before h keeps libsodium's multiplication inside the prime-order subgroup, outside which it
// refuses to work, and makes the verdict exact for every A.
bool cofactored_equation(const Point& a, const Point& r, const Scalar& s, std::string_view message) {
  Point a8 = a, r8 = r, sb8, ha8, right;
  if (!times_eight(a8) || a8 == identity) return false;  // not on the curve, or of small order
  if (!times_eight(r8) || r8 == identity) return false;
  if (!multiply_base(sb8, s) || !times_eight(sb8)) return false;
  if (!multiply(ha8, challenge(r, a, message), a8)) return false;
  return add(right, ha8, r8) && sb8 == right;
}

template <class T>
std::optional<T> copy_exactly(std::string_view raw) {
  T out;
  if (raw.size() != out.bytes.size()) return std::nullopt;
  std::memcpy(out.bytes.data(), raw.data(), raw.size());
  return out;
}

}  // namespace

void initialise_crypto() { DAFTAR_CHECK(sodium_init() >= 0); }

std::optional<PublicKey> PublicKey::from_bytes(std::string_view raw) { return copy_exactly<PublicKey>(raw); }
std::optional<PublicKey> PublicKey::from_hex(std::string_view text) {
  const auto raw = ledger::from_hex(text);
  return raw ? from_bytes(*raw) : std::nullopt;
}
std::optional<Signature> Signature::from_bytes(std::string_view raw) { return copy_exactly<Signature>(raw); }

bool check_registrable(const PublicKey& key) {
  if (!has_canonical_y(key.bytes.data()) || crypto_core_ed25519_is_valid_point(key.bytes.data()) != 1) return false;
  // libsodium up to 1.0.20 takes a point of order 2L for one of order L (CVE-2025-69277). L·A is computed here as (L-1)·A + A, which is
  // the identity only in the prime-order subgroup.
  Scalar order_less_one = group_order;
  order_less_one[0] -= 1;
  Point product, sum;
  return multiply(product, order_less_one, key.bytes) && add(sum, product, key.bytes) && sum == identity;
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  const auto* r_bytes = signature.bytes.data();
  const auto* s_bytes = r_bytes + 32;
  if (!has_canonical_y(key.bytes.data()) || !has_canonical_y(r_bytes) || !below_group_order(s_bytes)) return false;
  // Refuses small orders of A and R itself, and accepts only where the equation holds without the cofactor, hence also with it.
  if (crypto_sign_verify_detached(r_bytes, octets(message), message.size(), key.bytes.data()) == 0) return true;
  Point r;
  Scalar s;
  std::memcpy(r.data(), r_bytes, 32);
  std::memcpy(s.data(), s_bytes, 32);
  return cofactored_equation(key.bytes, r, s, message);
}

SigningKey SigningKey::generate() {
  initialise_crypto();
  SigningKey key;
  DAFTAR_CHECK(crypto_sign_keypair(key.public_key_.bytes.data(), key.secret_.data()) == 0);
  return key;
}

std::optional<SigningKey> SigningKey::from_seed(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) return std::nullopt;
  SigningKey key;
  DAFTAR_CHECK(crypto_sign_seed_keypair(key.public_key_.bytes.data(), key.secret_.data(), octets(seed)) == 0);
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept : secret_(other.secret_), public_key_(other.public_key_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this == &other) return *this;
  secret_ = other.secret_;
  public_key_ = other.public_key_;
  sodium_memzero(other.secret_.data(), other.secret_.size());
  return *this;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Signature SigningKey::sign(std::string_view message) const {
  Signature signature;
  DAFTAR_CHECK(crypto_sign_detached(signature.bytes.data(), nullptr, octets(message), message.size(), secret_.data()) == 0);
  return signature;
}

std::string SigningKey::seed() const { return {reinterpret_cast<const char*>(secret_.data()), crypto_sign_SEEDBYTES}; }

}  // namespace daftar::ledger
