#include "ledger/merkle_log.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <utility>

#include "ledger/check.h"

namespace daftar::ledger {
namespace {

constexpr std::string_view leaf_prefix{"\x00", 1};
constexpr std::string_view node_prefix{"\x01", 1};

// RFC 9162 §2.1.1: k, the largest power of two smaller than n. n > 1.
std::uint64_t split_point(std::uint64_t n) { return std::bit_floor(n - 1); }

/// Folds complete subtrees, largest first, into the hash of the tree they make up.
Digest fold(const std::vector<Digest>& subtrees) {
  Digest hash = subtrees.back();
  for (std::size_t i = subtrees.size() - 1; i-- > 0;) hash = node_hash(subtrees[i], hash);
  return hash;
}

/// MTH(D[first : first + count]). `first` is a multiple of the largest power of two within `count`, as in every range that the RFC's
/// splitting gives; so each power of two in `count` is one complete subtree.
Digest range_hash(std::uint64_t first, std::uint64_t count, const SubtreeReader& read) {
  DAFTAR_CHECK(count > 0);
  std::vector<Digest> subtrees;
  for (unsigned level = 64; level-- > 0;) {
    if ((count >> level & 1) == 0) continue;
    subtrees.push_back(read(level, first >> level));
    first += std::uint64_t{1} << level;
  }
  return fold(subtrees);
}

Digest definition(const Digest* leaves, std::size_t count) {
  if (count == 1) return *leaves;
  const auto k = static_cast<std::size_t>(split_point(count));
  return node_hash(definition(leaves, k), definition(leaves + k, count - k));
}

}  // namespace

Digest empty_root() { return sha256(""); }
Digest leaf_hash(std::string_view leaf) { return sha256(leaf_prefix, leaf); }
Digest node_hash(const Digest& left, const Digest& right) { return sha256(node_prefix, left.view(), right.view()); }

std::optional<MerkleFrontier> MerkleFrontier::restore(std::uint64_t size, std::vector<Digest> subtrees) {
  if (subtrees.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
  MerkleFrontier frontier;
  frontier.size_ = size;
  frontier.subtrees_ = std::move(subtrees);
  return frontier;
}

void MerkleFrontier::append(const Digest& leaf_hash) {
  DAFTAR_CHECK(size_ < ~std::uint64_t{0});
  Digest hash = leaf_hash;
  for (auto carry = size_; carry & 1; carry >>= 1) {
    hash = node_hash(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  ++size_;
}

Digest MerkleFrontier::root() const { return size_ == 0 ? empty_root() : fold(subtrees_); }

std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t size, const SubtreeReader& read) {
  DAFTAR_CHECK(index < size);
  std::vector<Digest> path;
  std::uint64_t first = 0, count = size;
  while (count > 1) {  // from the root down; the proof goes from the leaf up
    const auto k = split_point(count);
    if (index - first < k) {
      path.push_back(range_hash(first + k, count - k, read));
      count = k;
    } else {
      path.push_back(range_hash(first, k, read));
      first += k;
      count -= k;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf_hash, const std::vector<Digest>& proof,
                      const Digest& root) {
  if (index >= size) return false;
  std::uint64_t fn = index, sn = size - 1;
  Digest r = leaf_hash;
  for (const auto& p : proof) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      r = node_hash(p, r);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

std::vector<Digest> consistency_proof(std::uint64_t size1, std::uint64_t size2, const SubtreeReader& read) {
  DAFTAR_CHECK(size1 > 0);
  DAFTAR_CHECK(size1 <= size2);
  if (size1 == size2) return {};
  std::vector<Digest> path;
  std::uint64_t first = 0, old_count = size1, count = size2;
  bool whole = true;  // RFC 9162's b: the old tree's root is known to the verifier
  while (old_count != count) {
    const auto k = split_point(count);
    if (old_count <= k) {
      path.push_back(range_hash(first + k, count - k, read));
      count = k;
    } else {
      path.push_back(range_hash(first, k, read));
      first += k;
      old_count -= k;
      count -= k;
      whole = false;
    }
  }
  if (!whole) path.push_back(range_hash(first, old_count, read));
  std::reverse(path.begin(), path.end());
  return path;
}

bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Digest& root1, const Digest& root2,
                        const std::vector<Digest>& proof) {
  if (size1 > size2) return false;
  if ((size1 == 0 && root1 != empty_root()) || (size2 == 0 && root2 != empty_root())) return false;
  if (size1 == size2) return proof.empty() && root1 == root2;
  if (size1 == 0) return proof.empty();
  if (proof.empty()) return false;

  // RFC 9162 §2.1.4.2. When the old tree is complete its root is the first element, and is left out of the proof.
  auto next = proof.begin();
  const Digest first = std::has_single_bit(size1) ? root1 : *next++;
  std::uint64_t fn = size1 - 1, sn = size2 - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  Digest fr = first, sr = first;
  for (; next != proof.end(); ++next) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      fr = node_hash(*next, fr);
      sr = node_hash(*next, sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(sr, *next);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == root1 && sr == root2;
}

Digest root_of(const std::vector<Digest>& leaf_hashes) {
  return leaf_hashes.empty() ? empty_root() : definition(leaf_hashes.data(), leaf_hashes.size());
}

SubtreeReader subtrees_from_tiles(TileReader tiles) {
  using TileKey = std::pair<unsigned, std::uint64_t>;
  return [tiles = std::move(tiles), cache = std::make_shared<std::map<TileKey, std::string>>()](unsigned level, std::uint64_t index) {
    const unsigned tile_level = level / tile_height, rest = level % tile_height;
    const std::uint64_t first = index << rest, count = std::uint64_t{1} << rest;
    const TileKey key{tile_level, first / tile_width};
    auto found = cache->find(key);
    if (found == cache->end()) found = cache->emplace(key, tiles(key.first, key.second)).first;
    const auto offset = static_cast<std::size_t>(first % tile_width);
    DAFTAR_CHECK(found->second.size() >= 32 * (offset + count) && "a tile holds what the size of the tree promises");
    std::vector<Digest> hashes;
    hashes.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      hashes.push_back(*Digest::from_bytes(std::string_view(found->second).substr(32 * (offset + i), 32)));
    return definition(hashes.data(), hashes.size());
  };
}

}  // namespace daftar::ledger
