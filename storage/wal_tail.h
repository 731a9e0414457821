// Where is a write-ahead log damaged: in the last write, which may never have been finished, or before it?
//
// Only the caller's last write can be unfinished, since each is synced before the next begins. So damage is "at the end" when no write begins
// after it in its file and no later file holds a write. (RocksDB itself begins a file with an empty write when it has cut a tail; if the power
// goes before it has also dropped the damaged file, both are found.) RocksDB cannot tell: kAbsoluteConsistency refuses both kinds, kPointInTimeRecovery
// accepts both, and the rest of a damaged 32 KiB block is lost to all its modes. Hence this reading of the bytes by ourselves.
//
// The format (github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format): blocks of 32 KiB; in them fragments that never cross a block:
//   u32 masked CRC32C of type and data | u16 length | u8 type: 1 full, 2 first, 3 middle, 4 last | data       (little-endian)
// and zeros where less than a header is left. Our logs are neither recycled nor compressed, so no other type occurs.
#pragma once
#include <rocksdb/env.h>

#include <string>
#include <string_view>

#include "storage/error.h"

namespace daftar::storage {

struct WalDamage {
  enum class Place { none, at_end, in_middle } place = Place::none;
  std::string detail;   // file, offset and what is wrong
  bool writes = false;  // whether a write that is not empty begins before the damage
};

/// Of one file's bytes.
WalDamage examine_wal(std::string_view content);
/// Of all `*.log` files of the database at `path`, oldest first.
Expected<WalDamage, StorageError> examine_wals(rocksdb::Env* env, const std::string& path);

}  // namespace daftar::storage
