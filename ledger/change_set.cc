#include "ledger/change_set.h"

#include <algorithm>

namespace daftar::ledger {
namespace {

bool before(const ChangeSet::Write& a, const ChangeSet::Write& b) { return a.first < b.first; }

auto first_from(const ChangeSet::Writes& writes, std::string_view key) {
  return std::lower_bound(writes.begin(), writes.end(), key, [](const ChangeSet::Write& write, std::string_view sought) { return write.first < sought; });
}

}  // namespace

void ChangeSet::put(std::string_view key, std::string value) { set(key, std::move(value)); }
void ChangeSet::erase(std::string_view key) { set(key, std::nullopt); }

void ChangeSet::set(std::string_view key, std::optional<std::string> value) {
  if (const std::size_t at = place_of(key); at < writes_.size())
    writes_[at].second = std::move(value);
  else
    add({std::string(key), std::move(value)});
}

void ChangeSet::add(Write write) {
  sorted_ = sorted_ && (writes_.empty() || before(writes_.back(), write));
  looks_ = 0;
  writes_.push_back(std::move(write));
  if (index_) index_->insert(Place{hash_of(writes_.back().first), static_cast<std::uint32_t>(writes_.size() - 1)});
}

void ChangeSet::index_all() const {
  index_.emplace(2 * writes_.size());
  for (std::size_t at = 0; at < writes_.size(); ++at) index_->insert(Place{hash_of(writes_[at].first), static_cast<std::uint32_t>(at)});
}

std::size_t ChangeSet::place_of(std::string_view key) const {
  if (writes_.size() <= handful) {
    const auto found = std::find_if(writes_.begin(), writes_.end(), [&](const Write& write) { return write.first == key; });
    return static_cast<std::size_t>(found - writes_.begin());
  }
  if (!index_) index_all();
  const auto found = index_->find(Sought{key, writes_, hash_of(key)});
  return found == index_->end() ? writes_.size() : found->at;
}

const std::optional<std::string>* ChangeSet::find(std::string_view key) const {
  const std::size_t at = place_of(key);
  return at < writes_.size() ? &writes_[at].second : nullptr;
}

std::optional<std::string_view> ChangeSet::first_key(std::string_view from, std::string_view end) const {
  constexpr unsigned looks_max = 4;
  if (!sorted_ && ++looks_ > looks_max) writes();
  if (sorted_) {
    const auto found = first_from(writes_, from);
    return found != writes_.end() && found->first < end ? std::optional<std::string_view>(found->first) : std::nullopt;
  }
  std::optional<std::string_view> first;
  for (const auto& [key, value] : writes_)
    if (key >= from && key < end && (!first || key < *first)) first = key;
  return first;
}

void ChangeSet::merge(ChangeSet&& later) {
  for (auto& write : later.writes_) {
    if (const std::size_t at = place_of(write.first); at < writes_.size())
      writes_[at].second = std::move(write.second);
    else
      add(std::move(write));
  }
  later.clear();
}

const ChangeSet::Writes& ChangeSet::writes() const {
  if (!sorted_) {
    std::sort(writes_.begin(), writes_.end(), before);
    sorted_ = true;
    index_.reset();
  }
  return writes_;
}

void ChangeSet::clear() {
  writes_.clear();
  sorted_ = true;
  index_.reset();
}

std::optional<std::string> Overlay::get(std::string_view key) const {
  if (const auto* change = changes_.find(key)) return *change;
  return below_.get(key);
}

void Overlay::scan(std::string_view from, std::string_view to,
                   const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (from >= to) return;
  const auto& writes = changes_.writes();
  auto write = first_from(writes, from);
  const auto end = first_from(writes, to);
  bool wanted = true;
  const auto visit_write = [&] {
    if (write->second) wanted = visit(write->first, *write->second);
    ++write;
  };
  below_.scan(from, to, [&](std::string_view key, std::string_view value) {
    while (wanted && write != end && write->first < key) visit_write();
    if (!wanted) return false;
    if (write != end && write->first == key)
      visit_write();
    else
      wanted = visit(key, value);
    return wanted;
  });
  while (wanted && write != end) visit_write();
}

}  // namespace daftar::ledger
