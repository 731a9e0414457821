#include "storage/rocks_snapshot_source.h"

#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <limits>

#include "ledger/check.h"
#include "storage/rocks_state_database.h"

namespace daftar::storage {

namespace {

class RocksSnapshotSource final : public SnapshotSource {
 public:
  RocksSnapshotSource(std::shared_ptr<StateFolders> folders, std::string path) : folders_(std::move(folders)), path_(std::move(path)) {}
  ~RocksSnapshotSource() override { static_cast<void>(remove_folder(folders_->env(), path_)); }  // what stays behind goes at the next opening

  Expected<void, StorageError> list_files(TableDigests& known);
  Expected<void, StorageError> describe();
  const AppliedMark& mark() const override { return mark_; }
  const std::string& manifest() const override { return manifest_; }
  std::uint64_t size() const override { return size_; }
  Expected<std::string, StorageError> read(std::uint64_t offset, std::size_t bytes_max) const override;

 private:
  Expected<void, StorageError> read_file(std::size_t file, std::uint64_t offset, std::size_t bytes, std::string& out) const;

  const std::shared_ptr<StateFolders> folders_;
  const std::string path_;
  std::vector<SnapshotFile> files_;
  std::vector<std::uint64_t> ends_;   // of each file in the bytes
  std::string list_;
  std::uint64_t size_ = 0;
  AppliedMark mark_;
  std::string manifest_;
};

Expected<void, StorageError> RocksSnapshotSource::list_files(TableDigests& known) {
  std::vector<std::string> names;
  if (const auto status = folders_->env()->GetChildren(path_, &names); !status.ok()) return Unexpected<StorageError>(to_error(status, path_, "listing the checkpoint"));
  TableDigests tables;
  for (const auto& name : names) {
    if (!is_snapshot_file(name)) continue;  // RocksDB's options, and its empty write-ahead log
    const auto table = known.find(name);
    if (table != known.end()) {
      files_.push_back(table->second);
    } else {
      auto file = digest_file(folders_->env(), path_, name);
      if (!file) return Unexpected<StorageError>(file.error());
      files_.push_back(std::move(*file));
    }
    if (name.ends_with(".sst")) tables[name] = files_.back();
  }
  known = std::move(tables);
  std::sort(files_.begin(), files_.end(), comes_before);
  return {};
}

/// Ledger, mark and root as the picture itself has them: commits went on while it was made.
Expected<void, StorageError> RocksSnapshotSource::describe() {
  auto look = look_into_state(path_, folders_->env());
  if (!look) return Unexpected<StorageError>(look.error());
  auto state = load_state(**look);
  if (!state) return Unexpected<StorageError>(state.error());
  DAFTAR_CHECK(state->has_value());
  list_ = encode_list(files_);
  if (list_.size() > SnapshotManifest::list_bytes_max)
    return Unexpected<StorageError>({.kind = StorageError::Kind::full, .path = path_, .detail = "the state has too many files to be sent: " + std::to_string(files_.size())});
  mark_ = (*state)->mark;
  SnapshotManifest manifest;
  manifest.ledger_id = (*state)->ledger_id;
  manifest.raft_index = mark_.raft_index;
  manifest.raft_term = mark_.raft_term;
  manifest.height = mark_.height;
  manifest.entries = mark_.entries;
  manifest.root = (*state)->frontier.root();
  manifest.size = list_.size();
  for (const auto& file : files_) ends_.push_back(manifest.size += file.size);
  manifest.list_size = static_cast<std::uint32_t>(list_.size());
  manifest.list_digest = ledger::sha256(list_);
  size_ = manifest.size;
  manifest_ = encode_manifest(manifest);
  return {};
}

Expected<std::string, StorageError> RocksSnapshotSource::read(std::uint64_t offset, std::size_t bytes_max) const {
  DAFTAR_CHECK(offset < size_ && bytes_max > 0);
  std::string out;
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, size_ - offset));
  out.reserve(wanted);
  if (offset < list_.size()) out = list_.substr(offset, wanted);
  auto file = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), offset + out.size()) - ends_.begin());
  for (; out.size() < wanted; ++file) {
    const std::uint64_t begin = ends_[file] - files_[file].size, within = offset + out.size() - begin;
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(wanted - out.size(), files_[file].size - within));
    if (auto read = read_file(file, within, bytes, out); !read) return Unexpected<StorageError>(read.error());
  }
  return out;
}

Expected<void, StorageError> RocksSnapshotSource::read_file(std::size_t file, std::uint64_t offset, std::size_t bytes, std::string& out) const {
  const std::string path = path_ + "/" + files_[file].name;
  std::unique_ptr<rocksdb::RandomAccessFile> opened;
  auto status = folders_->env()->NewRandomAccessFile(path, &opened, {});
  rocksdb::Slice read;
  const std::size_t before = out.size();
  out.resize(before + bytes);
  if (status.ok()) status = opened->Read(offset, bytes, &read, out.data() + before);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "reading a piece of the snapshot"));
  if (read.size() != bytes) return corrupt(path, "the file of the snapshot is shorter than it was");
  if (read.data() != out.data() + before) out.replace(before, bytes, read.data(), read.size());
  return {};
}

}  // namespace

Expected<SnapshotFile, StorageError> digest_file(rocksdb::Env* env, const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  std::unique_ptr<rocksdb::SequentialFile> file;
  auto status = env->NewSequentialFile(path, &file, {});
  SnapshotFile out{name, 0, {}};
  ledger::Sha256 hash;
  std::string buffer(256u << 10, '\0');
  while (status.ok()) {
    rocksdb::Slice read;
    status = file->Read(buffer.size(), &read, buffer.data());
    if (!status.ok() || read.empty()) break;
    hash.add(read.ToStringView());
    out.size += read.size();
  }
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "computing its digest"));
  out.digest = hash.finish();
  return out;
}

Expected<std::shared_ptr<const SnapshotSource>, StorageError> make_snapshot(const std::shared_ptr<StateFolders>& folders, const Database& database,
                                                                           TableDigests& known) {
  const std::string path = folders->next_checkpoint();
  auto source = std::make_shared<RocksSnapshotSource>(folders, path);  // from here on the folder goes with it
  rocksdb::Checkpoint* raw = nullptr;
  auto status = rocksdb::Checkpoint::Create(&database.db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  constexpr auto no_flush = std::numeric_limits<std::uint64_t>::max();  // a picture of what is in files
  if (status.ok()) status = checkpoint->CreateCheckpoint(path, no_flush);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "making a checkpoint"));
  if (auto listed = source->list_files(known); !listed) return Unexpected<StorageError>(listed.error());
  if (auto described = source->describe(); !described) return Unexpected<StorageError>(described.error());
  return std::shared_ptr<const SnapshotSource>(std::move(source));
}

}  // namespace daftar::storage
