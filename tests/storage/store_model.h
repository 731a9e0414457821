// What a state store should hold, kept in plain containers; blocks of chance for both; and the difference between the two.
#pragma once
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/rocks_options.h"

namespace daftar::storage::test {

inline const std::string this_ledger(32, 'L');

/// All that a store should hold after some height.
struct Model {
  AppliedMark mark;
  std::map<std::string, std::string> state;
  std::vector<ledger::Entry> entries;
  std::vector<ledger::Digest> leaves;
  std::map<ledger::Digest, std::uint64_t> ids;
  std::map<std::pair<std::uint8_t, std::string>, std::vector<std::uint64_t>> rows;
  std::vector<StateSnapshot::HeightRoot> roots;  // by height
  std::string certificate = "certificate";       // the newest, if there is any
};

inline Model genesis_model() {
  Model model;
  model.mark.block_hash = this_ledger;
  model.state["genesis"] = "here";
  model.roots.push_back({0, ledger::empty_root()});
  return model;
}

inline std::unique_ptr<StateStore> opened(const StateStoreOptions& options, rocksdb::Env* env = nullptr) {
  auto store = open_rocks_state_store(options, env);
  INFO((store ? std::string() : store.error().text()));
  REQUIRE(store);
  return std::move(*store);
}

inline void initialise(StateStore& store) {
  REQUIRE(store.fresh());
  ledger::ChangeSet changes;
  changes.put("genesis", "here");
  REQUIRE(store.initialise(this_ledger, changes, genesis_model().mark));
}

inline ledger::Entry entry_of(std::mt19937_64& random, const Model& model, std::uint64_t index) {
  ledger::Entry entry;
  entry.index = index;
  entry.height = model.mark.height + 1;
  entry.time_ms = model.mark.block_time_ms + 7;
  // Now and then an id that is there already: its first outcome stays.
  const bool again = random() % 10 == 0 && !model.entries.empty();
  entry.id = again ? model.entries[random() % model.entries.size()].id : ledger::sha256("id " + std::to_string(random()));
  entry.nonce = std::string(16, static_cast<char>(random()));
  entry.envelope = std::string(random() % 300, static_cast<char>(random()));
  entry.result = "result " + std::to_string(index);
  return entry;
}

/// A next block with everything in it, applied to the model.
inline BlockCommit random_block(std::mt19937_64& random, Model& model, std::size_t entries_max = 12, std::size_t ballast = 0) {
  BlockCommit block;
  ledger::MerkleFrontier frontier = *ledger::MerkleFrontier::restore(model.mark.entries, model.mark.frontier);
  const std::size_t count = random() % (entries_max + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const ledger::Entry entry = entry_of(random, model, model.mark.entries + i);
    const ledger::Digest leaf = ledger::leaf_hash(ledger::leaf_record(entry));
    block.entries.push_back(entry);
    block.leaf_hashes.emplace_back(leaf.view());
    frontier.append(leaf);
    const std::pair<std::uint8_t, std::string> subject{static_cast<std::uint8_t>(random() % 3), random() % 2 == 0 ? "acme" : "acme/UZS"};
    block.index_rows.push_back({subject.first, subject.second, entry.index});
    model.rows[subject].push_back(entry.index);
    model.ids.try_emplace(entry.id, entry.index);
    model.entries.push_back(entry);
    model.leaves.push_back(leaf);
  }
  for (std::size_t i = random() % 20; i > 0; --i) {
    const std::string key = "k" + std::to_string(random() % 60);
    if (random() % 4 == 0) {
      block.changes.erase(key);
      model.state.erase(key);
    } else {
      block.changes.put(key, std::to_string(random()) + std::string(ballast, 'b'));
      model.state[key] = **block.changes.find(key);
    }
  }
  model.mark.raft_index += 1 + random() % 3;
  model.mark.raft_term = 4;
  if (random() % 6 == 0) model.mark.membership = "members " + std::to_string(random() % 10);
  ++model.mark.height;
  model.mark.block_time_ms += 7;
  model.mark.block_hash = std::string(ledger::sha256(std::to_string(model.mark.height)).view());
  model.mark.entries = frontier.size();
  model.mark.frontier = frontier.subtrees();
  model.roots.push_back({frontier.size(), frontier.root()});
  block.mark = model.mark;
  return block;
}

inline std::map<std::string, std::string> scanned(const ledger::StateView& view) {
  std::map<std::string, std::string> out;
  view.scan("", "\xff", [&](std::string_view key, std::string_view value) { return out.emplace(key, value).second; });
  return out;
}

/// Nothing when the snapshot shows the model and nothing else; otherwise what differs.
inline std::string difference(const StateSnapshot& seen, const Model& model) {
  if (seen.mark() != model.mark) return "mark";
  if (scanned(seen) != model.state) return "state";
  for (const auto& want : model.entries) {
    const auto got = seen.entry(want.index);
    if (!got || ledger::encode_entry(*got) != ledger::encode_entry(want)) return "entry " + std::to_string(want.index);
  }
  if (seen.entry(model.entries.size())) return "an entry too many";
  if (const auto note = seen.latest_certificate(); note && *note != model.certificate) return "certificate";
  for (const auto& [id, index] : model.ids)
    if (seen.find_entry(id) != index) return "id of entry " + std::to_string(index);
  for (const auto& [subject, indexes] : model.rows)
    if (seen.find_rows(subject.first, subject.second, 0, 1000) != std::vector(indexes.begin(), indexes.begin() + static_cast<long>(std::min<std::size_t>(indexes.size(), 1000))))
      return "rows of " + subject.second;
  for (std::uint64_t height = 0; height < model.roots.size(); ++height) {
    const auto root = seen.root_at(height);
    if (!root || root->size != model.roots[height].size || root->root != model.roots[height].root) return "root at " + std::to_string(height);
  }
  if (seen.root_at(model.roots.size())) return "a height too many";
  // The tiles: every hash of the lowest level, and nothing behind it.
  const std::uint64_t tiles = (model.leaves.size() + 255) / 256;
  std::string hashes, wanted;
  for (std::uint64_t i = 0; i < tiles; ++i) hashes += seen.tile(0, i);
  for (const auto& leaf : model.leaves) wanted += leaf.view();
  if (hashes != wanted || !seen.tile(0, tiles).empty()) return "tiles";
  return {};
}

}  // namespace daftar::storage::test
