// Who asks: each way in which a signed read can be wrong, over a state of one member.
#include <catch2/catch.hpp>

#include "contracts/execute.h"
#include "ledger/change_set.h"
#include "node/signed_read.h"
#include "tests/harness/small_network.h"

using namespace daftar;
using node::NonceMemory;

namespace {

struct EmptyState final : ledger::StateView {
  std::optional<std::string> get(std::string_view) const override { return std::nullopt; }
  void scan(std::string_view, std::string_view, const std::function<bool(std::string_view, std::string_view)>&) const override {}
};

constexpr std::uint64_t now = 1'795'000'000'000;

struct World {
  tests::SmallNetwork network{1};
  EmptyState empty;
  ledger::ChangeSet changes = contracts::genesis_state(*network.genesis).value();
  ledger::Overlay state{empty, changes};
  NonceMemory nonces;

  /// The bytes written out here, as docs/api.md has them, and not by the function under test.
  std::string header(const std::string& member, const ledger::SigningKey& key, std::uint64_t time, const std::string& nonce, const std::string& target = "/v1/x?a=1",
                     const std::string& body = {}, std::optional<ledger::Digest> ledger_id = {}) const {
    const std::string lines = ledger_id.value_or(network.genesis->ledger_id()).hex() + "\n0\nGET\n" + target + "\n" + ledger::sha256(body).hex() + "\n" + member + "\n" +
                              std::to_string(time) + "\n" + nonce;
    const std::string bytes = std::string("daftar/signed-read/v1") + '\0' + lines;
    return "v1 " + member + " " + key.public_key().hex() + " " + std::to_string(time) + " " + nonce + " " + ledger::to_base64(key.sign(bytes).view());
  }
  /// The code of the refusal, or "member <id>".
  std::string judge(const std::string& header, const std::string& target = "/v1/x?a=1", const std::string& body = {}, std::uint64_t at = now) {
    const auto judged = node::judge_signed_read(header, "GET", target, body, network.genesis->ledger_id(), state, at, nonces);
    return judged ? "member " + judged->id : judged.error().code;
  }
};

const std::string nonce_1 = "00112233445566778899aabbccddeeff", nonce_2 = "10112233445566778899aabbccddeeff";

}  // namespace

TEST_CASE("a read signed with a member's key is that member's, once") {
  World world;
  const auto header = world.header("acme", world.network.members.at("acme"), now, nonce_1);
  CHECK(world.judge(header) == "member acme");
  CHECK(world.judge(header) == "read_repeated");
  CHECK(world.judge(world.header("acme", world.network.members.at("acme"), now, nonce_2)) == "member acme");
}

TEST_CASE("a read signed for something else is refused") {
  World world;
  const auto& acme = world.network.members.at("acme");
  const auto good = [&] { return world.header("acme", acme, now, nonce_1); };
  CHECK(world.judge(world.header("acme", world.network.members.at("baraka"), now, nonce_1)) == "read_key");
  CHECK(world.judge(world.header("nobody", acme, now, nonce_1)) == "read_key");
  CHECK(world.judge(world.header("acme", ledger::SigningKey::generate(), now, nonce_1)) == "read_key");
  CHECK(world.judge(good(), "/v1/x?a=2") == "read_signature");
  CHECK(world.judge(good(), "/v1/x?a=1", "body") == "read_signature");
  ledger::Digest other = world.network.genesis->ledger_id();
  other.bytes[0] ^= 1;
  CHECK(world.judge(world.header("acme", acme, now, nonce_1, "/v1/x?a=1", {}, other)) == "read_signature");
  std::string altered = good();
  altered.replace(altered.find(nonce_1), 32, nonce_2);
  CHECK(world.judge(altered) == "read_signature");
  // None of these has spent the nonce.
  CHECK(world.judge(good()) == "member acme");
}

TEST_CASE("a read from another time is refused, a minute either way is not") {
  World world;
  const auto& acme = world.network.members.at("acme");
  CHECK(world.judge(world.header("acme", acme, now - 60'001, nonce_1)) == "read_time");
  CHECK(world.judge(world.header("acme", acme, now + 60'001, nonce_1)) == "read_time");
  CHECK(world.judge(world.header("acme", acme, UINT64_MAX, nonce_1)) == "read_time");
  CHECK(world.judge(world.header("acme", acme, now - 60'000, nonce_1)) == "member acme");
  CHECK(world.judge(world.header("acme", acme, now + 60'000, nonce_2)) == "member acme");
}

TEST_CASE("headers of another form are refused") {
  World world;
  const std::string good = world.header("acme", world.network.members.at("acme"), now, nonce_1);
  const auto with = [&](std::size_t word, const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= good.size();) {
      const auto end = std::min(good.find(' ', at), good.size());
      words.push_back(good.substr(at, end - at));
      at = end + 1;
    }
    words[word] = text;
    std::string out;
    for (const auto& w : words) out += (out.empty() ? "" : " ") + w;
    return out;
  };
  for (const std::string& header : {std::string(), std::string("v1"), with(0, "v2"), with(1, "ACME"), with(1, ""), with(2, "00"), with(3, "-1"), with(3, "x"), with(4, "0011"),
                                    with(4, "00112233445566778899AABBCCDDEEFF"), with(5, "!!"), with(5, ""), good + " more", good + " ", std::string(5000, ' ')}) {
    INFO(header);
    CHECK(world.judge(header) == "read_malformed");
  }
}

TEST_CASE("the memory of nonces is bounded in all and per member, and forgets only what time refuses anyway") {
  NonceMemory nonces(5, 3);
  const auto use = [&](const std::string& member, int n, std::uint64_t time, std::uint64_t at) {
    node::SignedRead read;
    read.member = member;
    read.nonce = std::to_string(n);
    read.time_ms = time;
    return nonces.use(read, at);
  };
  for (int n = 0; n < 3; ++n) CHECK(use("a", n, now, now) == NonceMemory::Verdict::fresh);
  CHECK(use("a", 3, now, now) == NonceMemory::Verdict::full);
  CHECK(use("b", 0, now + 1, now) == NonceMemory::Verdict::fresh);   // another member's nonce of the same text is another
  CHECK(use("b", 1, now, now) == NonceMemory::Verdict::fresh);
  CHECK(use("c", 0, now, now) == NonceMemory::Verdict::full);
  CHECK(use("a", 0, now, now + 60'000) == NonceMemory::Verdict::used);   // still within the window: still remembered
  CHECK(use("c", 0, now + 60'001, now + 60'001) == NonceMemory::Verdict::fresh);
  CHECK(use("a", 3, now + 60'001, now + 60'001) == NonceMemory::Verdict::fresh);
}
