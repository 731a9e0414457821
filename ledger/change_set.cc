#include "ledger/change_set.h"

#include <utility>

namespace daftar::ledger {
namespace {

void set(ChangeSet::Writes& writes, std::string_view key, std::optional<std::string> value) {
  const auto place = writes.lower_bound(key);
  if (place != writes.end() && place->first == key)
    place->second = std::move(value);
  else
    writes.emplace_hint(place, std::string(key), std::move(value));
}

}  // namespace

void ChangeSet::put(std::string_view key, std::string value) { set(writes_, key, std::move(value)); }
void ChangeSet::erase(std::string_view key) { set(writes_, key, std::nullopt); }

const std::optional<std::string>* ChangeSet::find(std::string_view key) const {
  const auto found = writes_.find(key);
  return found == writes_.end() ? nullptr : &found->second;
}

// Moves node by node: the cost is that of `later` (one transaction), not of what has gathered here (a block).
void ChangeSet::merge(ChangeSet&& later) {
  if (writes_.empty()) {
    writes_ = std::move(later.writes_);
    later.writes_.clear();
    return;
  }
  while (!later.writes_.empty()) {
    auto inserted = writes_.insert(later.writes_.extract(later.writes_.begin()));
    if (!inserted.inserted) inserted.position->second = std::move(inserted.node.mapped());
  }
}

std::optional<std::string> Overlay::get(std::string_view key) const {
  if (const auto* change = changes_.find(key)) return *change;
  return below_.get(key);
}

void Overlay::scan(std::string_view from, std::string_view to,
                   const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (from >= to) return;
  auto write = changes_.writes().lower_bound(from);
  const auto end = changes_.writes().lower_bound(to);
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
