#include "node/mempool.h"

#include <algorithm>

namespace daftar::node {

bool Mempool::within_rate(const std::string& member, std::uint64_t now_ms) {
  if (limits_.member_rate_per_s == 0) return true;
  if (allowances_.size() > limits_.transactions_max) allowances_.clear();  // bounded; forgetting only forgives
  constexpr std::uint64_t milli = 1000;  // tokens are counted in thousandths
  const std::uint64_t full = limits_.member_rate_per_s * milli;
  auto [it, fresh] = allowances_.try_emplace(member, Allowance{full, now_ms});
  auto& allowance = it->second;
  if (!fresh && now_ms > allowance.refilled_ms) {
    const std::uint64_t passed_ms = std::min<std::uint64_t>(now_ms - allowance.refilled_ms, 1000);
    allowance.tokens = std::min(full, allowance.tokens + passed_ms * limits_.member_rate_per_s);
    allowance.refilled_ms = now_ms;
  }
  if (allowance.tokens < milli) return false;
  allowance.tokens -= milli;
  return true;
}

Mempool::Member& Mempool::member_with_turn(const std::string& name) {
  auto [it, fresh] = members_.try_emplace(name);
  if (fresh) turns_.push_back(name);
  return it->second;
}

Mempool::Verdict Mempool::add(std::shared_ptr<const ledger::Transaction> transaction, bool certified, std::uint64_t now_ms) {
  const std::size_t bytes = transaction->envelope().size();
  if (size_ >= limits_.transactions_max || bytes_ + bytes > limits_.bytes_max) return Verdict::full;
  const std::string& name = transaction->body().sender();
  auto it = members_.find(name);
  if (it != members_.end() && it->second.waiting.size() >= limits_.member_transactions_max) return Verdict::member_full;
  if (!within_rate(name, now_ms)) return Verdict::member_rate;
  member_with_turn(name).waiting.push_back({std::move(transaction), certified});
  ++size_;
  bytes_ += bytes;
  return Verdict::taken;
}

Mempool::Taken Mempool::take(std::size_t transactions_max, std::size_t bytes_max) {
  Taken taken;
  std::size_t bytes = 0;
  while (!turns_.empty() && taken.transactions.size() < transactions_max) {
    const std::string name = turns_.front();
    auto& member = members_.at(name);
    auto& next = member.waiting.front();
    const std::size_t next_bytes = next.transaction->envelope().size();
    if (!taken.transactions.empty() && bytes + next_bytes > bytes_max) break;
    bytes += next_bytes;
    bytes_ -= next_bytes;
    --size_;
    taken.certified |= next.certified;
    taken.transactions.push_back(std::move(next.transaction));
    member.waiting.pop_front();
    turns_.pop_front();
    if (member.waiting.empty())
      members_.erase(name);
    else
      turns_.push_back(name);
  }
  return taken;
}

void Mempool::put_back(const Taken& taken) {
  for (auto it = taken.transactions.rbegin(); it != taken.transactions.rend(); ++it) {
    member_with_turn((*it)->body().sender()).waiting.push_front({*it, taken.certified});
    ++size_;
    bytes_ += (*it)->envelope().size();
  }
}

void Mempool::clear() {
  members_.clear();
  turns_.clear();
  size_ = bytes_ = 0;
}

}  // namespace daftar::node
