// The folder of a state store, and which of the databases in it is the present one.
//
//   <path>/current         which folder holds the database, and whether the Raft log has yet to be begun anew for it
//   <path>/1, /2, …        databases: the present one; while a snapshot is received, the next one; others are deleted at opening
//   <path>/receiving       what is being received into the next one: its manifest and the list of its files, as far as it has come
//   <path>/checkpoint.N    files of snapshots being sent; deleted with the last use of them, and at opening
//
//   current:   "DSC1" | u64 folder number | u8 1: install pending | u32 CRC32C of what is before          (big-endian)
//   receiving: "DSR1" | u64 folder number | u32 length of manifest | manifest | u32 CRC32C of what is before | the list, as far as it has come
//
// `current` is replaced as a whole (written under another name, synced, renamed, folder synced), and always names a database that was whole
// and durable before. Single caller.
#pragma once
#include <rocksdb/env.h>

#include <cstdint>
#include <optional>
#include <string>

#include "storage/error.h"

namespace daftar::storage {

struct CurrentState {
  std::uint64_t folder = 0;
  bool install_pending = false;
};

class StateFolders {
 public:
  StateFolders(rocksdb::Env* env, std::string path) : env_(env), path_(std::move(path)) {}

  /// Creates folder and pointer where nothing is yet. corruption: the pointer is damaged, or is gone and a database is there.
  /// Then removes what nobody needs: other databases, old checkpoints, an unfinished pointer.
  Expected<CurrentState, StorageError> open();
  /// Durable and at once.
  Expected<void, StorageError> point_to(const CurrentState& current);

  std::string database(std::uint64_t folder) const { return path_ + "/" + std::to_string(folder); }
  std::string receiving() const { return path_ + "/receiving"; }
  std::string checkpoint(std::uint64_t number) const { return path_ + "/checkpoint." + std::to_string(number); }
  const std::string& path() const { return path_; }
  rocksdb::Env* env() const { return env_; }

 private:
  Expected<void, StorageError> remove_leftovers(std::uint64_t present) const;
  rocksdb::Env* const env_;
  const std::string path_;
};

/// Which folder `<path>/receiving` belongs to and what it holds; nothing when there is none or it cannot be read: then nothing was received.
struct Receiving {
  std::uint64_t folder = 0;
  std::string manifest;
  std::string list;               // as far as it has come
  std::uint64_t header_size = 0;  // where the list begins in the file
};
std::string encode_receiving(std::uint64_t folder, std::string_view manifest);
Expected<std::optional<Receiving>, StorageError> read_receiving(const StateFolders& folders);

/// With all files in it (no folders are expected there); no error when there is none.
Expected<void, StorageError> remove_folder(rocksdb::Env* env, const std::string& path);
/// Written and synced under another name, then renamed, and the folder synced: `path` has the old content or the new one.
Expected<void, StorageError> write_file_at_once(rocksdb::Env* env, const std::string& path, std::string_view content);

}  // namespace daftar::storage
