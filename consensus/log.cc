#include "consensus/log.h"

#include <algorithm>
#include <utility>

#include "consensus/invariant.h"

namespace daftar::consensus {

Log::Log(LogPosition snapshot, LogPosition base, std::vector<Entry> tail) : snapshot_(snapshot), base_(base) {
  CONSENSUS_INVARIANT(snapshot.index <= base.index && snapshot.term <= base.term);
  CONSENSUS_INVARIANT(snapshot.index < base.index || snapshot == base);
  for (Entry& entry : tail) append(std::move(entry));
}

std::optional<Term> Log::term_at(Index index) const {
  if (index > base_.index) return index <= last().index ? std::optional(slot(index).entry.term) : std::nullopt;
  if (index == base_.index) return base_.term;
  if (index == snapshot_.index) return snapshot_.term;
  if (index == Index{0}) return Term{0};
  return std::nullopt;
}

const Log::Slot& Log::slot(Index index) const { return entries_[index - base_.index - 1]; }

const Entry& Log::at(Index index) const {
  CONSENSUS_INVARIANT(index > base_.index && index <= last().index);
  return slot(index).entry;
}

std::vector<Entry> Log::read(Index first, std::size_t bytes_max) const {
  const Index end = last().index;
  if (first > end) return {};
  std::size_t bytes = at(first).byte_size();
  Index through = first;
  while (through < end && bytes + at(through + 1).byte_size() <= bytes_max) bytes += at(++through).byte_size();
  return read_range(first, through);
}

std::vector<Entry> Log::read_range(Index first, Index last_index) const {
  std::vector<Entry> entries;
  if (last_index < first) return entries;
  CONSENSUS_INVARIANT(first > base_.index && last_index <= last().index);
  entries.reserve(last_index - first + 1);
  for (Index index = first; index <= last_index; ++index) entries.push_back(slot(index).entry);
  return entries;
}

Index Log::last_at_or_below(Index from, Term term, Index floor) const {
  CONSENSUS_INVARIANT(floor >= base_.index && from <= last().index);
  if (from <= floor) return floor;
  // Terms never fall along the log, so the entries above `term` are a suffix.
  auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(floor - base_.index);
  auto end = entries_.begin() + static_cast<std::ptrdiff_t>(from - base_.index);
  auto above = std::partition_point(begin, end, [&](const Slot& s) { return s.entry.term <= term; });
  return floor + static_cast<std::uint64_t>(above - begin);
}

void Log::append(Entry entry) {
  CONSENSUS_INVARIANT(entry.index == last().index + 1);
  CONSENSUS_INVARIANT(entry.term >= last().term);
  const std::uint64_t through = (entries_.empty() ? bytes_through_base_ : entries_.back().bytes_through) + entry.byte_size();
  entries_.push_back({std::move(entry), through});
}

void Log::truncate(Index from) {
  CONSENSUS_INVARIANT(from > base_.index && from <= last().index + 1);
  entries_.resize(from - base_.index - 1);
}

void Log::evict(Index limit, std::size_t bytes_max) {
  while (!entries_.empty() && entries_.front().entry.index <= limit && window_bytes() > bytes_max) forget_first();
}

void Log::forget_first() {
  base_ = entries_.front().entry.position();
  bytes_through_base_ = entries_.front().bytes_through;
  entries_.pop_front();
}

void Log::compact(LogPosition mark) {
  CONSENSUS_INVARIANT(mark.index >= snapshot_.index && mark.index <= last().index);
  CONSENSUS_INVARIANT(!term_at(mark.index) || holds(mark));
  while (base_.index < mark.index) forget_first();
  snapshot_ = mark;
}

void Log::restart(LogPosition mark) {
  entries_.clear();
  snapshot_ = base_ = mark;
  bytes_through_base_ = 0;
}

std::size_t Log::bytes_between(Index after, Index through) const {
  after = std::max(after, base_.index);
  through = std::min(through, last().index);
  if (through <= after) return 0;
  return slot(through).bytes_through - (after == base_.index ? bytes_through_base_ : slot(after).bytes_through);
}

}  // namespace daftar::consensus
