// A simulated disk under the Raft log, and the port over it. What was written and what is durable are kept apart, as bytes: records and meta
// rows in the real frames (storage/record_frame.h), and on opening the judgement of storage/rocks_raft_log.cc: an unfinished last write is cut
// off, anything else that does not fit together, or that ends before the synced-up-to mark, is refused.
//
//   file: writes one after the other, each  "DWRT" | u32 CRC32C of the body | u32 length of the body | body
//         body: rows, each u32 length | frame; the first is the meta row, the others are the records
//
// compact() and restart() are writes of a meta row alone, as on the real disk: its bounds say what is forgotten. The bytes stay in the file.
//
// Left out: a power cut within storage::SyncedMark's window (64 writes, 100 ms) after a misdirected write or after rot of the very last write.
// There the mark cannot tell, only the memory of peers.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/raft_log.h"
#include "storage/record_frame.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/schedule.h"

namespace daftar::simulation {

class LogDisk {
 public:
  explicit LogDisk(const Schedule& schedule) : schedule_(schedule) {}

  // What a process sees of it.
  std::size_t append(const std::string& bytes);          // into the page cache; returns the offset
  void sync(std::uint64_t write_number);                 // everything appended is durable; the mark follows as the real one does
  const std::string& content() const { return content_; }
  std::uint64_t mark() const { return mark_; }
  void opened(std::size_t whole_bytes, std::uint64_t write_number);  // what is behind was cut off; the mark is brought up to date

  // What happens to it.
  void process_died(Chance& chance);
  /// What was not synced is gone, or, if `torn`, partly there. Returns whether there was such a thing.
  bool power_cut(Chance& chance, bool torn);
  /// Flips a bit of what is durable, where it can be told from an unfinished write. False: there is no such place yet.
  bool rot(Chance& chance);
  /// The next write lands on older ones, and zeros where it should be; the disk reports success.
  void misdirect_next(std::uint64_t place) { misdirect_ = place; }
  /// From now on syncs report success and do nothing (planted mistakes only).
  void lie(bool lying) { lying_ = lying; }
  bool damaged() const { return !damage_.empty(); }
  /// What is remembered of peers, in the mark's file: durable after 100 ms.
  void remember(std::vector<storage::StoredRecollection> memory);
  std::vector<storage::StoredRecollection> memory() const { return memory_.empty() ? std::vector<storage::StoredRecollection>() : memory_.back().rows; }
  /// Another copy of the damaged places is found (a mirror, a backup of the disk): the bytes are as they should be again, and a misdirection
  /// still to come does not.
  void mend();
  /// All that is durable at this moment, as an operator might copy it. An empty one is that of a new disk.
  struct Copy { std::string content; std::uint64_t mark = 0; std::vector<storage::StoredRecollection> memory; };
  Copy copy() const { return {content_.substr(0, synced_), mark_, memory()}; }
  /// The copy takes the place of everything. No process runs.
  void put_back(const Copy& copy);

 private:
  struct Damage { std::size_t offset; std::string good; };
  struct Memory { Millis written; std::vector<storage::StoredRecollection> rows; };

  const Schedule& schedule_;
  std::string content_;
  std::size_t synced_ = 0;         // bytes of content_ that survive a power cut
  std::size_t last_write_ = 0;     // offset of the newest write
  std::uint64_t mark_ = 0, synced_mark_ = 0, last_write_number_ = 0;
  unsigned unsynced_notes_ = 0;
  Millis mark_synced_at_ = 0;
  std::optional<std::uint64_t> misdirect_;
  bool lying_ = false;
  std::vector<Damage> damage_;
  std::deque<Memory> memory_;
};

/// The port. One process's view of the disk: dies with the process.
class SimRaftLog final : public storage::RaftLog {
 public:
  /// Planted mistakes of a storage that judges less than the real one; all false otherwise.
  struct Leniency { bool damage_is_a_tail = false; bool ignores_the_mark = false; };
  static Expected<std::unique_ptr<SimRaftLog>, storage::StorageError> open(LogDisk& disk, Leniency leniency);

  Expected<void, storage::StorageError> write(const std::optional<storage::StoredHardState>& hard_state,
                                              std::span<const storage::LogRecord> records) override;
  Expected<void, storage::StorageError> compact(storage::LogPlace through) override;
  Expected<void, storage::StorageError> restart(storage::LogPlace place) override;
  /// The writes in their two halves, between which the process may die: bytes handed to the system; then durable and readable.
  void begin_write(const std::optional<storage::StoredHardState>& hard_state, std::span<const storage::LogRecord> records);
  /// False: nothing to forget, and nothing to be finished.
  bool begin_compact(storage::LogPlace through);
  void begin_restart(storage::LogPlace place);
  Expected<void, storage::StorageError> finish_write();

  storage::StoredHardState hard_state() const override { return meta_.hard_state; }
  std::uint64_t first() const override { return meta_.first; }
  std::uint64_t last() const override { return meta_.last; }
  storage::LogPlace compacted() const override { return {meta_.first - 1, meta_.compacted_term}; }
  Expected<std::vector<storage::LogRecord>, storage::StorageError> read(std::uint64_t from, std::uint64_t to, std::size_t bytes_max) const override;
  std::uint64_t sync_count() const override { return syncs_; }
  Expected<void, storage::StorageError> write_memory(std::span<const storage::StoredRecollection> memory) override {
    disk_.remember({memory.begin(), memory.end()});
    return {};
  }
  std::vector<storage::StoredRecollection> memory() const override { return disk_.memory(); }
  Expected<void, storage::StorageError> settle() override { return {}; }
  /// Reads and writes fail from now on, or no longer.
  void fail(bool failing) { failing_ = failing; }

 private:
  struct Place { std::size_t offset = 0, size = 0; };   // of a record's frame in the file
  struct Write { storage::LogMeta meta; std::vector<std::pair<std::uint64_t, Place>> records; std::size_t end = 0; };
  explicit SimRaftLog(LogDisk& disk) : disk_(disk) {}
  static std::optional<Write> write_at(const std::string& content, std::size_t at);
  void adopt(const Write& write);
  void append(Write write, std::span<const storage::LogRecord> records);

  static constexpr std::size_t cached_max = 24;   // newest records, read without the disk

  LogDisk& disk_;
  storage::LogMeta meta_;
  std::deque<Place> places_;       // of record i at i - meta_.first
  std::deque<storage::LogRecord> cached_;
  std::optional<Write> under_way_;
  std::vector<storage::LogRecord> records_under_way_;
  bool failing_ = false;
  std::uint64_t syncs_ = 0;
};

}  // namespace daftar::simulation
