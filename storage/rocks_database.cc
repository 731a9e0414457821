#include "storage/rocks_database.h"

#include <rocksdb/file_system.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ledger/check.h"
#include "storage/rocks_diary.h"

namespace daftar::storage {

StorageError to_error(const rocksdb::Status& status, const std::string& path, std::string_view doing) {
  DAFTAR_CHECK(!status.ok());
  using Kind = StorageError::Kind;
  const std::string text = status.ToString();
  Kind kind = Kind::io;
  if (status.IsCorruption())
    kind = Kind::corruption;
  else if (status.IsNoSpace())
    kind = Kind::full;
  else if (status.IsIOError() && text.find(path + "/LOCK") != std::string::npos)
    kind = Kind::locked;  // RocksDB has no code for it: "While lock file: …/LOCK" or "lock hold by current process …/LOCK"
  else if (status.IsNotFound() || status.IsPathNotFound())
    kind = Kind::not_found;
  return {.kind = kind, .path = path, .detail = "while " + std::string(doing) + ": " + text};
}

namespace {

/// Where it cannot be written, the damage is met again.
void leave_damage_mark(const StorageError& error) {
  if (error.kind != StorageError::Kind::corruption) return;
  std::ofstream(error.path + "/" + std::string(damage_mark)) << error.detail << std::flush;
}

/// Not through exit(): its destructors would wait for threads that may be waiting for this read.
[[noreturn]] void stop(const StorageError& error) {
  leave_damage_mark(error);
  std::fprintf(stderr, "daftar: %s; the node stops\n", error.text().c_str());
  std::fflush(stderr);
  std::_Exit(disk_exit_status);
}

}  // namespace

void stop_on_failed_read(const rocksdb::Status& status, const std::string& path, std::string_view doing) { stop(to_error(status, path, doing)); }

void stop_on_corrupt_row(const std::string& path, std::string_view row) {
  stop({.kind = StorageError::Kind::corruption, .path = path, .detail = std::string(row) + " cannot be decoded"});
}

std::optional<StorageError> BackgroundWatch::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void BackgroundWatch::OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) {
  static constexpr const char* doing[] = {"flushing", "compacting", "writing", "writing a memtable", "writing the manifest",
                                          "flushing without a log", "writing the manifest without a log"};
  const auto place = static_cast<std::size_t>(reason);
  const std::lock_guard lock(mutex_);
  if (error_ || error->ok()) return;
  error_ = to_error(*error, path_, place < std::size(doing) ? doing[place] : "working in the background");
  leave_damage_mark(*error_);
}

void BackgroundWatch::OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) {
  if (info.cf_name == rocksdb::kDefaultColumnFamilyName) ++flushes_;
}

namespace {

void complete(rocksdb::DBOptions& options, std::shared_ptr<BackgroundWatch> watch) {
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.max_bgerror_resume_count = 0;  // DESIGN §12.7; for a full disk BackgroundWatch forbids it
  options.listeners.push_back(std::move(watch));
  options.use_fsync = false;             // fdatasync: sizes are covered by it, times are not needed
  options.max_open_files = 512;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
}

}  // namespace

Expected<std::shared_ptr<Database>, StorageError> Database::open_as(Access access, const std::string& path, rocksdb::DBOptions options,
                                                                    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  std::shared_ptr<Database> out(new Database);
  out->path_ = path;
  out->watch_ = std::make_shared<BackgroundWatch>(path);
  complete(options, out->watch_);
  const bool writes = access == Access::read_write;
  if (access == Access::read_only_holding) options.max_open_files = -1;
  if (std::ifstream mark(path + "/" + std::string(damage_mark)); writes && mark)
    return corrupt(path, "met earlier, " + std::string(std::istreambuf_iterator<char>(mark), {}));
  options.info_log = std::make_shared<Diary>(writes ? path : std::string());
  rocksdb::DB* db = nullptr;
  const auto status = writes ? rocksdb::DB::Open(options, path, families, &out->families_, &db)
                             : rocksdb::DB::OpenForReadOnly(options, path, families, &out->families_, &db);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, writes ? "opening" : "reading"));
  out->db_.reset(db);
  return out;
}

Expected<std::shared_ptr<Database>, StorageError> Database::open(const std::string& path, rocksdb::DBOptions options,
                                                                 const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  return open_as(Access::read_write, path, std::move(options), families);
}

Expected<std::shared_ptr<Database>, StorageError> Database::open_read_only(const std::string& path, rocksdb::DBOptions options,
                                                                           const std::vector<rocksdb::ColumnFamilyDescriptor>& families, bool hold_files) {
  return open_as(hold_files ? Access::read_only_holding : Access::read_only, path, std::move(options), families);
}

Database::~Database() {
  if (!db_) return;
  for (auto* family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  db_->Close().PermitUncheckedError();  // what had to be durable was made so before; nothing can be told to anybody here
}

Expected<std::optional<std::string>, StorageError> Database::get(std::size_t family_index, std::string_view key) const {
  std::string value;
  const auto status = db_->Get({}, families_.at(family_index), key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path_, "reading"));
  return std::optional<std::string>(std::move(value));
}

Expected<void, StorageError> sync_directory(rocksdb::Env* env, const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = env->GetFileSystem()->NewDirectory(path, {}, &directory, nullptr);
  if (status.ok()) status = directory->Fsync({}, nullptr);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "making directory entries durable"));
  return {};
}

Expected<void, StorageError> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Unexpected<StorageError>({.kind = StorageError::Kind::io, .path = path, .detail = "while creating the folder: " + error.message()});
  return {};
}

std::string parent_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

bool Database::counts(const std::string& property) const {
  std::uint64_t count = 0;
  return db_->GetAggregatedIntProperty(property, &count) && count > 0;
}

}  // namespace daftar::storage
