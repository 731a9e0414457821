#include "storage/state_folders.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <vector>

#include "ledger/check.h"
#include "storage/keys.h"
#include "storage/record_frame.h"

namespace daftar::storage {

namespace {

constexpr std::string_view current_magic = "DSC1", receiving_magic = "DSR1";
constexpr std::size_t current_size = 4 + 8 + 1 + 4;

std::string encode_current(const CurrentState& current) {
  std::string out(current_magic);
  append_number(out, current.folder, 8);
  append_number(out, current.install_pending ? 1 : 0, 1);
  append_number(out, crc32c({out}), 4);
  return out;
}

std::optional<CurrentState> decode_current(std::string_view bytes) {
  if (bytes.size() != current_size || !bytes.starts_with(current_magic)) return std::nullopt;
  if (number_at(bytes.substr(current_size - 4), 4) != crc32c({bytes.substr(0, current_size - 4)})) return std::nullopt;
  const CurrentState current{number_at(bytes.substr(4), 8), bytes[12] == 1};
  if (current.folder == 0) return std::nullopt;
  return current;
}

std::optional<Receiving> decode_receiving(std::string_view bytes) {
  constexpr std::size_t fixed = 4 + 8 + 2;
  if (bytes.size() < fixed || !bytes.starts_with(receiving_magic)) return std::nullopt;
  const std::size_t manifest_size = number_at(bytes.substr(12), 2), header = fixed + manifest_size + 4;
  if (bytes.size() < header || number_at(bytes.substr(header - 4), 4) != crc32c({bytes.substr(0, header - 4)})) return std::nullopt;
  return Receiving{number_at(bytes.substr(4), 8), std::string(bytes.substr(fixed, manifest_size)), std::string(bytes.substr(header))};
}

bool is_number(std::string_view name) {
  return !name.empty() && name.size() < 20 && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Expected<std::vector<std::string>, StorageError> names_in(rocksdb::Env* env, const std::string& path) {
  std::vector<std::string> names;
  const auto status = env->GetChildren(path, &names);
  if (status.IsNotFound()) return std::vector<std::string>();
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "listing the folder"));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  return names;
}

}  // namespace

Expected<std::shared_ptr<StateFolders>, StorageError> StateFolders::open(rocksdb::Env* env, const std::string& path) {
  if (auto made = make_directories(path); !made) return Unexpected<StorageError>(made.error());
  if (auto named = sync_directory(env, parent_of(path)); !named) return Unexpected<StorageError>(named.error());
  std::shared_ptr<StateFolders> out(new StateFolders(env, path));
  if (const auto status = env->LockFile(path + "/LOCK", &out->lock_); !status.ok()) return Unexpected<StorageError>(to_error(status, path, "opening"));
  return out;
}

StateFolders::~StateFolders() {
  if (lock_ != nullptr) env_->UnlockFile(lock_).PermitUncheckedError();
}

Expected<CurrentState, StorageError> StateFolders::current() {
  auto bytes = read_whole(env_, current_path());
  if (!bytes) return Unexpected<StorageError>(bytes.error());
  if (*bytes) {
    const auto current = decode_current(**bytes);
    if (!current) return corrupt(current_path(), "which of the databases is the present one cannot be decoded");
    return *current;
  }
  auto names = names_in(env_, path_);
  if (!names) return Unexpected<StorageError>(names.error());
  for (const auto& name : *names)
    if (is_number(name)) return corrupt(current_path(), "it is missing, but there is database " + name + " beside it");
  const CurrentState first{1, false};
  if (auto written = point_to(first); !written) return Unexpected<StorageError>(written.error());
  return first;
}

Expected<std::string, StorageError> present_database(rocksdb::Env* env, const std::string& path) {
  auto bytes = read_whole(env, path + "/current");
  if (!bytes) return Unexpected<StorageError>(bytes.error());
  if (!*bytes) return Unexpected<StorageError>({.kind = StorageError::Kind::not_found, .path = path, .detail = "there is no state store here"});
  const auto current = decode_current(**bytes);
  if (!current) return corrupt(path + "/current", "which of the databases is the present one cannot be decoded");
  return path + "/" + std::to_string(current->folder);
}

Expected<void, StorageError> StateFolders::point_to(const CurrentState& current) { return write_at_once(env_, current_path(), encode_current(current)); }

Expected<void, StorageError> StateFolders::remove_leftovers(std::uint64_t present) {
  auto left = receiving();
  if (!left) return Unexpected<StorageError>(left.error());
  const bool next_kept = *left && (*left)->folder == present + 1;
  if (!next_kept)
    if (auto removed = end_receiving(); !removed) return removed;
  auto names = names_in(env_, path_);
  if (!names) return Unexpected<StorageError>(names.error());
  for (const auto& name : *names) {
    Expected<void, StorageError> removed;
    if (name.starts_with("checkpoint.") || (is_number(name) && name != std::to_string(present) && !(next_kept && name == std::to_string(present + 1))))
      removed = remove_folder(env_, path_ + "/" + name);
    else if (name.ends_with(".new"))
      removed = remove_file(env_, path_ + "/" + name);
    if (!removed) return removed;
  }
  return {};
}

Expected<std::optional<Receiving>, StorageError> StateFolders::receiving() const {
  auto bytes = read_whole(env_, receiving_path());
  if (!bytes) return Unexpected<StorageError>(bytes.error());
  return *bytes ? decode_receiving(**bytes) : std::nullopt;
}

Expected<void, StorageError> StateFolders::begin_receiving(std::uint64_t folder, std::string_view manifest) {
  std::string bytes(receiving_magic);
  append_number(bytes, folder, 8);
  append_number(bytes, manifest.size(), 2);
  bytes += manifest;
  append_number(bytes, crc32c({bytes}), 4);
  return write_at_once(env_, receiving_path(), bytes);
}

Expected<void, StorageError> StateFolders::end_receiving() { return remove_file(env_, receiving_path()); }

FolderDatabase::~FolderDatabase() {
  const std::string path = database_->path();
  if (replaced_) database_->db().SetDBOptions({{"avoid_flush_during_shutdown", "true"}}).PermitUncheckedError();  // nobody will read it
  database_.reset();
  if (replaced_) static_cast<void>(remove_folder(folders_->env(), path));  // what stays behind goes at the next opening
}

Expected<void, StorageError> remove_file(rocksdb::Env* env, const std::string& path) {
  if (env->FileExists(path).IsNotFound()) return {};
  if (const auto status = env->DeleteFile(path); !status.ok()) return Unexpected<StorageError>(to_error(status, path, "deleting"));
  return {};
}

Expected<void, StorageError> remove_folder(rocksdb::Env* env, const std::string& path) {
  if (env->FileExists(path).IsNotFound()) return {};
  auto names = names_in(env, path);
  if (!names) return Unexpected<StorageError>(names.error());
  for (const auto& name : *names)
    if (auto removed = remove_file(env, path + "/" + name); !removed) return removed;
  if (const auto status = env->DeleteDir(path); !status.ok()) return Unexpected<StorageError>(to_error(status, path, "deleting the folder"));
  return {};
}

Expected<void, StorageError> write_at_once(rocksdb::Env* env, const std::string& path, std::string_view content) {
  auto& files = *env->GetFileSystem();
  const std::string fresh = path + ".new";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = files.NewWritableFile(fresh, {}, &file, nullptr);
  if (status.ok()) status = file->Append(rocksdb::Slice(content.data(), content.size()), {}, nullptr);
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  if (status.ok()) status = files.RenameFile(fresh, path, {}, nullptr);
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "writing the file anew"));
  return sync_directory(env, parent_of(path));
}

Expected<std::optional<std::string>, StorageError> read_whole(rocksdb::Env* env, const std::string& path) {
  const auto exists = env->FileExists(path);
  if (exists.IsNotFound()) return std::optional<std::string>();
  std::string content;
  if (const auto status = rocksdb::ReadFileToString(env, path, &content); !status.ok()) return Unexpected<StorageError>(to_error(status, path, "reading"));
  return std::optional<std::string>(std::move(content));
}

}  // namespace daftar::storage
