#include <catch2/catch.hpp>

#include "tests/harness/temporary_folder.h"
#include "tools/contract_file.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace {
const char* const contract = R"(template = "service/1"
title = "Office repair"
customer = "acme-build"
provider = "baraka-soft"
arbiter = "arbiter"
currency = "UZS"
category = "services"
customer_account = "acme-build/UZS"
offer_until = "2026-12-31"
late_penalty_per_day = "0.5"
late_penalty_cap = "50"
acceptance_days = 10
delivery_grace_days = 60
arbitration_days = 30
text_file = "text.txt"
[[milestones]]
title = "Walls"
price = "56000000.5"
due = "2026-12-24"
)";

std::string fault_of_contract(const std::string& from, const std::string& to) {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  std::string text = contract;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  const auto read = read_contract_file(folder.write("contract.toml", text.replace(at, from.size(), to)));
  return read ? "no fault" : read.error().sentence;
}
}  // namespace

TEST_CASE("a contract file becomes the draft it says") {
  const tests::TemporaryFolder folder;
  folder.write("text.txt", "abc");
  const auto draft = read_contract_file(folder.write("contract.toml", contract));
  REQUIRE(draft);
  CHECK(draft->late_penalty_ppm_per_day() == 5000);
  CHECK(draft->late_penalty_cap_ppm() == 500'000);
  CHECK(draft->milestones(0).price() == 5'600'000'050);
  CHECK(draft->milestones(0).due_ms() == 1'798'070'400'000);
  CHECK(ledger::to_hex(draft->text_digest()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a mistake in a contract file is refused with file and line") {
  CHECK_THAT(fault_of_contract("price = \"56000000.5\"", "price = \"56000000.505\""), Catch::Contains("contract.toml:18: 'milestones[0].price' cannot be read"));
  CHECK_THAT(fault_of_contract("price = \"56000000.5\"", "price = 56000000.5"), Catch::Contains("'milestones[0].price' must be a text"));
  CHECK_THAT(fault_of_contract("\"2026-12-24\"", "\"soon\""), Catch::Contains("'milestones[0].due' is no time"));
  CHECK_THAT(fault_of_contract("currency = \"UZS\"", "currency = \"SUM\""), Catch::Contains("'currency' is no ISO 4217 currency"));
  CHECK_THAT(fault_of_contract("acceptance_days = 10", "acceptance = 10"), Catch::Contains("'acceptance' is not a known key"));
  CHECK_THAT(fault_of_contract("text_file = \"text.txt\"", ""), Catch::Contains("exactly one of 'text_file' and 'text_digest'"));
  CHECK_THAT(fault_of_contract("text.txt", "missing.txt"), Catch::Contains("'text_file' cannot be read"));
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
