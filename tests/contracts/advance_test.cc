// An advance is taxed when it is paid, and not again when the work is accepted (DOMAIN 5.1.8): the works template goes by it, since each payment bears its own tax and the advance goes off
// the later one.
#include <catch2/catch.hpp>

#include "agreements.h"

namespace daftar::contracts::test {
namespace {

World works_world() {
  return World([](proto::Genesis& g) {
    add_template(g, shipped_template("works"));
    for (auto& rule : *g.mutable_tax_rules())
      if (rule.code() == "income-12") rule.add_categories("works");
  });
}

/// acme has aziza build one part: 30 % in advance against a security, 10 % kept until the guarantee ends.
AgreementDeal building(World& w, MinorUnits price) {
  constexpr auto days = [](std::int64_t n) { return n * static_cast<std::int64_t>(day); };
  Offer offer("works");
  offer.party("customer", "acme").party("contractor", "aziza").party("expert", "judge");
  offer.term("object", std::string("a school")).term("damages", std::string("services")).term("offer_until", static_cast<std::int64_t>(w.now()) + days(3));
  offer.term("advance", 300'000).term("retention", 100'000).term("late_rate", 0).term("late_cap", 0);
  offer.term("acceptance", days(5)).term("grace", days(30)).term("guarantee", days(60)).term("mending", days(10)).term("verdict", days(20));
  offer.list("parts");
  auto* part = offer.draft().mutable_lists(0)->add_entries();
  const auto field = [&](const char* name) {
    auto* one = part->add_fields();
    one->set_name(name);
    return one;
  };
  field("what")->set_bytes("The roof");
  field("price")->set_number(price);
  field("security")->set_number(400'00);
  field("due")->set_number(static_cast<std::int64_t>(w.now()) + days(20));
  const AgreementDeal deal = offered(w, "acme", offer);
  w.must("acme", deal.act("sign"));
  w.must("aziza", deal.act("sign"));
  return deal;
}

}  // namespace

TEST_CASE("an advance is taxed when it is paid and not again at acceptance, and advance, rest and retention bear the tax of the price once") {
  World w = works_world();
  w.fund("acme/UZS", 1'000'00);
  w.fund("aziza/UZS", 400'00);
  const AgreementDeal deal = building(w, 1'000'00);
  const auto advance = w.must("aziza", deal.act("begin", 1));
  REQUIRE(advance.taxes.size() == 1);
  CHECK((advance.taxes[0].gross == 300'00 && advance.taxes[0].withheld == 36'00));
  w.must("aziza", deal.act("report", 1, {{"file", language::Value::of(std::string(32, 'd'))}}));
  const auto accepted = w.must("acme", deal.act("accept", 1));
  REQUIRE(accepted.taxes.size() == 1);
  CHECK((accepted.taxes[0].gross == 600'00 && accepted.taxes[0].withheld == 72'00));   // 1 000.00 less the advance, which has borne its tax, and what is kept back
  const auto guaranteed = w.idle_until(w.now() + 60 * day);
  REQUIRE((guaranteed.size() == 1 && guaranteed[0].taxes.size() == 1));
  CHECK((guaranteed[0].taxes[0].gross == 100'00 && guaranteed[0].taxes[0].withheld == 12'00));
  CHECK(w.balance("tax/UZS/revenue.income") == 120'00);   // 12 % of the price, once
  CHECK(w.balance("aziza/UZS") == 400'00 + 880'00);
  MinorUnits gross = 0;
  for (const auto& row : query::register_rows(w.state(), "aziza", {}, 10).rows) gross += static_cast<MinorUnits>(row.gross);
  CHECK(gross == 1'000'00);
}

TEST_CASE("the parts of a price that does not divide are the price, whatever is rounded") {
  World w = works_world();
  w.fund("acme/UZS", 999'99);
  w.fund("aziza/UZS", 400'00);
  const AgreementDeal deal = building(w, 999'99);
  w.must("aziza", deal.act("begin", 1));
  w.must("aziza", deal.act("report", 1, {{"file", language::Value::of(std::string(32, 'd'))}}));
  w.must("acme", deal.act("accept", 1));
  w.idle_until(w.now() + 60 * day);
  CHECK(w.balance("acme/UZS") == 0);
  CHECK(w.balance("aziza/UZS") + w.balance("tax/UZS/revenue.income") == 400'00 + 999'99);
  CHECK(w.balance("tax/UZS/revenue.income") == 120'00);   // 119.9988
}

}  // namespace daftar::contracts::test
