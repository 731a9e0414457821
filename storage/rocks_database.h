// A RocksDB handle with its column families, its errors turned into StorageError, and a watch over its background work. Any thread.
#pragma once
#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/error.h"

namespace daftar::storage {

/// `status` must not be ok. `doing` completes "while ...".
StorageError to_error(const rocksdb::Status& status, const std::string& path, std::string_view doing);

/// For reads that have no way to report: leaves the mark of damage where there is damage, prints one line on stderr and ends the process at once,
/// with disk_exit_status and whatever other threads are doing: nothing is acknowledged after it, and a failing disk never comes back as "absent".
[[noreturn]] void stop_on_failed_read(const rocksdb::Status& status, const std::string& path, std::string_view doing);
[[noreturn]] void stop_on_corrupt_row(const std::string& path, std::string_view row);

/// A file in the folder of a database: damage was met while it was in use, which opening it again need not find. Holds the sentence.
inline constexpr std::string_view damage_mark = "damaged";

/// Remembers the first background error and forbids RocksDB to recover from it by itself: after a failed write the memory and the disk
/// may disagree (the fsync that fails once and then "succeeds"), and only a restart, which reads the disk again, settles it.
class BackgroundWatch final : public rocksdb::EventListener {
 public:
  explicit BackgroundWatch(std::string path) : path_(std::move(path)) {}
  std::optional<StorageError> error() const;
  /// Flushes of the default column family. With atomic flush and a row written there by every batch: flushes of the whole database.
  std::uint64_t flushes() const { return flushes_; }

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override { *auto_recovery = false; }
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override;

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  std::optional<StorageError> error_;
  std::atomic<std::uint64_t> flushes_{0};
};

class Database {
 public:
  /// Opens or creates; `options` are completed by what both stores share (see the source). Column families keep the given order. Where damage was
  /// met earlier (damage_mark): corruption, too.
  static Expected<std::shared_ptr<Database>, StorageError> open(const std::string& path, rocksdb::DBOptions options,
                                                               const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  /// Looks without changing any file and without the lock. `hold_files`: all tables stay open, so that a database which somebody goes on writing
  /// can be read to the end, as it was: files deleted meanwhile are there for who has them open.
  static Expected<std::shared_ptr<Database>, StorageError> open_read_only(const std::string& path, rocksdb::DBOptions options,
                                                                         const std::vector<rocksdb::ColumnFamilyDescriptor>& families, bool hold_files = false);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// A flush was asked for, or is due, and has not begun; one has begun.
  bool flush_pending() const { return counts(rocksdb::DB::Properties::kMemTableFlushPending); }
  bool flush_running() const { return counts(rocksdb::DB::Properties::kNumRunningFlushes); }
  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* family(std::size_t i) const { return families_.at(i); }
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return families_; }
  const std::string& path() const { return path_; }
  const BackgroundWatch& watch() const { return *watch_; }
  /// The value of `key`; nothing when absent; an error when the disk or a checksum failed.
  Expected<std::optional<std::string>, StorageError> get(std::size_t family_index, std::string_view key) const;

 private:
  enum class Access { read_write, read_only, read_only_holding };
  static Expected<std::shared_ptr<Database>, StorageError> open_as(Access access, const std::string& path, rocksdb::DBOptions options,
                                                                  const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  Database() = default;
  bool counts(const std::string& property) const;
  std::string path_;
  std::shared_ptr<BackgroundWatch> watch_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// Makes names created in, or renamed into, the directory durable.
Expected<void, StorageError> sync_directory(rocksdb::Env* env, const std::string& path);
/// Creates `path` and its parents where missing.
Expected<void, StorageError> make_directories(const std::string& path);
/// The folder that holds `path`; "." for a bare name.
std::string parent_of(const std::string& path);

}  // namespace daftar::storage
