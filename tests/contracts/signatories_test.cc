// Who must sign above which amounts, powers of attorney, and that no member locks itself out.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {
namespace {

proto::Operation add_key(const std::string& member, const std::string& key, std::string office = {}, std::uint64_t from = 0, std::uint64_t until = 0) {
  proto::Operation o;
  auto& change = *o.mutable_change_key();
  change.set_member(member);
  change.set_key(std::string(key_of(key).public_key().view()));
  change.set_office(std::move(office));
  change.set_from_ms(from);
  change.set_until_ms(until);
  return o;
}

proto::Operation revoke_key(const std::string& member, const std::string& key) {
  auto o = add_key(member, key);
  o.mutable_change_key()->set_revoke(true);
  return o;
}

proto::Operation signing_rules(std::initializer_list<std::tuple<MinorUnits, std::uint32_t, std::vector<std::string>>> wanted) {
  proto::Operation o;
  auto& set = *o.mutable_set_signing_rules();
  for (const auto& [above, signatures, offices] : wanted) {
    auto& rule = *set.add_rules();
    rule.set_currency("UZS");
    rule.set_above(above);
    rule.set_signatures(signatures);
    for (const auto& office : offices) rule.add_offices(office);
  }
  return o;
}

std::string outcome(World& w, const std::string& sender, const proto::Operation& operation, const std::vector<std::string>& keys) {
  w.block({w.signed_by(w.body(sender, {operation}), keys)});
  const auto result = decode_result(w.last_block().entries.back().result);
  return std::string(ledger::name(result->rejection.code));
}

/// acme with a director and a chief accountant, who sign together above 1 000.
struct Company : World {
  Company() {
    fund("acme/UZS", 10'000'00);
    must("acme", add_key("acme", "acme director", "director"));
    must("acme", add_key("acme", "acme accountant", "chief-accountant"));
    must("acme", signing_rules({{1'000'00, 2, {"director", "chief-accountant"}}}));
  }
};
const std::vector<std::string> both = {"acme director", "acme accountant"};

}  // namespace

TEST_CASE("above the amount the named offices sign together, up to it any one key does") {
  Company w;
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'000'00), {"acme"}) == "ok");
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'000'01), {"acme"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'000'01), {"acme director"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'000'01), {"acme", "acme director"}) == "signatures_too_few");   // two, but no accountant
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'000'01), both) == "ok");
  CHECK(w.balance("baraka/UZS") == 2'000'01);
  w.must("acme", open("acme/UZS/savings"));
  CHECK(outcome(w, "acme", transfer("acme/UZS", "acme/UZS/savings", 5'000'00), {"acme"}) == "ok");   // to itself it binds itself to nothing
}

TEST_CASE("payments of one transaction are added, so that no amount is cut into pieces") {
  Company w;
  w.block({w.signed_by(w.body("acme", {transfer("acme/UZS", "baraka/UZS", 600'00), transfer("acme/UZS", "nordic/UZS", 600'00)}), {"acme"})});
  const auto result = decode_result(w.last_block().entries.back().result);
  CHECK(result->rejection.code == RejectionCode::signatures_too_few);
  CHECK(result->rejection.detail == "above 1000.00 UZS 2 must sign, among them director, chief-accountant");
  CHECK(w.balance("acme/UZS") == 10'000'00);
}

TEST_CASE("the first act on a contract binds to all that it can hold, later acts do not again") {
  Company w;
  const Deal deal = drafted_deal(w, "baraka", private_terms({600'00, 600'00}, w.now()));
  w.must("baraka", deal.sign());
  CHECK(outcome(w, "acme", deal.sign(), {"acme"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", deal.sign(), both) == "ok");
  w.must("baraka", deal.deliver(1));
  CHECK(outcome(w, "acme", deal.accept(1), {"acme"}) == "ok");
  const Deal small = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  CHECK(outcome(w, "acme", small.sign(), {"acme"}) == "ok");
}

TEST_CASE("of public money the owner orders and the treasury pays under their own rules") {
  World w;
  w.fund("treasury/UZS", 5'000'00);
  w.must("treasury", approve_line("2026.a", 5'000'00));
  w.must("treasury", allot("2026.a", 5'000'00));
  const Deal deal = signed_deal(w, public_terms("2026.a", {2'000'00}, w.now()));
  w.must("treasury", deal.registered());
  w.must("baraka", deal.deliver(1));
  w.must("dept", deal.accept(1));
  for (const char* member : {"dept", "treasury"}) {
    w.must(member, add_key(member, std::string(member) + " second"));
    w.must(member, signing_rules({{1'000'00, 2, {}}}));
  }
  CHECK(outcome(w, "dept", deal.order(1), {"dept"}) == "signatures_too_few");
  CHECK(outcome(w, "dept", deal.order(1), {"dept", "dept second"}) == "ok");
  CHECK(outcome(w, "treasury", deal.pay(1), {"treasury"}) == "signatures_too_few");
  CHECK(outcome(w, "treasury", deal.pay(1), {"treasury", "treasury second"}) == "ok");
  CHECK(outcome(w, "treasury", approve_line("2026.b", 1'000'01), {"treasury"}) == "signatures_too_few");
}

TEST_CASE("a tax authority gives tax back under its own rules") {
  World w;
  w.fund("acme/UZS", 20'000'00);
  w.must("acme", transfer("acme/UZS", "nordic/UZS", 10'000'00, "services"));
  const Digest payment = w.last_id();
  w.must("tax", add_key("tax", "tax second"));
  w.must("tax", signing_rules({{1'000'00, 2, {}}}));
  CHECK(outcome(w, "tax", correct_tax(payment, 1, "nonresident-20", "nordic/UZS", 1'000'01), {"tax"}) == "signatures_too_few");
  CHECK(outcome(w, "tax", correct_tax(payment, 1, "nonresident-20", "nordic/UZS", 1'000'00), {"tax"}) == "ok");
  CHECK(outcome(w, "tax", correct_tax(payment, 1, "nonresident-20", "nordic/UZS", 1'000'00), {"tax", "tax second"}) == "ok");
}

TEST_CASE("who changes keys or rules signs as for any amount") {
  Company w;
  CHECK(outcome(w, "acme", add_key("acme", "a stranger's"), {"acme"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", signing_rules({}), {"acme director"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", revoke_key("acme", "acme"), {"acme"}) == "signatures_too_few");
  CHECK(outcome(w, "acme", revoke_key("acme", "acme"), both) == "ok");
  CHECK(outcome(w, "acme", revoke_key("acme", "acme director"), both) == "signatures_too_few");   // nobody could sign above the amount any more
  CHECK(outcome(w, "registrar", add_key("acme", "acme heir", "director"), {"registrar"}) == "ok");   // a lost office is filled by the registrar
  CHECK(outcome(w, "registrar", revoke_key("acme", "acme director"), {"registrar"}) == "ok");
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 2'000'00), {"acme heir", "acme accountant"}) == "ok");
  CHECK(outcome(w, "acme", signing_rules({}), {"acme heir", "acme accountant"}) == "ok");
  CHECK(outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 2'000'00), {"acme heir"}) == "ok");
}

TEST_CASE("a power of attorney signs between its moments only, and no rule leans on it") {
  Company w;
  const std::uint64_t from = w.now() + day, until = w.now() + 3 * day;
  REQUIRE(outcome(w, "acme", add_key("acme", "acme deputy", "director", from, until), both) == "ok");
  const auto deputy_pays = [&] { return outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'500'00), {"acme deputy", "acme accountant"}); };
  CHECK(deputy_pays() == "key_not_in_force");
  w.idle_until(from - 1'000);
  CHECK(deputy_pays() == "ok");                            // the block of the very moment
  w.idle_until(until - 2'000);
  CHECK(deputy_pays() == "ok");
  CHECK(deputy_pays() == "key_not_in_force");
  CHECK(outcome(w, "acme", revoke_key("acme", "acme director"), both) == "signatures_too_few");
  Company other;
  REQUIRE(outcome(other, "acme", add_key("acme", "acme visitor", "visitor", 0, other.now() + day), both) == "ok");
  CHECK(outcome(other, "acme", signing_rules({{1, 1, {"visitor"}}}), both) == "signatures_too_few");
}

TEST_CASE("a key and the rule that asks for it can be set in one transaction") {
  World w;
  w.block({w.transaction("acme", {add_key("acme", "acme director", "director"), signing_rules({{1'000'00, 1, {"director"}}})})});
  REQUIRE(w.last_block().entries.back().accepted);
  const auto member = query::member(w.state(), "acme");
  REQUIRE(member->keys.size() == 2);
  CHECK(member->keys[1].office == "director");
  CHECK(member->signing_rules.size() == 1);
}

TEST_CASE("signing rules that make no sense are refused") {
  Company w;
  const auto refused = [&](std::initializer_list<std::tuple<MinorUnits, std::uint32_t, std::vector<std::string>>> wanted) { return outcome(w, "acme", signing_rules(wanted), both); };
  CHECK(refused({{-1, 1, {}}}) == "field_invalid");
  CHECK(refused({{1, 0, {}}}) == "field_invalid");
  CHECK(refused({{1, 17, {}}}) == "field_invalid");
  CHECK(refused({{1, 4, {}}}) == "signatures_too_few");
  CHECK(refused({{1, 1, {"director", "director"}}}) == "field_invalid");
  CHECK(refused({{1, 1, {"two words"}}}) == "field_invalid");
  CHECK(refused({{1, 1, {"a", "b", "c", "d", "e"}}}) == "field_invalid");
  CHECK(refused({{1, 1, {}}, {2, 1, {}}, {3, 1, {}}, {4, 1, {}}, {5, 1, {}}, {6, 1, {}}, {7, 1, {}}, {8, 1, {}}, {9, 1, {}}}) == "field_invalid");
  auto unknown = signing_rules({{1, 1, {}}});
  unknown.mutable_set_signing_rules()->mutable_rules(0)->set_currency("EUR");
  CHECK(outcome(w, "acme", unknown, both) == "currency_unknown");
  auto late = add_key("acme", "acme late", "", 0, 1);
  CHECK(outcome(w, "acme", late, both) == "field_invalid");
  auto spoilt = revoke_key("acme", "acme");
  spoilt.mutable_change_key()->set_office("director");
  CHECK(outcome(w, "acme", spoilt, both) == "field_invalid");
}

}  // namespace daftar::contracts::test
