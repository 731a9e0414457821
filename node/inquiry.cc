#include "node/inquiry.h"

#include <algorithm>

namespace daftar::node {

void Inquiry::tick() {
  if (over_) return;
  ++ticks_;
  if (ticks_ == grace_ticks_ && loss_known_) ask_anew();
}

void Inquiry::ask_anew() {
  ++question_;
  now_.clear();
}

bool Inquiry::answered(Node from, std::uint64_t question) {
  if (question < first_question_ || question > question_) return false;
  ever_.insert(from);
  if (question == question_) now_.insert(from);
  return true;
}

bool Inquiry::may_end() const {
  const auto all_of = [&](const std::set<Node>& set) { return std::all_of(others_.begin(), others_.end(), [&](Node node) { return set.contains(node); }); };
  if (all_of(ever_)) return true;
  if (!grace_is_over()) return false;
  if (!loss_known_) return true;
  const auto heard = std::count_if(others_.begin(), others_.end(), [&](Node node) { return now_.contains(node); });
  const std::size_t voters = others_.size() + (votes_ ? 1 : 0);
  return question_ > first_question_ && static_cast<std::size_t>(heard) >= voters / 2 + 1;
}

std::vector<Inquiry::Node> Inquiry::silent() const {
  std::vector<Node> silent;
  for (const Node node : others_)
    if (!now_.contains(node)) silent.push_back(node);
  return silent;
}

}  // namespace daftar::node
