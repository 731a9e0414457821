// The part of the log that is kept in memory, and what of it the disk is known to hold.
//
//   snapshot mark          base             durable                 last
//   ──┬──────────────────────┬──────────────────┬─────────────────────┬──▶ index
//     │ on disk only         │ in the window: (base, last]            │
//     │ (LogRead)            │ written, synced  │ given out, not synced, or not given out yet
//
// Knows nothing of roles, commit or quorums. Single-threaded.
#pragma once

#include <deque>
#include <optional>
#include <span>

#include "consensus/types.h"

namespace daftar::consensus {

class Log {
 public:
  /// `snapshot` and `base`: positions before the first entry on disk and before tail[0]; snapshot.index <= base.index.
  /// Everything given here is durable.
  Log(LogPosition snapshot, LogPosition base, std::vector<Entry> tail);

  Index snapshot_index() const { return snapshot_.index; }
  Index base_index() const { return base_.index; }
  LogPosition last() const { return entries_.empty() ? base_ : entries_.back().entry.position(); }

  /// Of an index that is 0, the snapshot mark, or in [base, last]; nothing otherwise.
  std::optional<Term> term_at(Index index) const;
  bool holds(LogPosition position) const { return term_at(position.index) == position.term; }
  /// In (base, last].
  const Entry& at(Index index) const;

  /// From `first` in (base, last + 1] on: as many as fit in bytes_max, but at least one if there is one.
  std::vector<Entry> read(Index first, std::size_t bytes_max) const;
  /// Entries [first, last], both in (base, last()]; empty when last < first.
  std::vector<Entry> read_range(Index first, Index last) const;

  /// The largest index <= `from`, not below `floor`, whose term is at most `term`, as far as terms are known (`floor` otherwise).
  /// `floor` >= base, `from` <= last. Steps over a whole term in one round trip (thesis 3.5, end).
  Index last_at_or_below(Index from, Term term, Index floor) const;

  /// entry.index == last + 1, entry.term >= last term.
  void append(Entry entry);
  /// Drops everything at or after `from`, which is in (base, last + 1].
  void truncate(Index from);

  /// The log on disk begins after `mark` now; mark.index <= last, not before an earlier mark. What lies at or before it leaves the window.
  void compact(LogPosition mark);
  /// The log is empty, and goes on after `mark`.
  void restart(LogPosition mark);

  /// Forgets entries from the front while the window holds more than bytes_max, none above `limit`.
  void evict(Index limit, std::size_t bytes_max);
  std::size_t window_bytes() const { return bytes_between(base_.index, last().index); }
  /// Bytes of the entries in (after, through], clipped to the window.
  std::size_t bytes_between(Index after, Index through) const;

 private:
  struct Slot {
    Entry entry;
    std::uint64_t bytes_through;  // of all entries ever appended up to this one: a difference of two is a range's size
  };
  const Slot& slot(Index index) const;
  void forget_first();

  LogPosition snapshot_;
  LogPosition base_;
  std::uint64_t bytes_through_base_ = 0;
  std::deque<Slot> entries_;
};

}  // namespace daftar::consensus
