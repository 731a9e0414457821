// Certificates of withholding: days, sums, and that a paper which differs from the register is no paper.
#include <catch2/catch.hpp>

#include <map>

#include "contracts/result.h"
#include "tools/withholding.h"

using namespace daftar::tools;
using nlohmann::json;

namespace {

json tax_line(const std::string& rule, const std::string& time, const std::string& gross, const std::string& withheld) {
  return {{"rule", rule}, {"version", 1}, {"time", time}, {"kind", "withholding"}, {"title", "T"}, {"legal_basis", "L"}, {"currency", "UZS"}, {"decimals", 2},
          {"gross", gross}, {"base", gross}, {"tax", withheld}, {"withheld", withheld}};
}
json register_row(const std::string& rule, const std::string& period, unsigned payments, const std::string& gross, const std::string& withheld) {
  return {{"rule", rule}, {"version", 1}, {"period", period}, {"payments", payments}, {"currency", "UZS"}, {"gross", gross}, {"base", gross}, {"tax", withheld}, {"withheld", withheld}};
}

const json november = {tax_line("pit", "2026-11-01T00:00:00.000Z", "100", "12"), tax_line("pit", "2026-11-30T23:59:59.999Z", "50", "6"),
                       tax_line("vat", "2026-11-30T23:59:59.999Z", "9000000000000000000", "7")};
const json kept = {register_row("pit", "2026-11", 2, "150", "18"), register_row("vat", "2026-11", 1, "9000000000000000000", "7")};

std::string held(const json& lines, const json& rows) {
  const auto result = hold_against_register(lines, rows, {"2026-11-01", "2026-11-30"});
  return result ? "held" : result.error().code;
}

/// An entry with two tax lines, the second of which `proved_line` says.
daftar::ledger::Entry entry_of(daftar::contracts::ExecutionResult result) {
  daftar::ledger::Entry entry;
  entry.index = 3;
  entry.time_ms = 1'700'000'000'000;
  entry.id = daftar::ledger::sha256("payment");
  entry.result = daftar::contracts::encode_result(result);
  return entry;
}
const daftar::ledger::Entry taxed_entry = [] {
  daftar::contracts::ExecutionResult result;
  result.taxes = {{.rule = "vat", .version = 1, .kind = "vat", .payer = "acme", .payee = "baraka", .category = "services", .currency = "UZS", .gross = 1, .base = 1, .tax = 0, .withheld = 0, .rate_ppm = 1},
                  {.rule = "pit", .version = 2, .kind = "withholding", .payer = "acme", .payee = "aziza", .category = "services", .currency = "UZS", .gross = 100, .base = 90, .tax = 12,
                   .withheld = 11, .rate_ppm = 120'000}};
  return entry_of(result);
}();
const json proved_line = {{"payment", taxed_entry.id.hex()}, {"index", 3}, {"time_ms", 1'700'000'000'000}, {"line", 2}, {"rule", "pit"}, {"version", 2}, {"kind", "withholding"}, {"payer", "acme"},
                          {"payee", "aziza"}, {"category", "services"}, {"currency", "UZS"}, {"decimals", 2}, {"gross", "100"}, {"base", "90"}, {"tax", "12"}, {"withheld", "11"}, {"rate_ppm", 120'000},
                          {"title", "not in the entry"}};

}  // namespace

TEST_CASE("a line is proved by the entry of its payment when each field is the entry's") {
  CHECK(hold_against_entry(proved_line, taxed_entry));
  const std::map<std::string, json> other = {{"payment", std::string(64, '0')}, {"index", 4}, {"time_ms", 1'700'000'000'001}, {"line", 1}, {"rule", "vat"}, {"version", 1}, {"kind", "vat"},
                                             {"payer", "baraka"}, {"payee", "baraka"}, {"category", "goods"}, {"currency", "PYG"}, {"gross", "101"}, {"base", "100"}, {"tax", "11"}, {"withheld", "12"},
                                             {"rate_ppm", 120'001}};
  for (const auto& [field, value] : other) {
    INFO(field);
    json line = proved_line;
    line[field] = value;
    const auto held = hold_against_entry(line, taxed_entry);
    REQUIRE_FALSE(held);
    CHECK(held.error().code == "not_proved");
  }
  for (const int number : {0, 3}) {
    json line = proved_line;
    line["line"] = number;
    CHECK_FALSE(hold_against_entry(line, taxed_entry));
  }
}

TEST_CASE("what was given back is proved by an entry that says so of that line") {
  daftar::contracts::ExecutionResult result;
  result.events.push_back({.kind = "tax_corrected", .subject = taxed_entry.id.hex(), .number = 2, .amount = 5, .text = {}});
  const auto entry = entry_of(result);
  const json correction = {{"id", entry.id.hex()}, {"amount", "5"}};
  CHECK(hold_correction_against_entry(proved_line, correction, entry));
  json line = proved_line, wrong = correction;
  line["corrections"] = {correction, correction};   // once is not twice
  CHECK_FALSE(hold_correction_against_entry(line, correction, entry));
  line["corrections"] = json::array({correction});
  CHECK(hold_correction_against_entry(line, correction, entry));
  line["line"] = 1;
  CHECK_FALSE(hold_correction_against_entry(line, correction, entry));
  line["line"] = 2;
  line["payment"] = std::string(64, '0');
  CHECK_FALSE(hold_correction_against_entry(line, correction, entry));
  wrong["amount"] = "6";
  CHECK_FALSE(hold_correction_against_entry(proved_line, wrong, entry));
  wrong = {{"id", std::string(64, '0')}, {"amount", "5"}};
  CHECK_FALSE(hold_correction_against_entry(proved_line, wrong, entry));
  CHECK_FALSE(hold_correction_against_entry(proved_line, correction, taxed_entry));
}

TEST_CASE("a certificate's days are days of the calendar in their order, both included") {
  const auto days = parse_days("2026-11-24", "2026-11-24");
  REQUIRE(days);
  CHECK(days->contain("2026-11-24T00:00:00.000Z"));
  CHECK(days->contain("2026-11-24T23:59:59.999Z"));
  CHECK_FALSE(days->contain("2026-11-23T23:59:59.999Z"));
  CHECK_FALSE(days->contain("2026-11-25T00:00:00.000Z"));
  CHECK_FALSE(parse_days("2026-11-24", "2026-11-23"));
  CHECK_FALSE(parse_days("2026-02-29", "2026-03-01"));
  CHECK_FALSE(parse_days("2026-11-24T00:00:00Z", "2026-11-25"));
}

TEST_CASE("the register is held against whole months, to the last day of the shortest") {
  CHECK(whole_months({"2026-11-24", "2026-11-25"}).first == "2026-11-01");
  CHECK(whole_months({"2026-11-24", "2026-11-25"}).last == "2026-11-30");
  CHECK(whole_months({"2025-12-31", "2026-02-01"}).first == "2025-12-01");
  CHECK(whole_months({"2025-12-31", "2026-02-01"}).last == "2026-02-28");
  CHECK(whole_months({"2028-02-05", "2028-02-05"}).last == "2028-02-29");
}

TEST_CASE("payments that come to what the register says are held against it, months outside are not looked at") {
  CHECK(held(november, kept) == "held");
  CHECK(held(json::array(), json::array()) == "held");
  json more = kept;
  more.push_back(register_row("pit", "2026-10", 9, "9", "9"));
  more.push_back(register_row("pit", "2026-12", 9, "9", "9"));
  CHECK(held(november, more) == "held");
}

TEST_CASE("any difference from the register is an error: an amount, a count, a payment or a row too few") {
  for (const char* field : {"gross", "base", "tax", "withheld"}) {
    INFO(field);
    json other = kept;
    other[0][field] = "149";
    CHECK(held(november, other) == "register_differs");
  }
  json counted = kept;
  counted[0]["payments"] = 3;
  CHECK(held(november, counted) == "register_differs");
  json missing = november;
  missing.erase(1);
  CHECK(held(missing, kept) == "register_differs");
  CHECK(held(november, json::array({kept[0]})) == "register_differs");
  CHECK(held(json::array({november[0], november[1]}), kept) == "register_differs");
  json version = kept;
  version[0]["version"] = 2;
  CHECK(held(november, version) == "register_differs");
}

TEST_CASE("a certificate sums by rule and in all, beyond 64 bits") {
  json lines = november;
  lines.push_back(november[2]);
  const json certificate = summed(lines);
  CHECK(certificate["lines"] == lines);
  REQUIRE(certificate["sums"].size() == 2);
  CHECK(certificate["sums"][0]["rule"] == "pit");
  CHECK(certificate["sums"][0]["payments"] == 2);
  CHECK(certificate["sums"][0]["withheld"] == "18");
  CHECK(certificate["sums"][0]["legal_basis"] == "L");
  CHECK(certificate["sums"][1]["gross"] == "18000000000000000000");
  CHECK(certificate["totals"] == json::array({{{"currency", "UZS"}, {"decimals", 2}, {"withheld", "32"}, {"corrected", "0"}, {"left", "32"}}}));
}

TEST_CASE("what was given back of a payment is missing from the register, and a certificate says how much") {
  json lines = november, rows = kept;
  lines[0]["corrected"] = "5";
  CHECK(held(lines, kept) == "register_differs");
  rows[0]["tax"] = "13";
  rows[0]["withheld"] = "13";
  CHECK(held(lines, rows) == "held");
  CHECK(held(november, rows) == "register_differs");
  const json certificate = summed(lines);
  CHECK(certificate["sums"][0]["withheld"] == "18");
  CHECK(certificate["sums"][0]["corrected"] == "5");
  CHECK(certificate["totals"][0]["left"] == "20");
}
