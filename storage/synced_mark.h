// How far a Raft log is known to have been durable, kept in a small file beside the database: when the database comes back with less, it has
// lost what this node may have promised to others, and the node must not vote (DESIGN §12.7).
//
// Two slots of one 4 KiB page each; the newest whole one counts, so a torn write leaves the other.
//   slot: "DMK1" | u64 write number | u64 last index | u64 last term | u32 CRC32C of what is before
//
// The window. note() writes the slot after every durable write of the log but syncs it only every `writes_between_syncs` writes or
// `time_between_syncs`, so that a write costs one sync and not two. So after the death of the process the mark is exact; after a power cut
// it may lag by that much (on an idle log: until the kernel writes the page back by itself, some 30 s). Damage to the very last records
// inside this window cannot be told from a write that was never finished. What a node promised there, its peers remember. Never ahead of the log.
#pragma once
#include <rocksdb/file_system.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/error.h"

namespace daftar::storage {

struct SyncedPoint {
  std::uint64_t write_number = 0;  // what counts; the rest is for people
  std::uint64_t last_index = 0;
  std::uint64_t last_term = 0;
};

class SyncedMark {
 public:
  static constexpr unsigned writes_between_syncs = 64;
  static constexpr std::chrono::milliseconds time_between_syncs{100};

  /// The newest whole slot; nothing when there is no such file; corruption when no slot is whole.
  static Expected<std::optional<SyncedPoint>, StorageError> read(rocksdb::Env* env, const std::string& path);
  /// Opens, creating the file durably when missing. The next sync() covers `now`.
  static Expected<std::unique_ptr<SyncedMark>, StorageError> open(rocksdb::Env* env, const std::string& path, const SyncedPoint& now);

  /// `point` has become durable in the log. Write numbers ascend.
  Expected<void, StorageError> note(const SyncedPoint& point);
  Expected<void, StorageError> sync();

 private:
  SyncedMark() = default;
  std::string path_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  unsigned slot_ = 0;              // where the next note goes: never the slot that was synced last
  unsigned unsynced_ = 0;
  std::chrono::steady_clock::time_point synced_at_{};
};

}  // namespace daftar::storage
