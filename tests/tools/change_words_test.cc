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
  const auto rules = parse_tax_rules(json{{"rules", {known_rule()}}});
  REQUIRE(rules);
  CHECK(words_of_change(next_rule(), *rules) ==
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
  CHECK(words_of_change(end, *parse_tax_rules(json{{"rules", {known_rule()}}})) == Lines{"tax rule vat/1 ends at 2027-01-01 00:00 UTC, until now: open"});

  proto::ProposeChange change;
  change.mutable_template_()->set_source(tests::read_text(std::string(DAFTAR_SOURCE_DIR) + "/contracts/templates/rental.template"));
  change.mutable_template_()->set_program(std::string(32, 'p'));
  CHECK(words_of_change(change, {}).front() == "template rental/1, program " + ledger::to_hex(std::string(32, 'p')));
  change.mutable_template_()->set_source("nonsense");
  CHECK(words_of_change(change, {}) == Lines{"a template that no ledger takes"});

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
  CHECK(words_of_change(wrong, {}).front().starts_with("a tax rule that no ledger takes: "));
  CHECK(words_of_change({}, {}) == Lines{"a change of no known kind: do not sign"});

  proto::Operation approval, withdrawal;
  approval.mutable_approve_change()->set_proposal(std::string(32, 'a'));
  withdrawal.mutable_withdraw_change()->set_proposal(std::string(32, 'a'));
  CHECK(describe_operation(approval) == "approve the change proposed in " + ledger::to_hex(std::string(32, 'a')));
  CHECK(describe_operation(withdrawal) == "withdraw the change proposed in " + ledger::to_hex(std::string(32, 'a')));
}

TEST_CASE("a list of rules that is not as it should be is an error, whatever is wrong with it") {
  for (const auto& spoil : std::vector<std::function<void(json&)>>{[](json& r) { r.erase("code"); }, [](json& r) { r["kind"] = "levy"; }, [](json& r) { r["threshold"] = "many"; },
                                                                   [](json& r) { r["version"] = "one"; }, [](json& r) { r["treaty"] = nullptr; }, [](json& r) { r["brackets"] = {{{"above", 1}}}; }}) {
    json rule = known_rule();
    spoil(rule);
    INFO(rule.dump());
    CHECK_FALSE(parse_tax_rules(json{{"rules", {rule}}}));
  }
  CHECK_FALSE(parse_tax_rules(json::array()));
  CHECK_FALSE(parse_tax_rules(json{{"rules", 5}}));
}

}  // namespace daftar::tools
