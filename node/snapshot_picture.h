// The picture of the state that a leader sends (thesis 5): one for all followers that need one, how long it serves, and its pieces. Knows no
// clock, thread or store: they are the caller's (snapshot_transfer.h; the simulator's machines).
//
// As long as somebody is being sent it, and the log goes on after it, no other takes its place: five who began one after the other, each with a
// newer one, would take each other's away for ever. So whoever begins joins, and so does who was being sent one that is gone.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "consensus/output.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"
#include "storage/snapshot.h"

namespace daftar::node {

class SnapshotPicture {
 public:
  /// A picture that nobody has asked for so long is to be let go of; one so old is not begun with any more, unless another follower, which was heard
  /// of so lately, is being sent it: what came after it has to be sent from the log.
  struct Limits { std::uint64_t kept_ms = 0, fresh_ms = 0, receiver_heard_ms = 0; };
  explicit SnapshotPicture(Limits limits) : limits_(limits) {}

  /// A follower asks, at this monotonic time. False: there is none for it, and another is to be taken first.
  bool asked(const consensus::SnapshotRead& read, std::uint64_t now_ms);
  void taken(std::shared_ptr<const storage::SnapshotSource> source, const ledger::Genesis& genesis, std::uint64_t now_ms);
  void let_go() { source_.reset(); }
  bool there() const { return source_ != nullptr; }
  std::uint64_t kept_until_ms() const { return asked_ms_ + limits_.kept_ms; }

  /// There is one: the piece that was asked for, or its first when the follower was being sent another. Nothing: the state is empty, or ends before
  /// the log does, and nothing would help.
  Expected<std::optional<consensus::SnapshotPiece>, storage::StorageError> piece(const consensus::SnapshotRead& read);

 private:
  const Limits limits_;
  std::shared_ptr<const storage::SnapshotSource> source_;
  consensus::Snapshot snapshot_;
  std::uint64_t taken_ms_ = 0, asked_ms_ = 0;
  std::map<consensus::NodeId, std::uint64_t> asked_by_;   // for this picture: when last
};

}  // namespace daftar::node
