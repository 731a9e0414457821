#include "tools/nodes_inquiry.h"

#include <algorithm>

namespace daftar::tools {
using Clock = std::chrono::steady_clock;

NodesInquiry::NodesInquiry(const std::vector<Endpoint>& nodes) {
  for (const Endpoint& node : nodes) nodes_.push_back(std::make_unique<Node>(node));
}

NodesInquiry::~NodesInquiry() {
  for (const auto& node : nodes_)
    if (node->question.valid()) node->question.wait();
}

std::vector<Result<HttpAnswer>> NodesInquiry::ask(const std::string& target, const std::function<bool(const HttpAnswer&)>& sufficient) {
  std::unique_lock lock(mutex_);
  for (const auto& node : nodes_) {
    if (node->busy) continue;
    node->busy = true;
    node->answer.reset();
    node->question = std::async(std::launch::async, [this, &node = *node, target] {
      auto answer = node.connection.request("GET", target);
      const std::lock_guard done(mutex_);
      node.answer = std::move(answer);
      node.busy = false;
      answered_.notify_all();
    });
  }
  auto give_up = Clock::now() + patience.connect + patience.answer;
  bool said = false;
  for (;;) {
    const bool all = std::none_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->busy; });
    const auto says_it = [&](const auto& node) { return node->answer && *node->answer && sufficient(**node->answer); };
    if (!said && std::any_of(nodes_.begin(), nodes_.end(), says_it)) {
      said = true;
      give_up = std::min(give_up, Clock::now() + stragglers_max);
    }
    if (all || answered_.wait_until(lock, give_up) == std::cv_status::timeout) break;
  }
  std::vector<Result<HttpAnswer>> out;
  for (const auto& node : nodes_)
    if (!node->busy && node->answer) out.push_back(*node->answer);
  return out;
}

}  // namespace daftar::tools
