// One node of a scenario: the real core, and what stands for its disk and its state machine.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "consensus/raft.h"

namespace daftar::consensus::scenario {

/// What survives a crash.
struct Disk {
  HardState hard_state{};
  LogPosition mark{};            ///< entries up to here are in the snapshot only
  std::vector<Entry> entries{};  ///< from mark.index + 1
  Membership membership{};       ///< in force at the mark

  Index last() const { return mark.index + entries.size(); }
  const Entry* at(Index index) const;
  void write(const Output& output);
  /// In force at an index from the mark to the end.
  Membership membership_at(Index index) const;
  /// Forgets the entries up to `index`, from the mark to the end: they are in the snapshot.
  void compact(Index index);
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

  /// Whether disk writes, applying and reads of old log entries are done with the output that asks for them, or wait for a command.
  bool persists_at_once = true;
  bool applies_at_once = true;
  bool reads_log_at_once = true;

  std::vector<Entry> log;         ///< as the core has given it out, from disk.mark.index + 1; ahead of the disk while writes are under way
  std::deque<Write> writes;       ///< given out, not on disk
  std::deque<Entry> to_apply;     ///< given out as committed, not applied
  std::deque<LogRead> log_reads;  ///< not answered
  std::vector<Entry> state;       ///< what the state machine has applied since its first snapshot, ascending
  Index applied;
  RoleChange place;               ///< as last given out
  Index commit_checked;           ///< of this process: Safety has seen the log up to here

  bool up() const { return raft != nullptr; }
  Index log_last() const { return disk.mark.index + log.size(); }
  const Entry* log_at(Index index) const;
  void take_into_log(const std::vector<Entry>& entries);

  /// From what the disk holds, with the state machine at `applied_index`. A later restart may draw other election waits: `seed`.
  void start(Index applied_index, std::uint64_t seed);
  /// The first `persisted` writes under way have reached the disk, and nobody was told.
  void crash(std::size_t persisted);
};

}  // namespace daftar::consensus::scenario
