// A check that was broken off goes on from its record, and comes to the same end.
#include "copies.h"
#include "tests/harness/text_file.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Breaks off as soon as it is asked.
audit::CheckReport broken_off_at_once(const Copy& copy, const std::string& record) {
  static const std::atomic<bool> now{true};
  return checked(copy, {.progress_file = record, .break_off = &now});
}

std::string error_of(const Copy& copy, const std::string& record, std::shared_ptr<const ledger::Genesis> genesis = nullptr) {
  const auto ledger = storage::StoredLedger::open(copy.path());
  REQUIRE(ledger);
  const auto report = audit::check_ledger(genesis ? genesis : copy.network().genesis, **ledger, {.threads = 1, .progress_file = record});
  return report ? "none" : report.error().code;
}

}  // namespace

TEST_CASE("a check broken off after each block goes on and comes to the same end") {
  const History history;
  const auto copy = history.copy();
  TemporaryFolder folder;
  const std::string record = folder / "record";
  std::uint64_t before = 0, signatures = 0, certificates = 0;
  int times = 0;
  audit::CheckReport report;
  for (;; ++times) {
    report = broken_off_at_once(*copy, record);
    REQUIRE_FALSE(report.difference);
    CHECK(report.begun_at == before);
    signatures += report.signatures;
    if (!report.broken_off) break;
    REQUIRE(report.entries > before);
    before = report.entries;
  }
  CHECK(times > 5);
  const auto whole = checked(*copy);
  CHECK(report.entries == whole.entries);
  CHECK(report.root == whole.root);
  CHECK(report.state_values == whole.state_values);
  // At its end the record vouches for everything; the next check begins there.
  const auto again = checked(*copy, {.progress_file = record});
  CHECK_FALSE(again.difference);
  CHECK(again.begun_at == whole.entries);
  CHECK(again.signatures == 0);
}

TEST_CASE("what is different after the record's place is found by the check that goes on") {
  const History history;
  const auto copy = history.copy();
  TemporaryFolder folder;
  const std::string record = folder / "record";
  for (int n = 0; n < 4; ++n) REQUIRE(broken_off_at_once(*copy, record).broken_off);
  const auto kept = folder.read("record");
  copy->doctor([](const auto& hand) {
    auto entry = hand.entry(15);
    entry.envelope.back() ^= 1;
    hand.put(15, entry);
  });
  const auto report = checked(*copy, {.progress_file = record});
  REQUIRE(report.difference);
  CHECK(report.difference->entry == 15u);
  CHECK(folder.read("record") == kept);   // the record never goes past a difference
}

TEST_CASE("a record of more than the copy has, or of another history, refuses the copy") {
  const History history;
  const auto copy = history.copy();
  TemporaryFolder folder;
  const std::string record = folder / "record";
  REQUIRE_FALSE(checked(*copy, {.progress_file = record}).difference);
  const auto shorter = history.copy(history.entries - 1, false);
  const auto found = checked(*shorter, {.progress_file = record});
  REQUIRE(found.difference);
  CHECK(found.difference->field == "missing");
  CHECK(found.difference->sentence.find("An earlier check saw " + std::to_string(history.entries) + " entries; this copy says that it has " + std::to_string(history.entries - 1)) != std::string::npos);

  // As many entries, others: one left out, one more at the end.
  Copy other(history.network);
  std::uint64_t index = 0;
  for (const auto& block : history.blocks) history.fill(other, block, index, 9, false);
  other.block({history.pay(77)}, 1'800'000'500'000);
  other.close();
  const auto another = checked(other, {.progress_file = record});
  REQUIRE(another.difference);
  CHECK(another.difference->sentence.find("it is another history, or was changed since") != std::string::npos);
}

TEST_CASE("a record goes on when the ledger has grown") {
  const History history;
  TemporaryFolder folder;
  const std::string record = folder / "record";
  Copy copy(history.network);
  std::uint64_t index = 0;
  for (std::size_t n = 0; n < history.blocks.size(); ++n) {
    history.fill(copy, history.blocks[n], index, {}, true);
    if (n % 3 != 2) continue;
    REQUIRE(copy.store().flush());
    const auto report = checked(copy, {.progress_file = record});
    INFO((report.difference ? report.difference->sentence : ""));
    REQUIRE_FALSE(report.difference);
    CHECK(report.entries == index);
  }
  copy.close();
  const auto report = checked(copy, {.progress_file = record});
  CHECK_FALSE(report.difference);
  CHECK(report.entries == history.entries);
}

TEST_CASE("a record that was damaged, or is of another ledger, is not used") {
  const History history(3);
  const auto copy = history.copy();
  TemporaryFolder folder;
  const std::string record = folder / "record";
  REQUIRE(error_of(*copy, record) == "none");
  const std::string good = folder.read("record");
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] ^= 1;
    folder.write("record", bad);
    INFO("byte " << at);
    REQUIRE(error_of(*copy, record) == "progress_damaged");
  }
  folder.write("record", good.substr(0, good.size() - 1));
  CHECK(error_of(*copy, record) == "progress_damaged");
  folder.write("record", "");
  CHECK(error_of(*copy, record) == "progress_damaged");

  const History elsewhere(3);
  const auto foreign = elsewhere.copy();
  folder.write("record", good);
  CHECK(error_of(*foreign, record) == "progress_of_another_ledger");
}
