// The end of a budget line's year: a stop of commitments, closing, what lapses and what is carried over.
#include <catch2/catch.hpp>

#include "contracts/agreements/carry_over.h"
#include "deals.h"

namespace daftar::contracts::test {

using budget::Stage;

namespace {

constexpr const char* this_year = "2026.edu.paper";
constexpr const char* next_year = "2027.edu.paper";

proto::Operation line_of_year(const char* id, MinorUnits amount, std::uint32_t year) {
  auto o = approve_line(id, amount);
  o.mutable_approve_budget_line()->set_year(year);
  return o;
}

/// A line of 1 000 000.00, all allotted, and one of the year after, of which nothing is.
struct TwoYears {
  World w;
  explicit TwoYears(const std::function<void(proto::Genesis&)>& edit = {}) : w(edit) {
    w.fund("treasury/UZS", 5'000'000'00);
    w.must("treasury", approve_line(this_year, 1'000'000'00));
    w.must("treasury", allot(this_year, 1'000'000'00));
    w.must("treasury", line_of_year(next_year, 500'000'00, 2027));
  }
  budget::BudgetLine line(const char* id = this_year) const { return *query::budget_line(w.state(), id); }
  MinorUnits net(Stage stage, const char* id = this_year) const { return static_cast<MinorUnits>(line(id).net(stage)); }
  Deal registered(const std::vector<MinorUnits>& prices) {
    const Deal deal = signed_deal(w, public_terms(this_year, prices, w.now()));
    w.must("treasury", deal.registered());
    return deal;
  }
  void accepted(const Deal& deal, std::uint32_t milestone) {
    w.must("baraka", deal.deliver(milestone));
    w.must("dept", deal.accept(milestone));
  }
  std::string close(const char* carry_to = "") { return w.outcome("treasury", close_line(this_year, carry_to)); }
};

std::vector<std::string> kinds(const ExecutionResult& result) {
  std::vector<std::string> out;
  for (const auto& event : result.events) out.push_back(event.kind);
  return out;
}

}  // namespace

TEST_CASE("from the stop on nothing new is reserved or committed, and what is committed goes on") {
  TwoYears t;
  const Deal before = t.registered({100'000'00});
  const Deal late = signed_deal(t.w, public_terms(this_year, {50'000'00}, t.w.now()));
  const std::uint64_t stop = t.w.now() + 2 * day;
  t.w.must("dept", reserve(this_year, 10'000'00));
  const auto stopped = t.w.must("treasury", stop_commitments(this_year, stop));
  REQUIRE(stopped.events.size() == 1);
  CHECK(stopped.events[0].kind == "budget_stop");
  CHECK(stopped.events[0].text == "from 2026-03-03 00:00:11 UTC");
  CHECK(t.line().stop_ms == stop);
  t.w.must("dept", reserve(this_year, 1'00));                       // not yet
  t.w.idle_until(stop - 1);
  t.w.idle_until(stop);
  CHECK(t.w.outcome("dept", reserve(this_year, 1'00)) == "line_stopped");
  CHECK(t.w.outcome("treasury", late.registered()) == "line_stopped");   // reserved money, too, is committed no more
  CHECK(late.phase(t.w) == "signed");
  CHECK(t.w.outcome("dept", reserve(this_year, 1'00, true)) == "ok");
  t.accepted(before, 1);
  t.w.must("dept", before.order(1));
  t.w.must("treasury", before.pay(1));
  t.w.must("treasury", adjust_line(this_year, -1'00));
  t.w.must("treasury", record_execution(this_year, 1'00));          // what was spent elsewhere before may still be told
}

TEST_CASE("a stop is moved and lifted while it is to come, and stays once it is there") {
  TwoYears t;
  CHECK(t.w.outcome("treasury", stop_commitments(this_year, 0)) == "field_invalid");
  t.w.must("treasury", stop_commitments(this_year, t.w.now() + 2 * day));
  t.w.must("treasury", stop_commitments(this_year, t.w.now() + 1 * day));
  CHECK(kinds(t.w.must("treasury", stop_commitments(this_year, 0))) == std::vector<std::string>{"budget_stop_lifted"});
  CHECK(t.line().stop_ms == 0);
  t.w.idle_until(t.w.now() + 3 * day);
  t.w.must("dept", reserve(this_year, 1'00));
  const auto at_once = t.w.must("treasury", stop_commitments(this_year, start_ms));
  CHECK(at_once.events[0].text == "from now on");
  CHECK(t.line().stop_ms == t.w.now());
  CHECK(t.w.outcome("dept", reserve(this_year, 1'00)) == "line_stopped");
  CHECK(t.w.outcome("treasury", stop_commitments(this_year, 0)) == "line_stopped");
  CHECK(t.w.outcome("treasury", stop_commitments(this_year, t.w.now() + day)) == "line_stopped");
}

TEST_CASE("from the stop of payments on nothing is ordered or paid, and the line is closed to the next year") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00, 50'000'00, 25'000'00});
  for (const std::uint32_t milestone : {1, 2}) t.accepted(deal, milestone);
  t.w.must("dept", deal.order(1));
  const std::uint64_t stop = t.w.now() + 2 * day;
  CHECK(kinds(t.w.must("treasury", stop_payments(this_year, stop))) == std::vector<std::string>{"budget_payments_stop"});
  CHECK(t.line().payments_stop_ms == stop);
  CHECK(t.line().stop_ms == 0);                    // the one is not the other
  t.w.idle_until(stop - 5000);
  CHECK(kinds(t.w.must("treasury", stop_payments(this_year, stop + 1 * day))) == std::vector<std::string>{"budget_payments_stop"});
  t.w.idle_until(stop + 1 * day);
  CHECK(t.w.outcome("dept", deal.order(2)) == "payments_stopped");
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "payments_stopped");
  CHECK(t.w.outcome("treasury", stop_payments(this_year, 0)) == "payments_stopped");
  t.accepted(deal, 3);                             // work is still accepted
  t.w.must("dept", reserve(this_year, 1'00));
  t.w.must("treasury", close_line(this_year, next_year));
  t.w.must("dept", deal.order(2));
  t.w.must("treasury", deal.pay(1));
  CHECK(t.net(Stage::paid, next_year) == 100'000'00);
}

TEST_CASE("a stop of payments is lifted while it is to come, by the treasury that pays the line") {
  TwoYears t;
  CHECK(t.w.outcome("treasury", stop_payments(this_year, 0)) == "field_invalid");
  CHECK(t.w.outcome("treasury", stop_payments(this_year, 253'402'300'800'000)) == "field_invalid");
  CHECK(t.w.outcome("dept", stop_payments(this_year, t.w.now() + day)) == "role_missing");
  t.w.must("treasury", stop_payments(this_year, t.w.now() + day));
  CHECK(kinds(t.w.must("treasury", stop_payments(this_year, 0))) == std::vector<std::string>{"budget_payments_stop_lifted"});
  t.w.must("treasury", close_line(this_year));
  CHECK(t.w.outcome("treasury", stop_payments(this_year, t.w.now() + day)) == "line_closed");
}

TEST_CASE("the treasury that pays the line stops and closes it, and nobody else") {
  TwoYears t([](proto::Genesis& g) { *g.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"}); });
  CHECK(t.w.outcome("treasury2", stop_commitments(this_year, t.w.now() + day)) == "account_not_yours");
  CHECK(t.w.outcome("treasury2", close_line(this_year)) == "account_not_yours");
  CHECK(t.w.outcome("dept", stop_commitments(this_year, t.w.now() + day)) == "role_missing");
  CHECK(t.w.outcome("dept", close_line(this_year)) == "role_missing");
  CHECK(t.w.outcome("treasury", stop_commitments("none", t.w.now() + day)) == "budget_line_unknown");
  CHECK(t.w.outcome("treasury", close_line("none")) == "budget_line_unknown");
  CHECK(t.w.outcome("treasury", stop_commitments(this_year, 253'402'300'800'000)) == "field_invalid");
  proto::Operation nothing;
  nothing.mutable_close_budget_year()->set_line(this_year);
  CHECK(t.w.outcome("treasury", nothing) == "field_invalid");
}

TEST_CASE("a closed line has nothing reserved, what was not paid has lapsed, and nothing happens on it any more") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.accepted(deal, 1);
  t.w.must("dept", deal.order(1));
  t.w.must("treasury", deal.pay(1));
  t.w.must("treasury", record_execution(this_year, 50'000'00));
  t.w.must("dept", reserve(this_year, 30'000'00));
  const Deal late = signed_deal(t.w, public_terms(this_year, {1'00}, t.w.now()));
  const auto closed = t.w.must("treasury", close_line(this_year));
  CHECK(kinds(closed) == std::vector<std::string>{"budget_reservation_released", "budget_lapsed", "budget_closed"});
  CHECK(closed.events[0].amount == 30'000'00);
  CHECK(closed.events[1].amount == 850'000'00);
  CHECK(t.line().lapsed == 850'000'00);
  CHECK(t.line().closed_ms == t.w.now());
  CHECK(t.line().available() == 0);
  CHECK(t.net(Stage::adjusted) == 1'000'000'00);
  CHECK(t.net(Stage::paid) == 150'000'00);

  for (const auto& operation : {adjust_line(this_year, 1), adjust_line(this_year, -1), allot(this_year, 1), record_execution(this_year, 1), close_line(this_year),
                                close_line(this_year, next_year), stop_commitments(this_year, t.w.now() + day), late.registered()})
    CHECK(t.w.outcome("treasury", operation) == "line_closed");
  for (const bool release : {false, true}) CHECK(t.w.outcome("dept", reserve(this_year, 1, release)) == "line_closed");
  CHECK(t.w.outcome("dept", draft(public_terms(this_year, {1'00}, t.w.now()))) == "line_closed");
  t.w.must("treasury", approve_line("2026.other", 1'000'00));
  CHECK(t.w.outcome("treasury", move_appropriation(this_year, "2026.other", 1)) == "line_closed");
  CHECK(t.w.outcome("treasury", move_appropriation("2026.other", this_year, 1)) == "line_closed");
  CHECK(t.w.outcome("treasury", deal.pay(1)) == "already_paid");
}

TEST_CASE("without a line to carry over to, whatever is committed and not paid keeps a line open") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.w.must("dept", reserve(this_year, 1'00));
  CHECK(t.close() == "commitments_open");          // set aside for work to come
  CHECK(t.net(Stage::reserved) == 1'00);
  CHECK(t.line().closing_ms == 0);
  t.accepted(deal, 1);
  CHECK(t.close() == "commitments_open");          // accrued
  t.w.must("dept", deal.order(1));
  CHECK(t.close() == "commitments_open");          // ordered
  t.w.must("treasury", deal.pay(1));
  CHECK(t.close() == "ok");
}

TEST_CASE("contracts in force go on on the line of the next year, with what they hold, and with what is due and ordered") {
  TwoYears t;
  t.w.must("dept", reserve(this_year, 5'00));
  // Of four milestones one is paid, one ordered, one accepted, one to come; a penalty of 4 000 on the last but one goes back.
  const Deal deal = t.registered({10'000'00, 20'000'00, 30'000'00, 40'000'00});
  for (const std::uint32_t milestone : {1, 2, 3}) t.accepted(deal, milestone);
  t.w.must("dept", deal.order(1));
  t.w.must("treasury", deal.pay(1));
  t.w.must("dept", deal.order(2));
  const Deal done = t.registered({7'000'00});
  t.accepted(done, 1);
  t.w.must("dept", done.order(1));
  t.w.must("treasury", done.pay(1));
  const Deal owed = t.registered({3'000'00});      // over, but not paid
  t.accepted(owed, 1);
  const auto digest = deal.record(t.w).digest;

  const auto closed = t.w.must("treasury", close_line(this_year, next_year));
  auto told = kinds(closed);
  CHECK(std::count(told.begin(), told.end(), "contract_carried_over") == 2);
  CHECK(std::count(told.begin(), told.end(), "budget_closed") == 1);
  CHECK(t.line().closed_ms == t.w.now());
  CHECK(t.line().carried_out == 93'000'00);
  CHECK(t.net(Stage::committed) == 17'000'00);
  CHECK(t.net(Stage::accrued) == 17'000'00);
  CHECK(t.net(Stage::ordered) == 17'000'00);
  CHECK(t.net(Stage::paid) == 17'000'00);
  CHECK(t.net(Stage::adjusted) == 907'000'00);
  CHECK(t.net(Stage::allotted) == 907'000'00);
  CHECK(t.line().lapsed == 890'000'00);
  CHECK(t.line(next_year).carried_in == 93'000'00);
  CHECK(t.net(Stage::adjusted, next_year) == 593'000'00);
  CHECK(t.net(Stage::allotted, next_year) == 93'000'00);
  CHECK(t.net(Stage::committed, next_year) == 93'000'00);
  CHECK(t.net(Stage::accrued, next_year) == 53'000'00);
  CHECK(t.net(Stage::ordered, next_year) == 20'000'00);
  CHECK(t.net(Stage::paid, next_year) == 0);
  const auto& rows = t.w.last_block().entries.back().index_rows;
  for (const IndexRow& row : {IndexRow{IndexKind::budget_line, this_year}, IndexRow{IndexKind::budget_line, next_year}, IndexRow{IndexKind::contract, std::string(deal.id.view())},
                              IndexRow{IndexKind::contract, std::string(owed.id.view())}})
    CHECK(std::count(rows.begin(), rows.end(), row) == 1);

  // The same contract, with the same words: it goes on to its end on the other line.
  CHECK(deal.record(t.w).digest == digest);
  CHECK(deal.record(t.w).public_party()->budget_line == next_year);
  CHECK(done.record(t.w).public_party()->budget_line == this_year);
  CHECK(deal.claim(t.w, 1).budget_line == this_year);
  CHECK(deal.claim(t.w, 2).budget_line == next_year);
  t.w.must("treasury", deal.pay(2));
  t.w.must("dept", deal.order(3));
  t.w.must("treasury", deal.pay(3));
  t.accepted(deal, 4);
  t.w.must("dept", deal.order(4));
  t.w.must("treasury", deal.pay(4));
  t.w.must("dept", owed.order(1));
  t.w.must("treasury", owed.pay(1));
  CHECK(deal.phase(t.w) == "done");
  CHECK(t.net(Stage::paid, next_year) == 93'000'00);
  CHECK(t.net(Stage::paid) == 17'000'00);
  t.w.must("treasury", close_line(next_year));
  CHECK(t.line(next_year).lapsed == 500'000'00);
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("what is released after the carry-over goes to the line of the next year") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.w.must("treasury", close_line(this_year, next_year));
  t.w.idle_until(t.w.now() + 20 * day);
  t.accepted(deal, 1);                             // ten full days late: 4 % are never owed
  CHECK(t.net(Stage::committed, next_year) == 96'000'00);
  CHECK(static_cast<MinorUnits>(t.line(next_year).available()) == 4'000'00);
}

TEST_CASE("a contract is carried over from year to year") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.w.must("treasury", close_line(this_year, next_year));
  t.w.must("treasury", line_of_year("2028.edu", 1'00, 2028));
  t.w.must("treasury", close_line(next_year, "2028.edu"));
  CHECK(deal.record(t.w).public_party()->budget_line == "2028.edu");
  CHECK(t.net(Stage::committed, "2028.edu") == 100'000'00);
  t.accepted(deal, 1);
  t.w.must("dept", deal.order(1));
  t.w.must("treasury", deal.pay(1));
  CHECK(t.net(Stage::paid, "2028.edu") == 100'000'00);
}

TEST_CASE("the line that contracts are carried over to is the same owner's, of the year after, in the same currency, paid by the same treasury and open") {
  TwoYears t([](proto::Genesis& g) {
    *g.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"});
    *g.add_members() = member("dept2", "public_body", "UZ", "none", {"spending_unit"});
  });
  const auto wrong = [&](const char* id, std::uint32_t year, const std::function<void(proto::ApproveBudgetLine&)>& edit, const char* sender = "treasury") {
    auto o = line_of_year(id, 1'000, year);
    edit(*o.mutable_approve_budget_line());
    t.w.must(sender, o);
  };
  wrong("other-owner", 2027, [](auto& o) { o.set_owner("dept2"); });
  wrong("same-year", 2026, [](auto&) {});
  wrong("later-year", 2028, [](auto&) {});
  wrong("other-currency", 2027, [](auto& o) { o.set_currency("PYG"), o.set_source_account("treasury/PYG"); });
  wrong("other-treasury", 2027, [](auto& o) { o.set_source_account("treasury2/UZS"); }, "treasury2");
  wrong("closed", 2027, [](auto&) {});
  t.w.must("treasury", close_line("closed"));
  const Deal deal = t.registered({100'000'00});
  for (const char* line : {"other-owner", "same-year", "later-year", this_year}) CHECK(t.close(line) == "field_invalid");
  CHECK(t.close("other-currency") == "currency_mismatch");
  CHECK(t.close("other-treasury") == "account_not_yours");
  CHECK(t.close("closed") == "line_closed");
  CHECK(t.close("none") == "budget_line_unknown");
  CHECK(t.line().closing_ms == 0);
  t.w.must("treasury", stop_commitments(next_year, t.w.now()));
  CHECK(t.close(next_year) == "ok");               // nothing new
}

TEST_CASE("a next year that was cut below its allotment takes what is carried over all the same, and no more") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.w.must("treasury", allot(next_year, 400'000'00));
  t.w.must("treasury", adjust_line(next_year, -200'000'00));
  t.w.must("treasury", close_line(this_year, next_year));
  CHECK(static_cast<MinorUnits>(t.line(next_year).available()) == 300'000'00);
  CHECK(t.w.outcome("treasury", allot(next_year, 1)) == "over_appropriation");
}

TEST_CASE("a year that cannot hold what is carried over refuses it whole") {
  TwoYears t;
  const Deal deal = t.registered({100'000'00});
  t.w.must("treasury", adjust_line(next_year, std::numeric_limits<MinorUnits>::max() - 500'000'00));
  CHECK(t.close(next_year) == "overflow");
  CHECK(t.net(Stage::committed) == 100'000'00);
  CHECK(t.line().closing_ms == 0);
}

TEST_CASE("many contracts go over in several transactions, and between them the line is being closed") {
  TwoYears t;
  const std::size_t count = agreements::looked_at_max + 1;
  std::vector<Deal> deals;
  for (std::size_t done = 0; done < count;) {      // blocks of fifty
    std::vector<Offer> offers;
    std::vector<std::shared_ptr<const ledger::Transaction>> drafts, signatures, registrations;
    for (std::size_t i = 0; i < 50 && done < count; ++i, ++done) {
      auto terms = public_terms(this_year, {1'00}, t.w.now());
      terms.subject = "Paper " + std::to_string(done);
      offers.push_back(terms.offer());
      drafts.push_back(t.w.transaction("baraka", {offers.back().operation()}));
      deals.push_back({{drafts.back()->id(), offers.back().digest()}, "dept"});
      for (const char* party : {"baraka", "dept"}) signatures.push_back(t.w.transaction(party, {deals.back().sign()}));
      registrations.push_back(t.w.transaction("treasury", {deals.back().registered()}));
    }
    for (auto* block : {&drafts, &signatures, &registrations}) t.w.block(*block);
  }
  CHECK(t.net(Stage::committed) == static_cast<MinorUnits>(count) * 1'00);
  const auto first = t.w.run("treasury", {close_line(this_year, next_year), close_line(this_year, next_year)});   // twice in one transaction does not do more
  REQUIRE(first.ok());
  CHECK(first.events.back().kind == "budget_closing");
  CHECK(t.line().closing_ms == t.w.now());
  CHECK(t.line().closed_ms == 0);
  CHECK(t.line().available() == 0);
  CHECK(t.net(Stage::committed) == 1'00);
  CHECK(t.net(Stage::committed, next_year) == 200'00);
  CHECK(t.w.outcome("dept", reserve(this_year, 1)) == "line_closed");
  CHECK(t.w.outcome("treasury", allot(this_year, 1)) == "line_closed");
  CHECK(t.close() == "commitments_open");
  const auto last = std::find_if(deals.begin(), deals.end(), [&](const Deal& deal) { return deal.record(t.w).public_party()->budget_line == this_year; });
  REQUIRE(last != deals.end());
  t.accepted(*last, 1);                            // contracts do not wait for it
  t.w.must("treasury", close_line(this_year, next_year));
  CHECK(t.line().closed_ms == t.w.now());
  CHECK(t.net(Stage::accrued, next_year) == 1'00);
  CHECK(t.line(next_year).carried_in == 201'00);
  CHECK(t.line().lapsed == 1'000'000'00 - 201'00);
}

TEST_CASE("lines are closed and contracts carried over within one block and one transaction") {
  TwoYears t;
  const Deal deal = signed_deal(t.w, public_terms(this_year, {100'00}, t.w.now()));
  t.w.must("treasury", line_of_year("2028.edu", 1'00, 2028));
  // Registered and carried over before the block's state is written, twice.
  const auto both = t.w.run("treasury", {deal.registered(), close_line(this_year, next_year), close_line(next_year, "2028.edu")});
  REQUIRE(both.ok());
  CHECK(deal.record(t.w).public_party()->budget_line == "2028.edu");
  CHECK(t.net(Stage::committed, "2028.edu") == 100'00);
}

}  // namespace daftar::contracts::test
