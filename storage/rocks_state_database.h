// The database under the state store: how it is opened, and what it must hold to be one. Used for the present state, for the picture that is
// sent and for the one that was received. Any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ledger/merkle_log.h"
#include "storage/applied_mark.h"
#include "storage/rocks_database.h"
#include "storage/state_store.h"
#include "storage/tile_writer.h"

namespace daftar::storage {

rocksdb::DBOptions state_database_options(const StateStoreOptions& options, rocksdb::Env* env);
std::vector<rocksdb::ColumnFamilyDescriptor> state_column_families(const StateStoreOptions& options);
/// For a look at a database that is not the present one: without large caches, without changing a file.
/// `hold_files`: as in Database::open_read_only.
Expected<std::shared_ptr<Database>, StorageError> look_into_state(const std::string& path, rocksdb::Env* env, bool hold_files = false);

struct LoadedState {
  std::string ledger_id;
  AppliedMark mark;
  ledger::MerkleFrontier frontier;
  TileWriter tiles;
};
/// Nothing: the database is empty. corruption: another format, rows missing or malformed, mark and tiles do not fit each other.
Expected<std::optional<LoadedState>, StorageError> load_state(const Database& database);

/// The root of the first `size` leaves, computed from the highest complete subtrees that the tiles give. Nothing: a tile lacks what the size promises.
Expected<std::optional<ledger::Digest>, StorageError> root_from_tiles(const Database& database, std::uint64_t size);
/// The newest certificate: tree size and note.
Expected<std::optional<std::pair<std::uint64_t, std::string>>, StorageError> newest_certificate(const Database& database);

}  // namespace daftar::storage
