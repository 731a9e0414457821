// Receiving a snapshot into the folder that comes after the present database's.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "storage/snapshot_files.h"
#include "storage/state_folders.h"

namespace daftar::storage {

class RocksSnapshotSink final : public SnapshotSink {
 public:
  /// See StateStore::receive(). `folder`: the number of the one to receive into.
  static Expected<std::unique_ptr<RocksSnapshotSink>, StorageError> open(std::shared_ptr<StateFolders> folders, std::uint64_t folder,
                                                                        const SnapshotManifest& manifest);
  ~RocksSnapshotSink() override;

  const SnapshotManifest& manifest() const override { return manifest_; }
  std::uint64_t stored() const override { return stored_; }
  Expected<void, StorageError> append(std::uint64_t offset, std::string_view bytes) override;
  Expected<ReceivedState, StorageError> finish() override;
  bool finished() const override { return finished_; }
  std::uint64_t folder() const { return folder_; }

 private:
  RocksSnapshotSink(std::shared_ptr<StateFolders> folders, std::uint64_t folder, const SnapshotManifest& manifest)
      : folders_(std::move(folders)), folder_(folder), path_(folders_->database(folder)), manifest_(manifest) {}
  rocksdb::Env* env() const { return folders_->env(); }
  std::string path_of(std::size_t file) const { return path_ + "/" + files_[file].name; }
  Expected<void, StorageError> resume(std::string list);
  Expected<void, StorageError> begin_anew();
  Unexpected<StorageError> refuse(StorageError error);
  Expected<void, StorageError> take_list();
  Expected<void, StorageError> write(const std::string& path, std::string_view bytes, bool complete);
  Expected<void, StorageError> close();
  Expected<void, StorageError> keep_only_listed(std::size_t count);
  Expected<void, StorageError> sync_all();
  Expected<std::optional<std::size_t>, StorageError> first_wrong_file() const;
  bool tables_are(const Database& database) const;
  Expected<ReceivedState, StorageError> examine() const;

  const std::shared_ptr<StateFolders> folders_;
  const std::uint64_t folder_;
  const std::string path_;
  const SnapshotManifest manifest_;
  std::string list_;                         // as far as it has come
  std::vector<SnapshotFile> files_;          // once it is whole
  std::vector<std::uint64_t> begins_;        // of each file in the bytes, and the end of the last
  std::uint64_t stored_ = 0;
  std::unique_ptr<rocksdb::WritableFile> open_;  // the one being written
  bool finished_ = false;
};

}  // namespace daftar::storage
