// An honest copy of a ledger holds; of one that was changed anywhere, the first change is named.
#include "copies.h"

using namespace daftar;
using namespace daftar::tests;
using storage::number_key;
namespace family = storage::family;

namespace {

std::string sentence_of(const audit::CheckReport& report) { return report.difference ? report.difference->sentence : "all holds"; }

/// Copy as doctored must be refused by this field with this in its sentence.
audit::CheckReport require_refused(const Copy& copy, const std::string& field, const std::string& part, std::optional<std::uint64_t> entry = {}) {
  auto report = checked(copy);
  INFO(sentence_of(report));
  REQUIRE(report.difference);
  CHECK(report.difference->field == field);
  CHECK(report.difference->sentence.find(part) != std::string::npos);
  if (entry) CHECK(report.difference->entry == *entry);
  return report;
}

void change_result(const Copy::Hand& hand, std::uint64_t index, const std::function<void(contracts::ExecutionResult&)>& change) {
  auto entry = hand.entry(index);
  auto result = *contracts::decode_result(entry.result);
  change(result);
  entry.result = contracts::encode_result(result);
  hand.put(index, entry);
}

}  // namespace

TEST_CASE("an honest copy holds, over blocks without entries and a change of validators") {
  const History history;
  const auto copy = history.copy();
  const auto report = checked(*copy);
  INFO(sentence_of(report));
  REQUIRE_FALSE(report.difference);
  CHECK_FALSE(report.broken_off);
  CHECK(report.entries == history.entries);
  CHECK(report.stored_entries == history.entries);
  CHECK(report.signatures == history.entries);
  std::uint64_t with_entries = 0;
  for (const auto& block : history.blocks) with_entries += block.empty() ? 0 : 1;
  CHECK(report.certificates == with_entries);
  CHECK(report.certified_size == history.entries);
  CHECK(report.state_values > 20);
  CHECK(report.together + report.alone.entries == history.entries);
}

TEST_CASE("a ledger that has only its genesis holds") {
  const SmallNetwork network;
  Copy copy(network);
  copy.close();
  const auto report = checked(copy);
  CHECK_FALSE(report.difference);
  CHECK(report.entries == 0);
}

TEST_CASE("a changed amount in a result is named with its posting") {
  const History history;
  const auto copy = history.copy();
  const std::uint64_t index = history.changed - 1;   // a payment of 100.00, of which 10.71 is tax
  copy->doctor([&](const auto& hand) { change_result(hand, index, [](auto& result) { result.postings.at(1).amount += 1'00; }); });
  const auto report = require_refused(*copy, "result", "posting 2, amount: 90.29 UZS on baraka/UZS; executed again: 89.29 UZS on baraka/UZS.", index);
  CHECK(report.entries == index - 1);   // the block before
}

TEST_CASE("a changed envelope is named: its signature, or its id") {
  const History history;
  const auto copy = history.copy();
  copy->doctor([&](const auto& hand) {
    auto entry = hand.entry(9);
    entry.envelope.back() ^= 1;
    hand.put(9, entry);
  });
  require_refused(*copy, "signature", "Entry 9, transaction " , 9);
  const auto other = history.copy();
  other->doctor([&](const auto& hand) {
    auto entry = hand.entry(9);
    const auto amount = entry.envelope.find("baraka/UZS");
    REQUIRE(amount != std::string::npos);
    entry.envelope[amount + 4] = 'i';   // to another member, in the same number of bytes
    hand.put(9, entry);
  });
  require_refused(*other, "id", "its envelope is that of transaction", 9);
}

TEST_CASE("a removed entry is named, in the middle and at the end") {
  const History history;
  const auto copy = history.copy();
  copy->doctor([&](const auto& hand) { hand.write(family::entries, number_key(11), std::nullopt); });
  require_refused(*copy, "missing", "Entry 11 is missing: entry 12 comes in its place.", 11);
  const auto last = history.copy();
  last->doctor([&](const auto& hand) { hand.write(family::entries, number_key(history.entries - 1), std::nullopt); });
  require_refused(*last, "missing", "Entry " + std::to_string(history.entries - 1) + " is missing: the copy says that it has " + std::to_string(history.entries) + " entries.", history.entries - 1);
}

TEST_CASE("a copy made anew without an entry is found out by the certificates, without its last one too") {
  const History history;
  const auto honest = history.copy();
  for (const std::uint64_t left_out : {std::uint64_t{10}, history.entries - 1}) {
    const auto copy = history.copy(left_out, false);
    // The certificates are those that there are; nobody can make others.
    copy->doctor([&](const auto& hand) {
      honest->doctor([&](const auto& from) {
        for (std::uint64_t size = 1; size <= history.entries; ++size)
          if (auto note = from.read(family::certificates, number_key(size))) hand.write(family::certificates, number_key(size), note);
      });
    });
    if (left_out == 10) require_refused(*copy, "certificate", "");
    else require_refused(*copy, "missing", "The validators have signed a tree of " + std::to_string(history.entries) + " entries, and this copy has " + std::to_string(history.entries - 1));
  }
  // With one signed tree after what was left out, and of as many entries, the certificate is of another history.
  const auto copy = history.copy(10, false);
  copy->doctor([&](const auto& hand) { hand.write(family::certificates, number_key(11), copy->note(11, ledger::empty_root(), {1, 2, 3})); });
  require_refused(*copy, "certificate", "the validators have signed another history than this one");
}

TEST_CASE("two entries in each other's place are named") {
  const History history;
  const auto copy = history.copy();
  copy->doctor([&](const auto& hand) {
    const auto a = hand.entry(9), b = hand.entry(10);
    hand.put(9, b);
    hand.put(10, a);
  });
  require_refused(*copy, "place", "In the place of entry 9 stands one that calls itself entry 10: it was moved.", 9);
  // Renumbered, of one block: their results say which was first.
  const auto renumbered = history.copy();
  renumbered->doctor([&](const auto& hand) {
    auto a = hand.entry(8), b = hand.entry(9);
    REQUIRE(a.height == b.height);
    std::swap(a.index, b.index);
    hand.put(8, b);
    hand.put(9, a);
  });
  require_refused(*renumbered, "result", "balance after it", 8);
  // Of two blocks.
  const auto moved = history.copy();
  moved->doctor([&](const auto& hand) {
    auto a = hand.entry(9), b = hand.entry(10);
    REQUIRE(a.height < b.height);
    std::swap(a.index, b.index);
    hand.put(9, b);
    hand.put(10, a);
  });
  REQUIRE(checked(*moved).difference);
}

TEST_CASE("an old root, a missing one and one too many are named with their block") {
  const History history;
  const auto copy = history.copy();
  copy->doctor([&](const auto& hand) { hand.write(family::heights, number_key(8), hand.read(family::heights, number_key(7))); });
  require_refused(*copy, "root", "The root after block 8 is kept as that of ");
  const auto missing = history.copy();
  missing->doctor([&](const auto& hand) { hand.write(family::heights, number_key(2), std::nullopt); });   // a block without entries
  require_refused(*missing, "root", "The root after block 2 is missing in this copy.");
  const auto more = history.copy();
  more->doctor([&](const auto& hand) { hand.write(family::heights, number_key(history.blocks.size() + 1), hand.read(family::heights, number_key(history.blocks.size()))); });
  require_refused(*more, "root", "There is a root after block " + std::to_string(history.blocks.size() + 1));
}

TEST_CASE("a certificate with a wrong signature, too few, of those not in force or of another tree is named") {
  const History history;
  const auto honest = history.copy();
  const std::uint64_t size = history.changed + 2;   // four validators are in force there
  std::string note;
  honest->doctor([&](const auto& hand) { note = *hand.read(family::certificates, number_key(size)); });
  const auto root = ledger::parse_note(note)->checkpoint.root;
  std::string wrong = note;
  wrong[wrong.size() - 20] = wrong[wrong.size() - 20] == 'A' ? 'B' : 'A';   // in the last line's signature
  const std::string tree = "The certificate of the tree of " + std::to_string(size) + " entries ";
  struct Row { std::string note, part; };
  for (const Row& row : {Row{wrong, tree + "has valid signatures of 0 of 4 validators, and 3 are needed"},
                         Row{honest->note(size, root, {1, 2}), tree + "has valid signatures of 2 of 4 validators, and 3 are needed."},
                         Row{honest->note(size, ledger::empty_root(), {1, 2, 3}), tree + "certifies the root " + ledger::empty_root().hex()},
                         Row{honest->note(size + 1, root, {1, 2, 3}), tree + "says that it is of " + std::to_string(size + 1) + " entries."},
                         Row{"nothing", tree + "is not a signed note."}}) {
    const auto copy = history.copy();
    copy->doctor([&](const auto& hand) { hand.write(family::certificates, number_key(size), row.note); });
    require_refused(*copy, "certificate", row.part);
  }
  // The tree that ends the time of three validators is theirs to sign; the fourth does not count there.
  const auto early = history.copy();
  early->doctor([&](const auto& hand) {
    const auto own = ledger::parse_note(*hand.read(family::certificates, number_key(history.changed)));
    hand.write(family::certificates, number_key(history.changed), early->note(history.changed, own->checkpoint.root, {1, 4}));
  });
  require_refused(*early, "certificate", "has valid signatures of 1 of 3 validators, and 2 are needed.");
  const auto within = history.copy();
  within->doctor([&](const auto& hand) { hand.write(family::certificates, number_key(size - 1), note); });
  require_refused(*within, "certificate", "and no block ends with so many");
}

TEST_CASE("a changed, a missing and an added value of the state are named") {
  const History history;
  const auto copy = history.copy();
  copy->doctor([&](const auto& hand) {
    auto balance = *hand.read(family::state, "abaraka/UZS");
    balance.back() ^= 1;
    hand.write(family::state, "abaraka/UZS", balance);
  });
  require_refused(*copy, "state", "The state of this copy has for account baraka/UZS a balance of ");
  const auto missing = history.copy();
  missing->doctor([&](const auto& hand) { hand.write(family::state, "mbaraka", std::nullopt); });
  require_refused(*missing, "state", "In the state of this copy member baraka is missing");
  const auto last = history.copy();
  last->doctor([&](const auto& hand) {
    const std::unique_ptr<rocksdb::Iterator> at(hand.database.db().NewIterator({}, hand.database.family(family::state)));
    at->SeekToLast();
    REQUIRE(at->Valid());
    hand.write(family::state, at->key().ToString(), std::nullopt);
  });
  require_refused(*last, "state", "is missing; its entries make ");
  const auto added = history.copy();
  added->doctor([&](const auto& hand) { hand.write(family::state, "azz/UZS", hand.read(family::state, "abaraka/UZS")); });
  require_refused(*added, "state", "The state of this copy has account zz/UZS, a balance of ");
  const auto marks = history.copy();
  marks->doctor([&](const auto& hand) { hand.write(family::state, "U12345678", "12345678"); });   // honest copies differ in these
  CHECK_FALSE(checked(*marks).difference);
}

TEST_CASE("a tile that does not hold its leaves is named, unfinished and finished") {
  const History history(200);   // over 256 entries
  REQUIRE(history.entries > 256);
  const auto copy = history.copy();
  REQUIRE_FALSE(checked(*copy).difference);
  for (const std::uint64_t tile : {0, 1}) {
    const auto changed = history.copy();
    changed->doctor([&](const auto& hand) {
      auto hashes = *hand.read(family::tiles, storage::tile_key(0, tile));
      hashes[40] ^= 1;
      hand.write(family::tiles, storage::tile_key(0, tile), hashes);
    });
    require_refused(*changed, "tile", "Tile 0/" + std::to_string(tile) + " of the log does not hold the hashes of the entries under it.");
  }
}

TEST_CASE("a store that is in use is checked as of its last flush") {
  const History history;
  Copy copy(history.network);
  std::uint64_t index = 0;
  for (std::size_t n = 0; n < history.blocks.size(); ++n) {
    history.fill(copy, history.blocks[n], index, {}, true);
    if (n == 7) REQUIRE(copy.store().flush());
  }
  const auto report = checked(copy);
  INFO(sentence_of(report));
  CHECK_FALSE(report.difference);
  CHECK(report.height == 8);
}

TEST_CASE("the genesis of another ledger is a mistake, not a difference") {
  const History history(1);
  const auto copy = history.copy();
  const SmallNetwork other;
  const auto ledger = storage::StoredLedger::open(copy->path());
  REQUIRE(ledger);
  const auto report = audit::check_ledger(other.genesis, **ledger, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == "other_ledger");
  TemporaryFolder empty;
  CHECK(storage::StoredLedger::open(empty.path()).error().kind == storage::StorageError::Kind::not_found);
}
