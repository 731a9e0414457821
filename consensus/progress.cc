#include "consensus/progress.h"

#include <algorithm>

#include "consensus/invariant.h"

namespace daftar::consensus {

bool Progress::may_append(std::size_t inflight_max) const {
  switch (state_) {
    case State::probe: return !probe_sent_;
    case State::replicate: return inflight_.size() < inflight_max;
    case State::snapshot: break;
  }
  return false;
}

std::optional<Index> Progress::sent_after() const {
  if (state_ != State::snapshot) return match_;
  if (transfer.snapshot.position.index > Index{0}) return transfer.snapshot.position.index;
  if (transfer.reading) return transfer.reading->not_before;
  return std::nullopt;
}

void Progress::sent(Index last) {
  if (state_ == State::snapshot) return;
  if (state_ == State::probe) {
    probe_sent_ = true;
    return;  // next stays: until the reply, nothing says that the place fits
  }
  if (last < next_) return;
  inflight_.push_back(last);
  next_ = last + 1;
}

bool Progress::accepted(Index match) {
  // A probe went out with previous == next - 1. Any success at or above that place shows that the logs agree there.
  const bool agreed = state_ == State::probe && match + 1 >= next_;
  const bool restored = state_ == State::snapshot && match >= next_;
  if (agreed || restored) {
    state_ = State::replicate;
    probe_sent_ = false;
    transfer = {};
  }
  while (!inflight_.empty() && inflight_.front() <= match) inflight_.pop_front();
  next_ = std::max(next_, match + 1);
  if (match <= match_) return false;
  match_ = match;
  return true;
}

bool Progress::refused(Index rejected) const {
  if (rejected <= match_ || state_ == State::snapshot) return false;
  return state_ == State::replicate ? rejected < next_ : rejected == next_ - 1;
}

void Progress::retreat(Index next) {
  CONSENSUS_INVARIANT(next > match_ && next <= next_);
  state_ = State::probe;
  probe_sent_ = false;
  inflight_.clear();
  reading.reset();
  next_ = next;
  commit_sent = std::min(commit_sent, match_);
}

void Progress::restarted() {
  const Index next = match_ + 1;
  match_ = {};
  commit_sent = {};
  if (state_ == State::snapshot) return;  // it will say itself what it has of it
  retreat(std::min(next, next_));
}

void Progress::begin_snapshot() {
  retreat(next_);
  state_ = State::snapshot;
  transfer = {};
}

void Progress::pause() {
  retreat(match_ + 1);
  probe_sent_ = true;
}

}  // namespace daftar::consensus
