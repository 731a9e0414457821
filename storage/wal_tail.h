// What does the write-ahead log hold that RocksDB, after damage, would not bring back?
//
// Only the caller's last write can be unfinished, since each is synced before the next begins. So damage is harmless when no whole write exists
// that its recovery leaves out. RocksDB cannot tell: kAbsoluteConsistency refuses an unfinished last write too, kPointInTimeRecovery silently
// leaves out what follows damage, and the rest of a damaged 32 KiB block is lost to all its modes. Hence this reading of the bytes by ourselves.
//
// The format (github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format): blocks of 32 KiB; in them fragments that never cross a block:
//   u32 masked CRC32C of type and data | u16 length | u8 type: 1 full, 2 first, 3 middle, 4 last | data       (little-endian)
// and zeros where less than a header is left. Our logs are neither recycled nor compressed, so no other type occurs. The data of a write begins
// with u64 sequence number of its first change, u32 count of its changes.
#pragma once
#include <rocksdb/env.h>

#include <string>
#include <string_view>

#include "storage/error.h"

namespace daftar::storage {

struct WalReading {
  bool damaged = false;             // also: an unfinished last write
  std::string detail;               // file, offset and what is wrong
  std::uint64_t last_sequence = 0;  // the highest sequence number that any whole write carries, before or behind the damage
};

/// Of one file's bytes.
WalReading read_wal(std::string_view content);
/// Of all `*.log` files of the database at `path` together.
Expected<WalReading, StorageError> read_wals(rocksdb::Env* env, const std::string& path);

}  // namespace daftar::storage
