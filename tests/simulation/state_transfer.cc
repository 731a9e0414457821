#include "tests/simulation/state_transfer.h"

#include <algorithm>

#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "ledger/encoding.h"

namespace daftar::simulation {
namespace {

using storage::StorageError;

std::string encode_disk(const StateDisk& disk) {
  ledger::Writer out;
  out.bytes(disk.ledger_id);
  out.bytes(storage::encode_mark(disk.newest.mark));
  out.u64(disk.newest.rows.size());
  for (const auto& [key, value] : disk.newest.rows) {
    out.bytes(key);
    out.bytes(value);
  }
  out.u64(disk.entries.size());
  for (std::size_t i = 0; i < disk.entries.size(); ++i) {
    out.bytes(disk.entries[i]);
    out.raw(disk.leaf_hashes[i]);
  }
  out.u64(disk.roots.size());
  for (const auto& root : disk.roots) {
    out.u64(root.size);
    out.raw(root.root.view());
  }
  out.u64(disk.certificates.size());
  for (const auto& [size, note] : disk.certificates) {
    out.u64(size);
    out.bytes(note);
  }
  return out.take();
}

/// Nothing when the bytes are not such a disk.
std::optional<StateDisk> decode_disk(std::string_view bytes) {
  ledger::Reader in(bytes);
  StateDisk disk;
  disk.ledger_id = in.bytes();
  const auto mark = storage::decode_mark(in.bytes());
  if (!mark) return std::nullopt;
  disk.newest.mark = *mark;
  for (std::uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    const std::string_view key = in.bytes();
    disk.newest.put(key, in.bytes());
  }
  for (std::uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    disk.entries.emplace_back(in.bytes());
    disk.leaf_hashes.emplace_back(in.raw(32));
    const auto entry = ledger::decode_entry(disk.entries.back());
    if (!entry) return std::nullopt;
    disk.ids.emplace(entry->id, entry->index);
  }
  for (std::uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    const std::uint64_t size = in.u64();
    if (const auto root = ledger::Digest::from_bytes(in.raw(32))) disk.roots.push_back({size, *root});
  }
  for (std::uint64_t left = in.u64(); left > 0 && in.ok(); --left) {
    const std::uint64_t size = in.u64();
    disk.certificates[size] = in.bytes();
  }
  if (!in.done()) return std::nullopt;
  disk.flushed = disk.newest;
  return disk;
}

/// Nothing when there are not so many leaves.
std::optional<ledger::Digest> root_at_size(const StateDisk& disk, std::uint64_t size) {
  if (size > disk.leaf_hashes.size()) return std::nullopt;
  std::vector<ledger::Digest> leaves;
  for (std::uint64_t i = 0; i < size; ++i) leaves.push_back(*ledger::Digest::from_bytes(disk.leaf_hashes[i]));
  return ledger::root_of(leaves);
}

}  // namespace

SimSnapshotSource::SimSnapshotSource(const StateDisk& disk) : mark_(disk.newest.mark) {
  DAFTAR_CHECK(disk.flushed && disk.flushed->mark == mark_ && !disk.install_pending);
  const std::string content = encode_disk(disk);
  const std::string list(ledger::sha256(content).view());
  bytes_ = list + content;
  storage::SnapshotManifest manifest;
  manifest.ledger_id = disk.ledger_id;
  manifest.raft_index = mark_.raft_index;
  manifest.raft_term = mark_.raft_term;
  manifest.height = mark_.height;
  manifest.entries = mark_.entries;
  manifest.root = disk.roots.back().root;
  manifest.size = bytes_.size();
  manifest.list_size = static_cast<std::uint32_t>(list.size());
  manifest.list_digest = ledger::sha256(list);
  manifest_ = storage::encode_manifest(manifest);
}

Expected<std::string, StorageError> SimSnapshotSource::read(std::uint64_t offset, std::size_t bytes_max) const {
  DAFTAR_CHECK(offset < bytes_.size() && bytes_max > 0);
  return bytes_.substr(offset, bytes_max);
}

Unexpected<StorageError> SimSnapshotSink::refuse(const std::string& why) {
  disk_.receiving->bytes.clear();
  return storage::corrupt("state", why);
}

Expected<void, StorageError> SimSnapshotSink::append(std::uint64_t offset, std::string_view bytes) {
  auto& kept = disk_.receiving->bytes;
  if (offset > kept.size() || bytes.size() <= kept.size() - offset) return {};
  bytes.remove_prefix(kept.size() - offset);
  if (bytes.size() > manifest_.size - kept.size()) return refuse("there are more bytes than the snapshot has");
  kept += bytes;
  return {};
}

/// The checks of storage/rocks_snapshot_sink.cc, as far as there is something to be checked here.
Expected<storage::ReceivedState, StorageError> SimSnapshotSink::finish() {
  DAFTAR_CHECK(stored() == manifest_.size);
  const std::string_view all = disk_.receiving->bytes;
  const std::string_view list = all.substr(0, manifest_.list_size), content = all.substr(manifest_.list_size);
  if (ledger::sha256(list) != manifest_.list_digest || ledger::sha256(content).view() != list) return refuse("the snapshot has another digest than its manifest says");
  auto disk = decode_disk(content);
  if (!disk) return refuse("the snapshot cannot be decoded");
  const auto& mark = disk->newest.mark;
  if (disk->ledger_id != manifest_.ledger_id) return refuse("the snapshot is of another ledger than its manifest says");
  if (mark.raft_index != manifest_.raft_index || mark.raft_term != manifest_.raft_term || mark.height != manifest_.height || mark.entries != manifest_.entries)
    return refuse("the snapshot stands at another place than its manifest says");
  if (disk->entries.size() != mark.entries || root_at_size(*disk, mark.entries) != manifest_.root || disk->roots.size() != mark.height + 1 ||
      disk->roots.back().root != manifest_.root)
    return refuse("the snapshot's leaves do not make its root");
  std::optional<std::string> certificate;
  if (!disk->certificates.empty()) {
    const auto& [size, text] = *disk->certificates.rbegin();
    const auto note = ledger::parse_note(text);
    if (!note || note->checkpoint.size != size || root_at_size(*disk, size) != note->checkpoint.root) return refuse("the snapshot's newest certificate is not one of its tree");
    certificate = text;
  }
  received_ = std::move(*disk);
  return storage::ReceivedState{received_->newest.mark, certificate};
}

}  // namespace daftar::simulation
