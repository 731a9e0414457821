// The life of a contract over private money.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {


TEST_CASE("money is held when the last party signs, and a milestone accepted in time is paid with its tax") {
  World w;
  w.fund("acme/UZS", 500'000'000'00);
  const Deal deal = signed_deal(w, private_terms({112'000'000'00, 56'000'000'00}, w.now()));
  CHECK(deal.phase(w) == "active");
  CHECK(w.balance("acme/UZS") == 332'000'000'00);
  CHECK(w.balance(deal.hold()) == 168'000'000'00);

  w.must("baraka", deal.deliver(1));
  const auto result = w.must("acme", deal.accept(1));
  CHECK(w.balance("baraka/UZS") == 100'000'000'00);
  CHECK(w.balance("tax/UZS/revenue.vat") == 12'000'000'00);
  CHECK(w.balance(deal.hold()) == 56'000'000'00);
  REQUIRE(result.postings.size() == 3);
  CHECK(result.postings[0].reason == "payment");
  CHECK(result.postings[0].amount == -112'000'000'00);
  CHECK(result.postings[1].reason == "net_pay");
  CHECK(result.postings[2].rule == "vat-12/1");
  CHECK(result.postings[2].balance_after == 12'000'000'00);
  CHECK(deal.phase(w) == "active");

  w.must("baraka", deal.deliver(2));
  w.must("acme", deal.accept(2));
  CHECK(deal.phase(w) == "done");
  CHECK(w.balance(deal.hold()) == 0);
}

TEST_CASE("what is signed is the digest of program, parties, terms and words") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  CHECK(deal.record(w).digest == deal.digest);
  Deal other = deal;
  other.digest.bytes[0] ^= 1;
  CHECK(w.outcome("acme", other.sign()) == "terms_digest_mismatch");
  CHECK(w.outcome("acme", deal.sign()) == "ok");
}

TEST_CASE("a late delivery pays the penalty: full days, rate per day, rounded down, capped, the penalty carries no VAT") {
  World w;
  w.fund("acme/UZS", 200'000'000'00);
  auto terms = private_terms({56'000'000'00, 56'000'000'00, 101}, w.now());
  terms.grace_days = 400;
  terms.milestones[2].due_ms = w.now() - 1 * day + 500'000;   // already late when it is offered
  const Deal deal = signed_deal(w, terms);
  const std::uint64_t due = terms.milestones[0].due_ms;

  w.idle_until(due + 10 * day);   // delivered 10 full days and a second late
  w.must("baraka", deal.deliver(1));
  const auto result = w.must("acme", deal.accept(1));
  CHECK(result.taxes.at(0).gross == 53'760'000'00);
  CHECK(result.taxes.at(0).tax == 5'760'000'00);
  CHECK(result.postings.back().reason == "refund");
  CHECK(result.postings.back().account == "acme/UZS");
  CHECK(result.postings.back().amount == 2'240'000'00);   // DOMAIN 7.6
  CHECK(w.balance("baraka/UZS") == 48'000'000'00);

  w.idle_until(due + 125 * day);
  w.must("baraka", deal.deliver(2));
  CHECK(w.must("acme", deal.accept(2)).postings.back().amount == 28'000'000'00);   // the cap is reached on day 125

  w.must("baraka", deal.deliver(3));   // 101 tiyin, over the cap: 50.5 rounds down
  CHECK(w.must("acme", deal.accept(3)).postings.back().amount == 50);
  CHECK(deal.phase(w) == "done");
}

TEST_CASE("penalty days are full days after the due moment") {
  const auto late_by = [](std::uint64_t ms, std::int64_t rate, std::int64_t cap) {
    World w;
    w.fund("acme/UZS", 56'000'000'00);
    auto terms = private_terms({56'000'000'00}, w.now());
    terms.late_rate_ppm = rate;
    terms.late_cap_ppm = cap;
    terms.grace_days = 3'650;
    const Deal deal = signed_deal(w, terms);
    w.block({}, terms.milestones[0].due_ms + ms - 1'000);
    w.must("baraka", deal.deliver(1));   // a second after
    w.must("acme", deal.accept(1));
    return w.balance("acme/UZS");
  };
  CHECK(late_by(0, 4'000, 500'000) == 0);
  CHECK(late_by(day - 1, 4'000, 500'000) == 0);
  CHECK(late_by(day, 4'000, 500'000) == 224'000'00);
  CHECK(late_by(2 * day - 1, 4'000, 500'000) == 224'000'00);
  CHECK(late_by(124 * day, 4'000, 500'000) == 27'776'000'00);
  CHECK(late_by(125 * day, 4'000, 500'000) == 28'000'000'00);
  CHECK(late_by(3'000 * day, 4'000, 500'000) == 28'000'000'00);
  CHECK(late_by(100 * day, 5'000, 500'000) == 28'000'000'00);
  CHECK(late_by(3'600 * day, 1'000'000, 1'000'000) == 56'000'000'00);   // the whole price
}

TEST_CASE("the penalty stops at the delivery that is accepted, however late acceptance comes") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({1'000'00}, w.now());
  terms.acceptance_days = 0;
  const Deal deal = signed_deal(w, terms);
  w.idle_until(terms.milestones[0].due_ms + 2 * day);
  w.must("baraka", deal.deliver(1));
  w.idle_until(w.now() + 20 * day);
  w.must("acme", deal.accept(1));
  CHECK(w.balance("acme/UZS") == 8'00);   // 2 days
}

TEST_CASE("a rejected milestone is delivered again, a dispute freezes only its own milestone, the award splits it") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  const Deal deal = signed_deal(w, private_terms({112'000'00, 224'000'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.reject(1));
  CHECK(w.outcome("acme", deal.accept(1)) == "milestone_wrong_stage");
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.dispute(1));
  CHECK(w.outcome("acme", deal.accept(1)) == "milestone_wrong_stage");
  CHECK(w.outcome("baraka", deal.deliver(1)) == "milestone_wrong_stage");

  w.must("baraka", deal.deliver(2));
  w.must("acme", deal.accept(2));
  CHECK(w.balance("baraka/UZS") == 200'000'00);

  CHECK(w.outcome("acme", deal.award(1, 56'000'00)) == "not_a_party");
  CHECK(w.outcome("judge", deal.award(1, 112'000'01)) == "field_invalid");
  CHECK(w.outcome("judge", deal.award(1, -1)) == "field_invalid");
  const auto result = w.must("judge", deal.award(1, 56'000'00));
  CHECK(result.taxes.at(0).tax == 6'000'00);
  CHECK(w.balance("baraka/UZS") == 250'000'00);
  CHECK(w.balance("acme/UZS") == 720'000'00);
  CHECK(deal.phase(w) == "done");
  CHECK(w.outcome("judge", deal.award(1, 56'000'00)) == "wrong_phase");
}

TEST_CASE("an award may give everything to one side") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = signed_deal(w, private_terms({300'00, 700'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  w.must("baraka", deal.dispute(1));
  w.must("judge", deal.award(1, 0));
  w.must("baraka", deal.deliver(2));
  w.must("acme", deal.reject(2));
  w.must("baraka", deal.dispute(2));   // the provider may dispute a rejection
  w.must("judge", deal.award(2, 700'00));
  CHECK(w.balance("acme/UZS") == 300'00);
  CHECK(w.balance("baraka/UZS") == 625'00);
  CHECK(deal.phase(w) == "done");
}

TEST_CASE("a late milestone can be disputed before it is delivered, an early one cannot") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = signed_deal(w, private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("acme", deal.dispute(1)) == "condition_not_met");
  w.idle_until(w.now() + 11 * day);
  CHECK(w.outcome("acme", deal.dispute(1)) == "ok");
}

TEST_CASE("a payee abroad receives 80 %") {
  World w;
  w.fund("acme/UZS", 100'000'000'00);
  auto terms = private_terms({100'000'000'00}, w.now());
  terms.provider = "nordic";
  const Deal deal = signed_deal(w, terms);
  w.must("nordic", deal.deliver(1));
  w.must("acme", deal.accept(1));
  CHECK(w.balance("nordic/UZS") == 80'000'000'00);
  CHECK(w.balance("tax/UZS/revenue.nonresident") == 20'000'000'00);
}

TEST_CASE("the provider is paid on the account the terms name") {
  World w;
  w.fund("acme/UZS", 112'00);
  w.must("baraka", open("baraka/UZS/sales"));
  auto terms = private_terms({112'00}, w.now());
  terms.provider_account = "baraka/UZS/sales";
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.accept(1));
  CHECK(w.balance("baraka/UZS/sales") == 100'00);
  CHECK(w.balance("baraka/UZS") == 0);
}

TEST_CASE("termination by consent returns what is not earned, after submitted work is judged") {
  World w;
  w.fund("acme/UZS", 336'00);
  const Deal deal = signed_deal(w, private_terms({112'00, 112'00, 112'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.terminate());
  CHECK(w.outcome("acme", deal.terminate()) == "already_signed");
  CHECK(w.outcome("judge", deal.terminate()) == "not_a_party");
  CHECK(w.outcome("baraka", deal.terminate()) == "condition_not_met");
  w.must("acme", deal.accept(1));
  w.must("baraka", deal.terminate());
  CHECK(deal.phase(w) == "terminated");
  CHECK(deal.stage(w, 3) == "lapsed");
  CHECK(w.balance("acme/UZS") == 224'00);
  CHECK(w.balance("baraka/UZS") == 100'00);
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(w.outcome("baraka", deal.deliver(2)) == "wrong_phase");
  CHECK(w.outcome("acme", deal.terminate()) == "wrong_phase");
}

TEST_CASE("before both have signed, either side may walk away") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal offered = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  w.must("baraka", offered.sign());
  w.must("baraka", offered.terminate());
  CHECK(offered.phase(w) == "withdrawn");
  CHECK(w.outcome("acme", offered.sign()) == "wrong_phase");

  const Deal declined = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  w.must("acme", declined.terminate("too dear"));
  CHECK(declined.phase(w) == "withdrawn");
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(w.balance("acme/UZS") == 1'000'00);
}

TEST_CASE("signing: each party once, only parties, in any order, and only with the money there") {
  World w;
  const Deal deal = drafted_deal(w, "acme", private_terms({1'000'00}, w.now()));
  CHECK(deal.phase(w) == "offered");   // drafting is not signing
  CHECK(w.outcome("judge", deal.sign()) == "not_a_party");
  CHECK(w.outcome("acme", deal.sign()) == "ok");
  CHECK(w.outcome("acme", deal.sign()) == "already_signed");
  CHECK(w.outcome("baraka", deal.sign()) == "overdraft");
  CHECK(deal.phase(w) == "offered");
  w.fund("acme/UZS", 1'000'00);
  CHECK(w.outcome("baraka", deal.sign()) == "ok");
  CHECK(w.outcome("baraka", deal.sign()) == "wrong_phase");
  CHECK(w.outcome("baraka", Deal{{Digest{}, deal.digest}}.sign()) == "contract_unknown");
}

TEST_CASE("refusals of work: who, when, which milestone") {
  World w;
  w.fund("acme/UZS", 2'000'00);
  const Deal drafted = drafted_deal(w, "acme", private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("baraka", drafted.deliver(1)) == "wrong_phase");
  const Deal deal = signed_deal(w, private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("acme", deal.accept(1)) == "milestone_wrong_stage");   // accept before deliver
  CHECK(w.outcome("acme", deal.reject(1)) == "milestone_wrong_stage");
  CHECK(w.outcome("acme", deal.deliver(1)) == "not_a_party");
  CHECK(w.outcome("baraka", deal.deliver(0)) == "milestone_unknown");
  CHECK(w.outcome("baraka", deal.deliver(2)) == "milestone_unknown");
  CHECK(w.outcome("baraka", Deal{{Digest{}, deal.digest}}.deliver(1)) == "contract_unknown");
  auto no_document = deal.deliver(1);
  no_document.mutable_act_on_contract()->clear_parameters();
  CHECK(w.outcome("baraka", no_document) == "field_invalid");
  auto short_id = deal.deliver(1);
  short_id.mutable_act_on_contract()->set_contract("abc");
  CHECK(w.outcome("baraka", short_id) == "field_invalid");
  w.must("baraka", deal.deliver(1));
  CHECK(w.outcome("baraka", deal.deliver(1)) == "milestone_wrong_stage");
  CHECK(w.outcome("baraka", deal.accept(1)) == "not_a_party");
  CHECK(w.outcome("acme", deal.reject(1, "")) == "field_invalid");
  CHECK(w.outcome("judge", deal.award(1, 500'00)) == "milestone_wrong_stage");
  CHECK(w.outcome("judge", deal.dispute(1)) == "not_a_party");
  w.must("acme", deal.accept(1));
  CHECK(w.outcome("acme", deal.accept(1)) == "wrong_phase");   // pay twice: the contract is done
  CHECK(w.outcome("dept", deal.order(1)) == "payment_unknown");
  CHECK(w.outcome("treasury", deal.registered()) == "not_a_party");   // it is nothing to the treasury
}

TEST_CASE("without an arbiter there is no dispute") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({1'000'00}, w.now());
  terms.arbiter.clear();
  terms.arbitration_days = 0;
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  CHECK(w.outcome("acme", deal.dispute(1)) == "condition_not_met");
}

TEST_CASE("terms are judged when they are offered") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  struct Case {
    const char* what;
    std::function<void(ServiceTerms&)> spoil;
    const char* expected;
  };
  using D = ServiceTerms;
  const std::uint64_t now = w.now();
  const Case cases[] = {
      {"nothing spoiled", [](D&) {}, "ok"},
      {"no subject", [](D& d) { d.subject.clear(); }, "term_out_of_range"},
      {"subject of control characters", [](D& d) { d.subject = "a\nb"; }, "term_out_of_range"},
      {"annex is no digest", [](D& d) { d.annex = "short"; }, "term_out_of_range"},
      {"known by too long a name", [](D& d) { d.known_as = std::string(141, 'x'); }, "term_out_of_range"},
      {"a third member drafts", [](D& d) { d.customer = "dept"; d.provider = "nordic"; }, "not_a_party"},
      {"unknown customer", [](D& d) { d.customer = "nobody"; d.provider = "acme"; }, "member_unknown"},
      {"unknown provider", [](D& d) { d.provider = "nobody"; }, "member_unknown"},
      {"customer is provider", [](D& d) { d.provider = "acme"; }, "field_invalid"},
      {"provider is no enterprise", [](D& d) { d.provider = "bank"; }, "role_missing"},
      {"arbiter is none", [](D& d) { d.arbiter = "dept"; }, "role_missing"},
      {"unknown arbiter", [](D& d) { d.arbiter = "nobody"; }, "member_unknown"},
      {"currency", [](D& d) { d.currency = "EUR"; }, "currency_unknown"},
      {"untaxed category", [](D& d) { d.category = "none"; }, "tax_category_unknown"},
      {"unknown category", [](D& d) { d.category = "gifts"; }, "tax_category_unknown"},
      {"provider's account is another's", [](D& d) { d.provider_account = "acme/UZS"; }, "account_not_yours"},
      {"provider's account is not open", [](D& d) { d.provider_account = "baraka/UZS/x"; }, "account_unknown"},
      {"provider's account in another currency", [](D& d) { d.provider_account = "baraka/PYG"; }, "currency_mismatch"},
      {"customer's account is another's", [](D& d) { d.customer_account = "baraka/UZS"; }, "account_not_yours"},
      {"customer's account is a hold", [](D& d) { d.customer_account = "acme/UZS/hold.1"; }, "account_reserved"},
      {"customer's account in another currency", [](D& d) { d.customer_account = "acme/PYG"; }, "currency_mismatch"},
      {"unknown budget line", [](D& d) { d.budget_line = "2026.edu"; d.acceptance_days = 0; }, "budget_line_unknown"},
      {"offer already over", [&](D& d) { d.offer_until_ms = now; }, "term_out_of_range"},
      {"offer for years", [&](D& d) { d.offer_until_ms = now + 400 * day; }, "term_out_of_range"},
      {"penalty above the price a day", [](D& d) { d.late_rate_ppm = 1'000'001; }, "term_out_of_range"},
      {"cap above the price", [](D& d) { d.late_cap_ppm = 1'000'001; }, "term_out_of_range"},
      {"rate without cap", [](D& d) { d.late_cap_ppm = 0; }, "term_out_of_range"},
      {"cap without rate", [](D& d) { d.late_rate_ppm = 0; }, "term_out_of_range"},
      {"acceptance after two years", [](D& d) { d.acceptance_days = 730; }, "term_out_of_range"},
      {"silence freezes: neither acceptance term nor arbiter",
       [](D& d) { d.acceptance_days = 0; d.arbiter.clear(); d.arbitration_days = 0; }, "term_out_of_range"},
      {"silence freezes: no end of delivery", [](D& d) { d.grace_days = 0; }, "term_out_of_range"},
      {"grace of eleven years", [](D& d) { d.grace_days = 4'000; }, "term_out_of_range"},
      {"silence freezes: no end of arbitration", [](D& d) { d.arbitration_days = 0; }, "term_out_of_range"},
      {"arbitration without arbiter", [](D& d) { d.arbiter.clear(); }, "term_out_of_range"},
      {"no milestone", [](D& d) { d.milestones.clear(); }, "term_out_of_range"},
      {"65 milestones", [](D& d) { d.milestones.resize(65, d.milestones[0]); }, "term_out_of_range"},
      {"milestone without price", [](D& d) { d.milestones[0].price = 0; }, "term_out_of_range"},
      {"milestone without title", [](D& d) { d.milestones[0].title.clear(); }, "term_out_of_range"},
      {"due in eleven years", [&](D& d) { d.milestones[0].due_ms = now + 4'000 * day; }, "term_out_of_range"},
      {"due at the end of time", [](D& d) { d.milestones[0].due_ms = ~0ull; }, "term_out_of_range"},
      {"due long ago", [](D& d) { d.milestones[0].due_ms = 1; }, "term_out_of_range"},
      {"lapses before the offer ends", [&](D& d) { d.milestones[0].due_ms = now - 28 * day; }, "term_out_of_range"},
      {"sum beyond 64 bits",
       [](D& d) {
         d.milestones[0].price = std::numeric_limits<MinorUnits>::max();
         d.milestones.push_back(d.milestones[0]);
       },
       "overflow"},
  };
  for (const Case& test : cases) {
    INFO(test.what);
    auto terms = private_terms({1'000'00}, now);
    test.spoil(terms);
    CHECK(w.outcome("acme", draft(terms)) == test.expected);
  }
  CHECK(w.run("acme", {draft(private_terms({1'00}, now)), draft(private_terms({1'00}, now))}).rejection.code == RejectionCode::field_invalid);
}

}  // namespace daftar::contracts::test
