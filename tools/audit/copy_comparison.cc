#include "tools/audit/copy_comparison.h"

#include "ledger/encoding.h"

namespace daftar::audit {

using contracts::Difference;

namespace {

Difference about(std::uint64_t height, std::string field, std::string expected, std::string found, std::string sentence) {
  return {std::nullopt, height, std::move(field), std::move(expected), std::move(found), std::move(sentence)};
}

std::string tree_words(std::uint64_t size, const ledger::Digest& root) { return std::to_string(size) + " entries with root " + root.hex(); }

}  // namespace

CopyComparison::CopyComparison(const storage::StoredLedger& ledger, const contracts::Replay& replay)
    : ledger_(ledger), replay_(replay), heights_(ledger.heights(replay.position().height)), next_height_(replay.position().height) {}

std::optional<Difference> CopyComparison::begin() {
  const std::uint64_t size = replay_.entries();
  const auto root = ledger_.root_by_tiles(size);
  if (!root) {
    failed = root.error();
    return std::nullopt;
  }
  if (size > 0 && (!*root || **root != replay_.root()))
    return about(replay_.position().height, "tile", replay_.root().hex(), *root ? (*root)->hex() : "none",
                 "An earlier check saw " + tree_words(size, replay_.root()) + "; the tiles of this copy give another root: it is another history, or was changed since.");
  bool fits = tiles_.restore(size, [&](unsigned level, std::uint64_t index) {
    auto tile = ledger_.tile(level, index);
    if (!tile) failed = tile.error();
    // The tile may have grown since: what was there then is its beginning.
    const std::uint64_t hashes = (size >> (ledger::tile_height * level)) % ledger::tile_width;
    return tile ? tile->substr(0, hashes * 32) : std::string();
  });
  if (!fits && !failed) return about(replay_.position().height, "tile", {}, {}, "The tiles of this copy do not fit the " + std::to_string(size) + " entries that an earlier check saw.");
  return roots_before(replay_.position().height + 1);
}

std::optional<Difference> CopyComparison::root_of(std::uint64_t height) {
  auto row = heights_.next();
  if (!row) {
    failed = row.error();
    return std::nullopt;
  }
  const std::string which = "The root after block " + std::to_string(height);
  const std::string expected = tree_words(replay_.entries(), replay_.root());
  if (!*row || (*row)->number != height) return about(height, "root", expected, "none", which + " is missing in this copy.");
  ledger::Reader in((*row)->bytes);
  const std::uint64_t size = in.u64();
  const auto root = ledger::Digest::from_bytes(in.raw(32));
  if (!in.done() || !root) return about(height, "root", expected, "not a root", which + " cannot be read in this copy.");
  if (size != replay_.entries() || *root != replay_.root())
    return about(height, "root", expected, tree_words(size, *root), which + " is kept as that of " + tree_words(size, *root) + "; the entries up to there make " + expected + ".");
  return std::nullopt;
}

std::optional<Difference> CopyComparison::roots_before(std::uint64_t height) {
  for (; next_height_ < height && !failed; ++next_height_) {
    if (next_height_ > ledger_.mark().height)
      return about(next_height_, "block", "at most " + std::to_string(ledger_.mark().height), std::to_string(height),
                   "There is an entry of block " + std::to_string(height) + ", and the copy says that its last block is " + std::to_string(ledger_.mark().height) + ".");
    if (auto other = root_of(next_height_)) return other;
  }
  return std::nullopt;
}

void CopyComparison::compare_tile(unsigned level, std::uint64_t index, const std::string& hashes) {
  const auto kept = ledger_.tile(level, index);
  if (!kept) failed = kept.error();
  if (!kept || *kept == hashes || tile_differs_) return;
  tile_differs_ = about(0, "tile", ledger::sha256(hashes).hex(), ledger::sha256(*kept).hex(),
                        "Tile " + std::to_string(level) + "/" + std::to_string(index) + " of the log does not hold the hashes of the entries under it.");
}

std::optional<Difference> CopyComparison::block(const std::vector<contracts::KeptEntry>& entries) {
  if (auto other = root_of(next_height_)) return other;
  ++next_height_;
  for (const auto& kept : entries) tiles_.append(kept.leaf_hash, [this](unsigned level, std::uint64_t index, const std::string& hashes) { compare_tile(level, index, hashes); });
  return tile_differs_;
}

std::optional<Difference> CopyComparison::end() {
  if (auto other = roots_before(ledger_.mark().height + 1)) return other;
  const auto more = heights_.next();
  if (!more) failed = more.error();
  else if (*more) return about((*more)->number, "root", "none", "one", "There is a root after block " + std::to_string((*more)->number) + ", and the copy says that its last block is " + std::to_string(ledger_.mark().height) + ".");
  tiles_.put_partial([this](unsigned level, std::uint64_t index, const std::string& hashes) { compare_tile(level, index, hashes); });
  if (tile_differs_) return tile_differs_;
  const auto log = ledger::MerkleFrontier::restore(ledger_.mark().entries, ledger_.mark().frontier);
  if (!log || log->root() != replay_.root())
    return about(ledger_.mark().height, "root", replay_.root().hex(), log ? log->root().hex() : "none", "What the copy says of its last block is not the root that its entries make.");
  return state();
}

/// Both in the order of keys. Replay marks are left out: they depend on blocks without entries (contracts/replay.h).
std::optional<Difference> CopyComparison::state() {
  const auto& expected = replay_.state().values();
  auto at = expected.begin();
  const auto skip_marks = [&] {
    while (at != expected.end() && contracts::is_replay_mark(at->first)) ++at;
  };
  const auto missing = [&] {
    const std::string words = contracts::describe_state_value(at->first, at->second);
    return about(0, "state", words, "none", "In the state of this copy " + contracts::describe_state_key(at->first) + " is missing; its entries make " + words + ".");
  };
  std::optional<Difference> found;
  skip_marks();
  auto scanned = ledger_.scan_state([&](std::string_view key, std::string_view value) {
    if (contracts::is_replay_mark(key)) return true;
    ++state_values_;
    if (at == expected.end() || key < at->first) {
      const std::string words = contracts::describe_state_value(key, value);
      found = about(0, "state", "none", words, "The state of this copy has " + contracts::describe_state_key(key) + ", " + words + "; its entries make none.");
    } else if (at->first < key) {
      found = missing();
    } else if (at->second != value) {
      const std::string ours = contracts::describe_state_value(key, at->second), theirs = contracts::describe_state_value(key, value);
      found = about(0, "state", ours, theirs, "The state of this copy has for " + contracts::describe_state_key(key) + " " + theirs + "; its entries make " + ours + ".");
    }
    if (found) return false;
    ++at;
    skip_marks();
    return true;
  });
  if (!scanned) failed = scanned.error();
  if (!found && !failed && at != expected.end()) found = missing();
  return found;
}

}  // namespace daftar::audit
