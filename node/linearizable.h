// Reads that see everything which anybody was told before they were asked for (linearizable; thesis 6.4). The core answers when a quorum has
// confirmed that its leader still leads; a node that does not lead asks the leader. One round of that is open at a time, for all reads that had
// come when it began: later ones wait for the next. Pure: the replica carries the messages (replica_reads.cc).
//
// What makes it safe: a round's index counts only for reads that were here before the round was asked for. Whatever is late, repeated, of an
// earlier process or of a leader deposed since names another round, and is ignored.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "node/block_time.h"

namespace daftar::node {

/// To the leader. `round` is the asking node's own, never the same again, also after a restart.
struct ReadIndexRequest {
  std::uint64_t round = 0;
  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};
/// Confirmed: who has executed the log up to `index` may answer the reads of `round`. Otherwise: not the leader, or no longer.
struct ReadIndexReply {
  std::uint64_t round = 0;
  bool confirmed = false;
  std::uint64_t index = 0;
  friend bool operator==(const ReadIndexReply&, const ReadIndexReply&) = default;
};

class LinearizableReads {
 public:
  using Token = std::uint64_t;
  struct Answer { Token token; bool confirmed; };   // not confirmed: its deadline passed

  /// `first_round`: drawn anew for each process.
  explicit LinearizableReads(std::uint64_t first_round) : round_(first_round) {}

  void add(Token token, std::uint64_t deadline_ms);
  /// The number of a round to be asked for now, if one is: reads wait and none is open, or the open one is answered by nobody.
  /// `at_leader`: this node leads, its own core answers for certain.
  std::optional<std::uint64_t> begin(bool at_leader, Times now);
  void heard(const ReadIndexReply& reply, Times now);
  /// Whom the open round was asked of may lead no longer: it is begun anew.
  void leader_changed();
  /// Answers: of confirmed rounds up to what is executed, and of reads whose time is up.
  std::vector<Answer> take(std::uint64_t executed_index, Times now);
  /// All that is left, unconfirmed.
  std::vector<Answer> abandon();
  std::size_t size() const { return waiting_.size() + asked_.size() + confirmed_.size(); }

 private:
  struct Read { Token token; std::uint64_t deadline_ms; };
  void reopen();

  static constexpr std::uint64_t ask_again_ms = 200;
  std::uint64_t round_;                         // the newest
  std::deque<Read> waiting_, asked_;            // for a round to come; in the open one
  std::uint64_t begun_ms_ = 0;                  // the open round
  std::uint64_t not_before_ms_ = 0;             // after a refusal
  std::multimap<std::uint64_t, Read> confirmed_;  // by index
};

}  // namespace daftar::node
