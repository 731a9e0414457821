// A log as the checker knows it: which entry is where, and which membership is in force where. It begins at index 1 whatever the node has
// compacted or skipped by a snapshot: what is forgotten was committed, so the one history tells what it was. Knows majorities by a
// transcription of its own (thesis 4.3), so that it can judge consensus/quorum.cc.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "consensus/types.h"
#include "storage/raft_log.h"

namespace daftar::simulation {

struct Place { std::uint64_t term = 0, hash = 0; bool operator==(const Place&) const = default; };
using SharedMembership = std::shared_ptr<const consensus::Membership>;

/// One entry; `membership` when it holds one.
struct Placed { Place place; SharedMembership membership; };
Placed placed(const storage::LogRecord& record);

/// A majority of the voters and, while two configurations are in force, of those before.
bool is_quorum(const consensus::Membership& membership, const std::function<bool(std::uint64_t node)>& has);

class LogView {
 public:
  /// Empty: the place before the first entry, where the genesis's membership is in force.
  explicit LogView(SharedMembership genesis) : places_(1) { memberships_[0] = std::move(genesis); }

  std::uint64_t size() const { return places_.size(); }      // one more than the last index
  const Place& operator[](std::uint64_t index) const { return places_[index]; }
  const Place& back() const { return places_.back(); }
  bool same_entries(const LogView& other) const { return places_ == other.places_; }

  const SharedMembership& membership_at(std::uint64_t index) const { return std::prev(memberships_.upper_bound(index))->second; }
  const SharedMembership& membership() const { return memberships_.rbegin()->second; }
  const std::map<std::uint64_t, SharedMembership>& memberships() const { return memberships_; }

  void append(const Placed& entry);
  /// Drops all from `first` on, then appends; 1 <= first <= size().
  void replace(std::uint64_t first, const std::vector<Placed>& entries);
  /// Becomes the beginning of `history` through `index` < history.size().
  void become(const LogView& history, std::uint64_t index);

 private:
  std::vector<Place> places_;
  std::map<std::uint64_t, SharedMembership> memberships_;   // by index of the entry
};

}  // namespace daftar::simulation
