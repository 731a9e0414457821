// Contracts over public money: a budget line instead of a hold, the treasury registers and pays.
#include <catch2/catch.hpp>

#include "contracts/budget/lines.h"
#include "deals.h"

namespace daftar::contracts::test {

using budget::Stage;

namespace {

constexpr const char* line_id = "2026.edu.paper";

struct Treasury {
  World w;
  explicit Treasury(MinorUnits approved = 1'000'000'00, MinorUnits allotted = 1'000'000'00) {
    w.fund("treasury/UZS", 5'000'000'00);
    w.must("treasury", approve_line(line_id, approved));
    w.must("treasury", allot(line_id, allotted));
  }
  budget::BudgetLine line() const { return *query::budget_line(w.state(), line_id); }
  MinorUnits net(Stage stage) const { return static_cast<MinorUnits>(line().net(stage)); }
  Deal registered(std::vector<MinorUnits> prices) {
    const Deal deal = signed_deal(w, public_terms(line_id, std::move(prices), w.now()));
    w.must("treasury", deal.registered());
    return deal;
  }
};

}  // namespace

TEST_CASE("signed is not in force: the treasury registers, which commits the line, reserved money first") {
  Treasury t;
  t.w.must("dept", reserve(line_id, 300'000'00));
  const Deal deal = signed_deal(t.w, public_terms(line_id, {400'000'00}, t.w.now()));
  CHECK(deal.phase(t.w) == "signed");
  CHECK(t.net(Stage::committed) == 0);
  CHECK(t.w.outcome("baraka", deal.deliver(1)) == "wrong_phase");
  CHECK(t.w.outcome("dept", deal.registered()) == "not_a_party");
  CHECK(t.w.outcome("bank", deal.registered()) == "not_a_party");
  CHECK(t.w.outcome("treasury", Deal{{deal.id, deal.id}}.registered()) == "terms_digest_mismatch");
  CHECK(t.w.outcome("treasury", Deal{{Digest{}, deal.digest}}.registered()) == "contract_unknown");
  t.w.must("treasury", deal.registered());
  CHECK(deal.phase(t.w) == "active");
  CHECK(t.net(Stage::reserved) == 0);
  CHECK(t.net(Stage::committed) == 400'000'00);
  CHECK(static_cast<MinorUnits>(t.line().available()) == 600'000'00);
  CHECK(t.w.outcome("treasury", deal.registered()) == "wrong_phase");
}

TEST_CASE("a draft is not registered, and a declined one neither") {
  Treasury t;
  const Deal deal = drafted_deal(t.w, "baraka", public_terms(line_id, {1'00}, t.w.now()));
  CHECK(t.w.outcome("treasury", deal.registered()) == "wrong_phase");
  t.w.must("dept", deal.terminate());
  CHECK(t.w.outcome("treasury", deal.registered()) == "wrong_phase");
}

TEST_CASE("no commitment beyond the allotment or the appropriation") {
  {
    Treasury t(1'000'00, 600'00);
    const Deal deal = signed_deal(t.w, public_terms(line_id, {600'01}, t.w.now()));
    CHECK(t.w.outcome("treasury", deal.registered()) == "over_allotment");
    t.w.must("treasury", allot(line_id, 1));
    CHECK(t.w.outcome("treasury", deal.registered()) == "ok");
    CHECK(t.w.outcome("dept", reserve(line_id, 1)) == "over_allotment");
  }
  {
    Treasury t(1'000'00, 1'000'00);
    const Deal deal = signed_deal(t.w, public_terms(line_id, {700'00}, t.w.now()));
    t.w.must("treasury", adjust_line(line_id, -300'01));
    CHECK(t.w.outcome("treasury", deal.registered()) == "over_appropriation");
    t.w.must("treasury", adjust_line(line_id, 1));
    CHECK(t.w.outcome("treasury", deal.registered()) == "ok");
    CHECK(t.w.outcome("treasury", adjust_line(line_id, -1)) == "below_commitment");
  }
}

TEST_CASE("accepted, ordered by the owner, paid by the treasury with taxes: each once, in that order, by the right member") {
  Treasury t;
  const Deal deal = t.registered({112'000'00, 224'000'00});
  CHECK(t.w.outcome("dept", deal.order(1)) == "payment_unknown");
  t.w.must("baraka", deal.deliver(1));
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "payment_unknown");
  t.w.must("dept", deal.accept(1));
  CHECK(t.net(Stage::accrued) == 112'000'00);
  CHECK(t.w.balance("baraka/UZS") == 0);
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "payment_wrong_stage");   // not ordered
  CHECK(t.w.outcome("treasury", deal.order(1)) == "not_line_owner");
  t.w.must("dept", deal.order(1));
  CHECK(t.w.outcome("dept", deal.order(1)) == "payment_wrong_stage");
  CHECK(t.net(Stage::ordered) == 112'000'00);
  CHECK(t.w.outcome("dept", deal.pay(1)) == "role_missing");
  const auto paid = t.w.must("treasury", deal.pay(1));
  CHECK(paid.taxes.at(0).payer == "dept");   // the spending unit is the agent, its treasury's account the source
  CHECK(t.w.balance("baraka/UZS") == 100'000'00);
  CHECK(t.w.balance("tax/UZS/revenue.vat") == 12'000'00);
  CHECK(t.w.balance("treasury/UZS") == 4'888'000'00);
  CHECK(t.net(Stage::paid) == 112'000'00);
  CHECK(t.net(Stage::committed) == 336'000'00);
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "already_paid");
  CHECK(t.w.outcome("dept", deal.order(1)) == "already_paid");
  CHECK(t.w.outcome("treasury", deal.pay(3)) == "payment_unknown");

  t.w.must("baraka", deal.deliver(2));
  t.w.must("dept", deal.accept(2));
  CHECK(deal.phase(t.w) == "done");                                  // what is earned is owed whatever becomes of the contract
  CHECK(deal.claim(t.w, 2).stage == agreements::ClaimStage::due);
  t.w.must("dept", deal.order(2));
  t.w.must("treasury", deal.pay(2));
  CHECK(deal.claim(t.w, 2).stage == agreements::ClaimStage::paid);
  CHECK(t.w.outcome("treasury", deal.pay(2)) == "already_paid");
}

TEST_CASE("the treasury cannot pay what its account does not hold") {
  Treasury t(9'000'000'00, 9'000'000'00);
  const Deal deal = t.registered({5'000'000'01});
  t.w.must("baraka", deal.deliver(1));
  t.w.must("dept", deal.accept(1));
  t.w.must("dept", deal.order(1));
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "overdraft");
  CHECK(t.net(Stage::paid) == 0);
  t.w.fund("treasury/UZS", 1);
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "ok");
}

TEST_CASE("a penalty on public money is never owed and its commitment is released") {
  Treasury t;
  const Deal deal = t.registered({100'000'00});
  t.w.idle_until(t.w.now() + 20 * day);
  t.w.must("baraka", deal.deliver(1));
  t.w.must("dept", deal.accept(1));
  CHECK(deal.claim(t.w, 1).amount == 96'000'00);   // 10 full days late
  t.w.must("dept", deal.order(1));
  t.w.must("treasury", deal.pay(1));
  CHECK(t.net(Stage::paid) == 96'000'00);
  CHECK(t.net(Stage::ordered) == 96'000'00);
  CHECK(t.net(Stage::committed) == 96'000'00);
  CHECK(t.line().at(Stage::committed).reversed == 4'000'00);
  CHECK(t.line().at(Stage::accrued).gross == 96'000'00);
  CHECK(t.w.balance("treasury/UZS") == 4'904'000'00);
  CHECK(deal.phase(t.w) == "done");
}

TEST_CASE("a penalty that eats the whole price pays nothing and closes the milestone") {
  Treasury t;
  auto terms = public_terms(line_id, {100'00}, t.w.now());
  terms.late_rate_ppm = 1'000'000;
  terms.late_cap_ppm = 1'000'000;
  const Deal deal = signed_deal(t.w, terms);
  t.w.must("treasury", deal.registered());
  t.w.idle_until(terms.milestones[0].due_ms + 1 * day);
  t.w.must("baraka", deal.deliver(1));
  t.w.must("dept", deal.accept(1));
  CHECK(t.w.outcome("dept", deal.order(1)) == "payment_unknown");
  CHECK(t.net(Stage::committed) == 0);
  CHECK(deal.phase(t.w) == "done");
}

TEST_CASE("lapse, award and termination release the commitment") {
  Treasury t;
  const Deal lapsing = t.registered({100'00});
  const Deal awarded = t.registered({200'00, 50'00});
  CHECK(t.net(Stage::committed) == 350'00);
  t.w.must("baraka", awarded.deliver(1));
  t.w.must("dept", awarded.dispute(1));
  t.w.must("judge", awarded.award(1, 120'00));
  CHECK(t.net(Stage::committed) == 270'00);
  CHECK(t.net(Stage::accrued) == 120'00);
  t.w.must("dept", awarded.terminate());
  t.w.must("dept", awarded.order(1));
  t.w.must("treasury", awarded.pay(1));
  t.w.must("baraka", awarded.terminate());
  CHECK(t.net(Stage::committed) == 220'00);
  t.w.idle_until(lapsing.record(t.w).deadline_ms);
  CHECK(t.net(Stage::committed) == 120'00);
  CHECK(lapsing.phase(t.w) == "done");
  CHECK(static_cast<MinorUnits>(t.line().available()) == 1'000'000'00 - 120'00);
}

TEST_CASE("an award of nothing to the provider leaves nothing to order") {
  Treasury t;
  const Deal deal = t.registered({100'00, 1'00});
  t.w.must("baraka", deal.deliver(1));
  t.w.must("baraka", deal.dispute(1));
  t.w.must("judge", deal.award(1, 0));
  CHECK(t.w.outcome("dept", deal.order(1)) == "payment_unknown");
  CHECK(t.net(Stage::committed) == 1'00);
}

TEST_CASE("terms over public money: own line, its currency, no acceptance by silence, delivery may have no end") {
  Treasury t;
  auto terms = public_terms(line_id, {100'00}, t.w.now());
  terms.acceptance_days = 5;
  CHECK(t.w.outcome("dept", draft(terms)) == "term_out_of_range");
  terms = public_terms(line_id, {100'00}, t.w.now());
  terms.customer = "acme";
  CHECK(t.w.outcome("baraka", draft(terms)) == "not_line_owner");
  terms = public_terms(line_id, {100'00}, t.w.now());
  terms.currency = "PYG";
  CHECK(t.w.outcome("baraka", draft(terms)) == "currency_mismatch");
  terms = public_terms(line_id, {100'00}, t.w.now());
  terms.grace_days = 0;
  const Deal deal = signed_deal(t.w, terms);
  t.w.must("treasury", deal.registered());
  CHECK_FALSE(t.w.engine().next_deadline_ms(t.w.state()));
}

TEST_CASE("only the treasury that pays a line steers it, it cannot own what it pays") {
  World w([](proto::Genesis& g) {
    *g.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"});
    for (auto& m : *g.mutable_members())
      if (m.id() == "treasury") m.add_roles("spending_unit");
  });
  auto own = approve_line(line_id, 100'00);
  own.mutable_approve_budget_line()->set_owner("treasury");
  CHECK(w.outcome("treasury", own) == "field_invalid");
  auto other = approve_line(line_id, 100'00);
  CHECK(w.outcome("treasury2", other) == "account_not_yours");
  w.must("treasury", approve_line(line_id, 100'00));
  CHECK(w.outcome("treasury2", allot(line_id, 1)) == "account_not_yours");
  CHECK(w.outcome("treasury2", adjust_line(line_id, 1)) == "account_not_yours");
  auto wrong_currency = approve_line("other", 100'00);
  wrong_currency.mutable_approve_budget_line()->set_currency("PYG");
  CHECK(w.outcome("treasury", wrong_currency) == "currency_mismatch");
  auto no_year = approve_line("other", 100'00);
  no_year.mutable_approve_budget_line()->set_year(26);
  CHECK(w.outcome("treasury", no_year) == "field_invalid");
  CHECK(w.outcome("treasury", adjust_line(line_id, std::numeric_limits<MinorUnits>::max())) == "overflow");
}

TEST_CASE("what was spent outside the ledger passes all stages, moves no money, and leaves room only for the rest") {
  Treasury t(1'000'00, 800'00);
  t.w.must("treasury", record_execution(line_id, 300'00));
  for (const Stage stage : {Stage::committed, Stage::accrued, Stage::ordered, Stage::paid}) CHECK(t.net(stage) == 300'00);
  CHECK(static_cast<MinorUnits>(t.line().outside) == 300'00);
  CHECK(t.w.balance("treasury/UZS") == 5'000'000'00);
  CHECK(t.w.outcome("treasury", record_execution(line_id, 500'01)) == "over_allotment");
  CHECK(t.w.outcome("dept", record_execution(line_id, 1)) == "role_missing");
  CHECK(t.w.outcome("treasury", record_execution(line_id, 0)) == "amount_must_be_positive");
  CHECK(t.w.outcome("treasury", record_execution(line_id, 1, "")) == "field_invalid");
  CHECK(t.w.outcome("treasury", record_execution("none", 1)) == "budget_line_unknown");
  const Deal deal = signed_deal(t.w, public_terms(line_id, {500'01}, t.w.now()));
  CHECK(t.w.outcome("treasury", deal.registered()) == "over_allotment");
}

TEST_CASE("stages judge each step: accrued, ordered and paid never pass the stage before") {
  // No operation can ask for these (milestones pass the stages in order); the judgement stands by itself all the same.
  budget::BudgetLine line;
  line.id = "x";
  REQUIRE(budget::apply(line, {{Stage::approved, 100}, {Stage::adjusted, 100}}));
  REQUIRE(budget::apply(line, {{Stage::allotted, 80}}));
  REQUIRE(budget::apply(line, {{Stage::committed, 50}}));
  const auto code = [&](std::initializer_list<budget::Change> changes) {
    const auto outcome = budget::apply(line, changes);
    return outcome ? std::string("ok") : std::string(ledger::name(outcome.error().code));
  };
  CHECK(code({{Stage::accrued, 51}}) == "over_commitment");
  CHECK(code({{Stage::accrued, 50}}) == "ok");
  CHECK(code({{Stage::ordered, 51}}) == "over_accrual");
  CHECK(code({{Stage::ordered, 40}}) == "ok");
  CHECK(code({{Stage::paid, 41}}) == "over_order");
  CHECK(code({{Stage::paid, 40}}) == "ok");
  CHECK(code({{Stage::committed, -1}}) == "over_commitment");
  CHECK(code({{Stage::adjusted, -51}}) == "below_commitment");
  CHECK(line.net(Stage::paid) == 40);
}

}  // namespace daftar::contracts::test
