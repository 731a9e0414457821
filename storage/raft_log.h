// Port: the replicated log on disk, with term and vote. Knows nothing of what terms mean; stores what it is given.
// Single caller (the log thread); read() and first()/last() may be called from any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/error.h"

namespace daftar::storage {

struct LogRecord {
  std::uint64_t index = 0;      // from 1
  std::uint64_t term = 0;
  std::uint8_t kind = 0;        // the caller's; stored as it is
  std::shared_ptr<const std::string> payload;  // may be null: empty
};
struct StoredHardState {
  std::uint64_t term = 0;
  std::uint64_t voted_for = 0;  // 0: nobody
  std::uint64_t commit = 0;     // a hint, may lag
};

/// What a node remembers of another one (consensus/memory.h).
struct StoredRecollection {
  std::uint64_t node = 0;
  std::uint64_t term = 0;
  std::uint64_t held_term = 0, held_index = 0;
  std::uint64_t offered_term = 0, offered_index = 0;
  bool operator==(const StoredRecollection&) const = default;
};

/// A place in the log: of a record, or after which it goes on.
struct LogPlace {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  bool operator==(const LogPlace&) const = default;
};

/// Entries [first(), last()], contiguous; empty when last() == first() - 1; first() is 1 in a new log.
/// What is before first() was forgotten by compact() or restart(); read() of it: not_found.
class RaftLog {
 public:
  virtual ~RaftLog() = default;
  /// One atomic, durable write (fdatasync before it returns): hard state if given; records (consecutive indexes) if any: those at or after
  /// records.front().index are dropped first in the same write. io, full, corruption: nothing is promised; the caller must stop the node.
  [[nodiscard]] virtual Expected<void, StorageError> write(const std::optional<StoredHardState>& hard_state,
                                                          std::span<const LogRecord> records) = 0;
  virtual StoredHardState hard_state() const = 0;
  virtual std::uint64_t first() const = 0;
  virtual std::uint64_t last() const = 0;
  /// Of the record before first(): the last one forgotten, or where restart() began; {0, 0}: the log is whole.
  virtual LogPlace compacted() const = 0;
  /// Records [from, to], stopping early once `bytes_max` of payload is passed (at least one is returned). Each record's checksum is verified.
  [[nodiscard]] virtual Expected<std::vector<LogRecord>, StorageError> read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) const = 0;
  /// Forgets the records up to and with `through`, which must be in the log (its term is checked); nothing happens when it is before first().
  /// Durable when it returns, at the cost of one small write; the space is given back in the background as whole files become free.
  /// The caller has seen to it that what the records did is durable elsewhere. Errors: as write().
  [[nodiscard]] virtual Expected<void, StorageError> compact(LogPlace through) = 0;
  /// Empties the log, which goes on after `place` from now on: first() == place.index + 1, last() == place.index. The hard state stays, and must
  /// not be of an earlier term. One atomic, durable write. Errors: as write().
  [[nodiscard]] virtual Expected<void, StorageError> restart(LogPlace place) = 0;
  /// Replaces what is remembered of peers. Written at once: the death of the process loses nothing of it; a power cut at most what the last
  /// 100 ms brought, if settle() is called in time. Costs no sync of its own while the log is written to. Errors: as write().
  [[nodiscard]] virtual Expected<void, StorageError> write_memory(std::span<const StoredRecollection> memory) = 0;
  /// As last written, by this process or an earlier one. Ascending by node if it was written so.
  virtual std::vector<StoredRecollection> memory() const = 0;
  /// Makes durable what lags behind for the sake of speed: write_memory() and the synced-up-to mark. To be called when nothing was written for
  /// 100 ms. Errors: as write().
  [[nodiscard]] virtual Expected<void, StorageError> settle() = 0;
  /// Durable writes done since opening, for metrics.
  virtual std::uint64_t sync_count() const = 0;
};

/// When nothing was written for so long, settle() is due.
inline constexpr std::chrono::milliseconds log_settles_after{100};

struct RaftLogOptions {
  std::string path;
  std::size_t cache_bytes = 32u << 20;         // newest payloads kept in memory for read()
  std::size_t memtable_bytes = 64u << 20;      // written into a table file, and the write-ahead log begun anew, after about so much
  std::size_t verify_bytes = 1024u << 20;      // newest payloads whose checksums are verified on opening; older ones when they are read
};
/// RocksDB of its own: WAL on, every write synced, background errors never resumed. Refuses (corruption) a log with a hole, a failed checksum,
/// or one that ends before its synced-up-to mark (a small file beside the database, `<path>.synced`; storage/synced_mark.h says what window it
/// leaves): such a node must not vote. An unfinished last write is cut off. locked: another process has it open.
Expected<std::unique_ptr<RaftLog>, StorageError> open_rocks_raft_log(const RaftLogOptions& options);

/// What a log that open_rocks_raft_log() refuses as corrupt still says for certain.
struct RaftLogSalvage {
  /// Term and vote as last made durable; nothing when the newest meta row cannot be read, or something durable may lie behind it.
  std::optional<StoredHardState> hard_state;
  std::vector<StoredRecollection> memory;   // it has a file of its own, beside the database
};
/// Changes no file.
RaftLogSalvage salvage_rocks_raft_log(const RaftLogOptions& options);

}  // namespace daftar::storage
