// Snapshots for followers that need what is no longer in the log (thesis 5): a piece at a time, from the caller's disk to the caller's
// disk. The core knows to whom, when, and what follows from it; never the bytes.
#include <utility>

#include "consensus/invariant.h"
#include "consensus/raft.h"

namespace daftar::consensus {

// ---- leader

bool Raft::wants_snapshot(const Progress& follower) const {
  if (follower.removed_by > Index{0}) return false;
  if (follower.state() != Progress::State::snapshot) return needs_snapshot(follower);
  return !follower.transfer.reading && !follower.transfer.waiting;
}

void Raft::feed_snapshot(Progress& follower) {
  if (follower.state() != Progress::State::snapshot) follower.begin_snapshot();
  Progress::Transfer& transfer = follower.transfer;
  transfer.reading = SnapshotRead{++snapshot_read_, follower.node,   transfer.snapshot, log_.snapshot_index(),
                                  transfer.offset,  options_.snapshot_piece_bytes_max};
  snapshot_reads_.push_back(*transfer.reading);
}

void Raft::snapshot_read_done(const SnapshotRead& read, std::optional<SnapshotPiece> piece) {
  Progress* follower = peer(read.follower);
  if (!follower || !follower->transfer.reading || follower->transfer.reading->id != read.id) return;
  Progress::Transfer& transfer = follower->transfer;
  const SnapshotRead asked = *std::exchange(transfer.reading, std::nullopt);
  transfer.waiting = true;
  transfer.waited = 0;
  // The log may have been compacted further since: such a snapshot leads nowhere.
  if (!piece || piece->snapshot.position.index < log_.snapshot_index()) {
    transfer.snapshot = {};
    transfer.offset = 0;
    return;
  }
  const std::uint64_t size = piece->bytes ? piece->bytes->size() : 0;
  CONSENSUS_INVARIANT(piece->offset == (piece->snapshot == asked.snapshot ? asked.offset : 0));
  CONSENSUS_INVARIANT(size <= asked.bytes_max && (size > 0 || piece->done));
  CONSENSUS_INVARIANT(piece->snapshot.position.index <= commit_ && piece->snapshot.manifest.size() <= Snapshot::manifest_bytes_max);
  transfer.snapshot = piece->snapshot;
  transfer.offset = piece->offset;
  transfer.end = piece->offset + size;
  transfer.all_sent = piece->done;
  offer(follower->node, SnapshotRequest{term_, std::move(*piece)});
}

// Pieces and answers may be lost, and the follower may have been restarted: asking costs less than sending again.
// When all was sent the question is an empty last piece: who had it all before it was restarted installs it now.
void Raft::count_snapshot_wait(Progress& follower) {
  Progress::Transfer& transfer = follower.transfer;
  if (follower.state() != Progress::State::snapshot || !transfer.waiting || ++transfer.waited < options_.election_timeout) return;
  transfer.waited = 0;
  if (transfer.snapshot.position.index == Index{0})
    transfer.waiting = false;
  else
    offer(follower.node, SnapshotRequest{term_, {transfer.snapshot, transfer.end, nullptr, transfer.all_sent}});
}

void Raft::receive(NodeId from, const SnapshotReply& reply) {
  if (reply.term > term_) return become_follower(reply.term, no_node);
  Progress* follower = peer(from);
  if (!follower || reply.term < term_) return;
  follower->heard();
  Progress::Transfer& transfer = follower->transfer;
  if (follower->state() != Progress::State::snapshot || transfer.reading || reply.position != transfer.snapshot.position) return;
  transfer.waited = 0;
  if (reply.failed) {
    transfer = {};
    transfer.waiting = true;  // a while
    return;
  }
  if (transfer.all_sent && reply.wanted == transfer.end) return;  // it installs
  transfer.offset = reply.wanted;
  transfer.waiting = false;
}

void Raft::compact(LogPosition mark) {
  CONSENSUS_INVARIANT(mark.index <= applied_ && mark.index <= durability_.index());
  if (mark.index > log_.snapshot_index()) log_.compact(mark);
}

// ---- follower

void Raft::receive(NodeId from, SnapshotRequest& request) {
  if (request.term < term_) return promise(from, SnapshotReply{.term = term_});
  const LogPosition position = request.piece.snapshot.position;
  const auto known = log_.term_at(position.index);
  if (position.index <= commit_ && known && *known != position.term) return refuse("leader contradicts committed entries");
  if (!adopt_leader(from, request.term) || withheld_) return;
  // 5.1: what a snapshot holds is committed. If it is here already, knowing so is enough.
  if (position.index > commit_ && log_.holds(position)) advance_commit(position.index);
  if (position.index <= commit_) return promise(from, AppendReply{.term = term_, .success = true, .match = commit_});
  if (receiving_) {
    // Else the answer comes when the piece before is dealt with.
    if (installing() && receiving_->piece.snapshot == request.piece.snapshot)
      promise(from, SnapshotReply{term_, position, receiving_->piece.offset, false});
    return;
  }
  const std::uint64_t size = request.piece.bytes ? request.piece.bytes->size() : 0;
  arrivals_.push_back({++arrival_, std::move(request.piece)});
  const SnapshotPiece& piece = arrivals_.back().piece;
  receiving_ = SnapshotArrival{arrival_, {piece.snapshot, piece.offset + size, nullptr, piece.done}};
  receiving_from_ = from;
}

std::optional<SnapshotArrival> Raft::take_arrival(std::uint64_t id) {
  if (!receiving_ || receiving_->id != id) return std::nullopt;
  return std::exchange(receiving_, std::nullopt);
}

void Raft::answer_snapshot(const SnapshotArrival& arrival, std::uint64_t wanted, bool failed) {
  if (leader() == receiving_from_) promise(receiving_from_, SnapshotReply{term_, arrival.piece.snapshot.position, wanted, failed});
}

void Raft::snapshot_wants(std::uint64_t id, std::uint64_t offset) {
  if (const auto arrival = take_arrival(id)) answer_snapshot(*arrival, offset, false);
}

void Raft::snapshot_failed(std::uint64_t id) {
  if (const auto arrival = take_arrival(id)) answer_snapshot(*arrival, 0, true);
}

void Raft::snapshot_installed(std::uint64_t id) {
  const auto arrival = take_arrival(id);
  if (!arrival) return;
  const Snapshot& snapshot = arrival->piece.snapshot;
  const Index index = snapshot.position.index;
  CONSENSUS_INVARIANT(arrival->piece.done);
  // Since the last piece was given out nothing was added to the log, which did not hold this place; so it was not committed here either.
  CONSENSUS_INVARIANT(commit_ < index && !log_.holds(snapshot.position));
  log_.restart(snapshot.position);
  durability_.restarted(index);
  memberships_ = MembershipHistory(index, snapshot.membership);
  next_to_write_ = index + 1;
  commit_ = handed_out_ = applied_ = index;
  joined_ = joined_ || membership().contains(options_.self);
  end_doubt();
  if (leader() == receiving_from_) promise(receiving_from_, AppendReply{.term = term_, .success = true, .match = index});
}

}  // namespace daftar::consensus
