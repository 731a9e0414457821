// How far a Raft log is known to have been durable, kept in a small file beside the database: when the database comes back with less, it has
// lost what this node may have promised to others, and the node must not vote (DESIGN §12.7).
//
// Two slots of one 4 KiB page each; the newest whole one counts, so a torn write leaves the other.
//   slot: "DMK1" | u64 write number | u64 last index | u64 last term | u32 CRC32C of what is before
//
// In the same file, after the two pages, in two slots of 64 KiB of the same kind, what the node remembers of its peers (consensus/memory.h):
//   slot: "DMM1" | u64 number of this writing | u32 count | count times: u64 node | u64 term | u64 held term | u64 held index |
//         u64 offered term | u64 offered index | u32 CRC32C
// It is here and not in the database so that it costs no sync of its own, and outlives damage to the database.
//
// The window. note() writes the slot after every durable write of the log but syncs it only every `writes_between_syncs` writes or
// `time_between_syncs`, so that a write costs one sync and not two. So after the death of the process the mark is exact; after a power cut
// it may lag by that much (on an idle log too: RaftLog::settle()). Damage to the very last records
// inside this window cannot be told from a write that was never finished. What a node promised there, its peers remember. Never ahead of the log.
#pragma once
#include <rocksdb/file_system.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/error.h"
#include "storage/raft_log.h"

namespace daftar::storage {

struct SyncedPoint {
  std::uint64_t write_number = 0;  // what counts; the rest is for people
  std::uint64_t last_index = 0;
  std::uint64_t last_term = 0;
};

class SyncedMark {
 public:
  static constexpr unsigned writes_between_syncs = 64;
  static constexpr std::chrono::milliseconds time_between_syncs = log_settles_after;

  /// The newest whole slot; nothing when there is no such file; corruption when no slot is whole.
  static Expected<std::optional<SyncedPoint>, StorageError> read(rocksdb::Env* env, const std::string& path);
  /// Opens, creating the file durably when missing. The next sync() covers `now`.
  static Expected<std::unique_ptr<SyncedMark>, StorageError> open(rocksdb::Env* env, const std::string& path, const SyncedPoint& now);

  /// What was remembered last: of the newest whole slot; nothing when there is none.
  static Expected<std::vector<StoredRecollection>, StorageError> read_memory(rocksdb::Env* env, const std::string& path);

  /// `point` has become durable in the log. Write numbers ascend.
  Expected<void, StorageError> note(const SyncedPoint& point);
  /// Replaces what is remembered, at once, and durably with the next sync(), which is done here if the last was `time_between_syncs` ago.
  Expected<void, StorageError> remember(std::span<const StoredRecollection> memory);
  /// Does nothing when nothing was noted or remembered since the last.
  Expected<void, StorageError> sync();

 private:
  SyncedMark() = default;
  Expected<void, StorageError> sync_if_due();
  std::string path_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  unsigned slot_ = 0;              // where the next note goes: never the slot that was synced last
  unsigned unsynced_ = 0;
  unsigned memory_slot_ = 0;
  std::uint64_t memory_number_ = 0;  // of the last writing
  bool memory_unsynced_ = false;
  std::chrono::steady_clock::time_point synced_at_{};
};

}  // namespace daftar::storage
