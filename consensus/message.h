// The RPCs of Raft (thesis figure 3.1) as plain values. Requests and replies are independent messages: any may be lost, late,
// repeated or reordered. Every message carries its sender's term.
#pragma once

#include <variant>

#include "consensus/types.h"

namespace daftar::consensus {

/// RequestVote (3.4) and PreVote (9.6).
struct VoteRequest {
  Term term{};              ///< the term to be elected in; for `pre` the sender is still in the term before
  bool pre = false;       ///< only asks whether a vote would be given: nobody's term or vote changes
  bool transfer = false;  ///< sent on a leader's TimeoutNow: a living leader is no reason to refuse (4.2.3)
  LogPosition last{};       ///< last entry of the sender's log
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

struct VoteReply {
  Term term{};      ///< the replier's own term
  Term election{};  ///< VoteRequest::term of the request
  bool pre = false;
  bool granted = false;
  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

/// AppendEntries (3.5). Without entries it is a heartbeat, or tells the follower a new commit index.
struct AppendRequest {
  Term term{};
  LogPosition previous{};          ///< of the entry before entries[0]; {0, 0}: before the first
  Index commit{};                  ///< the leader's commit index
  std::vector<Entry> entries{};    ///< consecutive from previous.index + 1, terms not falling
  std::uint64_t context = 0;     ///< the leader's newest round of read probes (6.4), echoed in the reply; counts from 1 in each term
  friend bool operator==(const AppendRequest&, const AppendRequest&) = default;
};

struct AppendReply {
  Term term{};
  bool success = false;
  bool full = false;          ///< success: the entries were not taken, because too much waits to be synced or applied; try later
  Index match{};                ///< success: the follower's disk holds the leader's log up to here
  Index rejected{};             ///< refusal: previous.index of the request. 0: the request's term was old, only `term` says anything
  LogPosition hint{};           ///< refusal: where the logs may still agree (3.5, end): no index in (hint.index, rejected] matches
  std::uint64_t context = 0;
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

/// The leader asks its chosen successor to campaign at once (3.10).
struct TimeoutNow {
  Term term{};
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

/// Names one snapshot exactly (5.1): equal values have equal bytes, whichever node sends them.
struct Snapshot {
  LogPosition position{};    ///< of the last entry that it holds
  Membership membership{};   ///< in force at that place
  std::string manifest{};    ///< of the caller: what tells its bytes from those of any other, e.g. a digest of its list of files
  friend bool operator==(const Snapshot&, const Snapshot&) = default;

  static constexpr std::size_t manifest_bytes_max = 4096;
};

/// A piece of a snapshot's bytes.
struct SnapshotPiece {
  Snapshot snapshot{};
  std::uint64_t offset = 0;
  Payload bytes{};           ///< null or empty: asks only where to go on
  bool done = false;         ///< nothing comes after these bytes
  /// By content, not by address of the bytes.
  friend bool operator==(const SnapshotPiece& a, const SnapshotPiece& b);
};

/// InstallSnapshot (5, figure 5.3): one piece at a time. Answered by SnapshotReply, or, once it holds what the snapshot holds, by AppendReply.
struct SnapshotRequest {
  Term term{};
  SnapshotPiece piece{};
  friend bool operator==(const SnapshotRequest&, const SnapshotRequest&) = default;
};

struct SnapshotReply {
  Term term{};
  LogPosition position{};    ///< of the snapshot that was spoken of; {0, 0}: the request's term was old
  std::uint64_t wanted = 0;  ///< the offset to go on from
  bool failed = false;       ///< it could not be used: begin anew, later
  friend bool operator==(const SnapshotReply&, const SnapshotReply&) = default;
};

using Message = std::variant<VoteRequest, VoteReply, AppendRequest, AppendReply, TimeoutNow, SnapshotRequest, SnapshotReply>;

struct Envelope {
  NodeId from{};
  NodeId to{};
  Message message;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

}  // namespace daftar::consensus
