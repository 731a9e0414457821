// What a node remembers of the others, for their sake: a node that comes back with an older disk is told what it has forgotten.
//
// Three facts for each member. An undamaged disk cannot fall below the first two:
// - `term`: it was in that term, by its own durable word (votes and acknowledgements carry it);
// - `held`: a position that its log on disk held. Of a follower: what it acknowledged to this node's leadership. Of a leader: what it called
//   committed an election timeout ago, and still leads (with a disk that hangs so long it would not).
// - `offered`: what it sent as leader and this node took. It may have crashed before its own disk had it; or have counted its own copy, and
//   committed it, and told nobody yet.
// A log that held (t, i) and lost nothing ends at (t, i) or later in the order of 3.6.1 for as long as (t, i) may be committed: only a leader of
// a later term replaces entries of term t, and its log lacks none that is committed. So a log that ends before `held` has lost what others may
// count on; or it was rightly overwritten a moment ago, and then doubting it costs a few votes until the next entry is committed.
#pragma once

#include <vector>

#include "consensus/types.h"

namespace daftar::consensus {

struct Recollection {
  NodeId node{};
  Term term{};
  LogPosition held{};
  LogPosition offered{};
  friend bool operator==(const Recollection&, const Recollection&) = default;
};

/// A member's answer to a node that asks what it may have forgotten.
struct Recalled {
  NodeId from{};
  Recollection recollection{};  ///< of the node that asks
  Term term{};                  ///< the answering node's own,
  LogPosition end{};            ///< and where its log on disk ends
  bool whole = true;            ///< it has asked what it may have forgotten itself, and knows of nothing that its log has lost
  std::uint64_t round = 0;      ///< Raft::round() when the question that this answers was sent; 0: not known
  friend bool operator==(const Recalled&, const Recalled&) = default;
};

class Memory {
 public:
  explicit Memory(std::vector<Recollection> restored);

  void saw(NodeId node, Term term);
  void saw(NodeId node, LogPosition held);
  void took(NodeId node, LogPosition offered);
  /// Zeros when nothing is remembered.
  Recollection of(NodeId node) const;
  const std::vector<Recollection>& all() const { return all_; }  ///< ascending by node
  std::uint64_t changes() const { return changes_; }             ///< rises whenever something in all() changes

 private:
  Recollection& at(NodeId node);
  std::vector<Recollection> all_;
  std::uint64_t changes_ = 0;
};

}  // namespace daftar::consensus
