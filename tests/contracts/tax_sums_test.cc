// tax_sums.txt: rules that accumulate, each row as payments on a ledger of its own. That the sums are what the register says, and that each payment can be explained afterwards: World.
#include <catch2/catch.hpp>

#include "contracts/tax/sums.h"
#include "tests/harness/scenario.h"
#include "tools/genesis_compiler.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

void with_sum_rules(proto::Genesis& g) {
  static const proto::Genesis rules = [] {
    auto plan = tools::read_network(std::string(DAFTAR_SOURCE_DIR) + "/tests/contracts/tax_sums/network.toml");
    if (!plan) FAIL(plan.error().sentence);
    return std::move(plan->genesis);
  }();
  g.clear_templates();
  *g.mutable_tax_rules() = rules.tax_rules();
  *g.add_members() = member("tax-authority", "public_body", "UZ", "none", {"tax_authority"});
  *g.add_members() = member("a", "company", "UZ", "none", {"enterprise"});
  *g.add_members() = member("b", "company", "UZ", "none", {"enterprise"});
  *g.add_members() = member("p", "individual", "UZ", "individual", {"citizen"});
}

std::uint64_t moment(const std::string& text) {
  const std::string whole = text.size() == 5 ? "2026-" + text + "T12:00:00.000Z" : text;
  const auto seconds = tools::utc_to_ms(whole.substr(0, 19) + "Z");
  REQUIRE((seconds && whole.size() == 24));
  return *seconds + std::stoull(whole.substr(20, 3));
}

ExecutionResult pay_at_moment(World& w, std::uint64_t time_ms, const std::string& payer, proto::Operation operation) {
  auto body = w.body(payer, {std::move(operation)});
  body.set_valid_until_ms(time_ms + 1000);
  w.block({w.signed_by(body, {payer})}, time_ms);
  auto result = *decode_result(w.last_block().entries.back().result);
  INFO(ledger::name(result.rejection.code) << " " << result.rejection.detail);
  REQUIRE(result.ok());
  return result;
}

/// time/payer/amount
std::string taxes_of(World& w, const std::string& category, const std::string& payment) {
  const auto payer_at = payment.find('/'), amount_at = payment.find('/', payer_at + 1);
  const std::string payer = payment.substr(payer_at + 1, amount_at - payer_at - 1);
  std::string amount = payment.substr(amount_at + 1);
  const bool net = amount.front() == '=';
  if (net) amount.erase(0, 1);
  const MinorUnits units = *ledger::parse_decimal(amount, 2);
  const auto operation = net ? transfer_net(payer + "/UZS", "p/UZS", units, category) : transfer(payer + "/UZS", "p/UZS", units, category);
  const MinorUnits before = w.balance("p/UZS");
  const auto result = pay_at_moment(w, moment(payment.substr(0, payer_at)), payer, operation);
  if (net) CHECK(w.balance("p/UZS") - before == units);
  std::string text;
  for (const TaxLine& line : result.taxes) text += (text.empty() ? "" : "+") + ledger::format_decimal(line.tax, 2);
  return text;
}

}  // namespace

TEST_CASE("payments in a row bear the tax of their sum, as reckoned by hand") {
  std::ifstream in(std::string(DAFTAR_SOURCE_DIR) + "/tests/contracts/tax_sums.txt");
  int number = 0, rows = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    ++rows;
    const auto written = daftar::test::parse_row(line, number);
    INFO("tax_sums.txt:" << number << ": " << written.text);
    World w(with_sum_rules);
    for (const char* payer : {"a", "b"}) w.fund(std::string(payer) + "/UZS", 10'000'00);
    std::string taxes;
    for (std::size_t i = 1; i < written.words.size(); ++i) taxes += (i == 1 ? "" : ", ") + taxes_of(w, written.words[0], written.words[i]);
    CHECK(taxes == written.result);
    CHECK(w.replayed() == w.state());
  }
  CHECK(rows >= 30);
}

TEST_CASE("what an authority has given back is not taken again by the next payment") {
  World w(with_sum_rules);
  w.fund("a/UZS", 10'000'00);
  CHECK(w.must("a", transfer("a/UZS", "p/UZS", 600'00, "year-steps")).taxes.at(0).tax == 60'00);
  w.must("tax-authority", correct_tax(w.last_id(), 1, "year-steps", "p/UZS", 60'00));
  CHECK(w.must("a", transfer("a/UZS", "p/UZS", 600'00, "year-steps")).taxes.at(0).tax == 80'00);   // as if nothing had gone back
}

TEST_CASE("two payments of one transaction follow each other, and a refused one leaves no sum") {
  World w(with_sum_rules);
  w.fund("a/UZS", 1'300'00);
  const auto both = w.run("a", std::vector{transfer("a/UZS", "p/UZS", 600'00, "year-steps"), transfer("a/UZS", "p/UZS", 600'00, "year-steps")});
  REQUIRE((both.ok() && both.taxes.size() == 2));
  CHECK((both.taxes[0].tax == 60'00 && both.taxes[1].tax == 80'00));
  REQUIRE(both.events.size() == 2);
  CHECK(tax::parse_sum(both.events[1]) == tax::SoFar{.base = 600'00, .start = 0, .tax = 60'00});
  REQUIRE_FALSE(w.run("a", std::vector{transfer("a/UZS", "p/UZS", 50'00, "year-steps"), transfer("a/UZS", "p/UZS", 100'00, "year-steps")}).ok());
  CHECK(w.must("a", transfer("a/UZS", "p/UZS", 100'00, "year-steps")).taxes.at(0).tax == 20'00);
}

TEST_CASE("a sum that would overflow refuses the payment") {
  World w(with_sum_rules);
  w.fund("a/UZS", INT64_MAX);
  w.must("a", transfer("a/UZS", "p/UZS", INT64_MAX - 1, "cap"));
  w.must("p", transfer("p/UZS", "b/UZS", 2));
  w.must("a", transfer("a/UZS", "p/UZS", 1, "cap"));   // as much as a sum can be
  CHECK(w.outcome("b", transfer("b/UZS", "p/UZS", 1, "cap")) == "overflow");
}

TEST_CASE("only the text of a sum that the ledger writes is read") {
  contracts::Event event{.kind = "tax_sum", .subject = "x", .number = 1, .amount = 5, .text = "3 2"};
  CHECK(tax::parse_sum(event) == tax::SoFar{.base = 5, .start = 3, .tax = 2});
  for (const char* text : {"", "3", "3 ", " 2", "-1 2", "03 2", "3 2 ", "3  2", "99999999999999999999 2"}) {
    event.text = text;
    CHECK_FALSE(tax::parse_sum(event));
  }
}

}  // namespace daftar::contracts::test
