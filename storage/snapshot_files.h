// The list of files at the front of a snapshot's bytes, and what it may not say. No I/O.
//
//   list: u8 version = 1 | u32 count | for each file: u8 length of name | name | u64 size | 32 bytes SHA-256          (big-endian)
//
// Tables first, then MANIFEST, then CURRENT: what a database is opened by comes last. Of RocksDB's other files none is needed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/snapshot.h"

namespace daftar::storage {

struct SnapshotFile {
  std::string name;
  std::uint64_t size = 0;
  ledger::Digest digest;
};

/// "000123.sst", "MANIFEST-000004", "CURRENT": what can be in a snapshot, and so what a file received may be called. No other character than
/// these names have, so no way out of the folder.
bool is_snapshot_file(std::string_view name);
/// The place in the order of the list: by kind, then by name.
bool comes_before(const SnapshotFile& a, const SnapshotFile& b);

std::string encode_list(const std::vector<SnapshotFile>& files);
/// Nothing unless `list` is the one that the manifest names, and could be that of a snapshot: names as above, in order, none twice, exactly one
/// MANIFEST and one CURRENT, none empty, all sizes and the list itself adding up to manifest.size.
std::optional<std::vector<SnapshotFile>> decode_list(std::string_view list, const SnapshotManifest& manifest);

}  // namespace daftar::storage
