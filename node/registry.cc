#include "node/registry.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::node {

const Validators& validators_at(const ValidatorHistory& history, std::uint64_t size) {
  DAFTAR_CHECK(!history.empty());
  const auto after = history.lower_bound(size);   // in force for trees larger than its own size
  return after == history.begin() ? after->second : std::prev(after)->second;
}

const contracts::NodeRecord* Registry::find(std::uint64_t node) const {
  const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const auto& record) { return record.number == node; });
  return it == nodes.end() ? nullptr : &*it;
}

consensus::Membership Registry::membership() const {
  consensus::Membership membership;
  for (const auto& record : nodes) {
    if (record.standing == contracts::NodeStanding::validator) membership.voters.push_back({record.number});
    if (record.standing == contracts::NodeStanding::observer) membership.learners.push_back({record.number});
  }
  return membership;
}

Registry read_registry(const storage::StateSnapshot& state) {
  Registry registry;
  registry.nodes = contracts::nodes(state);
  for (const auto& set : contracts::validator_sets(state)) {
    std::uint64_t size = 0;
    if (set.height != 0) {
      const auto root = state.root_at(set.height);
      DAFTAR_CHECK(root);
      size = root->size;
    }
    auto& validators = registry.validators[size];
    validators.clear();   // two changes without an entry between them cannot be: each has its own
    for (const auto& validator : set.validators) validators[validator.number] = validator.checkpoint_key;
  }
  return registry;
}

}  // namespace daftar::node
