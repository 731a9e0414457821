// Gross-up: a payee gets exactly what was agreed net of tax, for the smallest amount that leaves it (DOMAIN 5.1.6). Rows by hand are in tax_table.txt.
#include <catch2/catch.hpp>

#include <iostream>

#include "contracts/tax/gross_up.h"
#include "dice.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

using tax::TaxRule;

TaxRule made_up_rule(Dice& dice, int number) {
  TaxRule rule;
  rule.code = "rule-" + std::to_string(number);
  rule.version = 1;
  rule.kind = dice.one_in(2) ? tax::Kind::vat : tax::Kind::withholding;
  const bool vat = rule.kind == tax::Kind::vat;
  rule.base = vat ? tax::Base::inclusive : dice.one_in(2) ? tax::Base::gross : tax::Base::net_of_vat;
  rule.vat_route = vat && dice.one_in(3) ? tax::VatRoute::supplier : tax::VatRoute::treasury;
  rule.rate_ppm = static_cast<std::uint32_t>(dice.between(0, 400'000));
  rule.withheld_share_ppm = dice.one_in(3) ? static_cast<std::uint32_t>(dice.between(1, 1'000'000)) : 1'000'000;
  rule.rounding = static_cast<ledger::Rounding>(dice.between(0, 3));
  const std::uint32_t units[] = {1, 1, 1, 10, 25};
  rule.rounding_unit = units[dice.below(5)];
  if (dice.one_in(3)) rule.threshold = dice.between(1, 400);
  if (!vat && dice.one_in(3)) rule.brackets = {{dice.between(1, 100), static_cast<std::uint32_t>(dice.between(0, 500'000))}, {200, static_cast<std::uint32_t>(dice.between(0, 500'000))}};
  rule.revenue_account = "tax/UZS/revenue";
  return rule;
}

MinorUnits left_of(const tax::RuleBook& book, tax::Question question, MinorUnits gross) {
  question.gross = gross;
  const auto computed = book.compute(question);
  REQUIRE(computed);
  for (const auto& one : *computed) gross -= one.line.withheld;
  return gross;
}

Member some_member(const char* id) {
  Member one;
  one.id = id;
  return one;
}

/// Withheld by PIT and split VAT: 12 % inside the price, 12 % of the rest.
void two_taxes(proto::Genesis& g) {
  for (auto& rule : *g.mutable_tax_rules())
    if (rule.code() == "income-12") {
      rule.clear_payee_kinds();
      rule.set_base("net_of_vat");
    }
}

}  // namespace

TEST_CASE("the gross amount found is the smallest that leaves the net amount, of any rules") {
  SeededDice dice(7);
  const Member payer = some_member("payer"), payee = some_member("payee");
  int found = 0, none = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<TaxRule> rules;
    double rates = 0;   // of the test only: where rates together exceed 100 %, less may be left of more
    for (std::int64_t n = dice.between(0, 4); n > 0; --n) {
      rules.push_back(made_up_rule(dice, static_cast<int>(n)));
      std::uint32_t highest = rules.back().rate_ppm;
      for (const auto& bracket : rules.back().brackets) highest = std::max(highest, bracket.rate_ppm);
      rates += highest / 1e6;
    }
    if (rates > 0.9) continue;
    const auto book = tax::RuleBook::of(rules);
    REQUIRE(book);
    const tax::Question question{.payer = payer, .payee = payee, .category = "services", .currency = "UZS", .gross = 0, .time_ms = 1, .certificates = {}};
    std::map<MinorUnits, MinorUnits> smallest;   // by what it leaves
    for (MinorUnits gross = 1; gross < 10'000; ++gross) smallest.emplace(left_of(*book, question, gross), gross);
    for (MinorUnits net = 1; net <= 500; ++net) {
      const auto gross = tax::gross_for(*book, question, net);
      const auto there = smallest.find(net);
      INFO("round " << round << ", net " << net);
      REQUIRE(gross.has_value() == (there != smallest.end()));
      if (gross) REQUIRE(*gross == there->second);
      else REQUIRE(gross.error().code == RejectionCode::gross_not_found);
      gross ? ++found : ++none;
    }
  }
  std::cout << "gross-up: " << found << " found, " << none << " are left by no amount" << std::endl;
  CHECK(found > 50'000);
  CHECK(none > 100);
}

TEST_CASE("a search that would take too long ends in a refusal") {
  const Member payer = some_member("payer"), payee = some_member("payee");
  const tax::Question question{.payer = payer, .payee = payee, .category = "services", .currency = "UZS", .gross = 0, .time_ms = 1, .certificates = {}};
  TaxRule rule;
  rule.code = "nearly-all";
  rule.version = 1;
  rule.kind = tax::Kind::withholding;
  rule.base = tax::Base::gross;
  rule.vat_route = tax::VatRoute::treasury;
  rule.withheld_share_ppm = 1'000'000;
  rule.revenue_account = "tax/UZS/revenue";
  struct Row { std::uint32_t rate_ppm; MinorUnits net; std::string gross; };
  for (const Row& row : {Row{500'000, 1'000'000'000'000, "2000000000000"}, Row{980'000, 1'000'000'000, "49999999976"}, Row{999'990, 1'000'000'000, "gross_not_found"},
                         Row{1'000'000, 1, "gross_not_found"}}) {
    INFO(row.rate_ppm);
    rule.rate_ppm = row.rate_ppm;
    const auto book = tax::RuleBook::of({rule});
    const auto gross = tax::gross_for(*book, question, row.net);
    CHECK((gross ? std::to_string(*gross) : std::string(ledger::name(gross.error().code))) == row.gross);
  }
}

TEST_CASE("a payment net of tax leaves the payee exactly the amount, and the payer pays what that takes") {
  World w(two_taxes);
  w.fund("acme/UZS", 1'000'000'00);
  // G − G·12/112 − 12 % of the rest = N: 112 000.00 → 12 000.00 and 12 000.00 leave 88 000.00.
  const auto result = w.must("acme", transfer_net("acme/UZS", "baraka/UZS", 88'000'00, "services"));
  CHECK(w.balance("baraka/UZS") == 88'000'00);
  CHECK(w.balance("acme/UZS") == 1'000'000'00 - 112'000'00);
  REQUIRE(result.taxes.size() == 2);
  CHECK((result.taxes[0].rule == "vat-12" && result.taxes[0].gross == 112'000'00 && result.taxes[0].withheld == 12'000'00));
  CHECK((result.taxes[1].rule == "income-12" && result.taxes[1].base == 100'000'00 && result.taxes[1].withheld == 12'000'00));
  const auto explained = w.explained(w.last_block().entries.back());
  REQUIRE((explained.as_recorded && explained.payments.size() == 1));
  CHECK(explained.payments[0].payment.net_asked == 88'000'00);
  CHECK(explained.payments[0].payment.gross == 112'000'00);
  CHECK(explained.payments[0].net == 88'000'00);
}

TEST_CASE("a payment net of tax needs the gross amount on the account, and binds the payer to it") {
  World w;
  w.fund("acme/UZS", 99'99);
  CHECK(w.outcome("acme", transfer_net("acme/UZS", "nordic/UZS", 80'00, "services")) == "overdraft");   // takes 100.00
  w.fund("acme/UZS", 1);
  proto::Operation rules;
  auto& rule = *rules.mutable_set_signing_rules()->add_rules();
  rule.set_currency("UZS");
  rule.set_above(99'99);
  rule.set_signatures(2);
  proto::Operation second;
  second.mutable_change_key()->set_member("acme");
  second.mutable_change_key()->set_key(std::string(key_of("acme second").public_key().view()));
  w.must("acme", second);
  w.must("acme", rules);
  CHECK(w.outcome("acme", transfer_net("acme/UZS", "nordic/UZS", 80'00, "services")) == "signatures_too_few");
  w.block({w.signed_by(w.body("acme", {transfer_net("acme/UZS", "nordic/UZS", 80'00, "services")}), {"acme", "acme second"})});
  CHECK(w.balance("nordic/UZS") == 80'00);
  CHECK(w.balance("acme/UZS") == 0);
}

TEST_CASE("what is no income has no amount net of tax, and what no amount leaves is refused") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  CHECK(w.outcome("acme", transfer_net("acme/UZS", "nordic/UZS", 80'00, "none")) == "field_invalid");
  CHECK(w.outcome("acme", transfer_net("acme/UZS", "nordic/UZS", 0, "services")) == "amount_must_be_positive");
  CHECK(w.outcome("acme", transfer_net("acme/UZS", "nordic/UZS", INT64_MAX, "services")) == "overdraft");   // nobody has a gross amount looked for without the net one
}

}  // namespace daftar::contracts::test
