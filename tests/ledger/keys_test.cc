#include "ledger/keys.h"

#include <sodium.h>

#include <nlohmann/json.hpp>

#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

PublicKey key_from(std::string_view hex) { return *PublicKey::from_bytes(unhex(hex)); }
Signature signature_from(std::string_view hex) { return *Signature::from_bytes(unhex(hex)); }

bool whole_rule(const PublicKey& key, std::string_view message, const Signature& signature) {
  return check_registrable(key) && verify(key, message, signature);
}

// Points of order 2, 4 and 8: (0, -1), (sqrt(-1), 0), and the first of the four of order 8.
const char* const order_two = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
const char* const order_four = "0000000000000000000000000000000000000000000000000000000000000000";
const char* const order_eight = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";

PublicKey sum(const PublicKey& a, const PublicKey& b) {
  PublicKey out;
  REQUIRE(crypto_core_ed25519_add(out.bytes.data(), a.bytes.data(), b.bytes.data()) == 0);
  return out;
}

/// Signs with nonce `r`, putting R + torsion where R belongs: holds in the cofactored equation only.
Signature sign_with_torsion(const SigningKey& key, std::string_view message, const PublicKey& torsion) {
  const auto seed = key.seed();
  std::array<unsigned char, 64> expanded;
  crypto_hash_sha512(expanded.data(), reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
  expanded[0] &= 248;
  expanded[31] = static_cast<unsigned char>((expanded[31] & 127) | 64);
  std::array<unsigned char, 64> wide{};
  std::copy_n(expanded.begin(), 32, wide.begin());
  std::array<unsigned char, 32> a, r, h, s;
  crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
  std::array<unsigned char, 64> nonce;
  nonce.fill(7);
  crypto_core_ed25519_scalar_reduce(r.data(), nonce.data());
  PublicKey point;
  REQUIRE(crypto_scalarmult_ed25519_base_noclamp(point.bytes.data(), r.data()) == 0);
  point = sum(point, torsion);

  std::string input(point.view());
  input.append(key.public_key().view()).append(message);
  crypto_hash_sha512(wide.data(), reinterpret_cast<const unsigned char*>(input.data()), input.size());
  crypto_core_ed25519_scalar_reduce(h.data(), wide.data());
  crypto_core_ed25519_scalar_mul(s.data(), h.data(), a.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
  Signature signature;
  std::copy(point.bytes.begin(), point.bytes.end(), signature.bytes.begin());
  std::copy(s.begin(), s.end(), signature.bytes.begin() + 32);
  return signature;
}

}  // namespace

TEST_CASE("RFC 8032 section 7.1: keys, signatures and their verification") {
  struct Row { const char *seed, *key, *message, *signature; };
  const Row rows[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& row : rows) {
    const auto key = SigningKey::from_seed(unhex(row.seed));
    REQUIRE(key);
    CHECK(key->public_key().hex() == row.key);
    const auto message = unhex(row.message);
    CHECK(to_hex(key->sign(message).view()) == row.signature);
    CHECK(whole_rule(key_from(row.key), message, signature_from(row.signature)));
    CHECK_FALSE(whole_rule(key_from(row.key), message + "x", signature_from(row.signature)));
    CHECK(to_hex(key->seed()) == row.seed);
  }
}

TEST_CASE("All twelve ed25519-speccheck cases are refused, each by the step that should") {
  const auto cases = nlohmann::json::parse(read_data("tests/ledger/data/ed25519_speccheck.json"));
  REQUIRE(cases.size() == 12);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const auto key = key_from(cases[i]["pub_key"].get<std::string>());
    const auto message = unhex(cases[i]["message"].get<std::string>());
    const auto signature = signature_from(cases[i]["signature"].get<std::string>());
    CHECK_FALSE(whole_rule(key, message, signature));
    // 3, 4 and 5 hold in the cofactored equation with A of mixed order: registration is what refuses such a key.
    const bool equation_holds = i == 3 || i == 4 || i == 5;
    CHECK(verify(key, message, signature) == equation_holds);
    if (equation_holds) CHECK_FALSE(check_registrable(key));
  }
}

TEST_CASE("Wycheproof's verdicts on Ed25519 are ours") {
  std::istringstream lines(read_data("tests/ledger/data/ed25519_wycheproof.txt"));
  std::string key, message, signature, verdict;
  int count = 0;
  for (; lines >> key >> message >> signature >> verdict; ++count) {
    CAPTURE(count);
    const auto parsed = Signature::from_bytes(signature == "-" ? "" : unhex(signature));
    const bool accepted = parsed && whole_rule(key_from(key), message == "-" ? "" : unhex(message), *parsed);
    CHECK(accepted == (verdict == "ok"));
  }
  CHECK(count == 151);
}

TEST_CASE("A signature that only the cofactored equation accepts is accepted") {
  const auto key = key_of(1);
  for (const auto* torsion : {order_two, order_four, order_eight}) {
    const auto signature = sign_with_torsion(key, "message", key_from(torsion));
    CHECK(crypto_sign_verify_detached(signature.bytes.data(), reinterpret_cast<const unsigned char*>("message"), 7,
                                      key.public_key().bytes.data()) != 0);
    CHECK(whole_rule(key.public_key(), "message", signature));
    CHECK_FALSE(whole_rule(key.public_key(), "massage", signature));
    auto changed = signature;
    changed.bytes[40] ^= 1;
    CHECK_FALSE(whole_rule(key.public_key(), "message", changed));
  }
}

TEST_CASE("Keys of small or mixed order and non-canonical keys cannot be registered") {
  const auto honest = key_of(1).public_key();
  CHECK(check_registrable(honest));
  for (const auto* torsion : {order_two, order_four, order_eight}) {
    CAPTURE(torsion);
    CHECK_FALSE(check_registrable(key_from(torsion)));
    CHECK_FALSE(check_registrable(sum(honest, key_from(torsion))));
  }
  CHECK_FALSE(check_registrable(key_from("0100000000000000000000000000000000000000000000000000000000000000")));  // identity
  CHECK_FALSE(check_registrable(key_from("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));  // y = p
  CHECK_FALSE(check_registrable(key_from("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));  // y = p + 1
  CHECK_FALSE(check_registrable(key_from("0100000000000000000000000000000000000000000000000000000000000080")));  // x = 0, sign set
  CHECK_FALSE(check_registrable(key_from("0200000000000000000000000000000000000000000000000000000000000000")));  // not on the curve
}

TEST_CASE("A signature whose s is not below the group order is refused") {
  const auto key = key_of(2);
  auto signature = key.sign("m");
  REQUIRE(verify(key.public_key(), "m", signature));
  const auto order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (int i = 0; i < 32; ++i) {
    carry += signature.bytes[32 + i] + static_cast<unsigned char>(order[i]);
    signature.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  CHECK_FALSE(verify(key.public_key(), "m", signature));
}

TEST_CASE("Flipping any bit of key, message or signature makes the signature invalid") {
  const auto key = key_of(3);
  const std::string message = "sixteen bytes ok";
  const auto signature = key.sign(message);
  for (std::size_t bit = 0; bit < 8 * signature.bytes.size(); ++bit) {
    auto changed = signature;
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CHECK_FALSE(verify(key.public_key(), message, changed));
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    auto changed = key.public_key();
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CHECK_FALSE(verify(changed, message, signature));
  }
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    auto changed = message;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(verify(key.public_key(), changed, signature));
  }
}

TEST_CASE("A signing key can be moved, and its seed must have 32 bytes") {
  auto first = SigningKey::generate();
  const auto public_key = first.public_key();
  SigningKey second = std::move(first);
  CHECK(verify(public_key, "x", second.sign("x")));
  CHECK_FALSE(SigningKey::from_seed(std::string(31, 'a')));
  CHECK_FALSE(SigningKey::from_seed(std::string(33, 'a')));
  CHECK_FALSE(PublicKey::from_hex("00"));
  CHECK(PublicKey::from_hex(public_key.hex()) == public_key);
}
