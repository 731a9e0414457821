#include "node/snapshot_picture.h"

#include <algorithm>

#include "node/recovery.h"

namespace daftar::node {

bool SnapshotPicture::asked(const consensus::SnapshotRead& read, std::uint64_t now_ms) {
  asked_ms_ = now_ms;
  if (!source_ || snapshot_.position.index < read.not_before) return false;
  if (read.snapshot == snapshot_ || now_ms < taken_ms_ + limits_.fresh_ms) return true;
  return std::any_of(asked_by_.begin(), asked_by_.end(),
                     [&](const auto& asked) { return asked.first != read.follower && now_ms < asked.second + limits_.receiver_heard_ms; });
}

void SnapshotPicture::taken(std::shared_ptr<const storage::SnapshotSource> source, const ledger::Genesis& genesis, std::uint64_t now_ms) {
  source_ = std::move(source);
  taken_ms_ = now_ms;
  asked_by_.clear();
  const auto& mark = source_->mark();
  snapshot_ = {{{mark.raft_term}, {mark.raft_index}}, membership_at(mark, genesis), source_->manifest()};
}

Expected<std::optional<consensus::SnapshotPiece>, storage::StorageError> SnapshotPicture::piece(const consensus::SnapshotRead& read) {
  using Piece = std::optional<consensus::SnapshotPiece>;
  asked_by_[read.follower] = asked_ms_;
  if (snapshot_.position.index < read.not_before || snapshot_.position.index == consensus::Index{0}) return Piece();
  const std::uint64_t offset = read.snapshot == snapshot_ ? read.offset : 0;
  if (offset >= source_->size()) return Piece();
  auto bytes = source_->read(offset, read.bytes_max);
  if (!bytes) return tl::make_unexpected(bytes.error());
  const bool done = offset + bytes->size() == source_->size();
  return Piece({snapshot_, offset, std::make_shared<const std::string>(std::move(*bytes)), done});
}

}  // namespace daftar::node
