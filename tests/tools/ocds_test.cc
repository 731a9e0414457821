#include <catch2/catch.hpp>

#include "tests/harness/temporary_folder.h"
#include "tests/tools/shipped.h"
#include "tools/clock.h"
#include "tools/contract_file.h"
#include "tools/decimal_json.h"
#include "tools/files.h"
#include "tools/ocds.h"

namespace daftar::tools {
namespace {
namespace fs = std::filesystem;

const fs::path data = fs::path(DAFTAR_SOURCE_DIR) / "tests/data/ocds/paraguay";

/// The real record package with one piece of its text replaced.
std::string altered(const std::string& from, const std::string& to, std::size_t after = 0) {
  std::string text = *read_file(data / "274231.json", 1 << 20);
  const auto at = text.find(from, after);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string fault_of(const std::string& text) {
  const tests::TemporaryFolder folder;
  const auto plan = read_ocds({folder.write("process.json", text)});
  if (plan) return "no fault";
  CHECK(plan.error().exit == Exit::usage);
  return plan.error().sentence;
}

std::size_t contracts_at() { return read_file(data / "274231.json", 1 << 20)->find("\"contracts\": ["); }

}  // namespace

TEST_CASE("the real process is read to the last unit: budget, parties, items, and the six guaranies between value and items") {
  const auto plan = read_ocds({data / "274231.json"});
  REQUIRE(plan);
  CHECK(plan->ocid == "ocds-03ad3f-274231");
  CHECK(plan->currency == "PYG");
  CHECK(plan->budget == 600'200'000);
  CHECK(plan->value == 180'941'456);
  CHECK(plan->items_sum == 180'941'450);
  CHECK(plan->difference() == 6);
  CHECK(plan->buyer.member_id == "copaco");
  CHECK(plan->supplier.member_id == "rieder-y-cia-saci");
  CHECK(plan->supplier.identifier == "80002612-8");
  CHECK(plan->year == 2016);
  CHECK(plan->due_ms == 1'518'973'200'000);  // 2018-02-18T12:00:00-05:00
  REQUIRE(plan->milestones.size() == 4);
  CHECK(plan->milestones[0].price == 73'945'872);
  CHECK(plan->milestones[1].price == 73'945'872);
  CHECK(plan->milestones[2].price == 11'639'856);
  CHECK(plan->milestones[3].price == 21'409'850);
  REQUIRE(plan->compared.size() == 3);
  CHECK(plan->compared[2].amount == 180'941'450);
}

TEST_CASE("single releases of the process read together give the same contract") {
  const auto whole = read_ocds({data / "274231.json"});
  const auto parts = read_ocds({data / "planning.json", data / "tender.json", data / "award.json", data / "contract.json"});
  REQUIRE(whole);
  REQUIRE(parts);
  CHECK(parts->budget == whole->budget);
  CHECK(parts->value == whole->value);
  CHECK(parts->items_sum == whole->items_sum);
  CHECK(parts->buyer.member_id == whole->buyer.member_id);
  CHECK(parts->supplier.member_id == whole->supplier.member_id);
}

TEST_CASE("a difference is refused with the fields compared until the caller says what it is") {
  auto plan = *read_ocds({data / "274231.json"});
  const auto refused = settle_difference(plan, Difference::refuse);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "ocds_difference");
  CHECK(refused.error().sentence.find("differ by 6 PYG") != std::string::npos);
  CHECK(refused.error().sentence.find("contracts[0].value.amount is 180 941 456 PYG") != std::string::npos);
  CHECK(refused.error().sentence.find("awards[0].value.amount is 180 941 450 PYG") != std::string::npos);
  CHECK(plan.milestones.size() == 4);

  auto last = plan;
  REQUIRE(settle_difference(last, Difference::last_item));
  CHECK(last.milestones.size() == 4);
  CHECK(last.milestones[3].price == 21'409'856);

  auto separate = plan;
  REQUIRE(settle_difference(separate, Difference::separate_milestone));
  REQUIRE(separate.milestones.size() == 5);
  CHECK(separate.milestones[4].price == 6);

  for (const auto& settled : {last, separate}) {
    const auto text = contract_text(settled, {.budget_line = "2016.line", .due_ms = now_ms() + 30 * 86'400'000ull, .offer_until_ms = now_ms() + 86'400'000});
    REQUIRE(text);
    const auto library = shipped("supply");
    const auto contract = read_contract_text(*text, "contract.toml", library);
    if (!contract) FAIL(contract.error().sentence);
    std::int64_t sum = 0;
    for (const auto& lot : contract->described.instance.lists[0]) sum += lot.fields[1].number;
    CHECK(sum == 180'941'456);
    CHECK(contract->draft.template_() == "supply");
    CHECK(contract->draft.parties(0).budget_line() == "2016.line");
    CHECK(contract->described.instance.is_public);
  }
}

TEST_CASE("items that sum to more than the contract can only be settled in the last item") {
  const tests::TemporaryFolder folder;
  auto plan = *read_ocds({folder.write("p.json", altered("\"amount\": 180941456.0", "\"amount\": 180941000"))});
  CHECK(plan.difference() == -450);
  CHECK_FALSE(settle_difference(plan, Difference::separate_milestone));
  REQUIRE(settle_difference(plan, Difference::last_item));
  CHECK(plan.milestones[3].price == 21'409'400);
}

TEST_CASE("every fault in a process names the field where it stands") {
  const std::string contract = "records[0].compiledRelease.contracts[0]";
  const auto at = contracts_at();
  const auto last_currency = read_file(data / "274231.json", 1 << 20)->rfind("\"currency\": \"PYG\"");
  struct Row { const char* from; const char* to; std::size_t after; std::string says; };
  for (const Row& row : {
           Row{"\"amount\": 180941456.0", "\"amount\": \"180941456\"", 0, contract + ".value.amount: must be a number, not a text"},
           Row{"\"amount\": 180941456.0", "\"amount\": 180941456.5", 0, contract + ".value.amount: cannot be 180941456.5 with 0 decimals"},
           Row{"\"amount\": 180941456.0", "\"amount\": -1", 0, contract + ".value.amount: is negative"},
           Row{"\"amount\": 180941456.0", "\"amount\": 1e30", 0, contract + ".value.amount: cannot be 1e30"},
           Row{"\"amount\": 180941456.0", "\"sum\": 1", 0, contract + ".value.amount: is missing"},
           Row{"\"quantity\": 14.0", "\"quantity\": 0", 0, contract + ".items[3].quantity: must be more than 0"},
           Row{"\"quantity\": 14.0", "\"quantity\": null", 0, contract + ".items[3].quantity: is missing"},
           Row{"\"quantity\": 14.0", "\"quantity\": 0.0001", 0, contract + ".items[3].quantity: times unit.value.amount is no whole number"},
           Row{"\"currency\": \"PYG\"", "\"currency\": \"USD\"", last_currency, contract + ".items[3].unit.value.currency: is USD where the contract is in PYG"},
           Row{"\"currency\": \"PYG\"", "\"currency\": \"XYZ\"", at, contract + ".value.currency: 'XYZ' is no ISO 4217 currency"},
           Row{"\"items\": [\n              {", "\"items\": [ 7, {", at, contract + ".items[0]: must be an object, not a number"},
           Row{"\"dateSigned\": \"2016-10-18T12:00:00-04:00\"", "\"dateSigned\": \"18 October\"", 0, contract + ".dateSigned: '18 October' is no date"},
           Row{"\"awardID\": \"274231", "\"awardID\": \"999", 0, contract + ".awardID: names award 999"},
           Row{"\"buyer\": {", "\"seller\": {", 0, "no fault"},  // the tender's procuring entity stands in
           Row{"\"contracts\": [", "\"agreements\": [", 0, "contracts: is missing"},
           Row{"\"records\": [", "\"entries\": [", 0, "(top level): is no record package"},
           Row{"\"ocid\": \"ocds-03ad3f-274231\",\n        \"id\"", "\"ocid\": 5,\n        \"id\"", 0, "records[0].compiledRelease.ocid: must be a text, not a number"},
       }) {
    CAPTURE(row.from, row.to);
    CHECK_THAT(fault_of(altered(row.from, row.to, row.after)), Catch::Contains(row.says));
  }
}

TEST_CASE("a file that is no JSON, too deep or with a name twice is refused with its place") {
  CHECK_THAT(fault_of("{\"records\": [}"), Catch::Contains("at byte"));
  CHECK_THAT(fault_of(std::string(100, '[') + std::string(100, ']')), Catch::Contains("nested deeper than 64"));
  CHECK_THAT(fault_of(R"({"ocid":"a","ocid":"b"})"), Catch::Contains("stands twice"));
  CHECK_THAT(fault_of(altered("}\n        ]", "}\n")), Catch::Contains("at byte"));
}

TEST_CASE("numbers keep the text they were written as") {
  const auto parsed = parse_decimal_json(R"([180941456.0, 0.1, 12345678901234567890.125, 1E3, -0.50, 7])");
  REQUIRE(parsed);
  REQUIRE(parsed->elements.size() == 6);
  CHECK(parsed->elements[0].text == "180941456.0");
  CHECK(parsed->elements[1].text == "0.1");
  CHECK(parsed->elements[2].text == "12345678901234567890.125");
  CHECK(parsed->elements[3].text == "1E3");
  CHECK(parsed->elements[4].text == "-0.50");
  CHECK(parsed->elements[5].text == "7");
}

TEST_CASE("names become member ids") {
  CHECK(member_id_of("Compañía Paraguaya de Comunicaciones (COPACO)") == "copaco");
  CHECK(member_id_of("RIEDER Y CIA. SACI") == "rieder-y-cia-saci");
  CHECK(member_id_of("Ñandú  S.A.") == "nandu-s-a");
  CHECK(member_id_of("学校") == "");
  CHECK(member_id_of(std::string(100, 'x')).size() == 40);
}

TEST_CASE("times with offsets become UTC") {
  CHECK(rfc3339_to_ms("2016-10-18T12:00:00-04:00") == rfc3339_to_ms("2016-10-18T16:00:00Z"));
  CHECK(rfc3339_to_ms("1970-01-01T01:00:00+01:00") == 0u);
  CHECK(rfc3339_to_ms("2016-10-18T12:00:00.250Z") == rfc3339_to_ms("2016-10-18T12:00:00Z"));
  for (const char* bad : {"", "18.10.2016", "2016-13-01T00:00:00Z", "2016-10-18T25:00:00Z", "2016-10-18T12:00:00", "2016-10-18T12:00:00+4", "1969-12-31T00:00:00Z"})
    CHECK_FALSE(rfc3339_to_ms(bad));
}

}  // namespace daftar::tools
