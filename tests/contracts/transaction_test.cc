// What is judged before any operation, in which order, and what a refusal leaves behind.
#include <catch2/catch.hpp>

#include "contracts/state_keys.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

RejectionCode code_of(const World& w, std::size_t entry = 0) { return decode_result(w.last_block().entries.at(entry).result)->rejection.code; }

proto::RegisterMember two_of_three(const std::string& id) {
  auto m = member(id, "company", "UZ", "vat_payer", {"enterprise"});
  m.add_keys(std::string(key_of(id + "-2").public_key().view()));
  m.add_keys(std::string(key_of(id + "-3").public_key().view()));
  m.set_signatures_required(2);
  return m;
}

}  // namespace

TEST_CASE("the order of checks: each fault in turn is the one reported while later ones are present") {
  World w;
  w.fund("acme/UZS", 100'00);
  auto body = w.body("nobody", {transfer("acme/UZS", "nobody/UZS", 1'000'00)});
  const std::string ledger_id = body.ledger_id();
  body.set_ledger_id(std::string(32, 'x'));
  body.set_epoch(7);
  body.set_valid_until_ms(w.now());
  const auto send = [&](std::vector<std::string> keys) {
    w.block({w.signed_by(body, keys)});
    return code_of(w);
  };
  CHECK(send({"baraka"}) == RejectionCode::other_ledger);
  body.set_ledger_id(ledger_id);
  CHECK(send({"baraka"}) == RejectionCode::other_epoch);
  body.set_epoch(0);
  CHECK(send({"baraka"}) == RejectionCode::expired);
  body.set_valid_until_ms(w.now() + 2 * day);
  CHECK(send({"baraka"}) == RejectionCode::valid_until_too_far);
  body.set_valid_until_ms(w.now() + 60'000);
  CHECK(send({"baraka"}) == RejectionCode::sender_unknown);
  CHECK(send({"baraka"}) == RejectionCode::replayed);
  body.set_sender("acme");
  CHECK(send({"baraka"}) == RejectionCode::key_not_of_member);
  body.set_nonce(std::string(16, 'n'));
  CHECK(send({"acme", "baraka"}) == RejectionCode::key_not_of_member);
  body.set_nonce(std::string(16, 'o'));
  CHECK(send({"acme"}) == RejectionCode::account_unknown);
}

TEST_CASE("the bounds of validity: until the block's own time, and as far as the horizon") {
  World w;
  const auto outcome = [&](std::int64_t from_block_time) {
    auto body = w.body("acme", {open("acme/UZS/a" + std::to_string(w.now()))});
    body.set_valid_until_ms(w.now() + 1000 + static_cast<std::uint64_t>(from_block_time));
    w.block({w.signed_by(body, {"acme"})});
    return code_of(w);
  };
  CHECK(outcome(-1) == RejectionCode::expired);
  CHECK(outcome(0) == RejectionCode::ok);
  CHECK(outcome(static_cast<std::int64_t>(day)) == RejectionCode::ok);
  CHECK(outcome(static_cast<std::int64_t>(day) + 1) == RejectionCode::valid_until_too_far);
}

TEST_CASE("the same bytes are executed once, also within a block, also when the first outcome was a refusal") {
  World w;
  w.fund("acme/UZS", 10'00);
  const auto paid = w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 6'00)});
  w.block({paid, paid});
  CHECK(code_of(w, 0) == RejectionCode::ok);
  CHECK(code_of(w, 1) == RejectionCode::replayed);
  const auto refused = w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 6'00)});
  w.block({refused});
  CHECK(code_of(w) == RejectionCode::overdraft);
  w.fund("acme/UZS", 10'00);
  w.block({refused});
  CHECK(code_of(w) == RejectionCode::replayed);
  CHECK(w.balance("baraka/UZS") == 6'00);
}

TEST_CASE("adding a signature does not make a new transaction") {
  World w([](proto::Genesis& g) { *g.add_members() = two_of_three("trio"); });
  w.fund("trio/UZS", 10'00);
  const auto body = w.body("trio", {transfer("trio/UZS", "acme/UZS", 1'00)});
  w.block({w.signed_by(body, {"trio", "trio-2"}), w.signed_by(body, {"trio-3", "trio", "trio-2"})});
  CHECK(code_of(w, 0) == RejectionCode::ok);
  CHECK(code_of(w, 1) == RejectionCode::replayed);
}

TEST_CASE("a member that needs two signatures is not bound by one") {
  World w([](proto::Genesis& g) { *g.add_members() = two_of_three("trio"); });
  w.fund("trio/UZS", 10'00);
  w.block({w.signed_by(w.body("trio", {transfer("trio/UZS", "acme/UZS", 1'00)}), {"trio-2"})});
  CHECK(code_of(w) == RejectionCode::signatures_too_few);
  w.block({w.signed_by(w.body("trio", {transfer("trio/UZS", "acme/UZS", 1'00)}), {"trio-3", "trio-2"})});
  CHECK(code_of(w) == RejectionCode::ok);
}

TEST_CASE("the replay set forgets what has expired, and only that") {
  World w;
  for (int i = 0; i < 5; ++i) w.block({w.transaction("acme", {open("acme/UZS/a" + std::to_string(i))})});
  const auto remembered = [&] {
    std::size_t count = 0;
    w.state().scan("u", "v", [&](std::string_view, std::string_view) { return ++count, true; });
    return count;
  };
  CHECK(remembered() == 5);
  w.idle_until(start_ms + 3'600'000 + 2'000);   // valid until start + 1 h, + 1 h 1 s, ...
  CHECK(remembered() == 3);
  w.idle_until(start_ms + 3'600'000 + 10'000);
  CHECK(remembered() == 0);
  w.block({});
  CHECK(w.last_block().changes.empty());   // nothing to write on an idle ledger
}

TEST_CASE("operations are all or nothing, and see each other") {
  World w;
  w.fund("acme/UZS", 100'00);
  auto result = w.run("acme", {transfer("acme/UZS", "baraka/UZS", 60'00), transfer("acme/UZS", "nordic/UZS", 60'00)});
  CHECK(result.rejection.code == RejectionCode::overdraft);
  CHECK(result.failed_operation == 1);
  CHECK(result.postings.empty());
  CHECK(w.balance("baraka/UZS") == 0);
  result = w.run("acme", {open("acme/UZS/savings"), transfer("acme/UZS", "acme/UZS/savings", 60'00),
                          transfer("acme/UZS/savings", "baraka/UZS", 60'00)});
  CHECK(result.ok());
  CHECK(result.postings.size() == 4);
  CHECK(w.balance("baraka/UZS") == 60'00);
}

TEST_CASE("transactions of a block see those before them") {
  World w;
  w.fund("acme/UZS", 10'00);
  w.block({w.transaction("baraka", {transfer("baraka/UZS", "nordic/UZS", 10'00)}), w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 10'00)}),
           w.transaction("baraka", {transfer("baraka/UZS", "nordic/UZS", 10'00)})});
  CHECK(code_of(w, 0) == RejectionCode::overdraft);
  CHECK(code_of(w, 1) == RejectionCode::ok);
  CHECK(code_of(w, 2) == RejectionCode::ok);
}

TEST_CASE("a suspended member does nothing") {
  World w;
  auto acme = *query::member(w.state(), "acme");
  acme.suspended = true;   // governance will set this; here the state is written directly
  ledger::ChangeSet changes;
  changes.put(keys::member("acme"), encode_record(acme));
  w.state().apply(changes);
  CHECK(w.outcome("acme", open("acme/UZS/x")) == "member_suspended");
}

TEST_CASE("entries are found by account, sender, payee and rule, a refused one by its sender only") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  const std::vector<IndexRow> expected = {{IndexKind::account, "acme/UZS"},  {IndexKind::account, "baraka/UZS"},
                                          {IndexKind::account, "tax/UZS/revenue.vat"}, {IndexKind::member, "acme"},
                                          {IndexKind::tax_payee, "baraka"},  {IndexKind::tax_rule, "vat-12"}};
  CHECK(w.last_block().entries[0].index_rows == expected);
  w.run("acme", transfer("acme/UZS", "baraka/UZS", 9'999'00, "services"));
  CHECK(w.last_block().entries[0].index_rows == std::vector<IndexRow>{{IndexKind::member, "acme"}});
  w.block({w.signed_by(w.body("acme", {open("acme/UZS/x")}), {"baraka"})});   // somebody else's signature marks nobody's history
  CHECK(w.last_block().entries[0].index_rows.empty());
}

TEST_CASE("a dry run needs no signature, judges those there are, and writes nothing") {
  World w;
  w.fund("acme/UZS", 100'00);
  const auto body = w.body("acme", {transfer("acme/UZS", "baraka/UZS", 60'00)});
  const MemoryState before = w.state();
  const auto unsigned_result = w.engine().dry_run(*w.signed_by(body, {}), w.now() + 1, w.state());
  CHECK(unsigned_result.ok());
  CHECK(unsigned_result.postings.size() == 2);
  CHECK(w.engine().dry_run(*w.signed_by(body, {"baraka"}), w.now() + 1, w.state()).rejection.code == RejectionCode::key_not_of_member);
  CHECK(w.state() == before);
}

TEST_CASE("the precheck agrees with execution on everything before the operations") {
  World w;
  const auto good = w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 60'00)});
  CHECK(w.engine().precheck(*good, w.now(), w.state()).code == RejectionCode::ok);   // an overdraft, but that is not its matter
  w.block({good});
  CHECK(w.engine().precheck(*good, w.now(), w.state()).code == RejectionCode::replayed);
  const auto body = w.body("acme", {transfer("acme/UZS", "baraka/UZS", 60'00)});
  CHECK(w.engine().precheck(*w.signed_by(body, {"baraka"}), w.now(), w.state()).code == RejectionCode::key_not_of_member);
  CHECK(w.engine().precheck(*w.signed_by(body, {"acme"}), w.now() + 2 * day, w.state()).code == RejectionCode::expired);
}

TEST_CASE("results: one value, one byte string, anything else is refused") {
  ExecutionResult result;
  result.postings.push_back({"acme/UZS", -5, "transfer", "", 95});
  result.taxes.push_back({.rule = "vat-12", .version = 1, .kind = "vat", .payer = "a", .payee = "b", .category = "services",
                          .currency = "UZS", .gross = 112, .base = 100, .tax = 12, .withheld = 12, .rate_ppm = 120'000});
  result.events.push_back({"contract_signed", "ab", 2, -3, "text"});
  const std::string bytes = encode_result(result);
  CHECK(bytes[0] == 1);
  const auto back = decode_result(bytes);
  REQUIRE(back);
  CHECK(encode_result(*back) == bytes);
  CHECK(back->events[0].amount == -3);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_result(bytes.substr(0, size)));
  CHECK_FALSE(decode_result(bytes + "x"));
  CHECK_FALSE(decode_result("\x02" + bytes.substr(1)));
}

}  // namespace daftar::contracts::test
