#include "storage/rocks_snapshot_sink.h"

#include <algorithm>
#include <set>

#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "storage/rocks_snapshot_source.h"
#include "storage/rocks_state_database.h"
#include "storage/rocks_state_reads.h"

namespace daftar::storage {

Expected<std::unique_ptr<RocksSnapshotSink>, StorageError> RocksSnapshotSink::open(std::shared_ptr<StateFolders> folders, std::uint64_t folder,
                                                                                  const SnapshotManifest& manifest) {
  auto left = folders->receiving();
  if (!left) return Unexpected<StorageError>(left.error());
  std::unique_ptr<RocksSnapshotSink> sink(new RocksSnapshotSink(std::move(folders), folder, manifest));
  const bool same = *left && (*left)->folder == folder && (*left)->manifest == encode_manifest(manifest);
  if (auto ready = same ? sink->resume(std::move((*left)->list)) : sink->begin_anew(); !ready) return Unexpected<StorageError>(ready.error());
  return sink;
}

RocksSnapshotSink::~RocksSnapshotSink() { static_cast<void>(close()); }

/// What is there may be shorter or longer than what once was: after a power cut, or a crash while the list was being refused.
Expected<void, StorageError> RocksSnapshotSink::resume(std::string list) {
  if (list.size() > manifest_.list_size) return begin_anew();
  list_ = std::move(list);
  stored_ = list_.size();
  if (list_.size() < manifest_.list_size) return {};
  if (auto listed = take_list(); !listed) return begin_anew();
  std::size_t whole = 0;
  std::uint64_t part = 0;
  for (; whole < files_.size(); ++whole) {
    const auto status = env()->GetFileSize(path_of(whole), &part);
    if (!status.ok() || part > files_[whole].size) part = 0;
    if (part < files_[whole].size) break;
    part = 0;
  }
  stored_ = begins_[whole] + part;
  return keep_only_listed(whole + (part > 0 ? 1 : 0));
}

Expected<void, StorageError> RocksSnapshotSink::begin_anew() {
  if (auto closed = close(); !closed) return closed;
  list_.clear();
  files_.clear();
  begins_.clear();
  stored_ = 0;
  if (auto removed = remove_folder(env(), path_); !removed) return removed;
  if (const auto status = env()->CreateDirIfMissing(path_); !status.ok()) return Unexpected<StorageError>(to_error(status, path_, "creating the folder"));
  return folders_->begin_receiving(folder_, encode_manifest(manifest_));
}

/// The snapshot is not what it should be; a failing disk weighs more.
Unexpected<StorageError> RocksSnapshotSink::refuse(StorageError error) {
  if (auto anew = begin_anew(); !anew) return Unexpected<StorageError>(anew.error());
  return Unexpected<StorageError>(std::move(error));
}

Expected<void, StorageError> RocksSnapshotSink::take_list() {
  auto files = decode_list(list_, manifest_);
  if (!files) return corrupt(path_, "the list of the snapshot's files is not the one that its manifest names, or cannot be that of a snapshot");
  files_ = std::move(*files);
  begins_ = {manifest_.list_size};
  for (const auto& file : files_) begins_.push_back(begins_.back() + file.size);
  return {};
}

Expected<void, StorageError> RocksSnapshotSink::append(std::uint64_t offset, std::string_view bytes) {
  if (offset > stored_ || bytes.size() <= stored_ - offset) return {};
  bytes.remove_prefix(stored_ - offset);
  if (bytes.size() > manifest_.size - stored_) return refuse(corrupt(path_, "there are more bytes than the snapshot has").value());
  finished_ = false;
  if (stored_ < manifest_.list_size) {
    const auto part = bytes.substr(0, manifest_.list_size - stored_);
    const bool complete = stored_ + part.size() == manifest_.list_size;
    if (auto written = write(folders_->receiving_path(), part, complete); !written) return written;
    list_ += part;
    bytes.remove_prefix(part.size());
    if (complete)
      if (auto listed = take_list(); !listed) return refuse(listed.error());
  }
  while (!bytes.empty()) {
    const auto file = static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), stored_) - begins_.begin()) - 1;
    const auto part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), begins_[file + 1] - stored_)));
    if (auto written = write(path_of(file), part, stored_ + part.size() == begins_[file + 1]); !written) return written;
    bytes.remove_prefix(part.size());
  }
  return {};
}

/// At the end of `path`, which stays open until it is complete: then it is synced, so that finish() has less to wait for.
Expected<void, StorageError> RocksSnapshotSink::write(const std::string& path, std::string_view bytes, bool complete) {
  rocksdb::Status status;
  if (!open_) status = env()->ReopenWritableFile(path, &open_, {});
  if (status.ok()) status = open_->Append(rocksdb::Slice(bytes.data(), bytes.size()));
  if (status.ok()) status = open_->Flush();
  if (status.ok() && complete) status = open_->Sync();
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path, "writing a piece of a snapshot"));
  stored_ += bytes.size();
  return complete ? close() : Expected<void, StorageError>();
}

Expected<void, StorageError> RocksSnapshotSink::close() {
  if (!open_) return {};
  const auto status = open_->Close();
  open_.reset();
  if (!status.ok()) return Unexpected<StorageError>(to_error(status, path_, "closing a file of a snapshot"));
  return {};
}

/// Deletes all but the first `count` files of the list: RocksDB would take what else lies in its folder for its own.
Expected<void, StorageError> RocksSnapshotSink::keep_only_listed(std::size_t count) {
  if (const auto status = env()->CreateDirIfMissing(path_); !status.ok()) return Unexpected<StorageError>(to_error(status, path_, "creating the folder"));
  std::vector<std::string> names;
  if (const auto status = env()->GetChildren(path_, &names); !status.ok()) return Unexpected<StorageError>(to_error(status, path_, "listing the folder"));
  for (const auto& name : names) {
    if (name == "." || name == "..") continue;
    const auto listed = std::any_of(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(count), [&](const SnapshotFile& file) { return file.name == name; });
    if (listed) continue;
    if (auto removed = remove_file(env(), path_ + "/" + name); !removed) return removed;
  }
  return {};
}

Expected<void, StorageError> RocksSnapshotSink::sync_all() {
  for (std::size_t i = 0; i < files_.size(); ++i) {  // also those that an earlier process completed and did not sync
    std::unique_ptr<rocksdb::WritableFile> file;
    auto status = env()->ReopenWritableFile(path_of(i), &file, {});
    if (status.ok()) status = file->Fsync();
    if (status.ok()) status = file->Close();
    if (!status.ok()) return Unexpected<StorageError>(to_error(status, path_of(i), "making a file of a snapshot durable"));
  }
  if (auto synced = sync_directory(env(), path_); !synced) return synced;
  return sync_directory(env(), folders_->path());
}

Expected<std::optional<std::size_t>, StorageError> RocksSnapshotSink::first_wrong_file() const {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const auto found = digest_file(env(), path_, files_[i].name);
    if (!found) return Unexpected<StorageError>(found.error());
    if (found->size != files_[i].size || found->digest != files_[i].digest) return std::optional(i);
  }
  return std::optional<std::size_t>();
}

Expected<ReceivedState, StorageError> RocksSnapshotSink::finish() {
  DAFTAR_CHECK(stored_ == manifest_.size);
  if (auto closed = close(); !closed) return Unexpected<StorageError>(closed.error());
  if (auto kept = keep_only_listed(files_.size()); !kept) return Unexpected<StorageError>(kept.error());
  if (auto synced = sync_all(); !synced) return Unexpected<StorageError>(synced.error());
  const auto wrong = first_wrong_file();
  if (!wrong) return Unexpected<StorageError>(wrong.error());
  if (*wrong) {
    stored_ = begins_[**wrong];
    if (auto kept = keep_only_listed(**wrong); !kept) return Unexpected<StorageError>(kept.error());
    return corrupt(path_of(**wrong), "the file of the snapshot has not the digest that it should have");
  }
  auto state = examine();
  using Kind = StorageError::Kind;
  if (!state && (state.error().kind == Kind::corruption || state.error().kind == Kind::foreign)) return refuse(state.error());
  finished_ = state.has_value();
  return state;
}

bool RocksSnapshotSink::tables_are(const Database& database) const {
  std::vector<rocksdb::LiveFileMetaData> live;
  database.db().GetLiveFilesMetaData(&live);
  std::set<std::string> listed, used;
  for (const auto& file : files_)
    if (file.name.ends_with(".sst")) listed.insert("/" + file.name);
  for (const auto& table : live) used.insert(table.name);
  return listed == used;
}

/// All files are as listed: do they make the state that the manifest speaks of? Changes no file.
Expected<ReceivedState, StorageError> RocksSnapshotSink::examine() const {
  const auto pointer = read_whole(env(), path_ + "/CURRENT");
  if (!pointer) return Unexpected<StorageError>(pointer.error());
  if (*pointer != files_[files_.size() - 2].name + "\n") return corrupt(path_, "CURRENT does not name the snapshot's MANIFEST");  // by the order of the list
  auto look = look_into_state(path_, env());
  if (!look && look.error().kind != StorageError::Kind::full) return corrupt(path_, "the snapshot cannot be opened: " + look.error().detail);
  if (!look) return Unexpected<StorageError>(look.error());
  const Database& database = **look;
  if (!tables_are(database)) return corrupt(path_, "the list of the snapshot's files has not the tables of its database, or others too");
  // What was damaged on the leader's disk came over with the digest of the damage: RocksDB's own checksums tell.
  if (const auto status = database.db().VerifyChecksum(); !status.ok()) return Unexpected<StorageError>(to_error(status, path_, "checking the snapshot's blocks"));
  auto state = load_state(database);
  if (!state) return Unexpected<StorageError>(state.error());
  if (!*state) return corrupt(path_, "the snapshot is empty");
  const AppliedMark& mark = (*state)->mark;
  if ((*state)->ledger_id != manifest_.ledger_id)
    return Unexpected<StorageError>({.kind = StorageError::Kind::foreign, .path = path_, .detail = "the snapshot holds ledger " + ledger::to_hex((*state)->ledger_id) +
                                                                                              ", not " + ledger::to_hex(manifest_.ledger_id)});
  if (mark.raft_index != manifest_.raft_index || mark.raft_term != manifest_.raft_term || mark.height != manifest_.height || mark.entries != manifest_.entries)
    return corrupt(path_, "the snapshot stands at another place than its manifest says");
  if ((*state)->frontier.root() != manifest_.root) return corrupt(path_, "the snapshot has another root than its manifest says");
  const auto root = root_from_tiles(database, mark.entries);
  if (!root) return Unexpected<StorageError>(root.error());
  if (!*root || **root != manifest_.root) return corrupt(path_, "the snapshot's tiles do not make its root");
  const auto certificate = newest_certificate(database);
  if (!certificate) return Unexpected<StorageError>(certificate.error());
  const auto view = std::make_shared<const RocksSnapshot>(*look, mark);
  if (!*certificate) return ReceivedState{mark, std::nullopt, view};
  const auto& [size, text] = **certificate;
  const auto note = ledger::parse_note(text);
  if (!note || note->checkpoint.size != size || size > mark.entries) return corrupt(path_, "the snapshot's newest certificate is not one of its tree");
  const auto certified = root_from_tiles(database, size);
  if (!certified) return Unexpected<StorageError>(certified.error());
  if (!*certified || **certified != note->checkpoint.root) return corrupt(path_, "the snapshot's newest certificate has another root than its tree at " + std::to_string(size));
  return ReceivedState{mark, text, view};
}

}  // namespace daftar::storage
