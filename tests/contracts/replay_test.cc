// A ledger executed again from its entries alone: the same state and root as from its blocks, and the first thing that is not as it was is named.
#include <catch2/catch.hpp>

#include "contracts/replay.h"
#include "contracts/result_difference.h"
#include "deals.h"

namespace daftar::contracts::test {
namespace {

/// What a node keeps of the blocks of `w`, by height.
std::vector<std::vector<ledger::Entry>> kept_of(const World& w) {
  std::vector<std::vector<ledger::Entry>> out;
  Engine engine(w.shared_genesis());
  MemoryState state;
  state.apply(*genesis_state(w.genesis()));
  std::uint64_t index = 0;
  for (const auto& block : w.blocks()) {
    auto outcome = engine.execute(*block, state);
    state.apply(outcome.changes);
    std::vector<ledger::Entry> entries;
    for (auto& executed : outcome.entries)
      if (leaves_entry(decode_result(executed.result)->rejection))
        entries.push_back({index++, block->height(), block->time_ms(), executed.kind, executed.id, executed.nonce, executed.transaction ? executed.transaction->envelope() : "", executed.result});
    if (!entries.empty()) out.push_back(std::move(entries));
  }
  return out;
}

/// The first difference, or nothing; `replay` is where it came to.
std::optional<Difference> replayed(const World& w, const std::vector<std::vector<ledger::Entry>>& blocks, std::unique_ptr<Replay>& replay) {
  replay = std::move(*Replay::from_genesis(w.shared_genesis()));
  for (const auto& entries : blocks) {
    std::vector<KeptEntry> block;
    for (const ledger::Entry& entry : entries) {
      auto kept = read_entry(entry.index, ledger::encode_entry(entry), w.genesis().transaction_limits());
      if (!kept) return kept.error();
      hash_leaf(*kept);
      block.push_back(std::move(*kept));
    }
    if (auto executed = replay->execute(block); !executed) return executed.error();
  }
  return std::nullopt;
}

/// A contract with a milestone accepted by silence, one that lapses, refusals, empty blocks and blocks of several entries.
void trade(World& w) {
  w.fund("acme/UZS", 300'000'00);
  auto terms = private_terms({112'000'00, 50'000'00}, w.now());
  const Deal deal = signed_deal(w, terms);
  w.idle_until(w.now() + day);   // leaves no entry
  w.must("baraka", deal.deliver(1));
  REQUIRE(w.outcome("acme", transfer("acme/UZS", "baraka/UZS", 999'999'999'00)) == "overdraft");
  const auto offered = private_terms({1'000'00}, w.now());
  const Deal other = drafted_deal(w, "baraka", offered);
  w.must("baraka", other.sign());
  w.block({w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 5'00)})}, offered.offer_until_ms - 1000);   // expired by then: leaves no entry
  w.block({w.transaction("acme", {transfer("acme/UZS", "baraka/UZS", 5'00)}), w.transaction("acme", {transfer("acme/UZS", "aziza/UZS", 7'00)})}, offered.offer_until_ms);   // with a deadline before them
  REQUIRE(w.last_block().entries.size() == 3);
  w.idle_until(w.now() + 5 * day);
  w.idle_until(terms.milestones[1].due_ms + 31 * day);
}

}  // namespace

TEST_CASE("entries alone make the same state and root again, but for marks of replays") {
  World w;
  trade(w);
  const auto blocks = kept_of(w);
  std::unique_ptr<Replay> replay;
  const auto difference = replayed(w, blocks, replay);
  INFO((difference ? difference->sentence : ""));
  REQUIRE_FALSE(difference);
  ledger::MerkleFrontier log;
  std::size_t deadlines = 0;
  for (const auto& block : blocks)
    for (const auto& entry : block) {
      log.append(ledger::leaf_hash(ledger::leaf_record(entry)));
      deadlines += entry.kind == ledger::EntryKind::deadline ? 1 : 0;
    }
  CHECK(deadlines >= 3);
  CHECK(blocks.size() < w.blocks().size());
  CHECK(replay->root() == log.root());
  std::size_t compared = 0;
  w.state().scan("", "\xff", [&](std::string_view key, std::string_view value) {
    if (is_replay_mark(key)) return true;
    INFO(describe_state_key(key));
    CHECK(replay->state().get(key) == std::string(value));
    ++compared;
    return true;
  });
  for (const auto& [key, value] : replay->state().values())
    if (!is_replay_mark(key)) --compared;
  CHECK(compared == 0);
}

TEST_CASE("what a copy of the entries has changed is named by its first entry and in words") {
  World w;
  trade(w);
  const auto honest = kept_of(w);
  // The block of three: a deadline, then two payments of acme.
  const auto at = static_cast<std::size_t>(std::find_if(honest.begin(), honest.end(), [](const auto& block) { return block.size() == 3; }) - honest.begin());
  REQUIRE(at < honest.size());
  const std::uint64_t first = honest[at][0].index;
  const auto change_result = [](ledger::Entry& entry, const std::function<void(ExecutionResult&)>& change) {
    auto result = *decode_result(entry.result);
    change(result);
    entry.result = encode_result(result);
  };
  struct Row {
    std::string what;
    std::function<void(std::vector<std::vector<ledger::Entry>>&)> change;
    std::uint64_t entry;
    std::string field, sentence;
  };
  const Row rows[] = {
      {"an amount", [&](auto& blocks) { change_result(blocks[at][1], [](auto& r) { r.postings[0].amount = -4'00; }); }, first + 1, "result", "posting 1, amount: -4.00 UZS on acme/UZS; executed again: -5.00 UZS on acme/UZS."},
      {"a tax", [&](auto& blocks) { change_result(blocks[at + 1][0], [](auto& r) { r.taxes[0].withheld -= 1; }); }, honest[at + 1][0].index, "result", "tax line 1, withheld"},
      {"an outcome", [&](auto& blocks) { change_result(blocks[at][2], [](auto& r) { r.rejection.code = RejectionCode::overdraft; }); }, first + 2, "result", "outcome: refused: overdraft; executed again: accepted."},
      {"a result that is none", [&](auto& blocks) { blocks[at][2].result += "x"; }, first + 2, "result", "bytes that are none"},
      {"a place", [&](auto& blocks) { std::swap(blocks[at][1].index, blocks[at][2].index); std::swap(blocks[at][1], blocks[at][2]); }, first + 1, "result", "balance after it"},
      {"a deadline left out", [&](auto& blocks) { blocks[at].erase(blocks[at].begin()); for (auto& e : blocks[at]) --e.index; }, first, "id", "has deadline"},
      {"a deadline left out at the end", [&](auto& blocks) { auto& last = blocks.back(); REQUIRE(last.back().kind == ledger::EntryKind::deadline); blocks.pop_back(); blocks.push_back({honest[at][1]}); blocks.back()[0].index = honest.back()[0].index;
          blocks.back()[0].height = honest.back()[0].height; blocks.back()[0].time_ms = honest.back()[0].time_ms; }, honest.back()[0].index, "id", "has deadline"},
      {"an entry twice", [&](auto& blocks) { blocks[at].push_back(blocks[at][1]); blocks[at].back().index = first + 3; }, first + 3, "result", "leaves no entry"},
      {"an entry gone", [&](auto& blocks) { blocks[at].pop_back(); }, first + 2, "missing", "Entry " + std::to_string(first + 2) + " is missing"},
      {"a block moved", [&](auto& blocks) { std::swap(blocks[at], blocks[at - 1]); std::uint64_t n = blocks[at][0].index; for (auto& e : blocks[at - 1]) e.index = n++; for (auto& e : blocks[at]) e.index = n++; }, 0, "", ""},
      {"a date", [&](auto& blocks) { for (auto& e : blocks[at]) e.time_ms -= 1; }, first, "", ""},
      {"a nonce of a deadline", [&](auto& blocks) { blocks[at][0].nonce[0] ^= 1; }, first, "nonce", "nonce"},
      {"a nonce of a transaction", [&](auto& blocks) { blocks[at][1].nonce[0] ^= 1; }, first + 1, "nonce", "nonce"},
      {"an id", [&](auto& blocks) { blocks[at][1].id.bytes[3] ^= 1; }, first + 1, "id", "calls itself"},
      {"a signature", [&](auto& blocks) { blocks[at][1].envelope.back() ^= 1; }, first + 1, "signature", "a signature does not hold"},
      {"an envelope of a deadline", [&](auto& blocks) { blocks[at][0].envelope = blocks[at][1].envelope; }, first, "envelope", "is a deadline"},
      {"an envelope cut short", [&](auto& blocks) { blocks[at][1].envelope.pop_back(); }, first + 1, "envelope", "is not that of a transaction"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    auto blocks = honest;
    row.change(blocks);
    std::unique_ptr<Replay> replay;
    const auto difference = replayed(w, blocks, replay);
    REQUIRE(difference);
    INFO(difference->sentence);
    if (!row.field.empty()) {
      CHECK(difference->entry == row.entry);
      CHECK(difference->field == row.field);
      CHECK(difference->sentence.find(row.sentence) != std::string::npos);
    }
    CHECK(replay->entries() <= first + (row.what == "a tax" || row.what == "a deadline left out at the end" ? 1'000 : 3));
  }
}

TEST_CASE("the bytes of an entry that are none, or of another place, are told apart") {
  World w;
  w.fund("acme/UZS", 1'00);
  const auto entry = kept_of(w)[0][0];
  const auto limits = w.genesis().transaction_limits();
  const std::string bytes = ledger::encode_entry(entry);
  REQUIRE(read_entry(entry.index, bytes, limits));
  CHECK(read_entry(entry.index, bytes.substr(1), limits).error().field == "encoding");
  const auto moved = read_entry(entry.index + 1, bytes, limits).error();
  CHECK(moved.field == "place");
  CHECK(moved.entry == entry.index + 1);
}

}  // namespace daftar::contracts::test
