// The whole of what a node keeps of its ledger, in order, for who checks it: entries, roots of all heights, certificates, tiles, the state. Reads only:
// no file is changed, no lock is taken, so a running node's folder can be read too, as of the node's last flush. Errors are values here: unlike in
// rocks_state_reads.h, nobody's next step hangs on this answer.
//
// One thread per cursor; the rest from any thread.
#pragma once
#include <rocksdb/iterator.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/hash.h"
#include "storage/applied_mark.h"
#include "storage/error.h"

namespace daftar::storage {

class Database;

/// Rows kept under numbers, ascending.
class NumberedRows {
 public:
  struct Row {
    std::uint64_t number = 0;
    std::string_view bytes;   // until the next call
  };
  /// Nothing: there are no more. corruption: a checksum failed, or a key that is no number.
  Expected<std::optional<Row>, StorageError> next();

 private:
  friend class StoredLedger;
  NumberedRows(std::shared_ptr<const Database> database, std::size_t family_index, std::uint64_t from);
  std::shared_ptr<const Database> database_;
  std::unique_ptr<rocksdb::Iterator> at_;
  bool begun_ = false;
};

class StoredLedger {
 public:
  /// `path`: the data directory of a node, the folder around it, its `state` folder, or a copy of one of them. not_found: none of these. corruption: what the store says of itself does not
  /// fit together.
  static Expected<std::unique_ptr<StoredLedger>, StorageError> open(const std::string& path);

  const std::string& ledger_id() const { return ledger_id_; }   // 32 bytes
  const AppliedMark& mark() const { return mark_; }
  NumberedRows entries(std::uint64_t from_index) const;          // ledger::encode_entry
  NumberedRows heights(std::uint64_t from_height) const;         // u64 tree size, 32 bytes root
  NumberedRows certificates(std::uint64_t from_size) const;      // signed notes
  /// Empty: there is none.
  Expected<std::string, StorageError> tile(unsigned tile_level, std::uint64_t tile_index) const;
  /// The root of the first `size` leaves by the tiles. Nothing: a tile lacks what the size promises.
  Expected<std::optional<ledger::Digest>, StorageError> root_by_tiles(std::uint64_t size) const;
  /// All of the state in the order of keys, until `visit` returns false.
  Expected<void, StorageError> scan_state(const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  StoredLedger() = default;
  std::shared_ptr<const Database> database_;
  std::string ledger_id_;
  AppliedMark mark_;
};

}  // namespace daftar::storage
