// What a node keeps besides entries and certificates, held against a replay of the entries: the root after every height, the tiles of the log, the state.
#pragma once
#include <optional>
#include <vector>

#include "contracts/replay.h"
#include "storage/stored_ledger.h"
#include "storage/tile_writer.h"

namespace daftar::audit {

/// Follows `replay`, which others drive. Each call gives the first difference it meets, or nothing; where a read failed, nothing, and `failed` says so.
class CopyComparison {
 public:
  CopyComparison(const storage::StoredLedger& ledger, const contracts::Replay& replay);

  /// Before the first block: the copy stands on what an earlier check has seen.
  std::optional<contracts::Difference> begin();
  /// Before block `height` is executed: the roots after the blocks without entries in between.
  std::optional<contracts::Difference> roots_before(std::uint64_t height);
  /// After its execution.
  std::optional<contracts::Difference> block(const std::vector<contracts::KeptEntry>& entries);
  /// After the last: the blocks without entries at the end, the unfinished tiles, the state, what the copy says of itself.
  std::optional<contracts::Difference> end();

  std::uint64_t state_values() const { return state_values_; }
  std::optional<storage::StorageError> failed;

 private:
  std::optional<contracts::Difference> root_of(std::uint64_t height);
  std::optional<contracts::Difference> state();
  void compare_tile(unsigned level, std::uint64_t index, const std::string& hashes);

  const storage::StoredLedger& ledger_;
  const contracts::Replay& replay_;
  storage::NumberedRows heights_;
  std::uint64_t next_height_;
  storage::TileWriter tiles_;
  std::optional<contracts::Difference> tile_differs_;
  std::uint64_t state_values_ = 0;
};

}  // namespace daftar::audit
