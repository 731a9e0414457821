#include <catch2/catch.hpp>

#include "contracts/execute.h"
#include "tests/harness/temporary_folder.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
namespace {

const char* const network = R"(name = "test"
currencies = ["UZS"]
profiles = ["profile.toml"]
[limits]
clock_skew_ms = 4000
[[validators]]
operator = "op"
[[members]]
id = "op"
name = "Operator"
kind = "company"
country = "UZ"
tax_status = "none"
roles = ["operator"]
[[members]]
id = "tax"
name = "Tax"
kind = "public_body"
country = "UZ"
tax_status = "none"
roles = ["tax_authority"]
)";
const char* const profile = R"(title = "Profile"
country = "UZ"
[[tax_rules]]
code = "vat"
kind = "vat"
title = "VAT"
rate = "12"
base = "inclusive"
withheld_share = "33.3333"
categories = ["services"]
payee_residence = "resident"
vat_route = "treasury"
revenue_account = "tax/UZS/revenue.vat"
effective_from = "2023-01-01"
effective_to = "2025-06-30T12:30:15Z"
rounding = "floor"
currency = "UZS"
status = "assumed"
legal_basis = "none"
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string fault_of(const std::string& network_text, const std::string& profile_text) {
  const tests::TemporaryFolder folder;
  folder.write("profile.toml", profile_text);
  const auto plan = read_network(folder.write("network.toml", network_text));
  return plan ? "no fault" : plan.error().sentence;
}

}  // namespace

TEST_CASE("a genesis source becomes exact numbers: percentages in ppm, dates in milliseconds UTC") {
  ledger::initialise_crypto();
  const tests::TemporaryFolder folder;
  folder.write("profile.toml", profile);
  const auto plan = read_network(folder.write("network.toml", network));
  REQUIRE(plan);
  const auto& rule = plan->genesis.tax_rules(0);
  CHECK(rule.rate_ppm() == 120'000);
  CHECK(rule.withheld_share_ppm() == 333'333);
  CHECK(rule.effective_from_ms() == 1'672'531'200'000);
  CHECK(rule.effective_to_ms() == 1'751'286'615'000);
  CHECK(rule.rounding() == 1);
  CHECK(rule.version() == 1);
  CHECK(rule.country() == "UZ");
  CHECK(plan->genesis.limits().clock_skew_ms() == 4000);

  const auto compiled = compile_genesis(*plan, {.time_ms = 1'700'000'000'000, .validators = 3});
  REQUIRE(compiled);
  CHECK(compiled->validators.size() == 3);
  CHECK(compiled->genesis->link_keys()[2] == compiled->validators[2].link.public_key());
  CHECK(compiled->genesis->checkpoint_keys()[0] == compiled->validators[0].checkpoint.public_key());
  CHECK(compiled->member_keys.size() == 2);
  CHECK(compiled->genesis->content().members(0).keys(0) == compiled->member_keys.at("op").public_key().view());
  CHECK(compile_genesis(*plan, {.time_ms = 1'700'000'000'000})->genesis->ledger_id() != compiled->genesis->ledger_id());
}

TEST_CASE("the networks of the repository compile, and contracts accept their state") {
  ledger::initialise_crypto();
  for (const char* name : {"development", "example-uz"}) {
    CAPTURE(name);
    const auto plan = read_network(std::filesystem::path(DAFTAR_SOURCE_DIR) / "genesis" / name / "network.toml");
    REQUIRE(plan);
    const auto compiled = compile_genesis(*plan, {});
    REQUIRE(compiled);
    const auto state = contracts::genesis_state(*compiled->genesis);
    REQUIRE(state);
    CHECK_FALSE(state->empty());
  }
}

TEST_CASE("a mistake in a genesis source is refused with file and line") {
  struct Row { const char* from; const char* to; const char* says; };
  for (const Row& row : {Row{"clock_skew_ms = 4000", "clock_skew = 4000", "network.toml:5: 'limits.clock_skew' is not a known key"},
                         Row{"name = \"test\"", "name = 5", "network.toml:1: 'name' must be a text"},
                         Row{"name = \"test\"\n", "", "'name' is missing"},
                         Row{"[\"UZS\"]", "[\"UZT\"]", "network.toml:2: 'currencies' names 'UZT'"},
                         Row{"operator = \"op\"", "operator = \"nobody\"", "network.toml:7: 'validators[0].operator' 'nobody' is no member"},
                         Row{"id = \"tax\"", "id = \"op\"", "'members[1].id' 'op' stands here twice"},
                         Row{"roles = [\"tax_authority\"]", "roles = [\"tax_authority\", 5]", "'members[1].roles' must be a list of texts"},
                         Row{"clock_skew_ms = 4000", "clock_skew_ms = -1", "must be a whole number"},
                         Row{"profile.toml", "nothing.toml", "nothing.toml"},
                         Row{"[limits]", "[limits", "network.toml:4"}}) {
    CAPTURE(row.to);
    CHECK_THAT(fault_of(replaced(network, row.from, row.to), profile), Catch::Contains(row.says));
  }
  for (const Row& row : {Row{"rate = \"12\"", "rate = \"12.00001\"", "'tax_rules[0].rate' is no percentage"},
                         Row{"rate = \"12\"", "rate = \"-1\"", "'tax_rules[0].rate' is no percentage"},
                         Row{"rate = \"12\"", "rate = 12", "profile.toml:7: 'tax_rules[0].rate' must be a text"},
                         Row{"\"2023-01-01\"", "\"2023-02-30\"", "profile.toml:14: 'tax_rules[0].effective_from' is no date"},
                         Row{"\"2023-01-01\"", "\"1.1.2023\"", "is no date"},
                         Row{"\"floor\"", "\"down\"", "must be half_away, floor, ceiling or half_even"},
                         Row{"status =", "state =", "'tax_rules[0].status' is missing"},
                         Row{"country = \"UZ\"\n", "", "'country' is missing"}}) {
    CAPTURE(row.to);
    CHECK_THAT(fault_of(network, replaced(profile, row.from, row.to)), Catch::Contains(row.says));
  }
  CHECK(fault_of(network, profile) == "no fault");
}

TEST_CASE("who decides changes stands in a genesis source, and mistakes in it are refused") {
  const std::string policy = R"([governance.tax_rule]
proposers = ["tax_authority"]
approvers = ["treasury", "operator"]
approvals = 2
delay_ms = 86_400_000
proposer_approves = true
[governance.stop_template]
proposers = ["registrar"]
[limits]
)";
  const std::string governed = replaced(network, "[limits]\n", policy);
  const tests::TemporaryFolder folder;
  folder.write("profile.toml", profile);
  const auto plan = read_network(folder.write("network.toml", governed));
  REQUIRE(plan);
  const auto& read = plan->genesis.governance();
  CHECK(read.tax_rule().approvers(1) == "operator");
  CHECK(read.tax_rule().approvals() == 2);
  CHECK(read.tax_rule().delay_ms() == 86'400'000);
  CHECK(read.tax_rule().proposer_approves());
  CHECK(read.stop_template().approvals() == 0);
  CHECK_FALSE(read.has_template_());
  CHECK_FALSE(read_network(folder.write("network.toml", network))->genesis.has_governance());
  struct Row { const char* from; const char* to; const char* says; };
  for (const Row& row : {Row{"approvals = 2", "votes = 2", "network.toml:7: 'governance.tax_rule.votes' is not a known key"},
                         Row{"[governance.stop_template]", "[governance.stop_templates]", "'governance.stop_templates' is not a known key"},
                         Row{"approvals = 2", "approvals = 17", "must be a whole number from 0 to 16"},
                         Row{"proposer_approves = true", "proposer_approves = 1", "must be true or false"},
                         Row{"\"operator\"]\napprovals", "\"arbiter\"]\napprovals", "governance.tax_rule.approvers: a registrar can give the role arbiter to anybody"},
                         Row{"[\"registrar\"]", "[]", "governance.stop_template.proposers: at least one role"}}) {
    CAPTURE(row.to);
    CHECK_THAT(fault_of(replaced(governed, row.from, row.to), profile), Catch::Contains(row.says));
  }
}

TEST_CASE("how much virements may take from a budget line stands in a genesis source, where a limit of nothing is one and none is none") {
  const tests::TemporaryFolder folder;
  folder.write("profile.toml", profile);
  const auto with = [&](const std::string& share) { return folder.write("network.toml", replaced(network, "[limits]\n", "[budget]\nvirement = \"" + share + "\"\n[limits]\n")); };
  CHECK(read_network(with("12.5"))->genesis.virement_limit().share_ppm() == 125'000);
  CHECK(read_network(with("0"))->genesis.has_virement_limit());
  CHECK(read_network(with("100"))->genesis.virement_limit().share_ppm() == 1'000'000);
  CHECK_FALSE(read_network(folder.write("network.toml", network))->genesis.has_virement_limit());
  CHECK_THAT(read_network(with("100.01")).error().sentence, Catch::Contains("'budget.virement' is more than the whole line"));
  CHECK_THAT(read_network(with("much")).error().sentence, Catch::Contains("'budget.virement' is no percentage"));
}

TEST_CASE("advances, parted duties and rules of virements stand in a genesis source, and what does not hold is refused with its place") {
  const tests::TemporaryFolder folder;
  folder.write("profile.toml", profile);
  const auto with = [&](const std::string& budget) { return read_network(folder.write("network.toml", replaced(network, "[limits]\n", "[budget]\n" + budget + "[limits]\n"))); };
  const auto plan = with(R"(advance = "15"
advance_categories = ["works"]
part_duties = true
[[budget.two_persons]]
currency = "UZS"
above = "500.50"
[[budget.virement_rules]]
from_economic = "21"
to_economic = "22"
to_outside = true
same_programme = true
share = "2.5"
legal_basis = "law"
)");
  REQUIRE(plan);
  const auto& genesis = plan->genesis;
  CHECK(genesis.advance_limit().share_ppm() == 150'000);
  CHECK(genesis.advance_limit().categories(0) == "works");
  CHECK(genesis.duties().two_persons(0).above() == 500'50);
  REQUIRE(genesis.virement_rules_size() == 1);
  CHECK(genesis.virement_rules(0).DebugString() == "from_economic: \"21\"\nto_economic: \"22\"\nto_outside: true\nsame_programme: true\nshare_ppm: 25000\nlegal_basis: \"law\"\n");
  CHECK_FALSE(with("advance = \"0\"\n")->genesis.has_duties());
  CHECK(with("advance = \"0\"\n")->genesis.has_advance_limit());
  CHECK(with("part_duties = true\n")->genesis.has_duties());
  const auto refused = [&](const std::string& budget) { return with(budget).error().sentence; };
  CHECK_THAT(refused("advance_categories = [\"works\"]\n"), Catch::Contains("'advance' does not say how much"));
  CHECK_THAT(refused("advance = \"101\"\n"), Catch::Contains("more than the whole price"));
  CHECK_THAT(refused("[[budget.two_persons]]\ncurrency = \"UZS\"\nabove = \"1\"\n"), Catch::Contains("write part_duties = true"));
  CHECK_THAT(refused("part_duties = true\n[[budget.two_persons]]\ncurrency = \"EUR\"\nabove = \"1\"\n"), Catch::Contains("EUR is no currency of this ledger"));
  CHECK_THAT(refused("part_duties = true\n[[budget.two_persons]]\ncurrency = \"UZS\"\nabove = \"1.234\"\n"), Catch::Contains("'budget.two_persons[0].above'"));
  CHECK_THAT(refused("[[budget.virement_rules]]\nto_outside = true\n"), Catch::Contains("outside which economic code"));
  CHECK_THAT(refused("[[budget.virement_rules]]\nshares = \"1\"\n"), Catch::Contains("'budget.virement_rules[0].shares' is not a known key"));
}

TEST_CASE("a file with one tax rule is read as a profile is") {
  const tests::TemporaryFolder folder;
  const auto rule = read_rule_file(folder.write("rule.toml", profile));
  REQUIRE(rule);
  CHECK(rule->code() == "vat");
  CHECK(rule->country() == "UZ");
  CHECK(rule->effective_from_ms() == 1'672'531'200'000);
  CHECK_THAT(read_rule_file(folder.write("two.toml", std::string(profile) + std::string(profile).substr(std::string(profile).find("[[tax_rules]]")))).error().sentence,
             Catch::Contains("has 2 tax rules, not one"));
  CHECK_THAT(read_rule_file(folder.write("none.toml", "country = \"UZ\"\n")).error().sentence, Catch::Contains("has 0 tax rules, not one"));
  CHECK_THAT(read_rule_file(folder.write("wrong.toml", replaced(profile, "rate =", "rates ="))).error().sentence, Catch::Contains("'tax_rules[0].rate' is missing"));
}

TEST_CASE("dates and times go there and back") {
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-11-24T04:20:00Z", "9999-12-31T23:59:59Z"})
    CHECK(ms_to_utc(*utc_to_ms(text)) == text);
  for (const char* text : {"2023-02-29", "2023-00-10", "2023-1-1", "2023-01-01 10:00:00", "2023-01-01T24:00:00Z", "2023-01-01T10:00:00", "1969-12-31", ""})
    CHECK_FALSE(utc_to_ms(text));
}

}  // namespace daftar::tools
