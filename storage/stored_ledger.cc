#include "storage/stored_ledger.h"

#include <chrono>
#include <thread>

#include "storage/keys.h"
#include "storage/rocks_state_database.h"
#include "storage/rocks_state_reads.h"
#include "storage/state_folders.h"

namespace daftar::storage {
namespace {

constexpr std::size_t read_ahead_bytes = 4u << 20;   // everything is read once, in order

std::unique_ptr<rocksdb::Iterator> iterate_once(const Database& database, std::size_t family_index) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = read_ahead_bytes;
  return std::unique_ptr<rocksdb::Iterator>(database.db().NewIterator(options, database.family(family_index)));
}

/// Where somebody goes on writing, tables that the manifest has just named may be gone when they are opened: then the manifest is read anew.
Expected<std::shared_ptr<Database>, StorageError> look_patiently(const std::string& folder, rocksdb::Env* env) {
  for (int left = 20;; --left) {
    auto database = look_into_state(folder, env, /*hold_files*/ true);
    if (database || left == 0) return database;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

NumberedRows::NumberedRows(std::shared_ptr<const Database> database, std::size_t family_index, std::uint64_t from)
    : database_(std::move(database)), at_(iterate_once(*database_, family_index)) {
  at_->Seek(number_key(from));
}

Expected<std::optional<NumberedRows::Row>, StorageError> NumberedRows::next() {
  if (begun_ && at_->Valid()) at_->Next();
  begun_ = true;
  if (!at_->Valid()) {
    if (!at_->status().ok()) return Unexpected<StorageError>(to_error(at_->status(), database_->path(), "reading"));
    return std::optional<Row>();
  }
  if (at_->key().size() != 8) return corrupt(database_->path(), "a row is not kept under a number");
  return std::optional(Row{number_at(at_->key().ToStringView(), 8), at_->value().ToStringView()});
}

Expected<std::unique_ptr<StoredLedger>, StorageError> StoredLedger::open(const std::string& path) {
  auto* const env = rocksdb::Env::Default();
  Expected<std::string, StorageError> folder = Unexpected<StorageError>(StorageError{.kind = StorageError::Kind::not_found, .path = path, .detail = {}});
  for (const char* const below : {"/state", "/data/state", ""})
    if (!folder && folder.error().kind == StorageError::Kind::not_found) folder = present_database(env, path + below);
  if (!folder) return Unexpected<StorageError>(folder.error());
  auto database = look_patiently(*folder, env);
  if (!database) return Unexpected<StorageError>(database.error());
  auto loaded = load_state(**database);
  if (!loaded) return Unexpected<StorageError>(loaded.error());
  if (!*loaded) return Unexpected<StorageError>({.kind = StorageError::Kind::not_found, .path = *folder, .detail = "the store is empty: nothing was ever flushed into it"});
  std::unique_ptr<StoredLedger> out(new StoredLedger);
  out->database_ = std::move(*database);
  out->ledger_id_ = std::move((*loaded)->ledger_id);
  out->mark_ = std::move((*loaded)->mark);
  return out;
}

NumberedRows StoredLedger::entries(std::uint64_t from_index) const { return {database_, family::entries, from_index}; }
NumberedRows StoredLedger::heights(std::uint64_t from_height) const { return {database_, family::heights, from_height}; }
NumberedRows StoredLedger::certificates(std::uint64_t from_size) const { return {database_, family::certificates, from_size}; }

Expected<std::string, StorageError> StoredLedger::tile(unsigned tile_level, std::uint64_t tile_index) const {
  auto row = database_->get(family::tiles, tile_key(tile_level, tile_index));
  if (!row) return Unexpected<StorageError>(row.error());
  return std::move(*row).value_or(std::string());
}

Expected<std::optional<ledger::Digest>, StorageError> StoredLedger::root_by_tiles(std::uint64_t size) const { return root_from_tiles(*database_, size); }

Expected<void, StorageError> StoredLedger::scan_state(const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const auto at = iterate_once(*database_, family::state);
  for (at->SeekToFirst(); at->Valid(); at->Next())
    if (!visit(at->key().ToStringView(), at->value().ToStringView())) return {};
  if (!at->status().ok()) return Unexpected<StorageError>(to_error(at->status(), database_->path(), "reading the state"));
  return {};
}

}  // namespace daftar::storage
