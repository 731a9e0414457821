// The safety properties of the thesis (figure 3.2), checked over a whole scenario from what the nodes are seen to do. Written apart
// from the core, so that one mistake cannot hide in both.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "consensus/output.h"

namespace daftar::consensus::scenario {

class Node;

/// A safety property does not hold.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Each function throws Broken.
class Safety {
 public:
  /// What its disk holds at first is taken as given.
  void node_added(const Node& node);
  /// Log matching: index and term name one entry, with one entry before it. Leader append-only: a leader drops nothing of its log.
  /// Called before the node's log takes the entries.
  void entries_written(const Node& node, const std::vector<Entry>& entries);
  /// Election safety: one leader in a term. Leader completeness: it has every entry that was ever committed.
  void leader_elected(const Node& node, Term term);
  /// State machine safety: one history for all; nothing is applied that the own disk does not hold.
  void applied(const Node& node, const Entry& entry);
  /// State machine safety: a snapshot holds the one history.
  void snapshot_installed(const Node& node);
  /// A promise leaves: the disk holds what it rests on, and no node votes twice in a term. `term_at_match`: what the log held at `match`
  /// of an append's success when the core made the promise.
  void promised(const Node& node, const Envelope& envelope, Term term_at_match);

  /// `node.log` is what the core has. What a node takes for committed stays: it is in the one history; and when a leader commits it, on the disks of a
  /// majority, of both configurations if they are joint.
  void commit_moved(Node& node, const std::vector<Node*>& nodes);

  /// Messages were made up: what they claim about disks need not be true.
  bool messages_forged = false;

  const std::map<Index, Entry>& history() const { return history_; }

 private:
  struct Written {
    Entry entry;
    Term term_before;
  };
  bool into_history(const Entry& entry, const Node& node);
  void check_majority(const Entry& entry, const Node& leader, const std::vector<NodeId>& voters, const std::vector<Node*>& nodes) const;

  std::map<LogPosition, Written> entries_;
  std::map<Term, NodeId> leaders_;
  std::map<std::pair<NodeId, Term>, NodeId> votes_;
  std::map<Index, Entry> history_;
};

}  // namespace daftar::consensus::scenario
