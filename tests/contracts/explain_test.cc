// Why a payment was taxed as it was. That explanations agree with what was recorded is an invariant of every block of every test (world.cc);
// here: which ground a rule fails on, and which payments an entry made.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {
namespace {

/// "vat-12/1 applies" and so on, in the order of the book.
std::vector<std::string> grounds(const tax::ExplainedPayment& payment) {
  std::vector<std::string> out;
  for (const tax::Judged& one : payment.rules)
    out.push_back(one.rule->code + "/" + std::to_string(one.rule->version) + " " + std::string(name(one.ground)));
  return out;
}

tax::Explanation last(const World& w) { return w.explained(w.last_block().entries.back()); }

}  // namespace

TEST_CASE("an explanation names every rule of the book, with the first thing a rule asks for and the payment has not") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  const auto explanation = last(w);
  REQUIRE(explanation.payments.size() == 1);
  const auto& explained = explanation.payments[0];
  CHECK(grounds(explained) == std::vector<std::string>{"vat-12/1 applies", "iva-10/1 currency", "nonresident-20/1 payee_residence", "income-12/1 payee_kind",
                                                       "income-3/1 currency"});
  CHECK(explained.payment.payer.id == "acme");
  CHECK(explained.payment.payee.id == "baraka");
  CHECK(explained.payment.category == "services");
  CHECK(explained.rules[0].taken_from == 112'00);
  CHECK(explained.rules[0].line.base == 100'00);
  CHECK_FALSE(explained.rules[0].limited);
  CHECK(explained.net == 100'00);
}

TEST_CASE("grounds are judged in one order: what is paid, who pays, who is paid, when, how much") {
  // Each row spoils one more thing of the rule, from the last that is judged to the first: what is spoilt last is what is said.
  using R = proto::TaxRule;
  const std::vector<std::pair<const char*, std::function<void(R&)>>> spoils = {
      {"applies", [](R&) {}},
      {"below_threshold", [](R& r) { r.set_threshold(112'01); }},
      {"no_longer_in_force", [](R& r) { r.set_effective_to_ms(start_ms); }},
      {"not_yet_in_force", [](R& r) { r.set_effective_from_ms(start_ms + day), r.clear_effective_to_ms(); }},
      {"payee_status", [](R& r) { r.set_payee_statuses(0, "turnover_payer"); }},
      {"payee_kind", [](R& r) { r.add_payee_kinds("individual"); }},
      {"payee_residence", [](R& r) { r.set_payee_residence("non_resident"); }},
      {"payer_kind", [](R& r) { r.add_payer_kinds("public_body"); }},
      {"payer_country", [](R& r) { r.set_country("PY"); }},
      {"category", [](R& r) { r.clear_categories(), r.add_categories("rent"); }},
      {"currency", [](R& r) { r.set_currency("PYG"), r.set_revenue_account("tax/PYG/revenue.vat"); }},
  };
  for (std::size_t spoilt = 0; spoilt < spoils.size(); ++spoilt) {
    World w([&](proto::Genesis& g) {
      for (auto& rule : *g.mutable_tax_rules())
        if (rule.code() == "vat-12")
          for (std::size_t i = 0; i <= spoilt; ++i) spoils[i].second(rule);
    });
    w.fund("acme/UZS", 1'000'00);
    w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
    CHECK(name(last(w).payments.at(0).rules.at(0).ground) == spoils[spoilt].first);
  }
}

TEST_CASE("every payment of an entry is found, in order, and movements that are no income are none") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  w.run("acme", {transfer("acme/UZS", "baraka/UZS", 112'00, "services"), transfer("acme/UZS", "baraka/UZS", 5'00), transfer("acme/UZS", "nordic/UZS", 50'00, "services"),
                 transfer("acme/UZS", "baraka/UZS", 7'00, "rent")});
  const auto explanation = last(w);
  REQUIRE(explanation.payments.size() == 3);
  CHECK(explanation.payments[0].net == 100'00);
  CHECK(explanation.payments[1].payment.payee.id == "nordic");
  CHECK(explanation.payments[1].net == 40'00);
  CHECK(explanation.payments[2].net == 7'00);
  CHECK(grounds(explanation.payments[2])[0] == "vat-12/1 category");
}

TEST_CASE("a refused entry made no payment") {
  World w;
  CHECK(w.outcome("acme", transfer("acme/UZS", "baraka/UZS", 1, "services")) == "overdraft");
  CHECK(last(w).payments.empty());
}

TEST_CASE("payments of a contract are explained with its milestone: accepted, accepted by silence, awarded") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  const Deal deal = signed_deal(w, private_terms({112'00, 224'00, 336'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  w.must("acme", deal.accept(1));
  auto explained = last(w).payments.at(0);
  CHECK(explained.payment.contract == deal.id);
  CHECK(explained.payment.entry == 1);
  CHECK(explained.payment.source == deal.hold());
  CHECK(explained.net == 100'00);

  w.must("baraka", deal.deliver(2));
  w.idle_until(w.now() + 5 * day);
  explained = last(w).payments.at(0);
  CHECK(explained.payment.entry == 2);
  CHECK(explained.payment.payer.id == "acme");
  CHECK(explained.net == 200'00);

  w.must("baraka", deal.deliver(3));
  w.must("baraka", deal.dispute(3));
  w.must("judge", deal.award(3, 112'00));
  explained = last(w).payments.at(0);
  CHECK(explained.payment.entry == 3);
  CHECK(explained.payment.gross == 112'00);
}

TEST_CASE("of public money the spending unit is the payer, and the payment is where the treasury pays, not where work is accepted") {
  World w;
  w.fund("treasury/UZS", 1'000'00);
  w.must("treasury", approve_line("2026.edu", 500'00));
  w.must("treasury", allot("2026.edu", 500'00));
  const Deal deal = signed_deal(w, public_terms("2026.edu", {112'00}, w.now()));
  w.must("treasury", deal.registered());
  w.must("baraka", deal.deliver(1));
  w.must("dept", deal.accept(1));
  CHECK(last(w).payments.empty());
  w.must("dept", deal.order(1));
  CHECK(last(w).payments.empty());
  w.must("treasury", deal.pay(1));
  const auto explained = last(w).payments.at(0);
  CHECK(explained.payment.payer.id == "dept");
  CHECK(explained.payment.source == "treasury/UZS");
  CHECK(explained.payment.entry == 1);
  CHECK(explained.net == 100'00);
}

TEST_CASE("what does not agree with the entry is not called recorded") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  const auto& entry = w.last_block().entries.back();
  const auto result = *decode_result(entry.result);
  const auto explain = [&](const ExecutionResult& told) { return tax::explain(w.rules(), &entry.transaction->body(), told, w.now(), w.state()).as_recorded; };
  CHECK(explain(result));
  auto other = result;
  other.taxes[0].tax += 1;
  CHECK_FALSE(explain(other));
  other = result;
  other.taxes.clear();
  CHECK_FALSE(explain(other));
  other = result;
  other.taxes.push_back(other.taxes[0]);
  CHECK_FALSE(explain(other));
  other = result;
  other.postings[0].account = "baraka/UZS";
  CHECK_FALSE(explain(other));
  other = result;
  other.postings.clear();
  CHECK_FALSE(explain(other));
  other = result;
  other.postings.push_back(other.postings[0]);
  CHECK_FALSE(explain(other));
}

}  // namespace daftar::contracts::test
