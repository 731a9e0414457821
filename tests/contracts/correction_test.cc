// Corrections: tax withheld too much on one payment goes back to the payee, never more than was withheld there. That the register and what the
// state keeps of each line follow: World, after every block.
#include <catch2/catch.hpp>

#include <algorithm>

#include "contracts/tax/correction.h"
#include "deals.h"

namespace daftar::contracts::test {
namespace {

/// acme has paid nordic 100.00 for services, of which 20.00 were withheld.
struct Paid {
  explicit Paid(const std::function<void(proto::Genesis&)>& edit = {}) : w(edit) {
    w.fund("acme/UZS", 1'000'00);
    w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'00, "services"));
    payment = w.last_id();
  }
  proto::Operation correction(MinorUnits amount) const { return correct_tax(payment, 1, "nonresident-20", "nordic/UZS", amount); }
  /// Register of nordic in the month of the payment: tax and withheld.
  std::pair<MinorUnits, MinorUnits> registered() const {
    const auto rows = query::register_rows(w.state(), "nordic", {}, 10).rows;
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].gross == 100'00);
    CHECK(rows[0].base == 100'00);
    CHECK(rows[0].payments == 1);
    return {static_cast<MinorUnits>(rows[0].tax), static_cast<MinorUnits>(rows[0].withheld)};
  }
  World w;
  Digest payment;
};

using Amounts = std::pair<MinorUnits, MinorUnits>;

}  // namespace

TEST_CASE("a correction moves the amount from the revenue account to the payee, and the register of the payment's month says so") {
  Paid p;
  p.w.idle_until(start_ms + 40 * day);   // another month
  const auto result = p.w.must("tax", p.correction(15'00));
  CHECK(p.w.balance("tax/UZS/revenue.nonresident") == 5'00);
  CHECK(p.w.balance("nordic/UZS") == 95'00);
  CHECK(p.registered() == Amounts{5'00, 5'00});
  REQUIRE(result.events.size() == 1);
  CHECK(result.events[0].kind == "tax_corrected");
  CHECK(result.events[0].subject == p.payment.hex());
  CHECK(result.events[0].number == 1);
  CHECK(result.events[0].amount == 15'00);
  CHECK(result.events[0].text.empty());   // the reason is for who may read the transaction
  CHECK(result.taxes.empty());
  const auto kept = query::withheld(p.w.state(), p.payment, 1);
  REQUIRE(kept);
  CHECK(kept->left() == 5'00);
  REQUIRE(kept->corrections.size() == 1);
  CHECK(kept->corrections[0].id == p.w.last_id());
  CHECK(kept->corrections[0].time_ms == p.w.now());
  // It is found with the payee's payments and the rule's.
  const auto& rows = p.w.last_block().entries.back().index_rows;
  CHECK(std::count(rows.begin(), rows.end(), IndexRow{IndexKind::tax_payee, "nordic"}) == 1);
  CHECK(std::count(rows.begin(), rows.end(), IndexRow{IndexKind::tax_rule, "nonresident-20"}) == 1);
}

TEST_CASE("all corrections of a tax line together are at most what it withheld, also within one transaction") {
  Paid p;
  CHECK(p.w.outcome("tax", p.correction(20'01)) == "over_withheld");
  p.w.must("tax", p.correction(15'00));
  CHECK(p.w.outcome("tax", p.correction(5'01)) == "over_withheld");
  const auto twice = p.w.run("tax", std::vector{p.correction(3'00), p.correction(2'01)});
  CHECK(ledger::name(twice.rejection.code) == "over_withheld");
  CHECK(twice.rejection.detail == "200");   // what was left after the first of the two
  CHECK(twice.failed_operation == 1);
  CHECK(p.registered() == Amounts{5'00, 5'00});
  p.w.must("tax", p.correction(5'00));
  CHECK(p.registered() == Amounts{0, 0});
  CHECK(p.w.outcome("tax", p.correction(1)) == "over_withheld");
  CHECK(p.w.balance("nordic/UZS") == 100'00);
}

TEST_CASE("only the tax authority whose account received the tax corrects it") {
  Paid p([](proto::Genesis& g) { *g.add_members() = member("customs", "public_body", "UZ", "none", {"tax_authority"}); });
  for (const char* other : {"acme", "nordic", "registrar"}) CHECK(p.w.outcome(other, p.correction(1)) == "role_missing");
  for (const char* other : {"customs", "treasury"}) CHECK(p.w.outcome(other, p.correction(1)) == "account_not_yours");
  CHECK(p.w.outcome("tax", p.correction(1)) == "ok");
}

TEST_CASE("what no tax line brought to an authority is not corrected: another entry, line or rule, or an untaxed payment") {
  Paid p;
  CHECK(p.w.outcome("tax", correct_tax(Digest{}, 1, "nonresident-20", "nordic/UZS", 1)) == "payment_not_taxed");
  for (const std::uint32_t line : {0u, 2u}) CHECK(p.w.outcome("tax", correct_tax(p.payment, line, "nonresident-20", "nordic/UZS", 1)) == "payment_not_taxed");
  CHECK(p.w.outcome("tax", correct_tax(p.payment, 1, "vat-12", "nordic/UZS", 1)) == "payment_not_taxed");
  p.w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'00, "none"));
  CHECK(p.w.outcome("tax", correct_tax(p.w.last_id(), 1, "nonresident-20", "nordic/UZS", 1)) == "payment_not_taxed");
}

namespace {

void route_vat(proto::Genesis& g, const char* route, const char* revenue_account) {
  for (auto& rule : *g.mutable_tax_rules())
    if (rule.code() == "vat-12") {
      rule.set_vat_route(route);
      rule.set_revenue_account(revenue_account);
      if (std::string(route) == "supplier") rule.set_withheld_share_ppm(0);
    }
}

}  // namespace

TEST_CASE("a tax that is only recorded has been withheld by nobody") {
  World w([](proto::Genesis& g) { route_vat(g, "supplier", ""); });
  w.fund("acme/UZS", 1'000'00);
  CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services")).taxes.size() == 1);
  CHECK(w.outcome("tax", correct_tax(w.last_id(), 1, "vat-12", "baraka/UZS", 1)) == "payment_not_taxed");
}

TEST_CASE("what lies on the supplier's own VAT account a tax authority lets go to its other accounts, and nobody else does") {
  World w([](proto::Genesis& g) { route_vat(g, "supplier_vat_account", ""); });
  w.fund("acme/UZS", 1'000'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  const Digest payment = w.last_id();
  for (const char* other : {"acme", "baraka", "treasury"}) CHECK(w.outcome(other, correct_tax(payment, 1, "vat-12", "baraka/UZS", 1)) == "role_missing");
  w.must("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 5'00));
  CHECK(w.balance("baraka/UZS/vat") == 7'00);
  CHECK(w.balance("baraka/UZS") == 105'00);
  w.must("baraka", transfer("baraka/UZS/vat", "tax/UZS", 6'00));
  CHECK(w.outcome("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 2'00)) == "overdraft");   // passed on already
  w.must("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 1'00));
  CHECK(query::register_rows(w.state(), "baraka", {}, 10).rows.at(0).withheld == 6'00);
}

TEST_CASE("revenue that a rule sends to a treasury is given back by that treasury") {
  World w([](proto::Genesis& g) { route_vat(g, "treasury", "treasury/UZS/revenue.vat"); });
  w.fund("acme/UZS", 1'000'00);
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  const Digest payment = w.last_id();
  CHECK(w.outcome("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 1)) == "account_not_yours");
  w.must("treasury", correct_tax(payment, 1, "vat-12", "baraka/UZS", 12'00));
  CHECK(w.balance("treasury/UZS/revenue.vat") == 0);
  CHECK(w.balance("baraka/UZS") == 112'00);
  CHECK(w.outcome("treasury", correct_tax(payment, 1, "vat-12", "baraka/UZS", 1)) == "over_withheld");
}

TEST_CASE("each payment of a transaction has its own tax line, and is corrected by itself") {
  World w;
  w.fund("acme/UZS", 1'000'00);
  REQUIRE(w.run("acme", std::vector{transfer("acme/UZS", "nordic/UZS", 100'00, "services"), transfer("acme/UZS", "aziza/UZS", 50'00, "services")}).ok());
  const Digest payment = w.last_id();
  CHECK(w.outcome("tax", correct_tax(payment, 2, "income-12", "aziza/UZS", 6'01)) == "over_withheld");
  w.must("tax", correct_tax(payment, 2, "income-12", "aziza/UZS", 6'00));
  CHECK(w.balance("aziza/UZS") == 50'00);
  CHECK(query::withheld(w.state(), payment, 1)->corrected() == 0);
  CHECK(w.outcome("tax", correct_tax(payment, 1, "nonresident-20", "aziza/UZS", 1)) == "field_invalid");   // not to the other payee
}

TEST_CASE("the money goes to an account of the payee, in the currency of the payment") {
  Paid p;
  for (const char* to : {"acme/UZS", "nordic/PYG", "tax/UZS"}) {
    INFO(to);
    CHECK(p.w.outcome("tax", correct_tax(p.payment, 1, "nonresident-20", to, 1)) == "field_invalid");
  }
  CHECK(p.w.outcome("tax", correct_tax(p.payment, 1, "nonresident-20", "nordic/UZS/refunds", 1)) == "account_unknown");
  CHECK(p.w.outcome("tax", correct_tax(p.payment, 1, "nonresident-20", "nordic/UZS/hold.1", 1)) == "account_reserved");
  p.w.must("nordic", open("nordic/UZS/refunds"));
  p.w.must("tax", correct_tax(p.payment, 1, "nonresident-20", "nordic/UZS/refunds", 1'00));
  CHECK(p.w.balance("nordic/UZS/refunds") == 1'00);
}

TEST_CASE("what the authority has passed on cannot go back before it returns") {
  Paid p;
  p.w.must("tax", transfer("tax/UZS/revenue.nonresident", "treasury/UZS", 18'00));
  CHECK(p.w.outcome("tax", p.correction(2'01)) == "overdraft");
  CHECK(p.registered() == Amounts{20'00, 20'00});
  CHECK(p.w.outcome("tax", p.correction(2'00)) == "ok");
}

TEST_CASE("a correction has an amount, a reason, and a digest of 32 bytes if of any") {
  Paid p;
  CHECK(p.w.outcome("tax", p.correction(0)) == "amount_must_be_positive");
  CHECK(p.w.outcome("tax", p.correction(-1)) == "amount_must_be_positive");
  const auto changed = [&](const std::function<void(proto::CorrectTax&)>& change) {
    auto operation = p.correction(1);
    change(*operation.mutable_correct_tax());
    return p.w.outcome("tax", operation);
  };
  CHECK(changed([](auto& o) { o.clear_reason(); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_reason(std::string(281, 'a')); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_decision_digest("short"); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_payment("short"); }) == "field_invalid");
  CHECK(changed([](auto& o) { o.set_decision_digest(std::string(32, 'd')); }) == "ok");
}

TEST_CASE("a payment is corrected by the account of the version of the rule that withheld, after others came") {
  Paid p([](proto::Genesis& g) {
    for (auto& rule : *g.mutable_tax_rules())
      if (rule.code() == "nonresident-20") {
        rule.set_effective_to_ms(start_ms + 30 * day);
        auto next = rule;
        next.set_version(2);
        next.set_effective_from_ms(start_ms + 30 * day);
        next.set_effective_to_ms(0);
        next.set_revenue_account("tax/UZS/revenue.later");
        *g.add_tax_rules() = next;
        return;
      }
  });
  p.w.idle_until(start_ms + 40 * day);
  p.w.must("tax", p.correction(20'00));
  CHECK(p.w.balance("tax/UZS/revenue.nonresident") == 0);
}

TEST_CASE("what a deadline's payment withheld is corrected by the id of the deadline's entry") {
  World w;
  w.fund("acme/UZS", 112'000'00);
  const auto terms = private_terms({112'000'00}, w.now());
  const Deal deal = signed_deal(w, terms);
  w.must("baraka", deal.deliver(1));
  w.idle_until(w.now() + 5 * day);   // silence accepts, and pays
  REQUIRE(w.last_block().entries.size() == 1);
  const Digest payment = w.last_block().entries[0].id;
  CHECK(w.outcome("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 12'000'01)) == "over_withheld");
  w.must("tax", correct_tax(payment, 1, "vat-12", "baraka/UZS", 12'000'00));
  CHECK(w.balance("baraka/UZS") == 112'000'00);
}

TEST_CASE("a tax line is corrected a hundred times at most") {
  Paid p;
  for (std::size_t i = 0; i < tax::corrections_max; ++i) REQUIRE(p.w.outcome("tax", p.correction(1)) == "ok");
  CHECK(p.w.outcome("tax", p.correction(1)) == "field_invalid");
  CHECK(p.registered() == Amounts{19'00, 19'00});
}

}  // namespace daftar::contracts::test
