#include "node/linearizable.h"

namespace daftar::node {

void LinearizableReads::add(Token token, std::uint64_t deadline_ms) { waiting_.push_back({token, deadline_ms}); }

void LinearizableReads::reopen() {
  waiting_.insert(waiting_.begin(), asked_.begin(), asked_.end());
  asked_.clear();
}

std::optional<std::uint64_t> LinearizableReads::begin(bool at_leader, Times now) {
  if (!asked_.empty()) {
    if (at_leader || now.monotonic_ms < begun_ms_ + ask_again_ms) return std::nullopt;
    reopen();
  }
  if (waiting_.empty() || now.monotonic_ms < not_before_ms_) return std::nullopt;
  asked_.swap(waiting_);
  begun_ms_ = now.monotonic_ms;
  return ++round_;
}

void LinearizableReads::heard(const ReadIndexReply& reply, Times now) {
  if (reply.round != round_ || asked_.empty()) return;
  if (reply.confirmed) {
    for (const Read& read : asked_) confirmed_.emplace(reply.index, read);
    asked_.clear();
  } else {
    reopen();
    not_before_ms_ = now.monotonic_ms + ask_again_ms;
  }
}

void LinearizableReads::leader_changed() {
  reopen();
  not_before_ms_ = 0;
}

std::vector<LinearizableReads::Answer> LinearizableReads::take(std::uint64_t executed_index, Times now) {
  std::vector<Answer> answers;
  const auto ready = confirmed_.upper_bound(executed_index);
  for (auto it = confirmed_.begin(); it != ready; it = confirmed_.erase(it)) answers.push_back({it->second.token, true});
  const auto late = [&](const Read& read) {
    if (read.deadline_ms > now.monotonic_ms) return false;
    answers.push_back({read.token, false});
    return true;
  };
  std::erase_if(waiting_, late);
  std::erase_if(asked_, late);
  std::erase_if(confirmed_, [&](const auto& entry) { return late(entry.second); });
  return answers;
}

std::vector<LinearizableReads::Answer> LinearizableReads::abandon() {
  reopen();
  std::vector<Answer> answers;
  for (const Read& read : waiting_) answers.push_back({read.token, false});
  for (const auto& [index, read] : confirmed_) answers.push_back({read.token, false});
  waiting_.clear();
  confirmed_.clear();
  return answers;
}

}  // namespace daftar::node
