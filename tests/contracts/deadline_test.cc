// Time acts by itself: on empty blocks, in order, each deadline once.
#include <catch2/catch.hpp>

#include <set>

#include "contracts/state_keys.h"
#include "deals.h"

namespace daftar::contracts::test {


TEST_CASE("an unsigned offer expires at its moment, on an idle ledger") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const auto terms = private_terms({1'000'00}, w.now());
  const Deal deal = drafted_deal(w, "baraka", terms);
  w.must("baraka", deal.sign());
  REQUIRE(w.engine().next_deadline_ms(w.state()) == terms.offer_until_ms);
  CHECK(w.idle_until(terms.offer_until_ms - 1).empty());
  const auto fired = w.idle_until(terms.offer_until_ms);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].events.at(0).text == "offer_ends");
  CHECK(deal.phase(w) == "expired");
  CHECK(w.outcome("acme", deal.sign()) == "wrong_phase");
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
}

TEST_CASE("an offer cannot be signed in the block whose time ends it") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({1'000'00}, w.now());
  terms.offer_until_ms = w.now() + 60'000;
  const Deal deal = drafted_deal(w, "baraka", terms);
  w.must("baraka", deal.sign());
  w.block({w.transaction("acme", {deal.sign()})}, terms.offer_until_ms);
  REQUIRE(w.last_block().entries.size() == 2);
  CHECK(w.last_block().entries[0].kind == ledger::EntryKind::deadline);
  CHECK(decode_result(w.last_block().entries[1].result)->rejection.code == RejectionCode::wrong_phase);
}

TEST_CASE("silence after delivery accepts for a private customer, with penalty and tax as if accepted") {
  World w;
  w.fund("acme/UZS", 112'000'00);
  auto terms = private_terms({112'000'00}, w.now());
  const Deal deal = signed_deal(w, terms);
  w.idle_until(terms.milestones[0].due_ms + 1 * day);
  w.must("baraka", deal.deliver(1));   // a day late: 448.00
  const std::uint64_t delivered = w.now();
  CHECK(w.idle_until(delivered + 5 * day - 1).empty());
  const auto fired = w.idle_until(delivered + 5 * day);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].events.at(fired[0].events.size() - 2).text == "silence_accepts");
  CHECK(w.balance("acme/UZS") == 448'00);
  CHECK(w.balance("baraka/UZS") == 99'600'00);
  CHECK(w.balance("tax/UZS/revenue.vat") == 11'952'00);
  CHECK(deal.phase(w) == "done");
}

TEST_CASE("an undelivered milestone lapses after the grace and its money goes back") {
  World w;
  w.fund("acme/UZS", 300'00);
  const auto terms = private_terms({100'00, 200'00}, w.now());
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.accept(1));
  const auto fired = w.idle_until(terms.milestones[0].due_ms + 30 * day);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].events.at(0).text == "undelivered");
  CHECK(w.balance("acme/UZS") == 200'00);
  CHECK(deal.phase(w) == "done");
  CHECK(w.outcome("baraka", deal.deliver(2)) == "wrong_phase");
}

TEST_CASE("a rejection gives the grace anew, so that a late rejection makes nothing lapse") {
  World w;
  w.fund("acme/UZS", 100'00);
  auto terms = private_terms({100'00}, w.now());
  terms.acceptance_days = 60;
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  CHECK(w.idle_until(terms.milestones[0].due_ms + 40 * day).empty());   // beyond due and grace, but delivered
  w.must("acme", deal.reject(1));
  const std::uint64_t rejected = w.now();
  CHECK(w.idle_until(rejected + 30 * day - 1).empty());
  CHECK(w.idle_until(rejected + 30 * day).at(0).events.at(0).text == "not_redelivered");
  CHECK(w.balance("acme/UZS") == 100'00);
}

TEST_CASE("a dispute nobody decides refunds the customer") {
  World w;
  w.fund("acme/UZS", 100'00);
  const Deal deal = signed_deal(w, private_terms({100'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.dispute(1));
  const std::uint64_t disputed = w.now();
  CHECK(w.idle_until(disputed + 20 * day - 1).empty());   // the term of acceptance has passed meanwhile and does not fire
  const auto fired = w.idle_until(disputed + 20 * day);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].events.at(0).text == "undecided");
  CHECK(w.balance("acme/UZS") == 100'00);
  CHECK(deal.stage(w, 1) == "lapsed");
  CHECK(w.outcome("judge", deal.award(1, 100'00)) == "wrong_phase");
}

TEST_CASE("deadlines fire before transactions, ordered by time and contract, those of one contract one after the other, with derived ids") {
  World w;
  w.fund("acme/UZS", 600'00);
  const Deal deal = signed_deal(w, private_terms({100'00, 200'00, 300'00}, w.now()));
  const std::uint64_t lapse = deal.record(w).deadline_ms;
  auto late = w.body("acme", {transfer("acme/UZS", "baraka/UZS", 600'00)});   // only possible with the money that comes back
  late.set_valid_until_ms(lapse + 3'600'000);
  w.block({w.signed_by(late, {"acme"})}, lapse + 5);
  const auto& entries = w.last_block().entries;
  REQUIRE(entries.size() == 4);
  std::set<Digest> ids;
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK(entries[i].kind == ledger::EntryKind::deadline);
    CHECK(entries[i].transaction == nullptr);
    CHECK(entries[i].nonce == deal.record(w).nonce);
    CHECK(decode_result(entries[i].result)->events.at(0).number == i + 1);
    ids.insert(entries[i].id);
  }
  CHECK(ids.size() == 3);
  CHECK(entries[3].accepted);
}

TEST_CASE("more deadlines than a block takes fire in the next one") {
  World w;
  w.fund("acme/UZS", 2'000'00);
  for (int contract = 0; contract < 17; ++contract)   // 17 × 64 = 1088
    signed_deal(w, private_terms(std::vector<MinorUnits>(64, 1'00), start_ms + 100 * day));
  w.idle_until(start_ms + 200 * day);
  CHECK(w.last_block().entries.size() == 1'000);
  CHECK(w.engine().next_deadline_ms(w.state()).has_value());
  w.block({});
  CHECK(w.last_block().entries.size() == 88);
  w.block({});
  CHECK(w.last_block().entries.empty());
  CHECK(w.balance("acme/UZS") == 2'000'00);
}

TEST_CASE("a deadline that would overflow an account is recorded as refused and tried again a day later") {
  World w;
  w.fund("acme/UZS", 100'00);
  auto terms = private_terms({100'00}, w.now());
  terms.category = "rent";   // untaxed here: the whole amount goes to one account
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  const MinorUnits full = std::numeric_limits<MinorUnits>::max() - 50'00;
  w.must("treasury", issue("baraka/UZS", full, "x"));
  const std::uint64_t falls_due = w.now() - 1000 + 5 * day;
  const auto first = w.idle_until(falls_due);
  REQUIRE(first.size() == 1);
  CHECK(first[0].rejection.code == RejectionCode::overflow);
  CHECK(deal.stage(w, 1) == "submitted");
  const auto id = w.last_block().entries[0].id;
  CHECK(w.idle_until(falls_due + day - 2'000).empty());
  w.must("baraka", transfer("baraka/UZS", "nordic/UZS", 100'00));
  const auto second = w.idle_until(falls_due + day);
  REQUIRE(second.size() == 1);
  CHECK(second[0].ok());
  CHECK(w.last_block().entries[0].id != id);
  CHECK(deal.phase(w) == "done");
}

}  // namespace daftar::contracts::test
