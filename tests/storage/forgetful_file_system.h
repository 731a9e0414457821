// A file system for RocksDB that behaves like a disk: what was not synced may be gone after a power cut, in part or in whole; a name is
// durable only once its folder was synced; and writes can be made to fail. Files live in a real folder; nothing is really synced, so it is fast.
//
// After cut_power(), or once cut_power_after() has counted down, every change fails. Close the store, then call restore_power(): it brings the
// files into a state that the disk could be in, chosen by the seed. Any thread.
#pragma once
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace daftar::storage::test {

class ForgetfulFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit ForgetfulFileSystem(unsigned seed) : FileSystemWrapper(rocksdb::FileSystem::Default()), random_(seed) {}
  const char* Name() const override { return "ForgetfulFileSystem"; }

  void cut_power();
  /// The power goes with the `changes`-th change (append, sync, creation, renaming, …) from now.
  void cut_power_after(unsigned changes);
  bool power_is_cut() const;
  void restore_power();
  /// Asked before every append and sync with "append" or "sync"; a status that is not ok is what the caller gets. Null: no failures.
  using Fault = std::function<rocksdb::IOStatus(const std::string& path, const std::string& operation)>;
  void set_fault(Fault fault);

  rocksdb::IOStatus NewWritableFile(const std::string&, const rocksdb::FileOptions&, std::unique_ptr<rocksdb::FSWritableFile>*,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string&, const rocksdb::FileOptions&, std::unique_ptr<rocksdb::FSWritableFile>*,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string&, const rocksdb::FileOptions&, std::unique_ptr<rocksdb::FSRandomRWFile>*,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewDirectory(const std::string&, const rocksdb::IOOptions&, std::unique_ptr<rocksdb::FSDirectory>*, rocksdb::IODebugContext*) override;
  rocksdb::IOStatus RenameFile(const std::string&, const std::string&, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteFile(const std::string&, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;

  // For the files it hands out.
  rocksdb::IOStatus before_change(const std::string& path, const std::string& operation, bool* torn = nullptr);
  void appended(const std::string& path, std::size_t bytes);
  void truncated(const std::string& path, std::size_t size);
  void synced(const std::string& path);
  void directory_synced(const std::string& path);
  std::size_t random_below(std::size_t n);

 private:
  std::optional<std::string> content_of(const std::string& path) const;
  struct Appended { std::size_t size = 0, synced = 0; };
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  bool cut_ = false;
  std::optional<unsigned> changes_left_;
  Fault fault_;
  std::map<std::string, Appended> appended_;                       // files written since the last restore
  std::map<std::string, std::string> overwritten_;                 // random-access files: their synced content
  /// A change of names not durable yet. Like a journal, the disk keeps them in order: what a power cut loses is a suffix of them.
  struct NameChange { std::string path; std::optional<std::string> before; std::string moved_from; };
  std::vector<NameChange> names_;
};

/// An environment over the file system; both must outlive the store.
std::unique_ptr<rocksdb::Env> environment(const std::shared_ptr<ForgetfulFileSystem>& files);

}  // namespace daftar::storage::test
