// The append-only Merkle log of RFC 6962 / RFC 9162: hashing, growth, inclusion and consistency proofs. No storage: hashes of complete
// subtrees come from a reader. Proof checks are total: any input gives true or false.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "ledger/hash.h"

namespace daftar::ledger {

Digest empty_root();                                          // SHA-256("")
Digest leaf_hash(std::string_view leaf);                      // SHA-256(0x00 ‖ leaf)
Digest node_hash(const Digest& left, const Digest& right);    // SHA-256(0x01 ‖ left ‖ right)

/// Hash of the complete subtree of 2^level leaves that begins at leaf index × 2^level.
using SubtreeReader = std::function<Digest(unsigned level, std::uint64_t index)>;

/// The roots of the complete subtrees that make up a tree of `size` leaves, left to right: all that is needed to append.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;
  /// `subtrees` as subtrees() gave them; nothing when their count does not fit `size`.
  static std::optional<MerkleFrontier> restore(std::uint64_t size, std::vector<Digest> subtrees);
  void append(const Digest& leaf_hash);
  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& subtrees() const { return subtrees_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;  // one per set bit of size_, highest first
};

/// RFC 9162 §2.1.3. index < size.
std::vector<Digest> inclusion_proof(std::uint64_t index, std::uint64_t size, const SubtreeReader& read);
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf_hash, const std::vector<Digest>& proof, const Digest& root);
/// RFC 9162 §2.1.4. 0 < size1 <= size2; empty when equal.
std::vector<Digest> consistency_proof(std::uint64_t size1, std::uint64_t size2, const SubtreeReader& read);
/// Sizes equal: roots equal and proof empty. size1 == 0: proof empty, root1 the empty root.
bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Digest& root1, const Digest& root2, const std::vector<Digest>& proof);
/// The root of `leaf_hashes`, straight from the definition.
Digest root_of(const std::vector<Digest>& leaf_hashes);

/// Tiles of C2SP tlog-tiles: height 8, up to 256 hashes each. Level L of tiles holds subtree hashes of level 8L.
inline constexpr unsigned tile_height = 8;
inline constexpr std::uint64_t tile_width = 256;
/// Reads up to 256 concatenated 32-byte hashes of tile (tile_level, tile_index); may be partial.
using TileReader = std::function<std::string(unsigned tile_level, std::uint64_t tile_index)>;
/// A SubtreeReader over tiles; remembers the tiles it has read while it lives. Aborts when a tile lacks what the size promises.
SubtreeReader subtrees_from_tiles(TileReader tiles);

}  // namespace daftar::ledger
