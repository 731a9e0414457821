// Changes of rules and templates as the wallet shows them before anybody signs.
#include <catch2/catch.hpp>

#include "tests/harness/text_file.h"
#include "tools/change_words.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace {
namespace proto = ledger::proto;
using nlohmann::json;
using Lines = std::vector<std::string>;

json known_rule() {
  return json::parse(R"({"code":"vat","version":1,"kind":"vat","title":"VAT 12 %","rate_ppm":120000,"base":"inclusive","withheld_share_ppm":1000000,"categories":["services"],
    "payer_kinds":[],"payee_kinds":[],"payee_residence":"resident","payee_statuses":[],"treaty":"","replaces":[],"brackets":[],"remittance":"","remittance_day":0,"accumulate":"","accumulate_by":"","threshold":"0","rounding":"half_away","rounding_unit":1,
    "vat_route":"treasury","revenue_account":"tax/UZS/revenue.vat","legal_basis":"law 1","status":"verified","country":"UZ","currency":"UZS","decimals":2,
    "effective_from":"2023-01-01T00:00:00.000Z","effective_from_ms":1672531200000})");
}

proto::ProposeChange next_rule() {
  proto::ProposeChange change;
  auto& rule = *change.mutable_tax_rule();
  rule.set_code("vat");
  rule.set_version(2);
  rule.set_kind("vat");
  rule.set_title("VAT 15 %");
  rule.set_rate_ppm(150'000);
  rule.set_base("inclusive");
  rule.set_withheld_share_ppm(1'000'000);
  rule.add_categories("services");
  rule.set_payee_residence("resident");
  rule.set_threshold(5'000'00);
  rule.set_vat_route("treasury");
  rule.set_revenue_account("tax/UZS/revenue.vat");
  rule.set_effective_from_ms(1'798'761'600'000);
  rule.set_legal_basis("law 1");
  rule.set_status("verified");
  rule.set_currency("UZS");
  rule.set_country("UZ");
  change.set_reason("budget of 2027");
  return change;
}

}  // namespace

TEST_CASE("a new version of a rule is shown against the one that the node says there is") {
  contracts::governance::Beside beside;
  CHECK(beside_targets(next_rule()) == Lines{"/v1/tax/rules"});
  REQUIRE(put_beside(beside, "/v1/tax/rules", json{{"rules", {known_rule()}}}));
  CHECK(words_of_change(next_rule(), beside) ==
        Lines{"tax rule vat/2, after vat/1", "title: VAT 12 % → VAT 15 %", "rate: 12 % → 15 %", "threshold: — → 5 000.00 UZS",
              "effective_from: 2023-01-01 00:00 UTC → 2027-01-01 00:00 UTC", "vat/1 ends where it begins: 2027-01-01 00:00 UTC", "reason: budget of 2027"});
}

TEST_CASE("what is signed is shown whole, without anybody's rules beside it") {
  proto::Operation operation;
  *operation.mutable_propose_change() = next_rule();
  const std::string words = describe_operation(operation);
  for (const char* said : {"propose a change, approvals until", "a new tax rule, vat/2", "rate: 15 %", "withheld_share: 100 %", "categories: services", "revenue_account: tax/UZS/revenue.vat",
                           "effective_from: 2027-01-01 00:00 UTC", "effective_to: open", "country: UZ", "reason: budget of 2027"}) {
    INFO(words);
    CHECK(words.find(said) != std::string::npos);
  }
}

TEST_CASE("each kind of change has its words, and what no ledger takes says so") {
  proto::ProposeChange end;
  end.mutable_end_tax_rule()->set_code("vat");
  end.mutable_end_tax_rule()->set_version(1);
  end.mutable_end_tax_rule()->set_effective_to_ms(1'798'761'600'000);
  contracts::governance::Beside beside;
  REQUIRE(put_beside(beside, "/v1/tax/rules", json{{"rules", {known_rule()}}}));
  CHECK(words_of_change(end, beside) == Lines{"tax rule vat/1 ends at 2027-01-01 00:00 UTC, until now: open"});

  proto::ProposeChange change;
  change.mutable_template_()->set_source(tests::read_text(std::string(DAFTAR_SOURCE_DIR) + "/contracts/templates/rental.template"));
  change.mutable_template_()->set_program(std::string(32, 'p'));
  CHECK(words_of_change(change, {}).front() == "template rental/1, program " + ledger::to_hex(std::string(32, 'p')));
  change.mutable_template_()->set_source("nonsense");
  CHECK(words_of_change(change, {}) == Lines{"a change that no ledger takes: template_refused"});

  proto::ProposeChange stop;
  stop.mutable_stop_template()->set_name("rental");
  stop.mutable_stop_template()->set_version(1);
  stop.set_reason("wrong");
  CHECK(words_of_change(stop, {}) == Lines{"stop of template rental/1", "no new contracts are made of it; those there are go on to their end", "reason: wrong"});
  proto::ProposeChange resume;
  resume.mutable_resume_template()->set_name("rental");
  resume.mutable_resume_template()->set_version(1);
  CHECK(words_of_change(resume, {}) == Lines{"resumption of template rental/1", "contracts can be made of it again"});

  proto::ProposeChange wrong = next_rule();
  wrong.mutable_tax_rule()->set_base("gross");
  CHECK(words_of_change(wrong, {}).front().starts_with("a change that no ledger takes: tax_rule_invalid"));
  CHECK(words_of_change({}, {}) == Lines{"a change of no known kind: do not sign"});

  proto::Operation approval, withdrawal;
  approval.mutable_approve_change()->set_proposal(std::string(32, 'a'));
  withdrawal.mutable_withdraw_change()->set_proposal(std::string(32, 'a'));
  CHECK(describe_operation(approval) == "approve the change proposed in " + ledger::to_hex(std::string(32, 'a')));
  CHECK(describe_operation(withdrawal) == "withdraw the change proposed in " + ledger::to_hex(std::string(32, 'a')));
}

namespace {
Result<void> told(const json& answer) {
  contracts::governance::Beside beside;
  return put_beside(beside, "/v1/tax/rules", answer);
}
}  // namespace

TEST_CASE("a list of rules that is not as it should be is an error, whatever is wrong with it") {
  for (const auto& spoil : std::vector<std::function<void(json&)>>{[](json& r) { r.erase("code"); }, [](json& r) { r["kind"] = "levy"; }, [](json& r) { r["threshold"] = "many"; },
                                                                   [](json& r) { r["version"] = "one"; }, [](json& r) { r["treaty"] = nullptr; }, [](json& r) { r["brackets"] = {{{"above", 1}}}; }}) {
    json rule = known_rule();
    spoil(rule);
    INFO(rule.dump());
    CHECK_FALSE(told(json{{"rules", {rule}}}));
  }
  CHECK_FALSE(told(json::array()));
  CHECK_FALSE(told(json{{"rules", 5}}));
}

TEST_CASE("a change of a member is shown beside the member, and what is not ours to read is not compared") {
  proto::ProposeChange change;
  auto& member = *change.mutable_member();
  member.set_member("acme");
  member.set_tax_status("none");
  member.add_give_roles("arbiter");
  CHECK(beside_targets(change) == Lines{"/v1/members/acme"});
  contracts::governance::Beside beside;
  const json told = {{"id", "acme"}, {"country", "UZ"}, {"tax_status", "vat_payer"}, {"roles", {"enterprise"}}, {"signatures_required", 1}, {"keys", json::array()}};
  REQUIRE(put_beside(beside, "/v1/members/acme", told));
  CHECK(words_of_change(change, beside) == Lines{"member acme", "tax_status: vat_payer → none", "roles: enterprise → enterprise, arbiter", "given: arbiter"});
  CHECK(words_of_change(change, {}) == Lines{"member acme", "tax_status: none", "given: arbiter"});
  member.add_give_roles("bank");
  CHECK(words_of_change(change, {}).front() == "a change that no ledger takes: field_invalid, give_roles: bank decides: propose it as deciding_roles");
  member.set_member("../../v1/limits");
  CHECK(beside_targets(change).empty());
}

TEST_CASE("limits, policies and the protocol version are shown beside those in force") {
  proto::ProposeChange limits;
  auto& one = *limits.mutable_limits()->add_changes();
  one.set_name("operations_max");
  one.set_value(500);
  contracts::governance::Beside beside;
  const json in_force = {{"valid_until_horizon_ms", 86'400'000}, {"operations_max", 1'000}, {"transaction_bytes_max", 5'000}, {"member_pending_max", 20'000}, {"member_rate_per_s", 0},
                         {"node_change_approvals", 0}, {"clock_skew_ms", 5'000}, {"virement_share_ppm", 100'000}};
  REQUIRE(put_beside(beside, "/v1/limits", in_force));
  CHECK(words_of_change(limits, beside) == Lines{"limits operations_max", "operations_max: 1000 operations → 500 operations"});
  proto::ProposeChange virement;
  virement.mutable_virement_limit()->set_no_limit(true);
  CHECK(words_of_change(virement, beside) == Lines{"virement limit", "virement_limit: 10.0000 % of what a line was approved with → no limit"});

  proto::ProposeChange policy;
  policy.mutable_policy()->set_kind("limits");
  policy.mutable_policy()->mutable_policy()->add_proposers("operator");
  policy.mutable_policy()->mutable_policy()->add_approvers("treasury");
  policy.mutable_policy()->mutable_policy()->set_approvals(1);
  CHECK(beside_targets(policy) == Lines{"/v1/policies"});
  REQUIRE(put_beside(beside, "/v1/policies", json{{"policies", {{{"kind", "limits"}, {"proposers", {"operator"}}, {"approvers", {"treasury", "registrar"}}, {"approvals", 1}, {"delay_ms", 86'400'000}, {"proposer_approves", false}}}}}));
  CHECK(words_of_change(policy, beside) == Lines{"policy of limits", "approvers: treasury, registrar → treasury", "delay: 1 d → none"});
  for (const char* target : {"/v1/limits", "/v1/policies", "/v1/protocol", "/v1/members/acme"}) CHECK_FALSE(put_beside(beside, target, json::object()));
}

}  // namespace daftar::tools
