// Bad transactions over the real API: each is refused with its code, a sentence and advice, and changes nothing.
#include <functional>

#include "tests/harness/service_contract.h"
#include "tests/end_to_end/test_network.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

using ledger::proto::TransactionBody;

struct Refusal {
  std::string what, code;
  std::string envelope;
};

/// The body of an honest payment, to be spoilt.
TransactionBody honest_body(const TestNetwork& network) {
  TransactionBody body;
  REQUIRE(body.ParseFromString(tools::make_body(network.genesis(), payer, {network.transfer_operation(payer_account, payee_account, 700)})));
  return body;
}

/// Signed after spoiling: only what was spoilt is wrong.
std::string spoilt(const TestNetwork& network, const std::string& signer, const std::function<void(TransactionBody&)>& change) {
  TransactionBody body = honest_body(network);
  change(body);
  return tools::sign_body(ledger::encode_body(body), {&network.key(signer)});
}

/// The same on the bytes of the body.
std::string spoilt_bytes(const TestNetwork& network, const std::function<void(std::string&)>& change) {
  std::string bytes = ledger::encode_body(honest_body(network));
  change(bytes);
  return tools::sign_body(bytes, {&network.key(payer)});
}

/// Where the varint of valid_until_ms begins: after ledger id (2 + 32), sender (2 + length), nonce (2 + 16) and its own tag.
std::size_t valid_until_at() { return 34 + 2 + payer.size() + 18 + 1; }

std::string operations(const TestNetwork& network, const std::string& sender, const std::function<void(ledger::proto::Operation&)>& fill) {
  ledger::proto::Operation operation;
  fill(operation);
  return network.sign(sender, {operation});
}

std::vector<Refusal> refusals(const TestNetwork& network) {
  const auto pay = [&](const std::string& from, const std::string& to, std::int64_t amount) {
    return network.sign(payer, {network.transfer_operation(from, to, amount)});
  };
  std::string flipped = network.transfer(700);
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  const std::uint64_t now = tools::now_ms();
  const auto stranger = ledger::SigningKey::generate();
  std::vector<Refusal> out = {
      {"one bit of the signature flipped", "signature_invalid", flipped},
      {"no signature", "signature_missing", tools::sign_body(ledger::encode_body(honest_body(network)), {})},
      {"the same key twice", "signature_repeated", tools::sign_body(ledger::encode_body(honest_body(network)), {&network.key(payer), &network.key(payer)})},
      {"signed by another member", "key_not_of_member", spoilt(network, payee, [](TransactionBody&) {})},
      {"signed by nobody's key", "key_not_of_member", tools::sign_body(ledger::encode_body(honest_body(network)), {&stranger})},
      {"another ledger", "other_ledger", spoilt(network, payer, [](TransactionBody& b) { (*b.mutable_ledger_id())[5] ^= 1; })},
      {"another epoch", "other_epoch", spoilt(network, payer, [](TransactionBody& b) { b.set_epoch(1); })},
      {"expired", "expired", spoilt(network, payer, [&](TransactionBody& b) { b.set_valid_until_ms(now - 10'000); })},
      {"valid too long", "valid_until_too_far", spoilt(network, payer, [&](TransactionBody& b) { b.set_valid_until_ms(now + 48 * 3'600'000ull); })},
      {"unknown sender", "sender_unknown", spoilt(network, payer, [](TransactionBody& b) { b.set_sender("nobody"); })},
      {"nonce of 15 bytes", "nonce_size", spoilt(network, payer, [](TransactionBody& b) { b.set_nonce(std::string(15, 'n')); })},
      {"no operation", "operations_count", spoilt(network, payer, [](TransactionBody& b) { b.clear_operations(); })},
      {"unknown field in the body", "malformed", spoilt_bytes(network, [](std::string& b) { b += std::string("\x78\x01", 2); })},
      {"ledger id twice", "malformed", spoilt_bytes(network, [](std::string& b) { b = b.substr(0, 34) + b; })},
      {"an explicit default", "malformed", spoilt_bytes(network, [](std::string& b) { b.insert(34, std::string("\x10\x00", 2)); })},
      {"an overlong varint", "malformed",
       spoilt_bytes(network,
                    [](std::string& b) {
                      std::size_t at = valid_until_at();
                      while ((b[at] & 0x80) != 0) ++at;
                      b[at] = static_cast<char>(b[at] | 0x80);
                      b.insert(at + 1, 1, '\0');
                    })},
      {"fields out of order", "malformed", spoilt_bytes(network, [](std::string& b) { b = b.substr(34) + b.substr(0, 34); })},
      {"bytes after the envelope", "malformed", network.transfer(700) + std::string("\x18\x01", 2)},
      {"not Protobuf at all", "malformed", std::string("\xff\xff\xff\xff garbage")},
      {"more than 64 KiB", "too_large",
       spoilt(network, payer, [](TransactionBody& b) { b.mutable_operations(0)->mutable_transfer()->set_reference(std::string(70'000, 'x')); })},
      {"more than there is", "overdraft", pay(payer_account, payee_account, issued_amount + 1)},
      {"a negative amount", "amount_must_be_positive", pay(payer_account, payee_account, -5)},
      {"somebody else's money", "account_not_yours", pay(payee_account, payer_account, 5)},
      {"to nobody", "account_unknown", pay(payer_account, "nobody/UZS", 5)},
      {"to an account not opened", "account_unknown", pay(payer_account, payee + "/UZS/payroll", 5)},
      {"into another currency", "currency_mismatch", pay(payer_account, payee + "/PYG", 5)},
      {"to itself", "same_account", pay(payer_account, payer_account, 5)},
      {"unknown contract", "contract_unknown", operations(network, payer, [](ledger::proto::Operation& o) {
         o = act_on(std::string(32, 'c'), std::string(32, 'd'), "accept", 1);
       })},
      {"money made by one who is no bank", "role_missing", operations(network, payer, [](ledger::proto::Operation& o) {
         o.mutable_issue()->set_to(payer_account);
         o.mutable_issue()->set_amount(5);
         o.mutable_issue()->set_statement_reference("mine");
       })},
      {"a statement line used twice", "statement_reference_used", operations(network, "bank", [](ledger::proto::Operation& o) {
         o.mutable_issue()->set_to(payer_account);
         o.mutable_issue()->set_amount(5);
         o.mutable_issue()->set_statement_reference("opening");
       })},
      {"more money than fits", "overflow", operations(network, "bank", [](ledger::proto::Operation& o) {
         o.mutable_issue()->set_to(payer_account);
         o.mutable_issue()->set_amount(INT64_MAX);
         o.mutable_issue()->set_statement_reference("too much");
       })},
  };
  return out;
}

}  // namespace

TEST_CASE("bad transactions are refused with code, sentence and advice, and change nothing") {
  TestNetwork network;
  const unsigned follower = network.follower();
  tools::NodeConnection connection(network.network().endpoints()[follower - 1]);
  for (const Refusal& refusal : refusals(network)) {
    INFO(refusal.what);
    const auto answer = connection.submit(refusal.envelope, tools::Wait::committed, std::chrono::seconds(20));
    if (!answer) UNSCOPED_INFO(answer.error().sentence);
    REQUIRE(answer);
    INFO(tools::name(answer->status) << " " << answer->code << " " << answer->detail);
    CHECK(answer->status == tools::SubmitStatus::rejected);
    CHECK(answer->code == refusal.code);
    CHECK(answer->sentence.size() > 10);
    CHECK(answer->advice.size() > 10);
  }
  const std::uint64_t top = network.settle();
  for (unsigned node = 1; node <= 3; ++node) {
    INFO("node " << node);
    CHECK(network.balance(node, payer_account) == issued_amount);
    CHECK(network.balance(node, payee_account) == 0);
  }
  network.require_equal_roots(top, 20);
}

TEST_CASE("the API refuses requests that are no requests") {
  TestNetwork network;
  tools::NodeConnection connection(network.network().endpoints()[0]);
  const auto ask = [&](std::string_view method, const std::string& target, std::string_view body, std::string_view type) {
    const auto answer = connection.request(method, target, body, type);
    if (!answer) UNSCOPED_INFO(answer.error().sentence);
    REQUIRE(answer);
    if (answer->status >= 400) {
      const auto json = nlohmann::json::parse(answer->body, nullptr, false);
      REQUIRE(json.is_object());
      CHECK(json.at("error").at("code").get<std::string>().size() > 2);
      CHECK(json.at("error").at("sentence").get<std::string>().size() > 10);
    }
    return answer->status;
  };
  CHECK(ask("GET", "/v1/nothing-here", "", "") == 404);
  CHECK(ask("DELETE", "/v1/status", "", "") == 405);
  CHECK(ask("POST", "/v1/transactions", "{\"envelope\":", "application/json") == 400);
  CHECK(ask("POST", "/v1/transactions", std::string(5000, '[') + std::string(5000, ']'), "application/json") == 400);
  CHECK(ask("POST", "/v1/transactions", "x", "text/plain") == 415);
  CHECK(ask("GET", "/v1/transactions/" + std::string(64, '0'), "", "") == 404);
  CHECK(ask("GET", "/v1/accounts/" + payer_account, "", "") == 401);
  CHECK(ask("GET", "/v1/roots/99999999", "", "") == 404);
  CHECK(ask("GET", "/healthz", "", "") == 200);
  CHECK(network.status_number(1, "entries") == 1);
}
