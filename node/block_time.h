// Which time a leader may write on a block, and which a follower takes (DESIGN §12.5; the argument: docs/consensus.md, "Block time"). Pure: knows
// nothing of messages on their way, of threads or of who leads.
//
// A leader dates blocks by a clock that is nobody's own: the latest moment that the clocks of a quorum have all reached. So as long as fewer than
// half of the clocks are wrong, no log anywhere ever holds a block dated ahead, and no member of that quorum refuses the block.
// Whoever runs ahead of the clocks nevertheless goes on by a millisecond a block.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "consensus/types.h"

namespace daftar::node {

struct Times {
  std::uint64_t wall_ms = 0;        // for block time and expiry only
  std::uint64_t monotonic_ms = 0;   // for everything else
};

/// A leader asks a voter for its wall clock. The leader's own monotonic clock comes back, so that it knows how old an answer can be at most.
struct ClockRequest {
  std::uint64_t asked_ms = 0;
  friend bool operator==(const ClockRequest&, const ClockRequest&) = default;
};
struct ClockReply {
  std::uint64_t asked_ms = 0;
  std::uint64_t wall_ms = 0;
  friend bool operator==(const ClockReply&, const ClockReply&) = default;
};

/// The clocks of the voters, as one leader hears of them.
class QuorumClock {
 public:
  /// Readings older than this count for nothing. The promise of block time holds while in each stretch so long fewer than half of the clocks are
  /// ever wrong: a reading was right or wrong when it was taken.
  static constexpr std::uint64_t reading_ms_max = 2000;
  static constexpr std::uint64_t ask_every_ms = 250;

  explicit QuorumClock(consensus::NodeId self) : self_(self) {}

  /// To be sent to all other voters; nothing while the last one is not old enough. A leader asks for as long as it leads.
  std::optional<ClockRequest> ask(Times now);
  /// Ask at once: this node leads from now on.
  void ask_anew() { asked_ms_.reset(); }
  /// Late, repeated and reordered answers are harmless.
  void heard(consensus::NodeId from, const ClockReply& reply, Times now);

  /// The latest moment that the clocks of a quorum of `voters` have reached; this node's own clock counts as one of them, and no more.
  /// Nothing: too few have answered of late. Never later than the clock of any of them that has not been set back since it was read.
  std::optional<std::uint64_t> read(const consensus::Membership& voters, Times now) const;

  /// How far this node's clock is from `quorum_ms`, in a sentence for its operator, when that is more than `skew_ms`; said once a minute.
  std::optional<std::string> complaint(std::uint64_t quorum_ms, std::uint64_t skew_ms, Times now);

 private:
  struct Reading { std::uint64_t asked_ms = 0, heard_ms = 0, wall_ms = 0; };
  const consensus::NodeId self_;
  std::map<consensus::NodeId, Reading> readings_;
  std::optional<std::uint64_t> asked_ms_, complained_ms_;
};

/// A block's height and time: of one that is committed.
struct BlockMoment {
  std::uint64_t height = 0;
  std::uint64_t time_ms = 0;
};

/// The latest time of block `height` that a node with this clock takes, or, a leader, writes: `skew_ms` ahead of the clock; or a millisecond after
/// another from the committed block on, so that a ledger whose time has run ahead goes on.
std::uint64_t latest_block_time(std::uint64_t height, BlockMoment committed, std::uint64_t clock_ms, std::uint64_t skew_ms);

/// A follower's patience with blocks that are dated too far ahead. The newest ones of a leader are refused always. What a leader found in its log
/// when it was elected, it can neither change nor leave out: that is refused while the others may elect one whose log is better. When nothing has
/// been committed for so long, there is none, and it is taken.
class Patience {
 public:
  static constexpr std::uint64_t stands_still_ms_max = 20'000;

  /// A block was dated too far ahead. True: refuse it.
  bool refuses(bool inherited, Times now);
  void committed() { since_ms_.reset(); }

 private:
  std::optional<std::uint64_t> since_ms_;   // the first refusal after the last commit
};

}  // namespace daftar::node
