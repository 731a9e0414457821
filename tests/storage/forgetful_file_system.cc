#include "tests/storage/forgetful_file_system.h"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>

#include "tests/storage/file_bytes.h"

#ifdef __SANITIZE_ADDRESS__
/// RocksDB 7.8 drops the new memtable when the write-ahead log that should go with it cannot be created.
extern "C" const char* __lsan_default_suppressions() { return "leak:rocksdb::DBImpl::SwitchMemtable\n"; }
#endif

namespace daftar::storage::test {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class AppendedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  AppendedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, ForgetfulFileSystem& files)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), files_(files) {}
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    bool torn = false;
    auto status = files_.before_change(path_, "append", &torn);
    const std::size_t length = status.ok() ? data.size() : torn ? files_.random_below(data.size() + 1) : 0;
    if (length > 0) {
      auto written = target()->Append(rocksdb::Slice(data.data(), length), options, context);
      if (status.ok()) status = written;
      files_.appended(path_, length);
    }
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&, IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* context) override {
    if (auto status = files_.before_change(path_, "truncate"); !status.ok()) return status;
    files_.truncated(path_, size);
    return target()->Truncate(size, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    if (auto status = files_.before_change(path_, "sync"); !status.ok()) return status;
    auto status = target()->Flush(options, context);
    if (status.ok()) files_.synced(path_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override { return Sync(options, context); }

 private:
  const std::string path_;
  ForgetfulFileSystem& files_;
};

class OverwrittenFile final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  OverwrittenFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string path, ForgetfulFileSystem& files)
      : FSRandomRWFileOwnerWrapper(std::move(file)), path_(std::move(path)), files_(files) {}
  IOStatus Write(uint64_t offset, const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    if (auto status = files_.before_change(path_, "append"); !status.ok()) return status;
    return FSRandomRWFileOwnerWrapper::Write(offset, data, options, context);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    if (auto status = files_.before_change(path_, "sync"); !status.ok()) return status;
    files_.synced(path_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override { return Sync(options, context); }

 private:
  const std::string path_;
  ForgetfulFileSystem& files_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string path, ForgetfulFileSystem& files)
      : FSDirectoryWrapper(std::move(directory)), path_(std::move(path)), files_(files) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    if (auto status = files_.before_change(path_, "sync"); !status.ok()) return status;
    files_.directory_synced(path_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context, const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, context);
  }

 private:
  const std::string path_;
  ForgetfulFileSystem& files_;
};

/// RocksDB writes some paths with doubled or trailing slashes.
std::string normal(const std::string& path) {
  auto out = std::filesystem::path(path).lexically_normal();
  return out.has_filename() ? out.string() : out.parent_path().string();
}

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

}  // namespace

void ForgetfulFileSystem::cut_power() {
  const std::lock_guard lock(mutex_);
  cut_ = true;
}

void ForgetfulFileSystem::cut_power_after(unsigned changes) {
  const std::lock_guard lock(mutex_);
  changes_left_ = changes;
}

bool ForgetfulFileSystem::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

void ForgetfulFileSystem::set_fault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

std::size_t ForgetfulFileSystem::random_below(std::size_t n) {
  const std::lock_guard lock(mutex_);
  return n == 0 ? 0 : random_() % n;
}

IOStatus ForgetfulFileSystem::before_change(const std::string& path, const std::string& operation, bool* torn) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::IOError("no power");
  if (changes_left_ && (*changes_left_)-- == 0) {
    changes_left_.reset();
    cut_ = true;
    if (torn != nullptr) *torn = true;  // the change during which the power goes may be half done
    return IOStatus::IOError("no power");
  }
  if (fault_ && (operation == "append" || operation == "sync")) return fault_(path, operation);
  return IOStatus::OK();
}

/// What a file holds now, less what the disk does not have yet; nothing when it does not exist.
std::optional<std::string> ForgetfulFileSystem::content_of(const std::string& path) const {
  if (!std::filesystem::exists(path)) return std::nullopt;
  std::string content = read_file(path);
  if (const auto file = appended_.find(path); file != appended_.end()) content.resize(std::min(content.size(), file->second.synced));
  return content;
}

void ForgetfulFileSystem::appended(const std::string& path, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  appended_[path].size += bytes;
}

void ForgetfulFileSystem::truncated(const std::string& path, std::size_t size) {
  const std::lock_guard lock(mutex_);
  auto& file = appended_[path];
  file.size = std::min(file.size, size);
  file.synced = std::min(file.synced, size);
}

void ForgetfulFileSystem::synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto file = appended_.find(path); file != appended_.end()) file->second.synced = file->second.size;
  if (const auto file = overwritten_.find(path); file != overwritten_.end()) file->second = read_file(path);
}

void ForgetfulFileSystem::directory_synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  // All changes up to the last one in this folder: a journal has no holes.
  const auto newest = std::find_if(names_.rbegin(), names_.rend(), [&](const auto& change) { return folder_of(change.path) == path; });
  names_.erase(names_.begin(), newest.base());
}

IOStatus ForgetfulFileSystem::NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* out,
                                              IODebugContext* context) {
  const std::string path = normal(name);
  if (auto status = before_change(path, "create"); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    names_.push_back({path, content_of(path), {}});
    appended_[path] = {};
    overwritten_.erase(path);
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = target()->NewWritableFile(path, options, &file, context);
  if (status.ok()) *out = std::make_unique<AppendedFile>(std::move(file), path, *this);
  return status;
}

IOStatus ForgetfulFileSystem::ReopenWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* out,
                                                 IODebugContext* context) {
  const std::string path = normal(name);
  if (auto status = before_change(path, "create"); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t size = std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
    if (!appended_.contains(path)) appended_[path] = {size, size};
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = target()->ReopenWritableFile(path, options, &file, context);
  if (status.ok()) *out = std::make_unique<AppendedFile>(std::move(file), path, *this);
  return status;
}

IOStatus ForgetfulFileSystem::NewRandomRWFile(const std::string& name, const FileOptions& options, std::unique_ptr<rocksdb::FSRandomRWFile>* out,
                                              IODebugContext* context) {
  const std::string path = normal(name);
  if (auto status = before_change(path, "open"); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  auto status = target()->NewRandomRWFile(path, options, &file, context);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  overwritten_.try_emplace(path, read_file(path));
  *out = std::make_unique<OverwrittenFile>(std::move(file), path, *this);
  return status;
}

IOStatus ForgetfulFileSystem::NewDirectory(const std::string& name, const IOOptions& options, std::unique_ptr<rocksdb::FSDirectory>* out,
                                           IODebugContext* context) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = target()->NewDirectory(name, options, &directory, context);
  if (status.ok()) *out = std::make_unique<Directory>(std::move(directory), normal(name), *this);
  return status;
}

IOStatus ForgetfulFileSystem::RenameFile(const std::string& from_name, const std::string& to_name, const IOOptions& options, IODebugContext* context) {
  const std::string from = normal(from_name), to = normal(to_name);
  if (auto status = before_change(to, "rename"); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    names_.push_back({to, content_of(to), from});
    if (auto file = appended_.extract(from)) {
      appended_.erase(to);
      file.key() = to;
      appended_.insert(std::move(file));
    }
  }
  return target()->RenameFile(from, to, options, context);
}

IOStatus ForgetfulFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* context) {
  const std::string path = normal(name);
  if (auto status = before_change(path, "delete"); !status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    names_.push_back({path, content_of(path), {}});
    appended_.erase(path);
    overwritten_.erase(path);
  }
  return target()->DeleteFile(path, options, context);
}

void ForgetfulFileSystem::restore_power() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : appended_) {
    if (!std::filesystem::exists(path) || file.synced >= file.size) continue;
    const std::size_t lost = file.size - file.synced;
    const std::size_t kept = random_() % 2 == 0 ? 0 : random_() % (lost + 1);
    std::filesystem::resize_file(path, file.synced + kept);
  }
  for (const auto& [path, content] : overwritten_)
    if (random_() % 2 == 0) write_file(path, content);
  const std::size_t kept = random_() % (names_.size() + 1);
  while (names_.size() > kept) {
    const NameChange& change = names_.back();
    if (std::filesystem::is_directory(change.path)) {
      std::filesystem::rename(change.path, change.moved_from);
      names_.pop_back();
      continue;
    }
    if (!change.moved_from.empty()) write_file(change.moved_from, read_file(change.path));
    if (change.before)
      write_file(change.path, *change.before);
    else
      std::filesystem::remove(change.path);
    names_.pop_back();
  }
  appended_.clear();
  names_.clear();
  overwritten_.clear();
  changes_left_.reset();
  cut_ = false;
}

namespace {

/// RocksDB's background threads sleep a second after every error: tests meet many.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "ImpatientClock"; }
  void SleepForMicroseconds(int microseconds) override { SystemClockWrapper::SleepForMicroseconds(std::min(microseconds, 1000)); }
};

class Environment final : public rocksdb::EnvWrapper {
 public:
  explicit Environment(const std::shared_ptr<ForgetfulFileSystem>& files) : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<ImpatientClock>();
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> environment(const std::shared_ptr<ForgetfulFileSystem>& files) { return std::make_unique<Environment>(files); }

}  // namespace daftar::storage::test
