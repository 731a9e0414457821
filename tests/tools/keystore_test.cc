#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/harness/temporary_folder.h"
#include "tools/files.h"
#include "tools/keystore.h"

namespace daftar::tools {
namespace {
namespace fs = std::filesystem;

struct Fixture {
  Fixture() { ledger::initialise_crypto(); }
  tests::TemporaryFolder folder;
  fs::path file = folder.path() / "keys" / "acme.json";
  Secret right{"correct horse"};
  Secret wrong{"battery staple"};

  nlohmann::json document() const { return nlohmann::json::parse(folder.read("keys/acme.json")); }
  void rewrite(const nlohmann::json& document) const { REQUIRE(write_file(file, document.dump(), 0600)); }
  std::string code_of_unlock() const {
    const auto unlocked = unlock_keystore(file, right);
    return unlocked ? "opened" : unlocked.error().code;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a keystore gives back the key it was given, and only under its passphrase") {
  const auto key = ledger::SigningKey::generate();
  REQUIRE(write_keystore(file, "acme", key, right));
  const auto unlocked = unlock_keystore(file, right);
  REQUIRE(unlocked);
  CHECK(unlocked->member == "acme");
  CHECK(unlocked->key.seed() == key.seed());
  const auto refused = unlock_keystore(file, wrong);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "keystore_wrong_passphrase");
  CHECK(unlock_keystore(file, right));  // a wrong try spoils nothing
}

TEST_CASE_METHOD(Fixture, "a keystore file holds no secret in the clear and is readable by its owner only") {
  const auto key = ledger::SigningKey::generate();
  REQUIRE(write_keystore(file, "acme", key, right));
  const std::string text = folder.read("keys/acme.json");
  CHECK(text.find(ledger::to_hex(key.seed())) == std::string::npos);
  CHECK(text.find("correct horse") == std::string::npos);
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat(file.parent_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  const auto d = document();
  CHECK(d["kdf"]["name"] == "argon2id");
  CHECK(d["kdf"]["memory_bytes"].get<std::uint64_t>() >= 64u << 20);
  CHECK(d["kdf"]["passes"].get<std::uint64_t>() >= 3);
}

TEST_CASE_METHOD(Fixture, "a keystore that others can read is refused until its mode is mended") {
  REQUIRE(write_keystore(file, "acme", ledger::SigningKey::generate(), right));
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(code_of_unlock() == "keystore_permissions");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  CHECK(code_of_unlock() == "opened");
}

TEST_CASE_METHOD(Fixture, "a keystore is never overwritten by a new one") {
  const auto key = ledger::SigningKey::generate();
  REQUIRE(write_keystore(file, "acme", key, right));
  const auto again = write_keystore(file, "acme", ledger::SigningKey::generate(), right);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == "keystore_exists");
  CHECK(unlock_keystore(file, right)->key.seed() == key.seed());
}

TEST_CASE_METHOD(Fixture, "key derivation weaker or stronger than the bounds is refused before any work") {
  REQUIRE(write_keystore(file, "acme", ledger::SigningKey::generate(), right));
  const auto good = document();
  for (const auto& [field, value] : {std::pair{"memory_bytes", (64ull << 20) - 1}, {"memory_bytes", (1ull << 30) + 1}, {"memory_bytes", 1ull << 62},
                                     {"passes", 2ull}, {"passes", 17ull}}) {
    auto changed = good;
    changed["kdf"][field] = value;
    rewrite(changed);
    CHECK(code_of_unlock() == "keystore_parameters");
  }
  rewrite(good);
  CHECK(code_of_unlock() == "opened");
}

TEST_CASE_METHOD(Fixture, "what stands in the clear beside the ciphertext cannot be altered") {
  REQUIRE(write_keystore(file, "acme", ledger::SigningKey::generate(), right));
  const auto good = document();
  auto other_member = good;
  other_member["member"] = "evil";
  auto other_key = good;
  other_key["public_key"] = ledger::SigningKey::generate().public_key().hex();
  auto other_passes = good;
  other_passes["kdf"]["passes"] = 4;
  auto flipped = good;
  std::string ciphertext = good["ciphertext"];
  ciphertext[0] = ciphertext[0] == '0' ? '1' : '0';
  flipped["ciphertext"] = ciphertext;
  for (const auto& altered : {other_member, other_key, other_passes, flipped}) {
    rewrite(altered);
    CHECK(code_of_unlock() == "keystore_wrong_passphrase");
  }
}

TEST_CASE_METHOD(Fixture, "a damaged keystore says what is damaged") {
  REQUIRE(write_keystore(file, "acme", ledger::SigningKey::generate(), right));
  const auto good = document();
  const std::string text = good.dump();
  REQUIRE(write_file(file, text.substr(0, text.size() / 2), 0600));
  CHECK(code_of_unlock() == "keystore_damaged");
  for (const char* field : {"format", "version", "member", "public_key", "kdf", "cipher", "nonce", "ciphertext"}) {
    auto without = good;
    without.erase(field);
    rewrite(without);
    CHECK(code_of_unlock() == "keystore_damaged");
  }
  auto short_nonce = good;
  short_nonce["nonce"] = "00";
  rewrite(short_nonce);
  CHECK(code_of_unlock() == "keystore_damaged");
  fs::remove(file);
  CHECK(code_of_unlock() == "keystore_unreadable");
}

TEST_CASE_METHOD(Fixture, "changing the passphrase keeps the key, a wrong old passphrase changes nothing") {
  const auto key = ledger::SigningKey::generate();
  REQUIRE(write_keystore(file, "acme", key, right));
  const Secret next("another");
  CHECK_FALSE(change_passphrase(file, wrong, next));
  CHECK(unlock_keystore(file, right));
  REQUIRE(change_passphrase(file, right, next));
  CHECK_FALSE(unlock_keystore(file, right));
  CHECK(unlock_keystore(file, next)->key.seed() == key.seed());
}

}  // namespace daftar::tools
