#include "ledger/hash.h"

#include <thread>

#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

TEST_CASE("SHA-256 of FIPS 180-4's examples, in one or more parts") {
  CHECK(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("a", "bc") == sha256("abc"));
  CHECK(sha256("a", "", "bc") == sha256("abc"));
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex() ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1'000'000, 'a')).hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("Threads hash independently") {
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&good, t] {
      for (int i = 0; i < 2000; ++i) good[static_cast<std::size_t>(t)] += sha256("abc").bytes[0] == 0xba ? 1 : 0;
    });
  for (auto& t : threads) t.join();
  for (const auto n : good) CHECK(n == 2000);
}

TEST_CASE("A tagged hash is the hash of tag, zero byte and parts") {
  const std::string zero(1, '\0');
  CHECK(tagged_hash("tag", "part") == sha256("tag" + zero + "part"));
  CHECK(tagged_hash("tag", "one", "two") == sha256("tag" + zero + "onetwo"));
  CHECK(tagged_hash("tag", "one", "two", "three") == sha256("tag" + zero + "onetwothree"));
}

TEST_CASE("The tags are what every id and signature was made with") {
  CHECK(tag::genesis == "daftar/genesis/v1");
  CHECK(tag::transaction_id == "daftar/transaction/v1");
  CHECK(tag::transaction_signature == "daftar/transaction-signature/v1");
  CHECK(tag::envelope == "daftar/envelope/v1");
  CHECK(tag::block == "daftar/block/v1");
  CHECK(tag::blinding == "daftar/blinding/v1");
  CHECK(tag::result == "daftar/result/v1");
  CHECK(tag::contract == "daftar/contract/v1");
  CHECK(tag::deadline_id == "daftar/deadline/v1");
  CHECK(tag::tax_due == "daftar/tax-due/v1");
  CHECK(tag::signed_read == "daftar/signed-read/v1");
}

TEST_CASE("Hexadecimal is written in lower case and read in either, in whole bytes only") {
  CHECK(to_hex(std::string("\x00\xff\x1a", 3)) == "00ff1a");
  CHECK(from_hex("00FF1a") == std::string("\x00\xff\x1a", 3));
  CHECK(from_hex("") == "");
  for (const auto* wrong : {"0", "0g", "g0", "0x00", " 00", "00 "}) CHECK_FALSE(from_hex(wrong));
  const auto digest = sha256("x");
  CHECK(Digest::from_hex(digest.hex()) == digest);
  CHECK(Digest::from_bytes(digest.view()) == digest);
  CHECK_FALSE(Digest::from_hex(digest.hex().substr(2)));
  CHECK_FALSE(Digest::from_hex(digest.hex() + "00"));
  CHECK_FALSE(Digest::from_hex("zz" + digest.hex().substr(2)));
  CHECK_FALSE(Digest::from_bytes(digest.view().substr(1)));
}

TEST_CASE("Base64 of RFC 4648 section 10, and nothing but it") {
  struct Row { const char *bytes, *text; };
  for (const auto& row : {Row{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}}) {
    CHECK(to_base64(row.bytes) == row.text);
    CHECK(from_base64(row.text) == row.bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  CHECK(from_base64(to_base64(all)) == all);
  for (const auto* wrong : {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "Z===", "====", "=", "Zg==Zg==", "Zm8=Zm9v", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "Zg=a"})
    CHECK_FALSE(from_base64(wrong));
}
