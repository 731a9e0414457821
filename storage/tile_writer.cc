#include "storage/tile_writer.h"

#include "ledger/check.h"

namespace daftar::storage {

namespace {
constexpr std::size_t hash_size = 32;

ledger::Digest root_of_tile(const std::string& hashes) {
  std::vector<ledger::Digest> row;
  for (std::size_t at = 0; at < hashes.size(); at += hash_size) row.push_back(*ledger::Digest::from_bytes(std::string_view(hashes).substr(at, hash_size)));
  return ledger::root_of(row);
}
}  // namespace

bool TileWriter::restore(std::uint64_t size, const ledger::TileReader& read) {
  size_ = size;
  levels_.clear();
  for (unsigned level = 0; size > 0; ++level, size /= ledger::tile_width) {
    Level restored{.hashes = {}, .tile_index = size / ledger::tile_width, .grown = false};
    const std::size_t expected = size % ledger::tile_width * hash_size;
    if (expected > 0) restored.hashes = read(level, restored.tile_index);
    if (restored.hashes.size() != expected) return false;
    levels_.push_back(std::move(restored));
  }
  return true;
}

void TileWriter::append(const ledger::Digest& leaf_hash, const Put& put) {
  append_at(0, leaf_hash, put);
  ++size_;
}

void TileWriter::append_at(std::size_t level, const ledger::Digest& hash, const Put& put) {
  if (levels_.size() == level) levels_.emplace_back();
  Level& at = levels_[level];
  at.hashes.append(hash.view());
  at.grown = true;
  if (at.hashes.size() < ledger::tile_width * hash_size) return;
  put(static_cast<unsigned>(level), at.tile_index, at.hashes);
  const ledger::Digest root = root_of_tile(at.hashes);
  at = Level{.hashes = {}, .tile_index = at.tile_index + 1, .grown = false};
  append_at(level + 1, root, put);  // may move levels_: `at` is not used after it
}

void TileWriter::put_partial(const Put& put) {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].grown) put(static_cast<unsigned>(level), levels_[level].tile_index, levels_[level].hashes);
    levels_[level].grown = false;
  }
}

}  // namespace daftar::storage
