// What dies with a process of a Machine. Internal to machine*.cc.
#pragma once
#include <map>
#include <variant>

#include "node/snapshot_picture.h"
#include "tests/simulation/machine.h"

namespace daftar::simulation {

inline constexpr node::SnapshotPicture::Limits picture_limits{.kept_ms = 2500, .fresh_ms = 1500, .receiver_heard_ms = 800};   // of the node: 60 s, 120 s and 20 s

struct Machine::Process {
  std::unique_ptr<SimRaftLog> log;
  std::unique_ptr<SimStateStore> store;
  std::unique_ptr<node::Executor> executor;
  std::unique_ptr<node::Replica> replica;
  std::deque<node::Replica::LogWrite> log_queue;
  std::vector<consensus::LogRead> log_reads;
  bool log_busy = false;
  std::deque<node::ExecuteTask> execute_queue;
  bool executing = false;
  Millis executed_told = 0;            // when the replica hears of the newest executed block: a queue keeps their order
  std::deque<std::function<void()>> after_pause;   // what came while the process stood still
  std::uint64_t flushes_seen = 0;      // of the store, told to the replica
  std::optional<consensus::LogPosition> compaction;
  // Snapshots, as node/snapshot_transfer.h has them.
  using Transfer = std::variant<consensus::SnapshotRead, consensus::SnapshotArrival>;
  std::deque<Transfer> transfers;
  bool transferring = false;
  node::SnapshotPicture picture{picture_limits};           // being sent
  std::unique_ptr<storage::SnapshotSink> sink;             // being received
  std::string receiving;                                   // its manifest
  /// On its way: state replaced, log begun anew, both finished, replica told.
  struct Install { std::uint64_t arrival = 0; std::unique_ptr<storage::SnapshotSink> sink; node::ExecutedState state; };
  std::optional<Install> execute_install, log_install;
  // Of the log thread's present round: what was asked for before it began comes after what was to be written then.
  std::optional<Install> round_install;
  std::optional<consensus::LogPosition> round_compaction;
  std::map<node::ClientToken, Done> clients;
  std::map<node::ClientToken, std::function<void(bool)>> readers;
  node::ClientToken next_client = 1;
};

}  // namespace daftar::simulation
