// Revenue lines: what a year is planned to bring to a revenue account beside what the ledger counts that it brought. World counts it again from all tax lines.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {

namespace {

constexpr const char* vat_2026 = "2026.vat";

query::Revenue revenue_of(const World& w, const char* line = vat_2026) { return *query::revenue_line(w.state(), line); }

/// Pays VAT of 12.00.
void sell(World& w) {
  w.fund("acme/UZS", 112'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "goods"));
}

}  // namespace

TEST_CASE("a revenue line shows the whole year's withholdings, also those before it was approved") {
  World w;
  sell(w);
  const auto approved = w.must("treasury", approve_revenue(vat_2026, 1'000'00));
  CHECK(approved.events.at(0).kind == "revenue_approved");
  CHECK(revenue_of(w).collected.net() == 12'00);
  sell(w);
  CHECK(revenue_of(w).collected.net() == 24'00);
  CHECK(revenue_of(w).line.planned.net() == 1'000'00);
  CHECK(revenue_of(w).line.currency == "UZS");
  CHECK(query::revenue_lines(w.state(), "", 10).size() == 1);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("what comes in another year, or to another account, is not the line's") {
  World w;
  w.must("treasury", approve_revenue(vat_2026, 1'000'00));
  w.must("treasury", approve_revenue("2027.vat", 1'000'00, 2027));
  w.must("treasury", approve_revenue("2026.income", 1'000'00, 2026, "tax/UZS/revenue.income"));
  sell(w);
  w.idle_until(1'798'761'600'000 - 1000);   // the last second of 2026
  CHECK(revenue_of(w, "2027.vat").collected.net() == 0);
  w.idle_until(1'798'761'600'000 + 1000);
  sell(w);
  CHECK(revenue_of(w).collected.net() == 12'00);
  CHECK(revenue_of(w, "2027.vat").collected.net() == 12'00);
  CHECK(revenue_of(w, "2026.income").collected.net() == 0);
}

TEST_CASE("what is given back lowers the revenue of its year, and what the authority passes on does not") {
  World w;
  w.must("treasury", approve_revenue(vat_2026, 1'000'00));
  sell(w);
  const Digest payment = w.last_id();
  sell(w);
  w.must("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 5'00));
  CHECK(revenue_of(w).collected.net() == 19'00);
  CHECK(revenue_of(w).collected.gross == 24'00);
  w.must("tax", transfer("tax/UZS/revenue.vat", "treasury/UZS", 10'00));
  CHECK(revenue_of(w).collected.net() == 19'00);
}

TEST_CASE("a treasury approves a revenue line of a rule's account, once for a year, and changes its plan with a reason") {
  World w([](proto::Genesis& genesis) { *genesis.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"}); });
  CHECK(w.outcome("dept", approve_revenue(vat_2026, 1)) == "role_missing");
  CHECK(w.outcome("treasury", approve_revenue(vat_2026, 0)) == "amount_must_be_positive");
  CHECK(w.outcome("treasury", approve_revenue(vat_2026, 1, 1969)) == "field_invalid");
  CHECK(w.outcome("treasury", approve_revenue("not a line", 1)) == "field_invalid");
  CHECK(w.outcome("treasury", approve_revenue(vat_2026, 1, 2026, "tax/UZS")) == "account_unknown");
  CHECK(w.outcome("treasury", approve_revenue(vat_2026, 1, 2026, "")) == "account_unknown");
  auto untitled = approve_revenue(vat_2026, 1);
  untitled.mutable_approve_revenue_line()->clear_title();
  CHECK(w.outcome("treasury", untitled) == "field_invalid");
  w.must("treasury", approve_revenue(vat_2026, 100'00));
  CHECK(w.outcome("treasury", approve_revenue(vat_2026, 1, 2027)) == "revenue_line_exists");
  CHECK(w.outcome("treasury", approve_revenue("2026.vat.again", 1)) == "revenue_line_exists");
  CHECK(w.outcome("treasury", adjust_revenue("none", 1)) == "revenue_line_unknown");
  CHECK(w.outcome("treasury", adjust_revenue(vat_2026, 0)) == "field_invalid");
  CHECK(w.outcome("treasury", adjust_revenue(vat_2026, -100'01)) == "field_invalid");
  CHECK(w.outcome("treasury", adjust_revenue(vat_2026, std::numeric_limits<MinorUnits>::max())) == "overflow");
  CHECK(w.outcome("dept", adjust_revenue(vat_2026, 1)) == "role_missing");
  CHECK(w.outcome("treasury2", adjust_revenue(vat_2026, 1)) == "not_line_owner");
  auto silent = adjust_revenue(vat_2026, 1);
  silent.mutable_adjust_revenue_line()->clear_reason();
  CHECK(w.outcome("treasury", silent) == "field_invalid");
  w.must("treasury", adjust_revenue(vat_2026, 50'00));
  w.must("treasury", adjust_revenue(vat_2026, -150'00));
  CHECK(revenue_of(w).line.planned.gross == 150'00);
  CHECK(revenue_of(w).line.planned.net() == 0);
}

}  // namespace daftar::contracts::test
