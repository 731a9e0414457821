// What several tests of the room need: a random source that names its seed, keys from numbers, data files.
#pragma once
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "ledger/keys.h"
#include "ledger/transaction.h"

namespace daftar::ledger::testing {

inline std::uint64_t seed() {
  if (const char* given = std::getenv("DAFTAR_SEED")) return std::strtoull(given, nullptr, 10);
  return 20261124;
}

inline std::string read_data(const std::string& path) {
  std::ifstream file(std::string(DAFTAR_SOURCE_DIR) + "/" + path, std::ios::binary);
  REQUIRE(file.good());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

inline std::string unhex(std::string_view text) {
  auto bytes = from_hex(text);
  REQUIRE(bytes);
  return *bytes;
}

/// A key pair that is the same in every run.
inline SigningKey key_of(unsigned number) { return std::move(*SigningKey::from_seed(sha256("test key " + std::to_string(number)).view())); }

inline proto::TransactionBody transfer_body() {
  proto::TransactionBody body;
  body.set_ledger_id(std::string(sha256("a ledger").view()));
  body.set_sender("acme");
  body.set_nonce("0123456789abcdef");
  body.set_valid_until_ms(1'800'000'000'000);
  auto* transfer = body.add_operations()->mutable_transfer();
  transfer->set_from("acme/UZS");
  transfer->set_to("globex/UZS");
  transfer->set_amount(12'500'00);
  transfer->set_category("none");
  transfer->set_reference("invoice 17");
  return body;
}

inline Transaction::Signed sign_body(std::string_view body, const SigningKey& key) {
  return {key.public_key(), key.sign(signing_bytes(body))};
}

inline std::string signed_envelope(const proto::TransactionBody& body, const SigningKey& key) {
  const auto bytes = encode_body(body);
  return make_envelope(bytes, {sign_body(bytes, key)});
}

}  // namespace daftar::ledger::testing
