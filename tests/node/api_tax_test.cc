// Reading what payers hold of a tax, and what a payee was paid before: each for whom it concerns.
#include "contracts/tax/period.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;

namespace {

/// A tenth of what a payee is paid in a year, due on the 15th of the month after.
ledger::proto::TaxRule tenth_of_a_year() {
  ledger::proto::TaxRule rule;
  rule.set_code("tenth");
  rule.set_version(1);
  rule.set_kind("withholding");
  rule.set_title("A tenth");
  rule.set_rate_ppm(100'000);
  rule.set_base("gross");
  rule.set_withheld_share_ppm(1'000'000);
  rule.add_categories("services");
  rule.set_revenue_account("tax-office/UZS/revenue");
  rule.set_currency("UZS");
  rule.set_status("assumed");
  rule.set_remittance("month");
  rule.set_remittance_day(15);
  rule.set_accumulate("year");
  rule.set_accumulate_by("payee");
  return rule;
}

Operation paid_for_services(const std::string& from, const std::string& to, std::int64_t amount) {
  Operation operation;
  auto& transfer = *operation.mutable_transfer();
  transfer.set_from(from + "/UZS");
  transfer.set_to(to + "/UZS");
  transfer.set_amount(amount);
  transfer.set_category("services");
  return operation;
}

std::string tax_read_outcome(const Answer& answer) { return answer.status == 200 ? "200" : answer.code(); }

struct TaxedNode : OneNode {
  TaxedNode() : OneNode({tenth_of_a_year()}) {
    for (const char* payer : {"acme", "treasury"}) commit(*network.issue(std::string(payer) + "/UZS", 1000, std::string("for ") + payer));
    first = commit(*network.transaction("acme", {paid_for_services("acme", "baraka", 300)}));
    second = commit(*network.transaction("treasury", {paid_for_services("treasury", "baraka", 200)}));
  }
  std::string first, second;
};

/// Whether the entry's events, as this reader is shown them, say what came before.
bool tells_sum(const Answer& answer) { return answer.body.find("tax_sum") != std::string::npos; }

}  // namespace

TEST_CASE("what a payer holds is for the payer and the offices that read registers, and a certificate's line says where the money is") {
  TaxedNode one;
  const std::string target = "/v1/tax/held?payer=acme";
  CHECK(tax_read_outcome(one.server->get(target)) == "signed_read_required");
  for (const char* other : {"baraka", "operator-1"}) CHECK(tax_read_outcome(one.get_as(other, target)) == "not_allowed");
  CHECK(tax_read_outcome(one.get_as("acme", "/v1/tax/held")) == "not_allowed");
  CHECK(one.get_as("tax-office", "/v1/tax/held").json()["rows"].size() == 2);
  CHECK(tax_read_outcome(one.get_as("acme", target + "&period=2026-13")) == "parameter_invalid");
  CHECK(one.get_as("acme", target + "&period=2020-01").json()["rows"].empty());

  Operation remittance;
  remittance.mutable_remit_tax()->set_rule("tenth");
  remittance.mutable_remit_tax()->set_version(1);
  remittance.mutable_remit_tax()->set_currency("UZS");
  remittance.mutable_remit_tax()->set_period(contracts::tax::period_of(wall_ms()));
  remittance.mutable_remit_tax()->set_amount(10);
  const std::string id = one.commit(*one.network.transaction("acme", {remittance}));
  const auto rows = one.get_as("acme", target).json()["rows"];
  REQUIRE(rows.size() == 1);
  CHECK((rows[0]["withheld"] == "30" && rows[0]["remitted"] == "10" && rows[0]["liability"] == "20" && rows[0]["given_back"] == "0"));
  CHECK(rows[0]["remittances"][0]["id"] == id);
  const auto line = one.get_as("baraka", "/v1/tax/lines/" + one.first).json()["lines"][0];
  CHECK((line["remittance"]["held_by"] == "acme" && line["remittance"]["complete"] == false && line["remittance"]["due"] == rows[0]["due"]));
  CHECK(line["remittance"]["entries"][0]["id"] == id);
  CHECK_FALSE(line["remittance"]["entries"][0].contains("amount"));   // other payees' tax is among it
  CHECK(one.get_as("chorsu", "/v1/transactions/" + id).json()["redacted"] == true);
}

TEST_CASE("what others had paid a payee before is told to payer, payee and offices, not to whoever reads a public body's payment") {
  TaxedNode one;
  const std::string entry = "/v1/transactions/" + one.second, explanation = "/v1/tax/explanations/" + one.second;
  for (const char* reader : {"treasury", "baraka", "tax-office"}) {
    INFO(reader);
    CHECK(tells_sum(one.get_as(reader, entry)));
    CHECK(one.get_as(reader, explanation).json()["payments"][0]["applied"][0]["so_far"]["base"] == "300");
  }
  const auto shown = one.get_as("chorsu", entry);
  CHECK(shown.json()["result"]["taxes"].size() == 1);   // all else of it is public
  CHECK_FALSE(tells_sum(shown));
  CHECK_FALSE(tells_sum(one.get_as("chorsu", "/v1/entries?kind=account&id=treasury/UZS")));
  const auto explained = one.get_as("chorsu", explanation).json();
  CHECK(explained["as_recorded"] == true);
  CHECK_FALSE(explained["payments"][0]["applied"][0].contains("so_far"));

  const std::string tried = one.network.transaction("treasury", {paid_for_services("treasury", "baraka", 1)})->envelope();
  const auto try_as = [&](const std::string& reader) {
    return one.server->request("POST", "/v1/dry-run", tried, "application/x-protobuf", one.sign(reader, "/v1/dry-run", "POST", tried));
  };
  CHECK(tax_read_outcome(try_as("chorsu")) == "not_allowed");
  CHECK(tax_read_outcome(try_as("treasury")) == "200");
}
