// Rules: dates, thresholds, rounding, who and what; and genesis files whose rules make no sense.
#include <catch2/catch.hpp>

#include "contracts/tax/register.h"
#include "contracts/tax/rules.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

/// 2026-04-01T00:00:00Z
constexpr std::uint64_t april_ms = 1'775'001'600'000;

proto::TaxRule* rule_of(proto::Genesis& g, std::string_view code) {
  for (auto& rule : *g.mutable_tax_rules())
    if (rule.code() == code) return &rule;
  FAIL("no rule " << code);
  return nullptr;
}

ExecutionResult pay_at(World& w, std::uint64_t time_ms, MinorUnits amount) {
  auto body = w.body("acme", {transfer("acme/UZS", "baraka/UZS", amount, "services")});
  body.set_valid_until_ms(time_ms + 1000);
  w.block({w.signed_by(body, {"acme"})}, time_ms);
  return *decode_result(w.last_block().entries.back().result);
}

}  // namespace

TEST_CASE("a rate changes at midnight of block time, and each payment keeps its version") {
  World w([](proto::Genesis& g) {
    rule_of(g, "vat-12")->set_effective_to_ms(april_ms);
    auto next = vat_rule("vat-12", 2, 150'000);
    next.set_effective_from_ms(april_ms);
    *g.add_tax_rules() = next;
  });
  w.fund("acme/UZS", 1'000'000'00);
  auto before = pay_at(w, april_ms - 1, 1'150'00);
  CHECK(before.taxes.at(0).version == 1);
  CHECK(before.taxes.at(0).tax == 123'21);   // 1150 × 12 / 112 = 123.214…
  auto after = pay_at(w, april_ms, 1'150'00);
  CHECK(after.taxes.at(0).version == 2);
  CHECK(after.taxes.at(0).tax == 150'00);
  CHECK(after.postings.back().rule == "vat-12/2");
  const auto rows = query::register_rows(w.state(), "baraka", {}, 10).rows;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].period == 202'603);
  CHECK(rows[1].period == 202'604);
  CHECK(query::tax_rules_in_force(w.state(), april_ms - 1).size() == 5);
  CHECK(query::tax_rules(w.state()).size() == 6);
}

TEST_CASE("no rule before it begins or after it ends") {
  World w([](proto::Genesis& g) { rule_of(g, "vat-12")->set_effective_from_ms(april_ms); });
  w.fund("acme/UZS", 1'000'00);
  CHECK(pay_at(w, april_ms - 1, 100'00).taxes.empty());
  CHECK(pay_at(w, april_ms, 100'00).taxes.size() == 1);
}

TEST_CASE("a threshold is reached by the amount itself") {
  World w([](proto::Genesis& g) { rule_of(g, "vat-12")->set_threshold(100'00); });
  w.fund("acme/UZS", 1'000'00);
  CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", 99'99, "services")).taxes.empty());
  CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", 100'00, "services")).taxes.size() == 1);
}

TEST_CASE("rounding: once, by name, to whole units where the rule says so") {
  struct Case {
    ledger::Rounding rounding;
    std::uint32_t unit;
    MinorUnits gross, tax;
  };
  const Case cases[] = {
      {ledger::Rounding::half_away, 1, 14, 2},      // 14·12/112 = 1.5
      {ledger::Rounding::half_even, 1, 14, 2},      // to the even 2
      {ledger::Rounding::half_even, 1, 42, 4},      // 4.5 to the even 4
      {ledger::Rounding::half_away, 1, 42, 5},
      {ledger::Rounding::floor, 1, 42, 4},
      {ledger::Rounding::ceiling, 1, 41, 5},        // 4.39
      {ledger::Rounding::half_away, 100, 4'666, 500},   // 499.93 tiyin → 5 sum
      {ledger::Rounding::half_away, 100, 4'199, 400},   // 449.89 tiyin is 4.4989 sum: rounded once it is 4, twice (450 → 4.50) it would be 5
      {ledger::Rounding::ceiling, 100, 50, 50},     // one whole sum would be more than the price: no tax exceeds its base
  };
  for (const Case& test : cases) {
    INFO(test.gross << " in units of " << test.unit);
    World w([&](proto::Genesis& g) {
      g.clear_templates();
      rule_of(g, "vat-12")->set_rounding(static_cast<std::uint32_t>(test.rounding));
      rule_of(g, "vat-12")->set_rounding_unit(test.unit);
    });
    w.fund("acme/UZS", 1'000'00);
    CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", test.gross, "services")).taxes.at(0).tax == test.tax);
  }
}

TEST_CASE("what is withheld altogether never exceeds the payment, later rules yield") {
  World w([](proto::Genesis& g) {
    for (const char* code : {"levy-a", "levy-b"}) {
      auto rule = *rule_of(g, "nonresident-20");
      rule.set_code(code);
      rule.set_rate_ppm(700'000);
      *g.add_tax_rules() = rule;
    }
  });
  w.fund("acme/UZS", 1'000'00);
  const auto result = w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'00, "services"));
  REQUIRE(result.taxes.size() == 3);
  CHECK(result.taxes[0].withheld == 20'00);
  CHECK(result.taxes[1].withheld == 70'00);
  CHECK(result.taxes[2].tax == 70'00);
  CHECK(result.taxes[2].withheld == 10'00);
  CHECK(w.balance("nordic/UZS") == 0);
}

TEST_CASE("route supplier: the tax is recorded, nothing is withheld") {
  World w([](proto::Genesis& g) {
    rule_of(g, "vat-12")->set_vat_route("supplier");
    rule_of(g, "vat-12")->clear_revenue_account();
  });
  w.fund("acme/UZS", 112'00);
  const auto result = w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  CHECK(result.taxes.at(0).tax == 12'00);
  CHECK(result.taxes.at(0).withheld == 0);
  CHECK(w.balance("baraka/UZS") == 112'00);
  CHECK(query::register_rows(w.state(), "baraka", {}, 10).rows.at(0).tax == 12'00);
}

TEST_CASE("route supplier_vat_account: the VAT waits with the supplier, who can pass it on to the state and do nothing else with it") {
  World w([](proto::Genesis& g) {
    rule_of(g, "vat-12")->set_vat_route("supplier_vat_account");
    rule_of(g, "vat-12")->clear_revenue_account();
  });
  w.fund("acme/UZS", 224'00);
  CHECK(w.outcome("baraka", open("baraka/UZS/vat")) == "account_reserved");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "tax/UZS", 1)) == "account_unknown");
  const auto result = w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  CHECK(result.taxes.at(0).withheld == 12'00);
  CHECK(w.balance("baraka/UZS") == 100'00);
  CHECK(w.balance("baraka/UZS/vat") == 12'00);

  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "baraka/UZS", 12'00)) == "account_reserved");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "acme/UZS", 12'00)) == "account_reserved");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "tax/UZS", 12'00, "services")) == "field_invalid");
  CHECK(w.outcome("acme", transfer("baraka/UZS/vat", "tax/UZS", 12'00)) == "account_not_yours");
  CHECK(w.outcome("acme", transfer("acme/UZS", "baraka/UZS/vat", 1'00)) == "account_reserved");
  CHECK(w.outcome("bank", issue("baraka/UZS/vat", 1'00, "to a VAT account")) == "account_reserved");
  proto::Operation payout;
  payout.mutable_request_payout()->set_from("baraka/UZS/vat");
  payout.mutable_request_payout()->set_bank("bank");
  payout.mutable_request_payout()->set_amount(1'00);
  CHECK(w.outcome("baraka", payout) == "account_reserved");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "tax/UZS", 12'01)) == "overdraft");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "tax/UZS", 5'00)) == "ok");
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "treasury/UZS", 7'00)) == "ok");
  CHECK(w.balance("baraka/UZS/vat") == 0);
}

TEST_CASE("where no rule has the route supplier_vat_account, vat is a label like any other") {
  World w;
  CHECK(w.outcome("baraka", open("baraka/UZS/vat")) == "ok");
  w.fund("baraka/UZS/vat", 1'00);
  CHECK(w.outcome("baraka", transfer("baraka/UZS/vat", "acme/UZS", 1'00)) == "ok");
}

TEST_CASE("exclusive VAT is reckoned on top by the payer and only recorded") {
  World w([](proto::Genesis& g) {
    auto rule = vat_rule("agent-vat", 1, 120'000);
    rule.set_base("exclusive");
    rule.set_vat_route("supplier");
    rule.clear_revenue_account();
    rule.set_withheld_share_ppm(0);
    rule.set_payee_residence("non_resident");
    rule.clear_payee_statuses();
    *g.add_tax_rules() = rule;
  });
  w.fund("acme/UZS", 100'000'000'00);
  const auto result = w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'000'000'00, "services"));   // DOMAIN 5.2
  REQUIRE(result.taxes.size() == 2);
  CHECK(result.taxes[0].rule == "agent-vat");
  CHECK(result.taxes[0].tax == 12'000'000'00);
  CHECK(result.taxes[1].withheld == 20'000'000'00);
  CHECK(w.balance("nordic/UZS") == 80'000'000'00);
}

TEST_CASE("the largest payment does not overflow the tax") {
  World w;
  w.must("bank", issue("acme/UZS", std::numeric_limits<MinorUnits>::max(), "all there is"));
  const auto result = w.must("acme", transfer("acme/UZS", "baraka/UZS", std::numeric_limits<MinorUnits>::max(), "services"));
  CHECK(result.taxes.at(0).tax == 988'218'432'520'154'551);   // (2^63 − 1) · 12 / 112 = 988218432520154550.75
}

TEST_CASE("periods are UTC months") {
  CHECK(tax::period_of(0) == 197'001);
  CHECK(tax::period_of(951'782'400'000 - 1) == 200'002);   // 2000-02-29T00:00Z is a leap day
  CHECK(tax::period_of(951'868'800'000) == 200'003);
  CHECK(tax::period_of(1'709'164'800'000) == 202'402);     // 2024-02-29
  CHECK(tax::period_of(1'767'225'600'000 - 1) == 202'512);
  CHECK(tax::period_of(1'767'225'600'000) == 202'601);
  CHECK(tax::period_of(4'107'542'400'000 - 1) == 210'002); // 2100 has no leap day
  CHECK(tax::period_of(4'107'542'400'000) == 210'003);
}

TEST_CASE("a genesis whose rules make no sense is refused with the rule's name") {
  struct Case {
    const char* what;
    std::function<void(proto::TaxRule&)> spoil;
    const char* sentence;
  };
  using R = proto::TaxRule;
  const Case cases[] = {
      {"code", [](R& r) { r.set_code("vat 12"); }, "code"},
      {"version", [](R& r) { r.set_version(0); }, "version"},
      {"kind", [](R& r) { r.set_kind("excise"); }, "kind"},
      {"base", [](R& r) { r.set_base("price"); }, "base"},
      {"a contribution that is withheld", [](R& r) { r.set_kind("contribution"), r.set_base("gross"), r.clear_vat_route(); }, "contribution"},
      {"brackets of VAT", [](R& r) { r.add_brackets()->set_above(1); }, "brackets"},
      {"brackets that do not ascend",
       [](R& r) { r.set_kind("withholding"), r.set_base("gross"), r.clear_vat_route(), r.add_brackets()->set_above(2), r.add_brackets()->set_above(2); }, "ascending"},
      {"treaty on VAT", [](R& r) { r.set_treaty("SE"); }, "treaty"},
      {"replaces nothing", [](R& r) { r.add_replaces("vat-99"); }, "vat-99"},
      {"replaces itself", [](R& r) { r.add_replaces("vat-12"); }, "replaces others itself"},
      {"a route of what is no VAT", [](R& r) { r.set_kind("withholding"), r.set_base("gross"); }, "vat_route"},
      {"base of the other kind", [](R& r) { r.set_base("gross"); }, "base does not fit"},
      {"residence", [](R& r) { r.set_payee_residence("foreign"); }, "payee_residence"},
      {"residence of nowhere", [](R& r) { r.clear_country(); }, "country"},
      {"route", [](R& r) { r.set_vat_route("postbox"); }, "vat_route"},
      {"a revenue account of VAT that stays with the supplier", [](R& r) { r.set_vat_route("supplier_vat_account"); }, "revenue_account"},
      {"a VAT account without share",
       [](R& r) { r.set_vat_route("supplier_vat_account"), r.clear_revenue_account(), r.set_withheld_share_ppm(0); }, "withheld_share"},
      {"no route", [](R& r) { r.clear_vat_route(); }, "vat_route"},
      {"rounding", [](R& r) { r.set_rounding(9); }, "rounding"},
      {"rate", [](R& r) { r.set_rate_ppm(10'000'001); }, "rate"},
      {"share", [](R& r) { r.set_withheld_share_ppm(1'000'001); }, "withheld_share"},
      {"treasury without share", [](R& r) { r.set_withheld_share_ppm(0); }, "withheld_share"},
      {"threshold", [](R& r) { r.set_threshold(-1); }, "threshold"},
      {"dates", [](R& r) { r.set_effective_from_ms(2); r.set_effective_to_ms(2); }, "effective_to"},
      {"kind of payee", [](R& r) { r.add_payee_kinds("robot"); }, "kinds"},
      {"taxed nothing", [](R& r) { r.add_categories("none"); }, "none"},
      {"status", [](R& r) { r.set_status("sure"); }, "status"},
      {"currency", [](R& r) { r.set_currency("EUR"); }, "currency"},
      {"revenue in another currency", [](R& r) { r.set_revenue_account("tax/PYG/vat"); }, "revenue_account"},
      {"revenue of no authority", [](R& r) { r.set_revenue_account("acme/UZS/vat"); }, "revenue_account"},
      {"revenue in a hold", [](R& r) { r.set_revenue_account("tax/UZS/hold.1"); }, "revenue_account"},
      {"no revenue account", [](R& r) { r.clear_revenue_account(); }, "revenue_account"},
      {"revenue where nothing is withheld", [](R& r) { r.set_vat_route("supplier"); }, "revenue_account"},
  };
  for (const Case& test : cases) {
    INFO(test.what);
    auto g = test_genesis();
    test.spoil(*rule_of(g, "vat-12"));
    const auto parsed = ledger::Genesis::parse(ledger::encode_genesis(g));
    REQUIRE(parsed.has_value());
    const auto state = genesis_state(**parsed);
    REQUIRE_FALSE(state.has_value());
    CHECK_THAT(state.error(), Catch::Contains("tax rule") && Catch::Contains(test.sentence));
  }
  auto g = test_genesis();
  *g.add_tax_rules() = vat_rule("vat-12", 2, 150'000);   // both versions in force
  CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("vat-12/2"));
}

TEST_CASE("a genesis with impossible members is refused with the member's name") {
  auto g = test_genesis();
  g.mutable_members(5)->set_country("Uzbekistan");
  CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("acme"));
  g = test_genesis();
  g.mutable_members(6)->set_id("acme");
  CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("twice"));
  g = test_genesis();
  g.mutable_validators(0)->set_operator_("nobody");
  CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("nobody"));
}

}  // namespace daftar::contracts::test
