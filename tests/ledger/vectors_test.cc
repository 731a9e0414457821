// The judges of daftar-vectors, compiled in here: the program around them only reads lines.
#include "tools/vectors/judge.cc"

#include "tests/ledger/support.h"

using namespace daftar::ledger::testing;
using daftar::vectors::judge_ed25519;
using daftar::vectors::judge_merkle;

TEST_CASE("daftar-vectors merkle agrees with every public vector") {
  std::istringstream lines(read_data("tests/ledger/data/merkle_proofs.jsonl"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(judge_merkle(line) == nlohmann::json::parse(line)["want"]);
  }
  CHECK(count == 196);
}

TEST_CASE("daftar-vectors merkle: roots, absent proofs, unknown members and malformed lines") {
  const std::string empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
  const std::string most = "18446744073709551615";
  CHECK(judge_merkle(R"({"kind":"root","leaves":[]})") == empty);
  CHECK(judge_merkle(R"({"kind":"root","leaves":[""],"note":1})") == one);
  CHECK(judge_merkle(R"({"kind":"root","leaves":["","00","10","2021","3031","40414243","5051525354555657","606162636465666768696a6b6c6d6e6f"]})") ==
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  const auto inclusion = [&](const std::string& index, const std::string& size, const std::string& rest) {
    return judge_merkle(R"({"kind":"inclusion","leafIdx":)" + index + R"(,"treeSize":)" + size + R"(,"root":")" + one +
                        R"(","leafHash":")" + one + "\"" + rest + "}");
  };
  CHECK(inclusion("0", "1", "") == "ok");
  CHECK(inclusion("0", "1", R"(,"proof":null,"desc":{"a":[]})") == "ok");
  CHECK(inclusion("0", "1", R"(,"proof":[])") == "ok");
  CHECK(inclusion("0", "1", R"(,"proof":["00"])") == "err");
  CHECK(inclusion("0", "1", R"(,"proof":{})") == "err");
  CHECK(inclusion("-1", "1", "") == "err");
  CHECK(inclusion("0.0", "1", "") == "err");
  CHECK(inclusion("\"0\"", "1", "") == "err");
  CHECK(inclusion(most, most, "") == "err");
  CHECK(inclusion("18446744073709551614", most, "") == "err");
  CHECK(inclusion("0", "18446744073709551617", "") == "err");
  for (const auto* line : {"", "{", "[]", "null", "{}", R"({"kind":"other"})", R"({"kind":7})", R"({"kind":"root"})",
                           R"({"kind":"root","leaves":null})", R"({"kind":"root","leaves":["0"]})", R"({"kind":"root","leaves":[1]})",
                           R"({"kind":"inclusion"})", R"({"kind":"consistency","size1":1,"size2":1})", "{\"kind\":\"\xff\"}"})
    CHECK(judge_merkle(line) == "err");
  CHECK(judge_merkle(std::string(100'000, '[')) == "err");
}

TEST_CASE("daftar-vectors ed25519: empty message, the whole rule, malformed lines") {
  const std::string key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const std::string signature =
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
  CHECK(judge_ed25519(key + " - " + signature) == "ok");
  CHECK(judge_ed25519(key + "  " + signature) == "ok");
  CHECK(judge_ed25519(key + " 00 " + signature) == "err");
  CHECK(judge_ed25519(key + " - -") == "err");
  CHECK(judge_ed25519("- - " + signature) == "err");
  CHECK(judge_ed25519(key + " - " + signature + " ") == "err");
  CHECK(judge_ed25519(key + " - " + signature + "00") == "err");
  CHECK(judge_ed25519(key + " " + signature) == "err");
  CHECK(judge_ed25519("") == "err");
  CHECK(judge_ed25519("x y z") == "err");
  const auto cases = nlohmann::json::parse(read_data("tests/ledger/data/ed25519_speccheck.json"));
  for (const auto& c : cases)
    CHECK(judge_ed25519(c["pub_key"].get<std::string>() + " " + c["message"].get<std::string>() + " " + c["signature"].get<std::string>()) ==
          "err");
}
