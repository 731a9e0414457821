// Limits, policies, classifications and changes of members over HTTP, as they are in force; and admission that goes by the limits in force.
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

void decided_at_once(ledger::proto::Genesis& genesis) {
  auto& governance = *genesis.mutable_governance();
  for (auto* policy : {governance.mutable_limits(), governance.mutable_classification()}) {
    policy->add_proposers("treasury");
    policy->add_approvers("treasury");
    policy->set_approvals(1);
    policy->set_proposer_approves(true);
  }
}

ledger::proto::Operation proposing(const std::function<void(ledger::proto::ProposeChange&)>& fill) {
  ledger::proto::Operation operation;
  operation.mutable_propose_change()->set_until_ms(wall_ms() + 600'000);
  fill(*operation.mutable_propose_change());
  return operation;
}

void in_force(const OneNode& one, const std::string& id) {
  for (int i = 0; i < 1'000; ++i) {
    if (one.server->get("/v1/proposals/" + id).json()["stage"] == "in_force") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("not in force");
}

void set_limits_of(const OneNode& one, const std::vector<std::pair<std::string, std::uint64_t>>& limits) {
  in_force(one, one.commit(*one.network.transaction("treasury", {proposing([&](auto& change) {
             for (const auto& [name, value] : limits) {
               auto& setting = *change.mutable_limits()->add_changes();
               setting.set_name(name);
               setting.set_value(value);
             }
           })})));
}

}  // namespace

TEST_CASE("a node shows and admits by the limits in force, from the block that brings them") {
  OneNode one({}, {service_template_of_genesis()}, decided_at_once);
  one.commit(*one.network.issue("acme/UZS", 1'000, "s1"));
  CHECK(one.server->get("/v1/limits").json()["operations_max"] == 1'000);
  CHECK(one.server->get("/v1/limits").json()["virement_share_ppm"].is_null());
  const auto payments = [&](std::size_t count) {
    ledger::proto::Operation payment;
    payment.mutable_transfer()->set_from("acme/UZS");
    payment.mutable_transfer()->set_to("baraka/UZS");
    payment.mutable_transfer()->set_amount(1);
    payment.mutable_transfer()->set_category("none");
    return one.network.transaction("acme", std::vector(count, payment));
  };
  one.commit(*payments(3));
  set_limits_of(one, {{"operations_max", 2}, {"member_rate_per_s", 1}});
  CHECK(one.server->get("/v1/limits").json()["operations_max"] == 2);
  const auto refused = one.submit(*payments(3));
  CHECK(refused.status == 400);
  CHECK(refused.code() == "operations_count");
  const std::string envelope = payments(3)->envelope();
  CHECK(one.server->request("POST", "/v1/dry-run", envelope, "application/x-protobuf", one.sign("acme", "/v1/dry-run", "POST", envelope)).code() == "operations_count");
  // The second transaction of one member within a second is too much now; another member has its own.
  one.commit(*payments(1));
  CHECK(one.submit(*payments(1)).status == 429);
  // Started again, the node knows the limits from its state.
  one.node->stop();
  one.server.reset();
  one.node.reset();
  one.start(contracts::governance::protocol_version_known);
  for (int i = 0; i < 1'000 && !one.node->status().ready; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  one.server.emplace(*one.node);
  CHECK(one.submit(*payments(3)).code() == "operations_count");
  one.commit(*payments(1));
  CHECK(one.submit(*payments(1)).status == 429);
}

TEST_CASE("policies are shown with their floor, classifications by list and by code") {
  OneNode one({}, {service_template_of_genesis()}, decided_at_once);
  const auto policies = one.server->get("/v1/policies").json();
  REQUIRE(policies["policies"].size() == contracts::governance::all_kinds.size());
  CHECK(policies["policies"][10]["kind"] == "limits");
  CHECK(policies["policies"][10]["words"] == "proposed by treasury; approved by 1 of treasury, the proposer among them; delay none");
  CHECK(policies["policy_floor"] == nlohmann::json{{"approvals", 2}, {"delay_ms", 7 * 86'400'000}});
  CHECK(one.server->get("/v1/classifications/704").code() == "code_unknown");
  CHECK(one.server->get("/v1/classifications").code() == "parameter_invalid");
  CHECK(one.server->get("/v1/classifications?list=icd10").code() == "parameter_invalid");
  in_force(one, one.commit(*one.network.transaction("treasury", {proposing([](auto& change) {
             for (const auto& [list, code, title, maps_to] : {std::tuple{"gfsm", "22", "Use of goods and services", ""}, {"national_economic", "41", "Goods", ""}, {"national_economic", "41", "", "22"},
                                                              {"national_economic", "42", "Services", ""}}) {
               auto& row = *change.mutable_classification()->add_add();
               row.set_list(list);
               row.set_code(code);
               row.set_title(title);
               row.set_maps_to(maps_to);
             }
           })})));
  const auto code = one.server->get("/v1/classifications/41").json()["codes"];
  REQUIRE(code.size() == 1);
  CHECK(code[0]["titles"][0]["title"] == "Goods");
  CHECK(code[0]["maps_to"][0] == nlohmann::json{{"list", "gfsm"}, {"code", "22"}});
  const auto page = one.server->get("/v1/classifications?list=national_economic&limit=1").json();
  CHECK(page["codes"].size() == 1);
  CHECK(page["next"] == "41");
  CHECK(one.server->get("/v1/classifications?list=national_economic&after=41").json()["codes"][0]["code"] == "42");
}

TEST_CASE("a suspended member reads what is its own, and no office reads more than that") {
  OneNode one;
  ledger::proto::Operation admit;
  auto& auditor = *admit.mutable_register_member();
  auditor.set_id("auditor");
  auditor.set_name("Auditor");
  auditor.set_kind("company");
  auditor.set_country("UZ");
  auditor.set_tax_status("none");
  auditor.add_roles("auditor");
  one.network.members.emplace("auditor", ledger::SigningKey::generate());
  auditor.add_keys(std::string(one.network.members.at("auditor").public_key().view()));
  auditor.set_signatures_required(1);
  one.commit(*one.network.transaction("registrar", {admit}));
  CHECK(one.get_as("auditor", "/v1/accounts/acme/UZS").status == 200);
  for (const char* member : {"acme", "auditor"}) {
    const std::string id = one.commit(*one.network.transaction("registrar", {proposing([&](auto& change) {
                                        change.mutable_suspend_member()->set_member(member);
                                        change.set_reason("decision 12 of the court");
                                      })}));
    ledger::proto::Operation approval;
    approval.mutable_approve_change()->set_proposal(*ledger::from_hex(id));
    one.commit(*one.network.transaction("treasury", {approval}));
    in_force(one, id);
    CHECK(one.server->get("/v1/members/" + std::string(member)).json()["suspended"] == true);
  }
  CHECK(one.get_as("acme", "/v1/accounts/acme/UZS").status == 200);
  CHECK(one.get_as("auditor", "/v1/accounts/auditor/UZS").status == 200);
  CHECK(one.get_as("auditor", "/v1/accounts/acme/UZS").code() == "not_allowed");
  CHECK(one.submit(*one.network.transfer("acme", "baraka", 1)).code() == "member_suspended");
}

TEST_CASE("a person's new name stands in no proposal that anybody reads") {
  OneNode one;
  ledger::proto::Operation admit;
  auto& person = *admit.mutable_register_member();
  person.set_id("aziza");
  person.set_name("Aziza K.");
  person.set_kind("individual");
  person.set_country("UZ");
  person.set_tax_status("individual");
  person.add_roles("citizen");
  person.add_keys(std::string(ledger::SigningKey::generate().public_key().view()));
  person.set_signatures_required(1);
  one.commit(*one.network.transaction("registrar", {admit}));
  const std::string id = one.commit(*one.network.transaction("registrar", {proposing([](auto& change) {
                                      change.mutable_member()->set_member("aziza");
                                      change.mutable_member()->set_name("Aziza N.");
                                      change.mutable_member()->set_country("KZ");
                                    })}));
  const auto anybody = one.server->get("/v1/proposals/" + id);
  CHECK(anybody.body.find("Aziza") == std::string::npos);
  CHECK(anybody.json()["changes"][1] == nlohmann::json{{"field", "country"}, {"before", "UZ"}, {"after", "KZ"}});
  const auto office = one.get_as("tax-office", "/v1/proposals/" + id).json();
  CHECK(office["changes"][0] == nlohmann::json{{"field", "name"}, {"before", "Aziza K."}, {"after", "Aziza N."}});
}
