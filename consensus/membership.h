// Configurations of a cluster as values (thesis chapter 4): what a change makes of one, its bytes in the log, what it does to the
// fault tolerance, and which one is in force where. Pure: knows nothing of terms, leaders or messages.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "consensus/types.h"

namespace daftar::consensus {

inline constexpr std::size_t voters_max = 31;     ///< in each configuration
inline constexpr std::size_t learners_max = 255;

/// What is to become of some nodes, all at once. E.g. replacing a dead voter: {remove 3, promote 4}.
struct MembershipChange {
  enum class Verb : std::uint8_t {
    add_voter,    ///< a node that is no member
    add_learner,  ///< a node that is no member
    promote,      ///< a learner, to voter
    demote,       ///< a voter, to learner
    remove,       ///< a voter or learner
  };
  struct Step {
    Verb verb;
    NodeId node;
    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step> steps;  ///< not empty, no node twice
};

/// Why a change makes no sense for a membership.
struct ChangeRefused {
  enum class Why : std::uint8_t {
    empty,           ///< it changes nothing
    node_invalid,    ///< node 0
    node_twice,      ///< two steps name the same node
    already_member,  ///< add: it is one
    not_learner,     ///< promote: it is none
    not_voter,       ///< demote: it is none
    not_member,      ///< remove: it is none
    no_voters,       ///< nobody would be left to decide
    too_many_voters,
    too_many_learners,
    joint,           ///< another change is under way
  };
  Why why = Why::empty;
  NodeId node{};  ///< of the step at fault, or none
  friend bool operator==(const ChangeRefused&, const ChangeRefused&) = default;
};

/// The membership when `change` is done. `now` is not joint.
Expected<Membership, ChangeRefused> after(const Membership& now, const MembershipChange& change);
/// The way there: the first configuration to put into the log. Joint if the voters differ; else `then` itself, as every majority stays one.
Membership way_to(const Membership& now, const Membership& then);
/// The end of a joint configuration.
Membership without_outgoing(Membership joint);

/// Payload of an EntryKind::membership. One membership has one encoding: version 1, then voters, outgoing, learners, each as a 2-byte count
/// and ascending 8-byte ids, all big-endian. Stored on disk and sent between nodes: never changes.
std::string encode_membership(const Membership& membership);
/// Total and strict: nothing unless the bytes are exactly what encode_membership() writes for a membership within the bounds above.
std::optional<Membership> decode_membership(std::string_view bytes);

/// Of one configuration, with some nodes not reachable.
struct Tolerance {
  std::size_t voters = 0;
  std::size_t reachable = 0;  ///< of the voters
  std::size_t needed = 0;     ///< a majority of them
  bool has_quorum() const { return reachable >= needed; }
  /// How many more voters may fall silent before nothing can be committed; 0 also when that is so already.
  std::size_t spare() const { return has_quorum() ? reachable - needed : 0; }
  friend bool operator==(const Tolerance&, const Tolerance&) = default;
};

struct MembershipPlan {
  Membership then;   ///< when it is done
  Tolerance before;
  Tolerance after;
  /// The change can be committed, and work goes on when it is: there is a quorum before and after. False: do not begin.
  bool keeps_quorum() const { return before.has_quorum() && after.has_quorum(); }
};

/// What `change` does to `now`, when only `reachable` can be spoken to. A joint `now` is refused: one change at a time.
Expected<MembershipPlan, ChangeRefused> plan(const Membership& now, const MembershipChange& change, std::span<const NodeId> reachable);

/// Which membership is in force at which place of the log: from the entry that holds it on, committed or not (4.1), and no longer
/// when that entry is dropped from the log.
class MembershipHistory {
 public:
  /// `first` is in force at `index`, and nothing is known of what was before.
  MembershipHistory(Index index, Membership first);

  const Membership& latest() const { return entries_.back().membership; }
  /// Of the entry that brought it; or where the history begins.
  Index latest_index() const { return entries_.back().index; }
  /// In force when the log ends at `index`, which is not before what was forgotten.
  const Membership& at(Index index) const;
  /// Index of the entry that removed `node`, as far as it was seen here; nothing for members and strangers.
  std::optional<Index> left(NodeId node) const;
  /// In force before the latest came, if still known.
  const Membership* before_latest() const { return entries_.size() > 1 ? &entries_[entries_.size() - 2].membership : nullptr; }

  void append(Index index, Membership membership);
  /// The log loses everything at or after `from`, which is above all that was forgotten.
  void truncate(Index from);
  /// Nobody asks any more for what was in force before `through`. One predecessor is kept all the same: a new leader tells those who left.
  void forget(Index through);

 private:
  struct Place {
    Index index;
    Membership membership;
  };
  static constexpr std::size_t left_max = 256;
  std::deque<Place> entries_;  // ascending; never empty
  std::vector<std::pair<Index, NodeId>> left_;  // ascending; kept when the places are forgotten, the newest left_max of them
};

}  // namespace daftar::consensus
