// Growth of the Merkle log's tiles (C2SP tlog-tiles, height 8): which tile rows a run of new leaves writes. The partial tile of every level stays in
// memory, so that appending reads nothing back. No I/O.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/hash.h"
#include "ledger/merkle_log.h"

namespace daftar::storage {

class TileWriter {
 public:
  /// Called with whole new contents of a tile, 32 to 8192 bytes.
  using Put = std::function<void(unsigned tile_level, std::uint64_t tile_index, const std::string& hashes)>;

  TileWriter() = default;
  /// Takes up a log of `size` leaves; `read` gives its tiles. False when a partial tile does not have exactly the hashes it should.
  [[nodiscard]] bool restore(std::uint64_t size, const ledger::TileReader& read);
  /// Completed tiles are put at once, partial ones by put_partial().
  void append(const ledger::Digest& leaf_hash, const Put& put);
  /// Puts the partial tiles that have grown since the last call.
  void put_partial(const Put& put);
  std::uint64_t size() const { return size_; }

 private:
  struct Level {
    std::string hashes;          // of the tile that is not complete yet: < 256 × 32 bytes
    std::uint64_t tile_index = 0;
    bool grown = false;
  };
  void append_at(std::size_t level, const ledger::Digest& hash, const Put& put);

  std::uint64_t size_ = 0;
  std::vector<Level> levels_;
};

}  // namespace daftar::storage
