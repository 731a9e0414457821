// Making the picture that SnapshotSource reads: a RocksDB checkpoint in a folder beside the database, and its list of files.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "storage/snapshot_files.h"
#include "storage/state_folders.h"

namespace daftar::storage {

/// Digests of the present database's tables by name, kept from one picture to the next: a table never changes, and RocksDB never gives its name
/// to another. One caller at a time; forgotten when the database is replaced.
using TableDigests = std::map<std::string, SnapshotFile>;

/// Waits for a flush; commits go on. See StateStore::checkpoint().
Expected<std::shared_ptr<const SnapshotSource>, StorageError> make_snapshot(const std::shared_ptr<StateFolders>& folders, const Database& database,
                                                                           TableDigests& known);

/// SHA-256 and size of a file, read from beginning to end.
Expected<SnapshotFile, StorageError> digest_file(rocksdb::Env* env, const std::string& folder, const std::string& name);

}  // namespace daftar::storage
