// Changes of rules and templates over HTTP: anybody reads them, and nobody makes a node judge a template for nothing.
#include "tests/harness/text_file.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

ledger::proto::Operation a_template() {
  ledger::proto::Operation operation;
  auto& change = *operation.mutable_propose_change();
  change.set_until_ms(wall_ms() + 600'000);
  change.mutable_template_()->set_source(read_text(std::string(DAFTAR_SOURCE_DIR) + "/contracts/templates/rental.template"));
  change.mutable_template_()->set_program(contracts::agreements::known_of(change.template_().source())->digest.view().data(), 32);
  return operation;
}

ledger::proto::Operation a_stop(const std::string& reason) {
  ledger::proto::Operation operation;
  auto& change = *operation.mutable_propose_change();
  change.set_until_ms(wall_ms() + 600'000);
  change.mutable_stop_template()->set_name("rental");
  change.mutable_stop_template()->set_version(1);
  change.set_reason(reason);
  return operation;
}

}  // namespace

TEST_CASE("proposals are public, with their entries, and their stage chooses among them") {
  OneNode one;
  const std::string id = one.commit(*one.network.transaction("registrar", {a_template()}));
  const auto told = one.server->get("/v1/proposals/" + id);
  REQUIRE(told.status == 200);
  CHECK(told.json()["title"] == "template rental/1");
  CHECK(told.json()["stage"] == "open");
  CHECK(told.json()["template"]["check"] == "holds");
  CHECK(told.json()["approvals_needed"] == 1);
  CHECK(one.server->get("/v1/proposals").json()["proposals"].size() == 1);
  CHECK(one.server->get("/v1/proposals?stage=open").json()["proposals"].size() == 1);
  CHECK(one.server->get("/v1/proposals?stage=in_force").json()["proposals"].empty());
  CHECK(one.server->get("/v1/proposals?stage=done").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/proposals?limit=0").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/proposals/" + std::string(64, '0')).code() == "proposal_unknown");
  CHECK(one.server->get("/v1/proposals/short").code() == "parameter_invalid");
  // The registrar of this network is a company, whose entries are private otherwise.
  const auto entries = one.server->get("/v1/entries?kind=proposal&id=" + id).json()["entries"];
  REQUIRE(entries.size() == 1);
  CHECK(entries[0]["result"]["events"][0]["kind"] == "change_proposed");
  CHECK(one.server->get("/v1/entries?kind=template&id=rental/1").json()["entries"].size() == 1);
  CHECK(one.server->get("/v1/transactions/" + id).status == 200);
}

TEST_CASE("a dry run of a public body's proposal is anybody's, but for a template, which costs the node its check") {
  OneNode one;
  const auto dry = [&](const ledger::proto::Operation& operation) {
    return one.server->request("POST", "/v1/dry-run", one.network.transaction("treasury", {operation})->envelope(), "application/x-protobuf");
  };
  CHECK(dry(a_stop("wrong")).json()["result"]["code"] == "template_unknown");
  CHECK(dry(a_template()).code() == "signed_read_required");
  const std::string envelope = one.network.transaction("treasury", {a_template()})->envelope();
  const auto signed_dry = one.server->request("POST", "/v1/dry-run", envelope, "application/x-protobuf", one.sign("treasury", "/v1/dry-run", "POST", envelope));
  CHECK(signed_dry.json()["result"]["code"] == "role_missing");   // a treasury approves, and proposes none
}
