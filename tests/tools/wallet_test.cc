#include <catch2/catch.hpp>

#include "tests/tools/small_genesis.h"
#include "tests/harness/service_contract.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace {
namespace proto = ledger::proto;

proto::Operation payment(std::int64_t amount) {
  proto::Operation operation;
  auto& transfer = *operation.mutable_transfer();
  transfer.set_from("acme-build/UZS");
  transfer.set_to("baraka-soft/UZS");
  transfer.set_amount(amount);
  transfer.set_category("services");
  transfer.set_reference("invoice 17");
  return operation;
}

bool contains(const std::vector<std::string>& lines, const std::string& text) {
  for (const std::string& line : lines)
    if (line.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("what is shown before signing is decoded from the bytes that are signed") {
  const auto genesis = small_genesis("wallet-test").genesis;
  const auto key = ledger::SigningKey::generate();
  const std::string body = make_body(*genesis, "acme-build", {payment(11'200'000'000)});
  const auto words = describe_envelope(ledger::make_envelope(body, {}));
  REQUIRE(words);
  CHECK(contains(*words, "pay 112 000 000.00 UZS from acme-build/UZS to baraka-soft/UZS, taxed as services, reference “invoice 17”"));
  CHECK(contains(*words, "transaction " + ledger::transaction_id(body).hex()));
  CHECK(contains(*words, "ledger " + genesis->ledger_id().hex()));
  CHECK(contains(*words, "not signed yet"));

  // The same place in the bytes, another amount: the words follow the bytes.
  proto::TransactionBody other;
  REQUIRE(other.ParseFromString(body));
  other.mutable_operations(0)->mutable_transfer()->set_amount(11'200'000'001);
  const auto other_words = describe_envelope(ledger::make_envelope(ledger::encode_body(other), {}));
  REQUIRE(other_words);
  CHECK(contains(*other_words, "pay 112 000 000.01 UZS"));

  const std::string envelope = sign_body(body, {&key});
  const auto signed_words = describe_envelope(envelope);
  REQUIRE(signed_words);
  CHECK(contains(*signed_words, "signed with key " + key.public_key().hex()));
}

TEST_CASE("bytes that the ledger would refuse are not shown as if they could be signed") {
  const auto genesis = small_genesis("wallet-test").genesis;
  std::string body = make_body(*genesis, "acme-build", {payment(5)});
  const auto unknown_field = describe_envelope(ledger::make_envelope(body + std::string("\xf8\x07\x01", 3), {}));
  REQUIRE_FALSE(unknown_field);
  CHECK(unknown_field.error().code == "malformed");
  CHECK_FALSE(describe_envelope("rubbish"));
  CHECK_FALSE(describe_envelope(""));
}

TEST_CASE("a signature added later leaves the body bytes and so the id as they were") {
  const auto genesis = small_genesis("wallet-test").genesis;
  const auto one = ledger::SigningKey::generate(), two = ledger::SigningKey::generate();
  const std::string body = make_body(*genesis, "acme-build", {payment(5)});
  const auto first = add_signature(ledger::make_envelope(body, {}), one);
  REQUIRE(first);
  const auto second = add_signature(*first, two);
  REQUIRE(second);
  const auto parsed = ledger::Transaction::parse(*second, {});
  REQUIRE(parsed);
  CHECK((*parsed)->body_bytes() == body);
  CHECK((*parsed)->signatures().size() == 2);
  CHECK((*parsed)->verify_signatures());
  const auto again = add_signature(*second, one);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == "signature_repeated");
}

TEST_CASE("a wrong signature is called wrong") {
  const auto genesis = small_genesis("wallet-test").genesis;
  const auto key = ledger::SigningKey::generate();
  std::string envelope = sign_body(make_body(*genesis, "acme-build", {payment(5)}), {&key});
  envelope.back() ^= 1;
  const auto words = describe_envelope(envelope);
  REQUIRE(words);
  CHECK(contains(*words, "A SIGNATURE IS WRONG"));
}

TEST_CASE("every operation has words of its own") {
  const auto* kinds = proto::Operation::descriptor();
  std::vector<std::string> seen;
  for (int i = 0; i < kinds->field_count(); ++i) {
    proto::Operation operation;
    operation.GetReflection()->MutableMessage(&operation, kinds->field(i));
    const std::string words = describe_operation(operation);
    CAPTURE(kinds->field(i)->name(), words);
    CHECK(words.find("does not know") == std::string::npos);
    CHECK(std::find(seen.begin(), seen.end(), words) == seen.end());
    seen.push_back(words);
  }
  CHECK(describe_operation({}).find("do not sign") != std::string::npos);
}

TEST_CASE("a drafted contract is shown party by party and term by term, and an act with what it is given") {
  const std::string words = describe_operation(tests::draft_service(
      {.customer = "acme-build", .provider = "baraka-soft", .budget_line = "2026.edu", .price = 5'600, .due_ms = *utc_to_ms("2026-12-24"), .offer_until_ms = *utc_to_ms("2026-12-20")}));
  for (const char* fact : {"draft a contract of template service/1 in UZS, digest ", "customer: acme-build, pays from budget line 2026.edu", "provider: baraka-soft", "subject “Repair”",
                           "milestones 1: title “All of it”, price 5600, due 1798070400000"})
    CHECK_THAT(words, Catch::Contains(fact));
  const std::string act = describe_operation(tests::with(tests::act_on(std::string(32, 'c'), std::string(32, 'd'), "reject", 2), "reason", "torn"));
  CHECK_THAT(act, Catch::Contains("reject on contract 6363") && Catch::Contains(", entry 2, with digest 6464") && Catch::Contains("reason “torn”"));
}

TEST_CASE("a change of the nodes is shown step by step with the keys it lets in") {
  proto::Operation operation;
  auto& proposal = *operation.mutable_propose_node_change();
  proposal.set_until_ms(*utc_to_ms("2026-12-24"));
  auto& added = *proposal.add_changes();
  added.set_verb("add_observer");
  added.set_node(4);
  added.set_operator_("operator-4");
  added.set_link_key(std::string(32, '\x11'));
  added.set_checkpoint_key(std::string(32, '\x22'));
  added.set_link_address("10.0.0.4:7000");
  for (const auto& [verb, node] : {std::pair("promote", 5u), std::pair("demote", 1u), std::pair("remove", 2u), std::pair("rename", 3u)}) {
    auto& step = *proposal.add_changes();
    step.set_verb(verb);
    step.set_node(node);
  }
  const std::string words = describe_operation(operation);
  for (const char* fact : {"approvals until 2026-12-24", "add node 4 as observer, operated by operator-4, at “10.0.0.4:7000”",
                           "link key 1111111111111111111111111111111111111111111111111111111111111111",
                           "checkpoint key 2222222222222222222222222222222222222222222222222222222222222222", "make observer 5 a validator", "make validator 1 an observer",
                           "remove node 2 for good", "do not sign"})
    CHECK_THAT(words, Catch::Contains(fact));
}

TEST_CASE("a result is told posting by posting") {
  const auto lines = describe_result(nlohmann::json::parse(R"({"ok":true,"postings":[
    {"account":"acme-build/UZS","amount":"-11200000000","reason":"transfer","balance_after":"100","currency":"UZS","decimals":2},
    {"account":"tax-authority/UZS/revenue.vat","amount":"1200000000","reason":"vat","rule":"vat-12/1","currency":"UZS","decimals":2}],
    "taxes":[],"events":[]})"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "acme-build/UZS pays 112 000 000.00 UZS (transfer), then has 1.00 UZS");
  CHECK(lines[1] == "tax-authority/UZS/revenue.vat receives 12 000 000.00 UZS (vat-12/1)");
}

TEST_CASE("an event that moved no money is told in the currency of its contract or line, and in minor units when nobody knows it") {
  const auto result = nlohmann::json::parse(R"({"ok":true,"postings":[],"taxes":[],"events":[
    {"kind":"budget_committed","subject":"2026.edu","number":0,"amount":"11200000000","text":""}]})");
  const auto currency_of = [](const std::string& subject) { return subject == "2026.edu" ? std::string("UZS") : std::string(); };
  CHECK(describe_result(result, currency_of) == std::vector<std::string>{"budget_committed 2026.edu, 112 000 000.00 UZS"});
  CHECK(describe_result(result) == std::vector<std::string>{"budget_committed 2026.edu, 11200000000 minor units"});
}

}  // namespace daftar::tools
