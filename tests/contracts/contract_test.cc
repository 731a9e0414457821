// The life of a contract over private money.
#include <catch2/catch.hpp>

#include "contracts/service/lifecycle.h"
#include "contracts/terms.h"
#include "deals.h"

namespace daftar::contracts::test {

using service::MilestoneStage;
using service::Phase;

TEST_CASE("money is held when the last party signs, and a milestone accepted in time is paid with its tax") {
  World w;
  w.fund("acme/UZS", 500'000'000'00);
  const Deal deal = signed_deal(w, private_terms({112'000'000'00, 56'000'000'00}, w.now()));
  CHECK(deal.record(w).phase == Phase::active);
  CHECK(w.balance("acme/UZS") == 332'000'000'00);
  CHECK(w.balance(deal.hold()) == 168'000'000'00);

  w.must("baraka", deliver(deal.id, 1));
  const auto result = w.must("acme", accept(deal.id, 1));
  CHECK(w.balance("baraka/UZS") == 100'000'000'00);
  CHECK(w.balance("tax/UZS/revenue.vat") == 12'000'000'00);
  CHECK(w.balance(deal.hold()) == 56'000'000'00);
  REQUIRE(result.postings.size() == 3);
  CHECK(result.postings[0].reason == "payment");
  CHECK(result.postings[0].amount == -112'000'000'00);
  CHECK(result.postings[1].reason == "net_pay");
  CHECK(result.postings[2].rule == "vat-12/1");
  CHECK(result.postings[2].balance_after == 12'000'000'00);
  CHECK(deal.record(w).phase == Phase::active);

  w.must("baraka", deliver(deal.id, 2));
  w.must("acme", accept(deal.id, 2));
  CHECK(deal.record(w).phase == Phase::done);
  CHECK(w.balance(deal.hold()) == 0);
}

TEST_CASE("what is signed is the digest of the draft's exact bytes") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const auto sent = w.transaction("baraka", {draft(private_terms({1'000'00}, w.now()))});
  w.block({sent});
  const auto terms = terms_digest(sent->body_bytes());
  REQUIRE(terms);
  CHECK(query::contract(w.state(), sent->id())->terms_digest == *terms);
  // The bytes are the message's own: hashing its encoding gives the same.
  CHECK(*terms == ledger::tagged_hash(ledger::tag::terms, sent->body().operations(0).draft_contract().SerializeAsString()));
  Digest other = *terms;
  other.bytes[0] ^= 1;
  CHECK(w.outcome("acme", sign(sent->id(), other)) == "terms_digest_mismatch");
  CHECK(w.outcome("acme", sign(sent->id(), *terms)) == "ok");
  CHECK_FALSE(terms_digest(w.transaction("acme", {accept(sent->id(), 1)})->body_bytes()));
  CHECK_FALSE(terms_digest("\x32\xff\xff\xff\xff\x0f"));   // a length beyond the end
}

TEST_CASE("a late delivery pays the penalty: full days, rate per day, rounded down, capped, the penalty carries no VAT") {
  World w;
  w.fund("acme/UZS", 200'000'000'00);
  auto terms = private_terms({56'000'000'00, 56'000'000'00, 101}, w.now());
  terms.set_delivery_grace_days(400);
  terms.mutable_milestones(2)->set_due_ms(w.now() - 1 * day + 500'000);   // already late when it is offered
  const Deal deal = signed_deal(w, terms);
  const std::uint64_t due = terms.milestones(0).due_ms();

  w.idle_until(due + 10 * day);   // delivered 10 full days and a second late
  w.must("baraka", deliver(deal.id, 1));
  const auto result = w.must("acme", accept(deal.id, 1));
  CHECK(deal.record(w).milestones[0].penalty == 2'240'000'00);   // DOMAIN 7.6
  CHECK(result.taxes.at(0).gross == 53'760'000'00);
  CHECK(result.taxes.at(0).tax == 5'760'000'00);
  CHECK(result.postings.back().reason == "penalty");
  CHECK(result.postings.back().account == "acme/UZS");
  CHECK(w.balance("baraka/UZS") == 48'000'000'00);

  w.idle_until(due + 125 * day);
  w.must("baraka", deliver(deal.id, 2));
  w.must("acme", accept(deal.id, 2));
  CHECK(deal.record(w).milestones[1].penalty == 28'000'000'00);   // the cap is reached on day 125

  w.must("baraka", deliver(deal.id, 3));   // 101 tiyin, over the cap: 50.5 rounds down
  w.must("acme", accept(deal.id, 3));
  CHECK(deal.record(w).milestones[2].penalty == 50);
  CHECK(deal.record(w).phase == Phase::done);
}

TEST_CASE("penalty days are full days after the due moment") {
  World w;
  service::Contract contract;
  contract.late_penalty_ppm_per_day = 4'000;
  contract.late_penalty_cap_ppm = 500'000;
  service::Milestone milestone;
  milestone.price = 56'000'000'00;
  milestone.due_ms = start_ms;
  const auto late_by = [&](std::uint64_t ms) {
    milestone.delivered_ms = start_ms + ms;
    return service::late_penalty(contract, milestone);
  };
  CHECK(late_by(0) == 0);
  CHECK(late_by(day - 1) == 0);
  CHECK(late_by(day) == 224'000'00);
  CHECK(late_by(2 * day - 1) == 224'000'00);
  CHECK(late_by(124 * day) == 27'776'000'00);
  CHECK(late_by(125 * day) == 28'000'000'00);
  CHECK(late_by(3'000 * day) == 28'000'000'00);
  contract.late_penalty_ppm_per_day = 5'000;
  CHECK(late_by(100 * day) == 28'000'000'00);
  contract.late_penalty_cap_ppm = 1'000'000;
  contract.late_penalty_ppm_per_day = 1'000'000;
  CHECK(late_by(4'000 * day) == milestone.price);
}

TEST_CASE("the penalty stops at the delivery that is accepted, however late acceptance comes") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({1'000'00}, w.now());
  terms.set_acceptance_days(0);
  const Deal deal = signed_deal(w, terms);
  w.idle_until(terms.milestones(0).due_ms() + 2 * day);
  w.must("baraka", deliver(deal.id, 1));
  w.idle_until(w.now() + 20 * day);
  w.must("acme", accept(deal.id, 1));
  CHECK(deal.record(w).milestones[0].penalty == 8'00);   // 2 days
}

TEST_CASE("a rejected milestone is delivered again, a dispute freezes only its own milestone, the award splits it") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  const Deal deal = signed_deal(w, private_terms({112'000'00, 224'000'00}, w.now()));
  w.must("baraka", deliver(deal.id, 1));
  w.must("acme", reject(deal.id, 1));
  CHECK(w.outcome("acme", accept(deal.id, 1)) == "milestone_wrong_stage");
  w.must("baraka", deliver(deal.id, 1));
  CHECK(deal.record(w).milestones[0].deliveries == 2);
  w.must("acme", dispute(deal.id, 1));
  CHECK(w.outcome("acme", accept(deal.id, 1)) == "milestone_wrong_stage");
  CHECK(w.outcome("baraka", deliver(deal.id, 1)) == "milestone_wrong_stage");

  w.must("baraka", deliver(deal.id, 2));
  w.must("acme", accept(deal.id, 2));
  CHECK(w.balance("baraka/UZS") == 200'000'00);

  CHECK(w.outcome("acme", award(deal.id, 1, 56'000'00, 56'000'00)) == "not_a_party");
  CHECK(w.outcome("judge", award(deal.id, 1, 56'000'00, 56'000'01)) == "award_does_not_sum");
  CHECK(w.outcome("judge", award(deal.id, 1, 112'000'01, -1)) == "award_does_not_sum");
  CHECK(w.outcome("judge", award(deal.id, 1, std::numeric_limits<MinorUnits>::max(), 1)) == "award_does_not_sum");
  const auto result = w.must("judge", award(deal.id, 1, 56'000'00, 56'000'00));
  CHECK(result.taxes.at(0).tax == 6'000'00);
  CHECK(w.balance("baraka/UZS") == 250'000'00);
  CHECK(w.balance("acme/UZS") == 720'000'00);
  CHECK(deal.record(w).phase == Phase::done);
  CHECK(w.outcome("judge", award(deal.id, 1, 56'000'00, 56'000'00)) == "wrong_phase");
}

TEST_CASE("an award may give everything to one side") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = signed_deal(w, private_terms({300'00, 700'00}, w.now()));
  w.must("baraka", deliver(deal.id, 1));
  w.must("baraka", dispute(deal.id, 1));
  w.must("judge", award(deal.id, 1, 0, 300'00));
  w.must("baraka", deliver(deal.id, 2));
  w.must("acme", reject(deal.id, 2));
  w.must("baraka", dispute(deal.id, 2));   // the provider may dispute a rejection
  w.must("judge", award(deal.id, 2, 700'00, 0));
  CHECK(w.balance("acme/UZS") == 300'00);
  CHECK(w.balance("baraka/UZS") == 625'00);
  CHECK(deal.record(w).phase == Phase::done);
}

TEST_CASE("a late milestone can be disputed before it is delivered, an early one cannot") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = signed_deal(w, private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("acme", dispute(deal.id, 1)) == "milestone_wrong_stage");
  w.idle_until(w.now() + 11 * day);
  CHECK(w.outcome("acme", dispute(deal.id, 1)) == "ok");
}

TEST_CASE("a payee abroad receives 80 %") {
  World w;
  w.fund("acme/UZS", 100'000'000'00);
  auto terms = private_terms({100'000'000'00}, w.now());
  terms.set_provider("nordic");
  const Deal deal = signed_deal(w, terms);
  w.must("nordic", deliver(deal.id, 1));
  w.must("acme", accept(deal.id, 1));
  CHECK(w.balance("nordic/UZS") == 80'000'000'00);
  CHECK(w.balance("tax/UZS/revenue.nonresident") == 20'000'000'00);
}

TEST_CASE("the provider is paid on the account the terms name") {
  World w;
  w.fund("acme/UZS", 112'00);
  w.must("baraka", open("baraka/UZS/sales"));
  auto terms = private_terms({112'00}, w.now());
  terms.set_provider_account("baraka/UZS/sales");
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deliver(deal.id, 1));
  w.must("acme", accept(deal.id, 1));
  CHECK(w.balance("baraka/UZS/sales") == 100'00);
  CHECK(w.balance("baraka/UZS") == 0);
}

TEST_CASE("termination by consent returns what is not earned, after submitted work is judged") {
  World w;
  w.fund("acme/UZS", 336'00);
  const Deal deal = signed_deal(w, private_terms({112'00, 112'00, 112'00}, w.now()));
  w.must("baraka", deliver(deal.id, 1));
  w.must("acme", terminate(deal.id));
  CHECK(w.outcome("acme", terminate(deal.id)) == "already_signed");
  CHECK(w.outcome("judge", terminate(deal.id)) == "not_a_party");
  CHECK(w.outcome("baraka", terminate(deal.id)) == "milestone_wrong_stage");
  w.must("acme", accept(deal.id, 1));
  w.must("baraka", terminate(deal.id));
  CHECK(deal.record(w).phase == Phase::terminated);
  CHECK(deal.record(w).milestones[2].stage == MilestoneStage::lapsed);
  CHECK(w.balance("acme/UZS") == 224'00);
  CHECK(w.balance("baraka/UZS") == 100'00);
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(w.outcome("baraka", deliver(deal.id, 2)) == "wrong_phase");
  CHECK(w.outcome("acme", terminate(deal.id)) == "wrong_phase");
}

TEST_CASE("before both have signed, either side may walk away") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal offered = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  w.must("baraka", sign(offered.id, offered.terms));
  w.must("baraka", terminate(offered.id));
  CHECK(offered.record(w).phase == Phase::withdrawn);
  CHECK(w.outcome("acme", sign(offered.id, offered.terms)) == "wrong_phase");

  const Deal declined = drafted_deal(w, "baraka", private_terms({1'000'00}, w.now()));
  const auto result = w.must("acme", terminate(declined.id, "too dear"));
  CHECK(result.events.at(0).kind == "contract_declined");
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(w.balance("acme/UZS") == 1'000'00);
}

TEST_CASE("signing: each party once, only parties, in any order, and only with the money there") {
  World w;
  const Deal deal = drafted_deal(w, "acme", private_terms({1'000'00}, w.now()));
  CHECK(deal.record(w).phase == Phase::draft);   // drafting is not signing
  CHECK(w.outcome("judge", sign(deal.id, deal.terms)) == "not_a_party");
  CHECK(w.outcome("acme", sign(deal.id, deal.terms)) == "ok");
  CHECK(w.outcome("acme", sign(deal.id, deal.terms)) == "already_signed");
  CHECK(w.outcome("baraka", sign(deal.id, deal.terms)) == "overdraft");
  CHECK(deal.record(w).provider_signed_ms == 0);
  w.fund("acme/UZS", 1'000'00);
  CHECK(w.outcome("baraka", sign(deal.id, deal.terms)) == "ok");
  CHECK(w.outcome("baraka", sign(deal.id, deal.terms)) == "already_signed");
  CHECK(w.outcome("baraka", sign(Digest{}, deal.terms)) == "contract_unknown");
}

TEST_CASE("refusals of work: who, when, which milestone") {
  World w;
  w.fund("acme/UZS", 2'000'00);
  const Deal drafted = drafted_deal(w, "acme", private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("baraka", deliver(drafted.id, 1)) == "wrong_phase");
  const Deal deal = signed_deal(w, private_terms({1'000'00}, w.now()));
  CHECK(w.outcome("acme", accept(deal.id, 1)) == "milestone_wrong_stage");   // accept before deliver
  CHECK(w.outcome("acme", reject(deal.id, 1)) == "milestone_wrong_stage");
  CHECK(w.outcome("acme", deliver(deal.id, 1)) == "not_a_party");
  CHECK(w.outcome("baraka", deliver(deal.id, 0)) == "milestone_unknown");
  CHECK(w.outcome("baraka", deliver(deal.id, 2)) == "milestone_unknown");
  CHECK(w.outcome("baraka", deliver(Digest{}, 1)) == "contract_unknown");
  auto no_document = deliver(deal.id, 1);
  no_document.mutable_deliver_milestone()->clear_document_digest();
  CHECK(w.outcome("baraka", no_document) == "field_invalid");
  auto short_id = deliver(deal.id, 1);
  short_id.mutable_deliver_milestone()->set_contract("abc");
  CHECK(w.outcome("baraka", short_id) == "field_invalid");
  w.must("baraka", deliver(deal.id, 1));
  CHECK(w.outcome("baraka", deliver(deal.id, 1)) == "milestone_wrong_stage");
  CHECK(w.outcome("baraka", accept(deal.id, 1)) == "not_a_party");
  CHECK(w.outcome("acme", reject(deal.id, 1, "")) == "field_invalid");
  CHECK(w.outcome("judge", award(deal.id, 1, 500'00, 500'00)) == "milestone_wrong_stage");
  CHECK(w.outcome("judge", dispute(deal.id, 1)) == "not_a_party");
  w.must("acme", accept(deal.id, 1));
  CHECK(w.outcome("acme", accept(deal.id, 1)) == "wrong_phase");   // pay twice: the contract is done
  CHECK(w.outcome("dept", order_payment(deal.id, 1)) == "budget_line_unknown");
  CHECK(w.outcome("treasury", register_contract(deal.id, deal.terms)) == "wrong_phase");
}

TEST_CASE("without an arbiter there is no dispute") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({1'000'00}, w.now());
  terms.clear_arbiter();
  terms.set_arbitration_days(0);
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deliver(deal.id, 1));
  CHECK(w.outcome("acme", dispute(deal.id, 1)) == "no_arbiter");
}

TEST_CASE("terms are judged when they are offered") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  struct Case {
    const char* what;
    std::function<void(proto::DraftContract&)> spoil;
    const char* expected;
  };
  using D = proto::DraftContract;
  const std::uint64_t now = w.now();
  const Case cases[] = {
      {"nothing spoiled", [](D&) {}, "ok"},
      {"template", [](D& d) { d.set_template_("works/1"); }, "field_invalid"},
      {"no title", [](D& d) { d.clear_title(); }, "field_invalid"},
      {"title of control characters", [](D& d) { d.set_title("a\nb"); }, "field_invalid"},
      {"text digest", [](D& d) { d.set_text_digest("short"); }, "field_invalid"},
      {"external id too long", [](D& d) { d.set_external_id(std::string(141, 'x')); }, "field_invalid"},
      {"a third member drafts", [](D& d) { d.set_customer("dept"); d.set_provider("nordic"); }, "not_a_party"},
      {"unknown customer", [](D& d) { d.set_customer("nobody"); d.set_provider("acme"); }, "member_unknown"},
      {"unknown provider", [](D& d) { d.set_provider("nobody"); }, "member_unknown"},
      {"customer is provider", [](D& d) { d.set_provider("acme"); }, "field_invalid"},
      {"provider is no enterprise", [](D& d) { d.set_provider("bank"); }, "role_missing"},
      {"arbiter is none", [](D& d) { d.set_arbiter("dept"); }, "role_missing"},
      {"unknown arbiter", [](D& d) { d.set_arbiter("nobody"); }, "member_unknown"},
      {"currency", [](D& d) { d.set_currency("EUR"); }, "currency_unknown"},
      {"untaxed category", [](D& d) { d.set_category("none"); }, "tax_category_unknown"},
      {"unknown category", [](D& d) { d.set_category("gifts"); }, "tax_category_unknown"},
      {"provider's account is another's", [](D& d) { d.set_provider_account("acme/UZS"); }, "account_not_yours"},
      {"provider's account is not open", [](D& d) { d.set_provider_account("baraka/UZS/x"); }, "account_unknown"},
      {"provider's account in another currency", [](D& d) { d.set_provider_account("baraka/PYG"); }, "currency_mismatch"},
      {"customer's account is another's", [](D& d) { d.set_customer_account("baraka/UZS"); }, "account_not_yours"},
      {"customer's account is a hold", [](D& d) { d.set_customer_account("acme/UZS/hold.1"); }, "account_reserved"},
      {"customer's account in another currency", [](D& d) { d.set_customer_account("acme/PYG"); }, "currency_mismatch"},
      {"no source of money", [](D& d) { d.clear_customer_account(); }, "field_invalid"},
      {"two sources of money", [](D& d) { d.set_budget_line("2026.edu"); }, "field_invalid"},
      {"unknown budget line", [](D& d) { d.clear_customer_account(); d.set_budget_line("2026.edu"); }, "budget_line_unknown"},
      {"offer already over", [&](D& d) { d.set_offer_until_ms(now); }, "term_out_of_range"},
      {"offer for years", [&](D& d) { d.set_offer_until_ms(now + 400 * day); }, "term_out_of_range"},
      {"penalty above the price a day", [](D& d) { d.set_late_penalty_ppm_per_day(1'000'001); }, "term_out_of_range"},
      {"cap above the price", [](D& d) { d.set_late_penalty_cap_ppm(1'000'001); }, "term_out_of_range"},
      {"rate without cap", [](D& d) { d.set_late_penalty_cap_ppm(0); }, "term_out_of_range"},
      {"cap without rate", [](D& d) { d.set_late_penalty_ppm_per_day(0); }, "term_out_of_range"},
      {"acceptance after two years", [](D& d) { d.set_acceptance_days(730); }, "term_out_of_range"},
      {"silence freezes: neither acceptance term nor arbiter",
       [](D& d) { d.set_acceptance_days(0); d.clear_arbiter(); d.set_arbitration_days(0); }, "term_out_of_range"},
      {"silence freezes: no end of delivery", [](D& d) { d.set_delivery_grace_days(0); }, "term_out_of_range"},
      {"grace of eleven years", [](D& d) { d.set_delivery_grace_days(4'000); }, "term_out_of_range"},
      {"silence freezes: no end of arbitration", [](D& d) { d.set_arbitration_days(0); }, "term_out_of_range"},
      {"arbitration without arbiter", [](D& d) { d.clear_arbiter(); }, "term_out_of_range"},
      {"no milestone", [](D& d) { d.clear_milestones(); }, "term_out_of_range"},
      {"65 milestones", [](D& d) { while (d.milestones_size() < 65) *d.add_milestones() = d.milestones(0); }, "term_out_of_range"},
      {"milestone without price", [](D& d) { d.mutable_milestones(0)->set_price(0); }, "amount_must_be_positive"},
      {"milestone without title", [](D& d) { d.mutable_milestones(0)->clear_title(); }, "field_invalid"},
      {"due in eleven years", [&](D& d) { d.mutable_milestones(0)->set_due_ms(now + 4'000 * day); }, "term_out_of_range"},
      {"due at the end of time", [&](D& d) { d.mutable_milestones(0)->set_due_ms(~0ull); }, "term_out_of_range"},
      {"due long ago", [&](D& d) { d.mutable_milestones(0)->set_due_ms(1); }, "term_out_of_range"},
      {"lapses before the offer ends", [&](D& d) { d.mutable_milestones(0)->set_due_ms(now - 28 * day); }, "term_out_of_range"},
      {"sum beyond 64 bits",
       [](D& d) {
         d.mutable_milestones(0)->set_price(std::numeric_limits<MinorUnits>::max());
         *d.add_milestones() = d.milestones(0);
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
