// The folder of a state store, and which of the databases in it is the present one.
//
//   <path>/LOCK            held while anything in here is in use
//   <path>/current         which folder holds the database, and whether the Raft log has yet to be begun anew for it
//   <path>/1, /2, …        databases: the present one; while a snapshot is received, the next one; others are deleted at opening
//   <path>/receiving       what is being received into the next one: its manifest and the list of its files, as far as it has come
//   <path>/checkpoint.N    files of a snapshot being sent; deleted with the last use of it, and at opening
//
//   current:   "DSC1" | u64 folder number | u8 1: install pending | u32 CRC32C of what is before          (big-endian)
//   receiving: "DSR1" | u64 folder number | u16 length of manifest | manifest | u32 CRC32C of what is before | the list, as far as it has come
//
// `current` is replaced as a whole (written under another name, synced, renamed, folder synced), and always names a database that was whole
// and durable before.
#pragma once
#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/rocks_database.h"

namespace daftar::storage {

struct CurrentState {
  std::uint64_t folder = 0;
  bool install_pending = false;
};

/// What a reception has left. Nothing of it is believed before it is checked.
struct Receiving {
  std::uint64_t folder = 0;
  std::string manifest;
  std::string list;  // as far as it has come
};

/// Holds the lock while it lives. The functions that change something: one caller at a time.
class StateFolders {
 public:
  /// Creates the folder where it is missing. locked: it is in use.
  static Expected<std::shared_ptr<StateFolders>, StorageError> open(rocksdb::Env* env, const std::string& path);
  ~StateFolders();
  StateFolders(const StateFolders&) = delete;
  StateFolders& operator=(const StateFolders&) = delete;

  /// Writes the pointer to folder 1 where nothing is yet. corruption: it is damaged, or gone although a database is there.
  Expected<CurrentState, StorageError> current();
  /// Durable and at once.
  Expected<void, StorageError> point_to(const CurrentState& current);
  /// Databases but the present and a next one being received, old checkpoints, unfinished files.
  Expected<void, StorageError> remove_leftovers(std::uint64_t present);

  /// Nothing: there is none that can be read.
  Expected<std::optional<Receiving>, StorageError> receiving() const;
  /// Begins anew, with an empty list. Durable.
  Expected<void, StorageError> begin_receiving(std::uint64_t folder, std::string_view manifest);
  Expected<void, StorageError> end_receiving();

  std::string database(std::uint64_t folder) const { return path_ + "/" + std::to_string(folder); }
  std::string receiving_path() const { return path_ + "/receiving"; }
  /// A name that no checkpoint of this process has had.
  std::string next_checkpoint() { return path_ + "/checkpoint." + std::to_string(++checkpoints_); }
  const std::string& path() const { return path_; }
  rocksdb::Env* env() const { return env_; }

 private:
  StateFolders(rocksdb::Env* env, std::string path) : env_(env), path_(std::move(path)) {}
  std::string current_path() const { return path_ + "/current"; }
  rocksdb::Env* const env_;
  const std::string path_;
  rocksdb::FileLock* lock_ = nullptr;
  std::atomic<std::uint64_t> checkpoints_{0};
};

/// The database of one folder while anybody uses it; if it has been replaced by then, its folder goes with the last use.
class FolderDatabase {
 public:
  FolderDatabase(std::shared_ptr<StateFolders> folders, std::shared_ptr<Database> database) : folders_(std::move(folders)), database_(std::move(database)) {}
  ~FolderDatabase();
  FolderDatabase(const FolderDatabase&) = delete;
  FolderDatabase& operator=(const FolderDatabase&) = delete;
  /// Shares the ownership of `holder`.
  static std::shared_ptr<Database> database(const std::shared_ptr<FolderDatabase>& holder) { return {holder, holder->database_.get()}; }
  void replaced() { replaced_ = true; }

 private:
  const std::shared_ptr<StateFolders> folders_;
  std::shared_ptr<Database> database_;
  std::atomic<bool> replaced_{false};
};

/// Which database of the state store at `path` is the present one, without its lock and without changing anything: the folder of it. not_found: no such store.
Expected<std::string, StorageError> present_database(rocksdb::Env* env, const std::string& path);
/// With all files in it (folders in it are not expected); no error when there is none.
Expected<void, StorageError> remove_folder(rocksdb::Env* env, const std::string& path);
/// Files that are not there are no error.
Expected<void, StorageError> remove_file(rocksdb::Env* env, const std::string& path);
/// Written and synced under another name (`path`.new), then renamed, and the folder synced: `path` has the old content or the new one.
Expected<void, StorageError> write_at_once(rocksdb::Env* env, const std::string& path, std::string_view content);
/// Nothing when there is no such file.
Expected<std::optional<std::string>, StorageError> read_whole(rocksdb::Env* env, const std::string& path);

}  // namespace daftar::storage
