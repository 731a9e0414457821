#include "storage/synced_mark.h"

#include <algorithm>

#include "storage/keys.h"
#include "storage/record_frame.h"
#include "storage/rocks_database.h"

namespace daftar::storage {

namespace {

constexpr std::string_view magic = "DMK1";
constexpr std::size_t slot_distance = 4096;
constexpr std::size_t slot_size = 4 + 3 * 8 + 4;

constexpr std::string_view memory_magic = "DMM1";
constexpr std::size_t memory_begin = 2 * slot_distance, memory_slot_distance = 64 << 10;
constexpr std::size_t recollection_size = 6 * 8, memory_frame_size = 4 + 8 + 4 + 4;

struct MemorySlot {
  std::uint64_t number = 0;
  std::vector<StoredRecollection> memory;
};

std::string encode_memory(std::uint64_t number, std::span<const StoredRecollection> memory) {
  std::string out(memory_magic);
  append_number(out, number, 8);
  append_number(out, memory.size(), 4);
  for (const auto& of : memory)
    for (const std::uint64_t v : {of.node, of.term, of.held_term, of.held_index, of.offered_term, of.offered_index}) append_number(out, v, 8);
  append_number(out, crc32c({out}), 4);
  return out;
}

std::optional<MemorySlot> decode_memory(std::string_view slot) {
  if (slot.size() < memory_frame_size || !slot.starts_with(memory_magic)) return std::nullopt;
  const std::size_t count = number_at(slot.substr(12), 4), covered = 16 + count * recollection_size;
  if (count > memory_slot_distance / recollection_size || slot.size() < covered + 4) return std::nullopt;
  if (number_at(slot.substr(covered), 4) != crc32c({slot.substr(0, covered)})) return std::nullopt;
  MemorySlot out{number_at(slot.substr(4), 8), {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view row = slot.substr(16 + i * recollection_size);
    const auto field = [&](std::size_t n) { return number_at(row.substr(8 * n), 8); };
    out.memory.push_back({field(0), field(1), field(2), field(3), field(4), field(5)});
  }
  return out;
}

std::optional<MemorySlot> newest_memory(std::string_view content) {
  std::optional<MemorySlot> newest;
  for (const std::size_t offset : {memory_begin, memory_begin + memory_slot_distance}) {
    if (content.size() < offset) continue;
    auto slot = decode_memory(content.substr(offset, memory_slot_distance));
    if (slot && (!newest || slot->number > newest->number)) newest = std::move(slot);
  }
  return newest;
}

std::string encode_slot(const SyncedPoint& point) {
  std::string out(magic);
  for (const std::uint64_t v : {point.write_number, point.last_index, point.last_term}) append_number(out, v, 8);
  append_number(out, crc32c({out}), 4);
  return out;
}

std::optional<SyncedPoint> decode_slot(std::string_view slot) {
  if (slot.size() != slot_size || !slot.starts_with(magic)) return std::nullopt;
  const std::string_view covered = slot.substr(0, slot_size - 4);
  if (number_at(slot.substr(covered.size()), 4) != crc32c({covered})) return std::nullopt;
  return SyncedPoint{number_at(slot.substr(4), 8), number_at(slot.substr(12), 8), number_at(slot.substr(20), 8)};
}

Expected<void, StorageError> checked(const rocksdb::IOStatus& status, const std::string& path, std::string_view doing) {
  if (status.ok()) return {};
  return Unexpected<StorageError>(to_error(status, path, doing));
}

/// Written whole under another name first, so that the name never stands for a file without a whole slot.
Expected<void, StorageError> create(rocksdb::Env* env, const std::string& path, const SyncedPoint& point) {
  auto& fs = *env->GetFileSystem();
  const std::string fresh = path + ".new";
  std::string content = encode_slot(point);
  content.resize(slot_distance);
  content += encode_slot(point);
  content.resize(2 * slot_distance);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = fs.NewWritableFile(fresh, {}, &file, nullptr);
  if (status.ok()) status = file->Append(content, {}, nullptr);
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  if (status.ok()) status = fs.RenameFile(fresh, path, {}, nullptr);
  if (!status.ok()) return checked(status, path, "creating the synced-up-to mark");
  return sync_directory(env, parent_of(path));
}

/// Nothing: there is no such file.
Expected<std::optional<std::string>, StorageError> read_file(rocksdb::Env* env, const std::string& path) {
  auto& fs = *env->GetFileSystem();
  if (const auto exists = fs.FileExists(path, {}, nullptr); exists.IsNotFound()) return std::optional<std::string>();
  std::string content;
  if (const auto status = rocksdb::ReadFileToString(&fs, path, &content); !status.ok())
    return Unexpected<StorageError>(to_error(status, path, "reading the synced-up-to mark"));
  return std::optional(std::move(content));
}

}  // namespace

Expected<std::vector<StoredRecollection>, StorageError> SyncedMark::read_memory(rocksdb::Env* env, const std::string& path) {
  const auto content = read_file(env, path);
  if (!content) return Unexpected<StorageError>(content.error());
  if (!*content) return std::vector<StoredRecollection>();
  auto newest = newest_memory(**content);
  return newest ? std::move(newest->memory) : std::vector<StoredRecollection>();
}

Expected<std::optional<SyncedPoint>, StorageError> SyncedMark::read(rocksdb::Env* env, const std::string& path) {
  const auto content = read_file(env, path);
  if (!content) return Unexpected<StorageError>(content.error());
  if (!*content) return std::optional<SyncedPoint>();
  std::optional<SyncedPoint> newest;
  for (const std::size_t offset : {std::size_t{0}, slot_distance}) {
    if ((*content)->size() < offset) continue;
    const auto slot = decode_slot(std::string_view(**content).substr(offset, slot_size));
    if (slot && (!newest || slot->write_number > newest->write_number)) newest = slot;
  }
  if (!newest) return Unexpected<StorageError>({.kind = StorageError::Kind::corruption, .path = path, .detail = "neither slot of the synced-up-to mark is whole"});
  return newest;
}

Expected<std::unique_ptr<SyncedMark>, StorageError> SyncedMark::open(rocksdb::Env* env, const std::string& path, const SyncedPoint& now) {
  auto before = read(env, path);
  if (!before) return Unexpected<StorageError>(before.error());
  if (!*before)
    if (auto made = create(env, path, now); !made) return Unexpected<StorageError>(made.error());
  std::unique_ptr<SyncedMark> out(new SyncedMark);
  out->path_ = path;
  if (auto status = env->GetFileSystem()->NewRandomRWFile(path, {}, &out->file_, nullptr); !status.ok())
    return Unexpected<StorageError>(to_error(status, path, "opening the synced-up-to mark"));
  const auto content = read_file(env, path);
  if (!content) return Unexpected<StorageError>(content.error());
  const auto memory = *content ? newest_memory(**content) : std::nullopt;
  if (memory) out->memory_number_ = memory->number;
  // Both slots get the present point, one sync after the other: from here on either of them is good.
  for (unsigned i = 0; i < 2; ++i) {
    if (auto noted = out->note(now); !noted) return Unexpected<StorageError>(noted.error());
    if (memory)
      if (auto remembered = out->remember(memory->memory); !remembered) return Unexpected<StorageError>(remembered.error());
    if (auto synced = out->sync(); !synced) return Unexpected<StorageError>(synced.error());
  }
  return out;
}

Expected<void, StorageError> SyncedMark::note(const SyncedPoint& point) {
  const auto written = file_->Write(slot_ * slot_distance, encode_slot(point), {}, nullptr);
  if (!written.ok()) return checked(written, path_, "writing the synced-up-to mark");
  ++unsynced_;
  return sync_if_due();
}

Expected<void, StorageError> SyncedMark::remember(std::span<const StoredRecollection> memory) {
  const std::string slot = encode_memory(++memory_number_, memory);
  DAFTAR_CHECK(slot.size() <= memory_slot_distance);
  const auto written = file_->Write(memory_begin + memory_slot_ * memory_slot_distance, slot, {}, nullptr);
  if (!written.ok()) return checked(written, path_, "writing what is remembered of peers");
  memory_unsynced_ = true;
  return sync_if_due();
}

Expected<void, StorageError> SyncedMark::sync_if_due() {
  if (unsynced_ < writes_between_syncs && std::chrono::steady_clock::now() - synced_at_ < time_between_syncs) return {};
  return sync();
}

Expected<void, StorageError> SyncedMark::sync() {
  if (unsynced_ == 0 && !memory_unsynced_) return {};
  if (const auto synced = file_->Sync({}, nullptr); !synced.ok()) return checked(synced, path_, "syncing the synced-up-to mark");
  if (unsynced_ > 0) slot_ ^= 1;
  if (memory_unsynced_) memory_slot_ ^= 1;
  unsynced_ = 0;
  memory_unsynced_ = false;
  synced_at_ = std::chrono::steady_clock::now();
  return {};
}

}  // namespace daftar::storage
