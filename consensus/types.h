// The words of Raft as types that cannot be mixed up (thesis §3): terms, indexes, nodes, entries, and what must survive a restart.
//
// Source for all of consensus/: D. Ongaro, "Consensus: Bridging Theory and Practice", 2014 ("the thesis").
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace daftar::consensus {

template <typename T, typename E>
using Expected = tl::expected<T, E>;

/// Time as the core knows it: calls of Raft::tick(). How long one is, the caller decides.
using Ticks = std::uint32_t;

/// A period with at most one leader. 0 = before the first election; never decreases on a node.
struct Term {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Term, Term) = default;
  friend constexpr Term operator+(Term term, std::uint64_t n) { return {term.value + n}; }
  constexpr Term& operator++() { return ++value, *this; }
};

/// Place of an entry in the log. The first entry has index 1; 0 = the place before it.
struct Index {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Index, Index) = default;
  friend constexpr Index operator+(Index index, std::uint64_t n) { return {index.value + n}; }
  friend constexpr Index operator-(Index index, std::uint64_t n) { return {index.value - n}; }
  friend constexpr std::uint64_t operator-(Index a, Index b) { return a.value - b.value; }
  constexpr Index& operator++() { return ++value, *this; }
};

/// A node of the cluster, from 1. 0 = none (no vote, no known leader).
struct NodeId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
  constexpr explicit operator bool() const { return value != 0; }
};
inline constexpr NodeId no_node{};

/// Names one Output; rises by one with each take_output() of a process, from 1.
struct BatchId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(BatchId, BatchId) = default;
  constexpr BatchId& operator++() { return ++value, *this; }
};

/// Names one request_read(); never repeats within a process, from 1.
struct ReadId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(ReadId, ReadId) = default;
  constexpr ReadId& operator++() { return ++value, *this; }
};

/// Largest term and index that are accepted from anywhere: sums of a few of them cannot overflow.
inline constexpr Term term_max{std::uint64_t{1} << 62};
inline constexpr Index index_max{std::uint64_t{1} << 62};

/// Two logs that hold the same position are equal up to it (log matching, thesis 3.5). The order is that of
/// "more up to date" (3.6.1): by term, then by index.
struct LogPosition {
  Term term{};
  Index index{};
  friend constexpr auto operator<=>(LogPosition, LogPosition) = default;
};

/// Bytes of the caller: opaque, shared, never changed, never copied by the core. Null counts as empty.
using Payload = std::shared_ptr<const std::string>;

/// The numbers are stored on disk and sent between nodes: they never change.
enum class EntryKind : std::uint8_t {
  noop = 0,        ///< a new leader's first entry (thesis 6.4); no payload
  payload = 1,     ///< a proposal
  membership = 2,  ///< the whole membership from here on (4.3), as encode_membership() writes it
};

struct Entry {
  Term term{};
  Index index{};
  EntryKind kind = EntryKind::noop;
  Payload payload{};

  LogPosition position() const { return {term, index}; }
  /// What the entry counts for in every `..._bytes_max`: its payload and a fixed share for the rest.
  std::size_t byte_size() const { return entry_overhead_bytes + (payload ? payload->size() : 0); }
  /// By content, not by address of the payload.
  friend bool operator==(const Entry& a, const Entry& b);

  static constexpr std::size_t entry_overhead_bytes = 32;
};

/// What a node may never forget (thesis 3.4, 3.8): its term, and whom it voted for in it.
struct HardState {
  Term term{};
  NodeId voted_for{};  ///< none: no vote in this term yet
  /// A hint, never ahead of the entries that were durable when it was written: after a restart, these may be applied at once.
  Index commit{};
  friend bool operator==(const HardState&, const HardState&) = default;
};

/// Entries at or below `position` are no longer in the log on disk; what they did is in the executed state (thesis 5.1).
/// {0, 0}: the log on disk is whole.
struct SnapshotMark {
  LogPosition position{};
  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

/// Voters decide; learners receive the log and never vote or campaign (thesis 4.2.1). Ascending, no node twice in a list, none in both
/// `voters` and `learners`. While the voters change, two configurations are in force (4.3): every decision needs a majority of `voters`,
/// the coming ones, and one of `outgoing`, those before. A node in `outgoing` and in `learners` stops voting when the change ends.
struct Membership {
  std::vector<NodeId> voters{};
  std::vector<NodeId> learners{};
  std::vector<NodeId> outgoing{};  ///< empty: no change of the voters is under way

  bool joint() const { return !outgoing.empty(); }
  bool is_voter(NodeId node) const;   ///< of either configuration
  bool contains(NodeId node) const;   ///< in any list
  std::vector<NodeId> all_voters() const;  ///< of either configuration, each once, ascending
  std::vector<NodeId> members() const;     ///< all, each once, ascending
  friend bool operator==(const Membership&, const Membership&) = default;
};

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

}  // namespace daftar::consensus
