#include "tests/simulation/log_view.h"

#include <algorithm>

#include "consensus/membership.h"
#include "ledger/check.h"

namespace daftar::simulation {

Placed placed(const storage::LogRecord& record) {
  std::uint64_t hash = 1469598103934665603u ^ record.kind;
  if (record.payload)
    for (const char c : *record.payload) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  Placed entry{{record.term, hash}, nullptr};
  if (record.kind == static_cast<std::uint8_t>(consensus::EntryKind::membership)) {
    DAFTAR_CHECK(record.payload);
    auto membership = consensus::decode_membership(*record.payload);
    DAFTAR_CHECK(membership);
    entry.membership = std::make_shared<const consensus::Membership>(std::move(*membership));
  }
  return entry;
}

bool is_quorum(const consensus::Membership& membership, const std::function<bool(std::uint64_t node)>& has) {
  const auto agrees = [&](const std::vector<consensus::NodeId>& voters) {
    const auto count = static_cast<std::size_t>(std::count_if(voters.begin(), voters.end(), [&](consensus::NodeId node) { return has(node.value); }));
    return 2 * count > voters.size();
  };
  return agrees(membership.voters) && (membership.outgoing.empty() || agrees(membership.outgoing));
}

void LogView::append(const Placed& entry) {
  if (entry.membership) memberships_[places_.size()] = entry.membership;
  places_.push_back(entry.place);
}

void LogView::replace(std::uint64_t first, const std::vector<Placed>& entries) {
  DAFTAR_CHECK(first >= 1 && first <= places_.size());
  places_.resize(first);
  memberships_.erase(memberships_.lower_bound(first), memberships_.end());
  for (const auto& entry : entries) append(entry);
}

void LogView::become(const LogView& history, std::uint64_t index) {
  DAFTAR_CHECK(index < history.size());
  places_.assign(history.places_.begin(), history.places_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  memberships_ = {history.memberships_.begin(), history.memberships_.upper_bound(index)};
}

}  // namespace daftar::simulation
