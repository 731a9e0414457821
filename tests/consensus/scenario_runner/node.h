// One node of a scenario: the real core, and what stands for its disk and its state machine.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/raft.h"

namespace daftar::consensus::scenario {

/// A snapshot of a state machine, or as much of it as has arrived.
struct StoredSnapshot {
  Snapshot name{};
  std::string bytes{};
};

/// The applied entries as bytes, and back; nothing if the bytes are not such.
std::string encode_state(const std::vector<Entry>& state);
std::optional<std::vector<Entry>> decode_state(const std::string& bytes);

/// What survives a crash.
struct Disk {
  HardState hard_state{};
  LogPosition mark{};            ///< entries up to here are in the snapshot only
  std::vector<Entry> entries{};  ///< from mark.index + 1
  Membership membership{};       ///< in force at the mark
  StoredSnapshot snapshot{};     ///< the newest there is; position {0, 0}: none. Not older than the mark
  StoredSnapshot received{};     ///< pieces of one that a leader sends
  std::vector<Recollection> memory{};  ///< what the node remembers of the others, as of its last crash or copy

  Index last() const { return mark.index + entries.size(); }
  const Entry* at(Index index) const;
  void write(const Output& output);
  /// In force at an index from the mark to the end.
  Membership membership_at(Index index) const;
  /// The name of a snapshot that holds everything up to `index`, from the mark to the end.
  Snapshot name_snapshot(Index index, const std::string& bytes) const;
  /// As SnapshotRead asks; nothing if there is no snapshot that serves.
  std::optional<SnapshotPiece> read(const SnapshotRead& read) const;
  /// As LogRead asks.
  std::vector<Entry> read(const LogRead& read) const;
};

/// An append's success names a place in the log as it was when the core spoke.
struct Promise {
  Envelope envelope;
  Term term_at_match{};
};

/// An output on its way to the disk.
struct Write {
  Output output;
  std::vector<Promise> promises;
};

class Node {
 public:
  Node(Options node_options, Disk initial_disk, Index initially_applied);

  const NodeId id;
  const Options options;
  std::unique_ptr<Raft> raft;  ///< null: down
  Disk disk;
  std::map<std::string, Disk> saved_disks;
  std::vector<Disk> lost;  ///< in whose place a saved copy was put: what they held may be counted still

  /// Whether disk writes, applying and reads of old log entries are done with the output that asks for them, or wait for a command.
  bool persists_at_once = true;
  bool applies_at_once = true;
  bool reads_log_at_once = true;
  bool installs_at_once = true;  ///< and takes pieces of snapshots

  std::vector<Entry> log;         ///< as the core has given it out, from disk.mark.index + 1; ahead of the disk while writes are under way
  std::deque<Write> writes;       ///< given out, not on disk
  std::deque<Entry> to_apply;     ///< given out as committed, not applied
  std::deque<LogRead> log_reads;  ///< not answered
  std::deque<SnapshotArrival> arrivals;  ///< not answered
  std::vector<Entry> state;       ///< what the state machine has applied since its first snapshot, ascending
  Index applied;
  BatchId untold{};               ///< newest batch that the disk holds and the core was not told of; 0: none
  bool holds_joint = false;         ///< told to the core, also after a restart
  std::uint64_t ticks_skipped = 0;  ///< so many of the coming ticks do not reach the core: a longer election wait
  RoleChange place;               ///< as last given out
  std::set<NodeId> asked;         ///< know of this process
  Index commit_checked;           ///< of this process: Safety has seen the log up to here

  bool up() const { return raft != nullptr; }
  Index log_last() const { return disk.mark.index + log.size(); }
  const Entry* log_at(Index index) const;
  void take_into_log(const std::vector<Entry>& entries);

  /// Keeps a snapshot of the state machine as it was at `index`, from the mark to `applied`.
  void take_snapshot(Index index);
  /// Forgets the log up to the snapshot's last entry.
  void compact();
  /// The received snapshot, which is complete, takes the place of state and log. Nothing, and no change, if its bytes are not a state.
  bool install_received();

  /// From what the disk holds, with the state machine at `applied_index`. A later restart may draw other election waits: `seed`. `withheld`: it
  /// promises nothing before it was told that the others were asked.
  void start(Index applied_index, std::uint64_t seed, bool withheld = false);
  /// The first `persisted` writes under way have reached the disk, and nobody was told.
  void crash(std::size_t persisted);
};

}  // namespace daftar::consensus::scenario
