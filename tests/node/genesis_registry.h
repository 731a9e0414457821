// The registry as a network's genesis makes it, for replicas without a state.
#pragma once
#include "node/registry.h"
#include "tests/harness/small_network.h"

namespace daftar::tests {

inline node::Registry genesis_registry(const SmallNetwork& network) {
  node::Registry registry;
  auto& validators = registry.validators[0];
  for (std::uint32_t number = 1; number <= network.link_keys.size(); ++number) {
    const auto link = network.link_keys[number - 1].public_key(), checkpoint = network.checkpoint_keys[number - 1].public_key();
    registry.nodes.push_back({number, "operator-" + std::to_string(number), link, checkpoint, {}, contracts::NodeStanding::validator, 0});
    validators[number] = checkpoint;
  }
  return registry;
}

}  // namespace daftar::tests
