// What the core asks of the world, as one value.
#pragma once

#include <optional>

#include "consensus/message.h"

namespace daftar::consensus {

/// Entries [first, last] that a follower needs and the window in memory no longer holds. All of them are durable here.
/// Answer with Raft::log_read_done(): the entries from `first` on, as many as fit in bytes_max, but at least one;
/// none means that they are not to be had now (asked again at a later heartbeat).
struct LogRead {
  std::uint64_t id = 0;
  NodeId follower{};
  Index first{};
  Index last{};
  std::size_t bytes_max = 0;
  friend bool operator==(const LogRead&, const LogRead&) = default;
};

/// A piece of a snapshot to be sent to a follower whose next entries are no longer in the log. Answer with Raft::snapshot_read_done().
struct SnapshotRead {
  std::uint64_t id = 0;
  NodeId follower{};
  Snapshot snapshot{};          ///< the one being sent; position {0, 0}: begin with the newest there is
  Index not_before{};           ///< an older one is of no use: the log goes on after this place
  std::uint64_t offset = 0;
  std::size_t bytes_max = 0;
  friend bool operator==(const SnapshotRead&, const SnapshotRead&) = default;
};

/// A piece of a snapshot that the leader sent. One at a time; answer with one of
/// - Raft::snapshot_wants(id, offset): stored as far as that (need not be durable); or not this one, but what lies at `offset`: pieces may
///   be missing, or kept from before a restart. The answer to a piece without bytes;
/// - Raft::snapshot_installed(id): after the piece with `done`, when all was checked, and state, membership and log on disk were replaced
///   at once and durably: no entry is left in the log, its mark is the snapshot's position. Outputs before this one are carried out first;
/// - Raft::snapshot_failed(id): it does not hold what it should.
struct SnapshotArrival {
  std::uint64_t id = 0;
  SnapshotPiece piece{};
  friend bool operator==(const SnapshotArrival&, const SnapshotArrival&) = default;
};

/// The read may be served from any state in which `index` is applied (thesis 6.4): wait for that, then read.
struct ReadReady {
  ReadId id{};
  Index index{};
  friend bool operator==(const ReadReady&, const ReadReady&) = default;
};

/// The node's place from now on. A proposal of an earlier term that is not committed yet may be lost, or be committed by another leader.
struct RoleChange {
  Role role = Role::follower;
  Term term{};
  NodeId leader{};  ///< none: not known
  friend bool operator==(const RoleChange&, const RoleChange&) = default;
};

/// Everything to be done now. Outputs are carried out in the order of `batch`:
/// 1. `send_now` may leave at once;
/// 2. if needs_sync(): write `hard_state` and `entries` in one atomic write, make it durable (one sync may cover several batches), then send
///    `send_after_sync` and call Raft::synced(batch);
/// 3. `committed` is applied in order (nothing of it waits for this batch's own sync), then Raft::applied() is told.
/// A disk error ends the node: there is no input for it.
struct Output {
  BatchId batch{};
  std::optional<HardState> hard_state{};    ///< replaces the one on disk
  std::vector<Entry> entries{};             ///< consecutive; the log on disk first drops everything at or after entries[0].index
  std::vector<Envelope> send_now{};         ///< offers, pre-votes, and replies that rest on nothing unsynced
  std::vector<Envelope> send_after_sync{};  ///< promises: only after this batch and all before it are synced
  std::vector<Entry> committed{};           ///< each index once per process, ascending; durable on this node
  std::vector<LogRead> log_reads{};
  std::vector<SnapshotRead> snapshot_reads{};
  std::vector<SnapshotArrival> snapshot_arrivals{};
  std::vector<ReadReady> reads{};
  std::vector<ReadId> reads_aborted{};      ///< leadership was lost before they could be confirmed: ask again, elsewhere
  std::optional<RoleChange> role{};         ///< only when something of it changed
  /// The entry that removed this node from the membership is committed, and nothing after it is known here: this node is not needed any
  /// more. Said once; it may be taken back in by a later change, if it is still there.
  bool removed = false;

  /// Something is to be made durable, or promises wait for an earlier batch to be durable.
  bool needs_sync() const { return hard_state || !entries.empty() || !send_after_sync.empty(); }
};

}  // namespace daftar::consensus
