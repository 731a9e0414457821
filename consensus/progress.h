// What a leader knows of one follower, and how much it may send it (thesis 10.2.1; etcd-io/raft tracker/progress.go).
//
// probe:     the place where the logs agree is not known: one request at a time, the next after its reply or at the next heartbeat.
// replicate: it is known: requests follow each other without waiting, at most `inflight_appends_max` unanswered.
// snapshot:  what it needs is no longer in the log: it is sent a snapshot, one piece at a time, and heartbeats.
#pragma once

#include <deque>
#include <optional>

#include "consensus/output.h"

namespace daftar::consensus {

class Progress {
 public:
  enum class State : std::uint8_t { probe, replicate, snapshot };

  Progress(NodeId node_id, Index next_index) : node(node_id), next_(next_index) {}

  NodeId node;
  /// Index of the entry that removed it from the membership; 0: it is a member. It is told of that entry and its commit, and of nothing after.
  Index removed_by{};
  Ticks removed_for = 0;  ///< since that entry was committed

  State state() const { return state_; }
  Index match() const { return match_; }  ///< the follower's disk holds our log up to here; match < next
  Index next() const { return next_; }    ///< first entry to send next
  std::size_t inflight() const { return inflight_.size(); }

  /// What it will still be sent, if the log has it, lies after this place: its match, or the snapshot's that is on its way, or is to be, to it.
  /// Nothing: it needs a snapshot that was not asked for yet.
  std::optional<Index> sent_after() const;
  /// Flow control allows a request with entries now.
  bool may_append(std::size_t inflight_max) const;
  /// A request with entries up to `last` (next - 1 if none) went out.
  void sent(Index last);

  /// A success up to `match`. Returns whether match rose.
  bool accepted(Index match);
  /// A refusal of a request with previous.index == rejected. False: it is late and says nothing.
  bool refused(Index rejected) const;
  /// Where to try next, after refused() was true: above match, not above the refused place.
  void retreat(Index next);
  /// The follower cannot take more now: go on after match at the next heartbeat.
  void pause();
  /// A snapshot is to be sent: ends when the follower holds more than it did.
  void begin_snapshot();
  /// Its disk may hold less than it did: nothing is known of it any more, and what it has is looked for from where it was, downwards.
  void restarted();
  /// Heartbeat time: a request or reply may have been lost, so a probe may be repeated.
  void resume() { probe_sent_ = false; }

  /// It has replied.
  void heard() { active = true, unheard = 0; }

  bool heartbeat_due = false;      ///< a request must go out, with or without entries
  bool active = false;             ///< has replied since the last quorum check
  Ticks unheard = 0;               ///< since its last reply, or since this leader knows of it
  Index commit_sent;               ///< highest commit index that a request could make it adopt
  std::uint64_t context_sent = 0;  ///< read probes (6.4)
  std::uint64_t context_acked = 0;
  std::optional<LogRead> reading;  ///< entries being fetched from disk for it
  struct Transfer {
    std::optional<SnapshotRead> reading;  ///< the piece being fetched
    Snapshot snapshot;                    ///< being sent; position {0, 0}: none chosen yet
    std::uint64_t offset = 0;             ///< next piece
    std::uint64_t end = 0;                ///< of what was sent
    bool all_sent = false;
    bool waiting = false;                 ///< for the follower's answer, or for a while
    Ticks waited = 0;
  };
  Transfer transfer;               ///< state snapshot only
  LogPosition previous;            ///< of the last entry sent, or of one read from disk: that of next - 1 even when the window has moved on

 private:
  State state_ = State::probe;
  Index match_{};
  Index next_;
  bool probe_sent_ = false;
  std::deque<Index> inflight_;  // last index of each unanswered request with entries, ascending
};

}  // namespace daftar::consensus
