// Tax that the payer holds until it is due: where it lies, how it is remitted, what the ledger sends by itself, and who corrects it when. That withheld is remitted and liability, and
// what the register says: World, after every block (tax_invariants.h).
#include <catch2/catch.hpp>

#include "contracts/accounts.h"
#include "contracts/tax/held.h"
#include "contracts/tax/period.h"
#include "contracts/governance/words.h"
#include "deals.h"
#include "governance.h"

namespace daftar::contracts::test {
namespace {

constexpr std::uint32_t march = 202603;
/// The end of 15 April 2026 (UTC); World begins on 1 March.
constexpr std::uint64_t april_16_ms = start_ms + 46 * day;

std::function<void(proto::Genesis&)> held_by(const std::string& period) {
  return [period](proto::Genesis& g) {
    for (auto& rule : *g.mutable_tax_rules())
      if (rule.code() == "nonresident-20" || rule.code() == "income-12") {
        rule.set_remittance(period);
        rule.set_remittance_day(15);
      }
  };
}

/// acme has paid nordic 100.00 for services; 20.00 are held.
struct Holding {
  explicit Holding(const std::string& period = "month") : w(held_by(period)) {
    w.fund("acme/UZS", 1'000'00);
    w.fund("baraka/UZS", 1'000'00);
    pay("acme", 100'00);
    payment = w.last_id();
  }
  void pay(const std::string& payer, MinorUnits amount) { w.must(payer, transfer(payer + "/UZS", "nordic/UZS", amount, "services")); }
  MinorUnits holds(const std::string& payer = "acme") const { return query::balance(w.state(), payer + "/UZS/tax.nonresident-20").value_or(0); }
  MinorUnits received() const { return w.balance("tax/UZS/revenue.nonresident"); }
  std::string remit(MinorUnits amount, const std::string& payer = "acme", std::uint32_t period = march) { return w.outcome(payer, remit_tax("nonresident-20", 1, period, amount)); }
  proto::Operation correction(MinorUnits amount) const { return correct_tax(payment, 1, "nonresident-20", "nordic/UZS", amount); }
  tax::HeldTax row(const std::string& payer = "acme", std::uint32_t period = march) const {
    const auto rows = query::held_tax(w.state(), payer, {}, 100).rows;
    for (const auto& one : rows)
      if (one.rule == "nonresident-20" && one.period == period) return one;
    FAIL("no such row");
    return {};
  }
  World w;
  Digest payment;
};

}  // namespace

TEST_CASE("what a rule with a due date withholds stays on an account of the payer that nobody can spend, name or open") {
  Holding h;
  CHECK(h.w.balance("nordic/UZS") == 80'00);
  CHECK(h.holds() == 20'00);
  CHECK(h.received() == 0);
  CHECK(h.w.outcome("acme", transfer("acme/UZS/tax.nonresident-20", "baraka/UZS", 1)) == "account_reserved");
  CHECK(h.w.outcome("tax", transfer("acme/UZS/tax.nonresident-20", "baraka/UZS", 1)) == "account_not_yours");
  CHECK(h.w.outcome("acme", transfer("acme/UZS", "acme/UZS/tax.nonresident-20", 1)) == "account_reserved");
  CHECK(h.w.outcome("baraka", open("baraka/UZS/tax.own")) == "account_reserved");
}

TEST_CASE("at the end of the due day the ledger sends what is held to the revenue account, without anybody's doing") {
  Holding h;
  h.pay("baraka", 50'00);
  h.w.idle_until(april_16_ms - 1);
  CHECK(h.received() == 0);
  const auto fired = h.w.idle_until(april_16_ms);
  REQUIRE(fired.size() == 2);   // one for each payer
  for (const auto& result : fired) {
    REQUIRE((result.ok() && result.events.size() == 1));
    CHECK(result.events[0].kind == "tax_remitted");
    CHECK(result.events[0].number == march);
    CHECK(result.events[0].text == "nonresident-20/1");
  }
  CHECK(h.received() == 30'00);
  CHECK((h.holds() == 0 && h.holds("baraka") == 0));
  const auto row = h.row();
  REQUIRE(row.remittances.size() == 1);
  CHECK(row.remittances[0].amount == 20'00);
  CHECK(row.remittances[0].time_ms == april_16_ms);
  CHECK(row.due_ms == april_16_ms);
  CHECK(h.w.idle_until(april_16_ms + 90 * day).empty());
}

TEST_CASE("months are apart at midnight, and each has its own due date") {
  Holding h;
  auto body = h.w.body("acme", {transfer("acme/UZS", "nordic/UZS", 50'00, "services")});
  const std::uint64_t april_ms = start_ms + 31 * day;
  body.set_valid_until_ms(april_ms);
  h.w.block({h.w.signed_by(body, {"acme"})}, april_ms - 1);
  h.w.block({}, april_ms - 1 + 1);
  h.pay("acme", 10'00);   // a second later: April
  CHECK(h.row().withheld == 30'00);
  CHECK(h.row("acme", 202604).withheld == 2'00);
  h.w.idle_until(april_16_ms);
  CHECK(h.received() == 30'00);
  h.w.idle_until(april_16_ms + 30 * day);   // 16 May
  CHECK(h.received() == 32'00);
}

TEST_CASE("quarters and months end where the calendar says, and are due on the day after them, also over a year's end") {
  using tax::Remittance;
  struct Row { Remittance remittance; std::uint64_t time_ms; std::uint32_t day, period; std::uint64_t due_ms; };
  const std::uint64_t january_ms = start_ms - 59 * day;   // 1 January 2026
  for (const Row& row : {Row{Remittance::month, start_ms, 15, 202603, start_ms + 46 * day},
                         Row{Remittance::month, start_ms - 1, 1, 202602, start_ms + day},                      // the last ms of February: due at the end of 1 March
                         Row{Remittance::month, january_ms - 1, 28, 202512, january_ms + 28 * day},            // December: 28 January
                         Row{Remittance::quarter, start_ms, 20, 202601, start_ms + 51 * day},                  // 20 April
                         Row{Remittance::quarter, start_ms + 31 * day, 20, 202604, start_ms + 142 * day},      // from 1 April: 20 July
                         Row{Remittance::quarter, january_ms - 1, 1, 202510, january_ms + day}}) {             // the fourth: 1 January
    INFO(row.period);
    tax::TaxRule rule;
    rule.remittance = row.remittance;
    rule.remittance_day = row.day;
    CHECK(tax::remittance_period(row.remittance, row.time_ms) == row.period);
    CHECK(tax::due_ms_of(rule, row.period) == row.due_ms);
  }
  Holding h("quarter");
  h.w.idle_until(start_ms + 46 * day - 1);
  CHECK(h.holds() == 20'00);
  h.w.idle_until(start_ms + 46 * day);
  CHECK(h.received() == 20'00);
  CHECK(h.row("acme", 202601).remitted() == 20'00);
}

TEST_CASE("the payer remits before it is due, in parts, and no more than it holds of that period") {
  Holding h;
  CHECK(h.remit(0) == "amount_must_be_positive");
  CHECK(h.remit(20'01) == "over_liability");
  CHECK(h.remit(1, "baraka") == "tax_not_held");   // another's
  CHECK(h.remit(1, "acme", 202602) == "tax_not_held");
  CHECK(h.remit(5'00) == "ok");
  CHECK(h.received() == 5'00);
  CHECK(h.w.outcome("tax", transfer("tax/UZS/revenue.nonresident", "treasury/UZS", 5'00)) == "ok");
  CHECK(h.remit(15'01) == "over_liability");
  CHECK(h.remit(15'00) == "ok");
  CHECK(h.remit(1) == "over_liability");
  CHECK(h.row().remittances.size() == 2);
  CHECK_FALSE(h.w.engine().next_deadline_ms(h.w.state()));   // nothing is left to send
  h.pay("acme", 10'00);
  CHECK(h.w.engine().next_deadline_ms(h.w.state()) == april_16_ms);
  h.w.idle_until(april_16_ms);
  CHECK(h.row().remittances.size() == 3);
  CHECK(h.received() == 17'00);
}

TEST_CASE("a payer remits a hundred times in a period, and the ledger still sends the rest") {
  Holding h;
  for (std::size_t i = 0; i < tax::remittances_max; ++i) REQUIRE(h.remit(1) == "ok");
  CHECK(h.remit(1) == "field_invalid");
  h.w.idle_until(april_16_ms);
  CHECK(h.received() == 20'00);
}

TEST_CASE("a revenue account that would overflow is sent what is due a day later") {
  Holding h;
  h.w.fund("tax/UZS/revenue.nonresident", INT64_MAX - 2'000'00 + 1);   // with what the others have: all the money there can be
  h.w.must("acme", transfer("acme/UZS", "tax/UZS/revenue.nonresident", 900'00));
  h.w.must("baraka", transfer("baraka/UZS", "tax/UZS/revenue.nonresident", 1'000'00));
  h.w.must("nordic", transfer("nordic/UZS", "tax/UZS/revenue.nonresident", 80'00));
  const auto refused = h.w.idle_until(april_16_ms);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].rejection.code == RejectionCode::overflow);
  CHECK(h.holds() == 20'00);
  h.w.must("tax", transfer("tax/UZS/revenue.nonresident", "treasury/UZS", 1'000'00));
  CHECK(h.w.idle_until(april_16_ms + day - 1).empty());
  CHECK(h.w.idle_until(april_16_ms + day).size() == 1);
  CHECK(h.holds() == 0);
}

TEST_CASE("before it has remitted, the payer gives back what it withheld too much, and the authority cannot, afterwards the other way round") {
  Holding h;
  CHECK(h.w.outcome("tax", h.correction(1)) == "tax_not_remitted");
  CHECK(h.w.outcome("baraka", h.correction(1)) == "role_missing");
  h.w.must("acme", h.correction(5'00));
  CHECK(h.w.balance("nordic/UZS") == 85'00);
  CHECK(h.holds() == 15'00);
  CHECK(h.row().given_back == 5'00);
  CHECK(h.remit(10'00) == "ok");
  CHECK(h.w.outcome("acme", h.correction(5'01)) == "over_liability");
  CHECK(h.w.outcome("tax", h.correction(10'01)) == "tax_not_remitted");
  CHECK(h.w.outcome("tax", h.correction(10'00)) == "ok");
  CHECK(h.row().refunded == 10'00);
  CHECK(h.w.outcome("acme", h.correction(5'01)) == "over_withheld");
  CHECK(h.w.outcome("acme", h.correction(5'00)) == "ok");
  CHECK(h.w.balance("nordic/UZS") == 100'00);
  CHECK_FALSE(h.w.engine().next_deadline_ms(h.w.state()));   // all has gone back: nothing is due
  const auto rows = query::register_rows(h.w.state(), "nordic", {}, 10).rows;
  CHECK((rows.at(0).withheld == 0 && rows.at(0).base == 100'00));
}

TEST_CASE("after the due date the payer corrects nothing, the authority does") {
  Holding h;
  h.w.idle_until(april_16_ms);
  CHECK(h.w.outcome("acme", h.correction(1)) == "over_liability");
  CHECK(h.w.outcome("tax", h.correction(20'00)) == "ok");
}

TEST_CASE("what a contract's payment withholds is held for the customer, also when a deadline paid") {
  World w(held_by("month"));
  w.fund("acme/UZS", 1'000'00);
  auto terms = private_terms({100'00}, w.now());
  terms.provider = "aziza";
  const Deal deal = signed_deal(w, terms);
  w.must("aziza", deal.deliver(1));
  w.idle_until(w.now() + 5 * day);   // silence accepts, and pays
  CHECK(w.balance("aziza/UZS") == 88'00);
  CHECK(w.balance("acme/UZS/tax.income-12") == 12'00);
  w.idle_until(april_16_ms);
  CHECK(w.balance("tax/UZS/revenue.income") == 12'00);
}

TEST_CASE("governance changes when tax is due and whether it accumulates, and what is held by the version before stays due by that version") {
  Holding h;
  const std::uint64_t next_ms = start_ms + 20 * day;
  proto::TaxRule rule;
  for (const auto& known : h.w.genesis().content().tax_rules())
    if (known.code() == "nonresident-20") rule = known;
  rule.set_version(2);
  rule.set_title("Non-residents");
  rule.set_legal_basis("Tax Code, Article 353");
  rule.set_effective_from_ms(next_ms);
  rule.set_remittance("quarter");
  rule.set_remittance_day(20);
  rule.set_accumulate("year");
  rule.set_accumulate_by("agent_payee");
  const Digest proposal = proposed(h.w, "tax", propose_rule(h.w, rule));
  const auto words = governance::change_in_words(*query::proposal(h.w.state(), proposal), {.rules = query::tax_rules(h.w.state())});
  for (const char* line : {"remittance: day 15 after each month → day 20 after each quarter", "accumulate: — → year by agent_payee"}) {
    INFO(line);
    CHECK(std::find(words.begin(), words.end(), line) != words.end());
  }
  h.w.must("treasury", approve_change(proposal));
  h.w.idle_until(h.w.now() + rule_delay);
  h.w.idle_until(next_ms);
  h.pay("acme", 50'00);
  CHECK(h.row().withheld == 20'00);                  // of March, by version 1
  CHECK(h.row("acme", 202601).withheld == 10'00);    // of the first quarter, by version 2
  CHECK(h.holds() == 30'00);
  h.w.idle_until(april_16_ms);
  CHECK(h.received() == 20'00);
  h.w.idle_until(start_ms + 51 * day);   // the end of 20 April
  CHECK(h.received() == 30'00);
  CHECK(h.w.replayed() == h.w.state());
}

TEST_CASE("rules that hold are refused where they make no sense") {
  using Rule = proto::TaxRule;
  struct Case { const char* what; std::function<void(Rule&)> spoil; const char* sentence; };
  for (const Case& test : {Case{"period", [](Rule& r) { r.set_remittance("week"), r.set_remittance_day(1); }, "remittance must be"},
                           Case{"no day", [](Rule& r) { r.set_remittance("month"); }, "remittance_day"},
                           Case{"day 29", [](Rule& r) { r.set_remittance("month"), r.set_remittance_day(29); }, "remittance_day"},
                           Case{"a day without period", [](Rule& r) { r.set_remittance_day(15); }, "remittance_day"},
                           Case{"a code that is no label", [](Rule& r) { r.set_code("Income"), r.set_remittance("month"), r.set_remittance_day(1); }, "label"},
                           Case{"too long a code", [](Rule& r) { r.set_code(std::string(37, 'a')), r.set_remittance("month"), r.set_remittance_day(1); }, "label"},
                           Case{"nothing is withheld",
                                [](Rule& r) { r.set_kind("contribution"), r.clear_withheld_share_ppm(), r.clear_revenue_account(), r.set_remittance("month"), r.set_remittance_day(1); },
                                "revenue_account"},
                           Case{"accumulate", [](Rule& r) { r.set_accumulate("week"), r.set_accumulate_by("payee"); }, "accumulate must be"},
                           Case{"by whom", [](Rule& r) { r.set_accumulate("year"); }, "accumulate_by"},
                           Case{"by the bank", [](Rule& r) { r.set_accumulate("year"), r.set_accumulate_by("bank"); }, "accumulate_by"},
                           Case{"by, without", [](Rule& r) { r.set_accumulate_by("agent_payee"); }, "accumulate_by"}}) {
    INFO(test.what);
    auto g = test_genesis();
    test.spoil(*g.mutable_tax_rules(1));   // income-12
    CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("tax rule") && Catch::Contains(test.sentence));
  }
  auto g = test_genesis();
  g.mutable_tax_rules(2)->set_accumulate("year");   // vat-12
  g.mutable_tax_rules(2)->set_accumulate_by("payee");
  CHECK_THAT(genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g))).error(), Catch::Contains("not for vat"));
}

}  // namespace daftar::contracts::test
