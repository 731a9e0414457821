// Contracts over several years: later years are forward commitments against ceilings, and become commitments with the budget of their year (DOMAIN §6.5).
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {

using budget::Stage;

namespace {

constexpr const char *of_2026 = "2026.roads", *of_2027 = "2027.roads", *of_2028 = "2028.roads";
/// 2027-06-01, 2028-06-01
constexpr std::uint64_t june_2027 = 1'811'808'000'000, june_2028 = 1'843'430'400'000;

/// A line of 2026, all allotted, and ceilings of the two years after.
struct ManyYears {
  World w;
  explicit ManyYears(const std::function<void(proto::Genesis&)>& edit = {}) : w(edit) {
    w.fund("treasury/UZS", 5'000'000'00);
    w.must("treasury", approve_line(of_2026, 100'000'00));
    w.must("treasury", allot(of_2026, 100'000'00));
    w.must("treasury", approve_ceiling(of_2027, 60'000'00, 2027));
    w.must("treasury", approve_ceiling(of_2028, 50'000'00, 2028));
  }
  budget::BudgetLine line(const char* id) const { return *query::budget_line(w.state(), id); }
  MinorUnits net(Stage stage, const char* id) const { return static_cast<MinorUnits>(line(id).net(stage)); }
  MinorUnits forward(const char* id) const { return static_cast<MinorUnits>(line(id).forward.net()); }
  /// Prices of this year, of 2027 and of 2028; 0: none.
  ServiceTerms terms(MinorUnits now, MinorUnits next, MinorUnits last) const {
    ServiceTerms out = public_terms(of_2026, {}, w.now());
    for (const auto& [price, due] : {std::pair{now, w.now() + 10 * day}, std::pair{next, june_2027}, std::pair{last, june_2028}})
      if (price != 0) out.milestones.push_back({"Year", price, due});
    return out;
  }
  static Offer over_years(const ServiceTerms& terms, const std::vector<std::string>& later) {
    Offer offer = terms.offer();
    for (const std::string& line : later) offer.draft().mutable_parties(0)->add_later_lines(line);
    return offer;
  }
  std::string drafting(const ServiceTerms& terms, const std::vector<std::string>& later) { return w.outcome("baraka", over_years(terms, later).operation()); }
  Deal signed_over_years(const ServiceTerms& terms, const std::vector<std::string>& later) {
    Offer offer = over_years(terms, later);
    const Deal deal{offered(w, "baraka", offer), terms.customer, terms.currency};
    w.must("baraka", deal.sign());
    w.must("dept", deal.sign());
    return deal;
  }
  Deal registered(const ServiceTerms& terms, const std::vector<std::string>& later = {of_2027, of_2028}) {
    const Deal deal = signed_over_years(terms, later);
    w.must("treasury", deal.registered());
    return deal;
  }
  proto::Operation approval(const char* id, MinorUnits amount, std::uint32_t year) {
    auto o = approve_line(id, amount);
    o.mutable_approve_budget_line()->set_year(year);
    return o;
  }
  void paid(const Deal& deal, std::uint32_t milestone, std::uint32_t payment) {
    w.must("baraka", deal.deliver(milestone));
    w.must("dept", deal.accept(milestone));
    w.must("dept", deal.order(payment));
    w.must("treasury", deal.pay(payment));
  }
};

}  // namespace

TEST_CASE("registration commits this year's part, and binds later years forward against their ceilings") {
  ManyYears t;
  const Deal deal = t.signed_over_years(t.terms(10'000'00, 20'000'00, 30'000'00), {of_2027, of_2028});
  CHECK(t.forward(of_2027) == 0);
  const auto registered = t.w.must("treasury", deal.registered());
  CHECK(t.net(Stage::committed, of_2026) == 10'000'00);
  CHECK(t.forward(of_2027) == 20'000'00);
  CHECK(t.forward(of_2028) == 30'000'00);
  CHECK(t.line(of_2027).at(Stage::committed).gross == 0);
  CHECK(registered.events.at(1).kind == "budget_bound_forward");
  CHECK(query::contracts_of_line(t.w.state(), of_2028, "", 10) == std::vector<Digest>{deal.id});
  const auto& rows = t.w.last_block().entries.back().index_rows;
  for (const char* line : {of_2026, of_2027, of_2028}) CHECK(std::count(rows.begin(), rows.end(), IndexRow{IndexKind::budget_line, line}) == 1);
  CHECK(deal.record(t.w).public_party()->later_lines.at(1).year == 2028);
}

TEST_CASE("no contract binds a later year beyond its ceiling, and no ceiling is cut below what is bound") {
  ManyYears t;
  t.registered(t.terms(1'00, 40'000'00, 0));
  const Deal more = t.signed_over_years(t.terms(1'00, 20'000'01, 0), {of_2027, of_2028});
  CHECK(t.w.outcome("treasury", more.registered()) == "over_ceiling");
  CHECK(t.net(Stage::committed, of_2026) == 1'00);      // nothing of it
  CHECK(t.w.outcome("treasury", adjust_line(of_2027, -20'000'01)) == "below_commitment");
  t.w.must("treasury", adjust_line(of_2027, 1));
  CHECK(t.w.outcome("treasury", more.registered()) == "ok");
  CHECK(t.w.outcome("treasury", adjust_line(of_2027, -1)) == "below_commitment");
  CHECK(t.w.outcome("treasury", adjust_line(of_2028, std::numeric_limits<MinorUnits>::max())) == "overflow");
  CHECK(t.w.outcome("treasury", adjust_line(of_2028, -50'000'01)) == "below_commitment");
}

TEST_CASE("a ceiling is nothing to spend: not allotted, reserved, moved, accrued, recorded, stopped or closed") {
  ManyYears t;
  const Deal deal = t.registered(t.terms(0, 20'000'00, 0));
  for (const auto& operation : {allot(of_2027, 1), move_appropriation(of_2027, of_2026, 1), record_execution(of_2027, 1), stop_commitments(of_2027, t.w.now() + day),
                                stop_payments(of_2027, t.w.now() + day), close_line(of_2027), close_line(of_2026, of_2027)})
    CHECK(t.w.outcome("treasury", operation) == "line_is_ceiling");
  CHECK(t.w.outcome("dept", reserve(of_2027, 1)) == "line_is_ceiling");
  t.w.must("baraka", deal.deliver(1));
  CHECK(t.w.outcome("dept", deal.accept(1)) == "line_is_ceiling");   // next year's money is not owed this year
}

TEST_CASE("the ceiling is of a later year, by the treasury, and once") {
  ManyYears t;
  CHECK(t.w.outcome("treasury", approve_ceiling("2026.x", 1, 2026)) == "field_invalid");
  CHECK(t.w.outcome("dept", approve_ceiling("2027.x", 1, 2027)) == "role_missing");
  CHECK(t.w.outcome("treasury", approve_ceiling(of_2027, 1, 2027)) == "budget_line_exists");
  CHECK(t.w.outcome("treasury", approve_ceiling(of_2026, 1, 2027)) == "budget_line_exists");
}

TEST_CASE("approved with its year's budget, a ceiling is an appropriation, and what was bound forward is committed and allotted") {
  ManyYears t;
  const Deal deal = t.registered(t.terms(10'000'00, 20'000'00, 30'000'00));
  t.paid(deal, 1, 1);
  CHECK(t.w.outcome("treasury", t.approval(of_2027, 19'999'99, 2027)) == "below_commitment");
  const auto approved = t.w.must("treasury", t.approval(of_2027, 50'000'00, 2027));   // less than the ceiling, more than is bound
  CHECK(approved.events.size() == 3);
  CHECK_FALSE(t.line(of_2027).is_ceiling);
  CHECK(t.forward(of_2027) == 0);
  CHECK(t.net(Stage::approved, of_2027) == 50'000'00);
  CHECK(t.net(Stage::allotted, of_2027) == 20'000'00);
  CHECK(t.net(Stage::committed, of_2027) == 20'000'00);
  CHECK(t.line(of_2027).available() == 0);
  CHECK(t.w.outcome("treasury", t.approval(of_2027, 50'000'00, 2027)) == "budget_line_exists");
  t.w.must("treasury", allot(of_2027, 30'000'00));
  t.paid(deal, 2, 2);
  CHECK(deal.claim(t.w, 2).budget_line == of_2027);
  CHECK(t.net(Stage::paid, of_2026) == 10'000'00);
  CHECK(t.net(Stage::paid, of_2027) == 20'000'00);
  CHECK(t.forward(of_2028) == 30'000'00);
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("the approval of a ceiling keeps its owner, year and paying account, and may name another class") {
  ManyYears t([](proto::Genesis& genesis) { *genesis.add_members() = member("dept2", "public_body", "UZ", "none", {"spending_unit"}); });
  const auto changed = [&](const std::function<void(proto::ApproveBudgetLine&)>& edit) {
    auto o = t.approval(of_2027, 50'000'00, 2027);
    edit(*o.mutable_approve_budget_line());
    return t.w.outcome("treasury", o);
  };
  CHECK(changed([](auto& o) { o.set_owner("dept2"); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_year(2028); }) == "field_invalid");
  t.w.must("treasury", open("treasury/UZS/other"));
  CHECK(changed([](auto& o) { o.set_source_account("treasury/UZS/other"); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_economic_code("31"); }) == "ok");
  CHECK(t.line(of_2027).economic_code == "31");
}

TEST_CASE("what falls away of a later year frees its ceiling") {
  ManyYears t;
  const Deal deal = t.registered(t.terms(1'00, 20'000'00, 30'000'00));
  t.w.must("dept", deal.terminate());
  t.w.must("baraka", deal.terminate());
  CHECK(t.forward(of_2027) == 0);
  CHECK(t.forward(of_2028) == 0);
  CHECK(t.line(of_2027).forward.gross == 20'000'00);
  CHECK(t.net(Stage::committed, of_2026) == 0);
}

TEST_CASE("each entry finds a line of its year, what was due before the first line's year is paid from the first") {
  ManyYears t;
  CHECK(t.drafting(t.terms(1'00, 0, 1'00), {of_2027}) == "no_line_of_year");
  CHECK(t.drafting(t.terms(1'00, 0, 1'00), {of_2028}) == "ok");
  CHECK(t.drafting(t.terms(1'00, 1'00, 1'00), {of_2027, of_2028}) == "ok");
  ServiceTerms early = t.terms(1'00, 1'00, 0);
  early.budget_line = of_2027;
  t.registered(early, {of_2028});
  CHECK(t.forward(of_2027) == 2'00);
}

TEST_CASE("later lines are of the same owner, currency and treasury, open, of later years, and at most nine") {
  ManyYears t([](proto::Genesis& genesis) {
    *genesis.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"});
    *genesis.add_members() = member("dept2", "public_body", "UZ", "none", {"spending_unit"});
  });
  const auto add = [&](const char* id, const std::function<void(proto::ApproveBudgetLine&)>& edit, const char* sender = "treasury") {
    auto o = approve_ceiling(id, 1'000'00, 2027);
    edit(*o.mutable_approve_budget_line());
    t.w.must(sender, o);
  };
  add("other-owner", [](auto& o) { o.set_owner("dept2"); });
  add("other-currency", [](auto& o) { o.set_currency("PYG"), o.set_source_account("treasury/PYG"); });
  add("other-treasury", [](auto& o) { o.set_source_account("treasury2/UZS"); }, "treasury2");
  const auto terms = t.terms(1'00, 1'00, 0);
  CHECK(t.drafting(terms, {"none"}) == "budget_line_unknown");
  CHECK(t.drafting(terms, {"other-owner"}) == "not_line_owner");
  CHECK(t.drafting(terms, {"other-currency"}) == "currency_mismatch");
  CHECK(t.drafting(terms, {"other-treasury"}) == "field_invalid");
  CHECK(t.drafting(terms, {of_2028, of_2027}) == "field_invalid");
  CHECK(t.drafting(terms, {of_2026}) == "field_invalid");
  CHECK(t.drafting(terms, std::vector<std::string>(10, of_2027)) == "field_invalid");
  ServiceTerms from_account = private_terms({1'00}, t.w.now());
  CHECK(t.drafting(from_account, {of_2027}) == "field_invalid");
  auto closed = approve_line("closed", 1'00);
  closed.mutable_approve_budget_line()->set_year(2027);
  t.w.must("treasury", closed);
  t.w.must("treasury", close_line("closed"));
  CHECK(t.drafting(terms, {"closed"}) == "line_closed");
}

TEST_CASE("later lines are part of what is signed") {
  ManyYears t;
  const auto terms = t.terms(1'00, 1'00, 0);
  Offer one = ManyYears::over_years(terms, {of_2027, of_2028}), other = ManyYears::over_years(terms, {of_2028, of_2027}), none = ManyYears::over_years(terms, {});
  CHECK(one.digest() != other.digest());
  CHECK(one.digest() != none.digest());
}

TEST_CASE("at the end of a year what is left of its part goes to the line of the next, also to one of the contract's own") {
  for (const bool to_own : {true, false}) {
    ManyYears t;
    const Deal deal = t.registered(t.terms(10'000'00, 20'000'00, 30'000'00));
    t.w.must("treasury", t.approval(of_2027, 60'000'00, 2027));
    const char* other = "2027.other";
    t.w.must("treasury", t.approval(other, 1'00, 2027));
    t.w.must("treasury", close_line(of_2026, to_own ? of_2027 : other));
    const auto party = *deal.record(t.w).public_party();
    CHECK(party.budget_line == (to_own ? of_2027 : other));
    CHECK(party.later_lines.at(0).line == of_2027);
    CHECK(t.net(Stage::committed, of_2027) == (to_own ? 30'000'00 : 20'000'00));
    t.paid(deal, 1, 1);                                  // late, and from the line that took over
    CHECK(deal.claim(t.w, 1).budget_line == (to_own ? of_2027 : other));
    t.paid(deal, 2, 2);
    CHECK(deal.claim(t.w, 2).budget_line == of_2027);
    t.w.must("treasury", t.approval(of_2028, 30'000'00, 2028));
    if (!to_own) t.w.must("treasury", close_line(other));
    t.w.must("treasury", close_line(of_2027, of_2028));  // nothing of the contract is left on it
    CHECK(t.net(Stage::committed, of_2028) == 30'000'00);
    t.paid(deal, 3, 3);
    CHECK(deal.phase(t.w) == "done");
    CHECK(t.w.replayed() == t.w.state());
  }
}

TEST_CASE("a line of a later year that is closed early is replaced for its year alone") {
  ManyYears t;
  const Deal deal = t.registered(t.terms(10'000'00, 20'000'00, 0), {of_2027});
  t.w.must("treasury", t.approval(of_2027, 20'000'00, 2027));
  t.w.must("treasury", t.approval(of_2028, 1'00, 2028));
  t.w.must("baraka", deal.deliver(2));
  t.w.must("dept", deal.accept(2));
  t.w.must("treasury", close_line(of_2027, of_2028));
  CHECK(deal.record(t.w).public_party()->budget_line == of_2026);
  CHECK(deal.record(t.w).public_party()->later_lines.at(0).line == of_2028);
  CHECK(t.net(Stage::accrued, of_2028) == 20'000'00);
  CHECK(t.net(Stage::committed, of_2026) == 10'000'00);
}

}  // namespace daftar::contracts::test
