// Beginnings and ends: where the replica starts from, what leaves the log, and what happens when a peer needs what has left it (thesis 5).
// The bytes of snapshots are the loop's and the storage's; here is only what they mean for the replica.
#include <algorithm>

#include "consensus/membership.h"
#include "ledger/check.h"
#include "node/replica.h"
#include "storage/snapshot.h"

namespace daftar::node {
namespace {
constexpr std::uint64_t weighed_every_bytes = 1u << 20, weighed_every_entries = 256;
}

/// Everything that is known of the ledger comes from `state`, nothing from before.
void Replica::start_from(ExecutedState state) {
  chain_.clear();
  chain_[state.raft_index] = {state.raft_term, state.height, state.block_time_ms, state.block_hash, false, false};
  blocks_.clear();
  committed_index_ = executed_index_ = state.raft_index;
  entries_ = state.entries;
  next_deadline_ms_ = state.next_deadline_ms;
  registry_ = std::move(state.registry);
  certifier_.set_validators(registry_.validators);
  mempool_.set_member_limits(state.member_limits);
  certifier_.restore(state.certified_size);
  certificate_stored_ = last_checkpoint_size_ = state.certified_size;
  uncertified_since_ms_ = 0;
  log_weights_.clear();
  log_weights_.push_back({{{state.raft_term}, {state.raft_index}}, log_bytes_});
}

// ---------------------------------------------------------------------------------------------- what leaves the log

void Replica::weigh_log(const std::vector<consensus::Entry>& entries) {
  const std::uint64_t every = std::min(weighed_every_bytes, options_.log_retain_bytes / 4);   // finer when little is kept
  while (log_weights_.size() > 1 && log_weights_.back().position.index >= entries.front().index) log_weights_.pop_back();
  for (const auto& entry : entries) {
    const auto& last = log_weights_.back();
    if (log_bytes_ >= last.bytes_before + every || entry.index.value >= last.position.index.value + weighed_every_entries)
      log_weights_.push_back({entry.position(), log_bytes_});
    log_bytes_ += entry.byte_size();
  }
}

void Replica::state_flushed(std::uint64_t raft_index) {
  flushed_index_ = std::max(flushed_index_, raft_index);
  compact_log();
}

/// A snapshot in whose course the log leaves its place behind has to be begun again with another, and would be for ever if the log always grows by
/// so much meanwhile. Who receives a state of S bytes at r bytes a second, while the log grows by w < r, needs w S / r < S of the log after it: so what
/// is kept for it is as much as the state, if that is more. (Who is slower than the log grows never arrives, whatever is kept.)
std::uint64_t Replica::retained_after(consensus::Index index, const consensus::Status& status) const {
  if (!is_leader() || index <= status.match_min) return options_.log_retain_bytes;
  if (index <= status.awaited_min) return options_.log_retain_for_laggards_bytes;
  return std::max(options_.log_retain_for_laggards_bytes, picture_bytes_);
}

void Replica::compact_log() {
  const auto status = raft_.status();
  const std::uint64_t done = std::min({flushed_index_, executed_index_, status.applied.value, status.durable.value});
  std::optional<consensus::LogPosition> mark;
  for (const auto& weight : log_weights_) {
    if (weight.position.index.value > done) break;
    const std::uint64_t after = log_bytes_ - weight.bytes_before;
    if (after < retained_after(weight.position.index, status)) break;
    mark = weight.position;
  }
  if (!mark || mark->index <= status.compacted || mark->index == consensus::Index{0}) return;
  std::erase_if(log_weights_, [&](const LogWeight& weight) { return weight.position.index < mark->index; });
  raft_.compact(*mark);
  output_.compact = *mark;
}

// ---------------------------------------------------------------------------------------------- snapshots

void Replica::snapshot_read_done(const consensus::SnapshotRead& read, std::optional<consensus::SnapshotPiece> piece) {
  if (piece)
    if (const auto manifest = storage::decode_manifest(piece->snapshot.manifest)) picture_bytes_ = manifest->size;
  raft_.snapshot_read_done(read, std::move(piece));
  pump();
}

void Replica::snapshot_wants(std::uint64_t arrival, std::uint64_t offset) {
  raft_.snapshot_wants(arrival, offset);
  pump();
}

void Replica::snapshot_failed(std::uint64_t arrival) {
  raft_.snapshot_failed(arrival);
  pump();
}

void Replica::snapshot_installed(std::uint64_t arrival, ExecutedState state) {
  DAFTAR_CHECK(blocks_in_execution_.empty());   // what was handed out before the last piece came was executed before it was installed
  raft_.snapshot_installed(arrival);
  ++snapshots_installed_;
  flushed_index_ = state.raft_index;
  start_from(std::move(state));
  committed_membership_ = consensus::encode_membership(raft_.membership());
  output_.registry = registry_;
  // What clients wait for may have been executed elsewhere, and lie in the entries that came with the snapshot.
  for (const auto& [id, waiting] : waiting_) output_.lookups.push_back(id);
  std::sort(output_.lookups.begin(), output_.lookups.end());
  certificate_stored(certificate_stored_);
  say("a snapshot took the place of the state and the log: height " + std::to_string(tip().height) + ", Raft index " + std::to_string(executed_index_));
  pump();
}

}  // namespace daftar::node
