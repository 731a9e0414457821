#include <catch2/catch.hpp>

#include "tests/harness/temporary_folder.h"
#include "tests/tools/shipped.h"
#include "tools/clock.h"
#include "tools/contract_file.h"
#include "tools/values.h"

namespace daftar::tools {
namespace {

const char* const contract_toml = R"(template = "service/1"
currency = "UZS"
[parties]
customer = "acme-build"
provider = "baraka-soft"
arbiter = "arbiter"
[terms]
subject = "Office repair"
income = "services"
offer_until = "+7d"
late_rate = "0.5%"
late_cap = "50"
acceptance = "10d"
grace = "60d"
arbitration = "30d"
annex = "file:text.txt"
[[milestones]]
title = "Walls"
price = "56000000.5"
due = "+30d"
)";

std::string fault_of_contract(const std::string& from, const std::string& to) {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  std::string text = contract_toml;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  const auto library = shipped("service");
  const auto read = read_contract_file(folder.write("contract.toml", text.replace(at, from.size(), to)), library);
  return read ? "no fault" : read.error().sentence;
}

}  // namespace

TEST_CASE("a contract file becomes the draft it says, its documents found beside it") {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  const auto library = shipped("service");
  const auto contract = read_contract_file(folder.write("contract.toml", contract_toml), library);
  if (!contract) FAIL(contract.error().sentence);
  const auto term = [&](const std::string& name) -> const contracts::language::Value& {
    const auto& terms = contract->known->program.terms;
    const auto found = std::find_if(terms.begin(), terms.end(), [&](const auto& slot) { return slot.name == name; });
    REQUIRE(found != terms.end());
    return contract->described.instance.terms[static_cast<std::size_t>(found - terms.begin())];
  };
  CHECK(term("late_rate").number == 5'000);
  CHECK(term("late_cap").number == 500'000);
  CHECK(term("grace").number == 60 * 86'400'000ll);
  CHECK(ledger::to_hex(term("annex").bytes) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(contract->described.instance.lists[0][0].fields[1].number == 5'600'000'050);
  CHECK(contract->described.parties[0].account == "acme-build/UZS");
  CHECK_FALSE(contract->described.instance.is_public);
}

TEST_CASE("a contract file may name the contract that it replaces, and what is signed covers it") {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  const auto library = shipped("service");
  const std::string id(64, 'a');
  const auto plain = read_contract_file(folder.write("a.toml", contract_toml), library);
  const auto replacing = read_contract_file(folder.write("b.toml", "replaces = \"" + id + "\"\n" + contract_toml), library);
  REQUIRE(plain);
  REQUIRE(replacing);
  CHECK(ledger::to_hex(replacing->draft.replaces()) == id);
  CHECK(replacing->draft.digest() != plain->draft.digest());
  CHECK(words_of(*replacing, "en").at(0) == "(takes the place of contract " + id + ")");
}

TEST_CASE("a contract file names the budget lines of several years in a list, this year's first") {
  const auto library = shipped("service");
  std::string text = contract_toml;
  for (const std::string dropped : {"acceptance = \"10d\"\n", "annex = \"file:text.txt\"\n"}) text.erase(text.find(dropped), dropped.size());
  const auto with = [&](const std::string& lines) { return read_contract_text(text + "[budget_lines]\ncustomer = " + lines + "\n", "contract.toml", library); };
  const auto one = with("\"2026.edu\""), several = with("[\"2026.edu\", \"2027.edu\", \"2028.edu\"]");
  REQUIRE(one);
  REQUIRE(several);
  CHECK(one->draft.parties(0).budget_line() == "2026.edu");
  CHECK(one->draft.parties(0).later_lines().empty());
  CHECK(several->draft.parties(0).budget_line() == "2026.edu");
  REQUIRE(several->draft.parties(0).later_lines_size() == 2);
  CHECK(several->draft.parties(0).later_lines(1) == "2028.edu");
  CHECK(several->draft.digest() != one->draft.digest());
  CHECK_THAT(with("[]").error().sentence, Catch::Contains("'budget_lines.customer' names no budget line"));
  CHECK_THAT(with("[2026]").error().sentence, Catch::Contains("'budget_lines.customer' must be a list of texts"));
}

TEST_CASE("a contract file may name the tender by whose award it comes about, and what is signed covers it") {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  const auto library = shipped("service");
  const std::string id(64, 'b');
  const auto plain = read_contract_file(folder.write("a.toml", contract_toml), library);
  const auto awarded = read_contract_file(folder.write("b.toml", "tender = \"" + id + "\"\n" + contract_toml), library);
  REQUIRE(plain);
  REQUIRE(awarded);
  CHECK(ledger::to_hex(awarded->draft.tender()) == id);
  CHECK(awarded->draft.digest() != plain->draft.digest());
  CHECK(open_draft(awarded->draft, library).has_value());
  CHECK(words_of(*awarded, "en").at(0) == "(by the award of tender " + id + ")");
}

TEST_CASE("a mistake in a contract file is refused with file and line") {
  CHECK_THAT(fault_of_contract("price = \"56000000.5\"", "price = \"56000000.505\""), Catch::Contains("contract.toml:19: 'milestones[0].price' cannot be read"));
  CHECK_THAT(fault_of_contract("price = \"56000000.5\"", "price = 56000000.5"), Catch::Contains("'milestones[0].price' must be a text"));
  CHECK_THAT(fault_of_contract("\"+30d\"", "\"soon\""), Catch::Contains("'milestones[0].due' cannot be read"));
  CHECK_THAT(fault_of_contract("currency = \"UZS\"", "currency = \"SUM\""), Catch::Contains("'currency' is no ISO 4217 currency"));
  CHECK_THAT(fault_of_contract("currency = \"UZS\"", "currency = \"UZS\"\nreplaces = \"12ab\""), Catch::Contains("'replaces' is no contract's id"));
  CHECK_THAT(fault_of_contract("currency = \"UZS\"", "currency = \"UZS\"\ntender = \"12ab\""), Catch::Contains("'tender' is no contract's id"));
  CHECK_THAT(fault_of_contract("acceptance = ", "acceptances = "), Catch::Contains("'terms.acceptances' is not a known key"));
  CHECK_THAT(fault_of_contract("text.txt", "missing.txt"), Catch::Contains("'terms.annex' cannot be read"));
  CHECK_THAT(fault_of_contract("service/1", "service/2"), Catch::Contains("'template' is none that this ledger knows"));
  CHECK_THAT(fault_of_contract("[terms]", "[budget_lines]\nprovider = \"2026.edu\"\n[terms]"), Catch::Contains("provider: the template lets it pay from no budget line"));
  CHECK_THAT(fault_of_contract("grace = \"60d\"\n", ""), Catch::Contains("undelivered work must end some day"));
}

TEST_CASE("times from now are relative to now") {
  const auto before = now_ms();
  const auto later = parse_time("+2d"), earlier = parse_time("-90s");
  REQUIRE(later);
  REQUIRE(earlier);
  CHECK(*later - before >= 2 * 86'400'000u);
  CHECK(*later - before < 2 * 86'400'000u + 60'000);
  CHECK(before - *earlier <= 90'000);
  for (const char* bad : {"+d", "+5", "5d", "+5w", "tomorrow", ""}) CHECK_FALSE(parse_time(bad));
}

}  // namespace daftar::tools
