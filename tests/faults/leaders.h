// Who leads, as the nodes say one by one while some of them cannot be asked.
#pragma once
#include <chrono>
#include <optional>
#include <set>
#include <thread>

#include "tests/end_to_end/test_network.h"

namespace daftar::tests {

/// The default of raft.election_timeout_ms, with which these networks run.
inline constexpr std::chrono::milliseconds election_timeout{1000};
/// "About two election timeouts" (RELIABILITY.md, P8) with room for a machine of two loaded cores: a bound that a broken election misses by far.
inline constexpr std::chrono::milliseconds takeover_max = 6 * election_timeout;

struct Leader {
  unsigned node = 0;
  std::uint64_t term = 0;
  std::chrono::milliseconds after{};  // how long it took to see it
};

inline std::string role(TestNetwork& network, unsigned node) {
  const auto status = network.network().node_status(node);
  return status ? status->at("role").get<std::string>() : "silent";
}

/// Asks `nodes` until one of them leads in a term above `term_before`.
inline std::optional<Leader> wait_for_leader(TestNetwork& network, const std::set<unsigned>& nodes, std::uint64_t term_before,
                                             std::chrono::milliseconds patience = takeover_max) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    for (const unsigned node : nodes) {
      const auto status = network.network().node_status(node);
      const auto after = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
      if (status && status->at("role") == "leader" && status->at("term").get<std::uint64_t>() > term_before)
        return Leader{node, status->at("term").get<std::uint64_t>(), after};
      if (after > patience) return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

/// Until `node` says that it leads, or that it does not.
inline bool wait_until_leads(TestNetwork& network, unsigned node, bool wanted, std::chrono::milliseconds patience = takeover_max) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while ((role(network, node) == "leader") != wanted) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// The roots of `node`, up to the height that it and the others have come to by now, while payments go on.
inline void require_roots_of_others(TestNetwork& network, unsigned node) {
  std::uint64_t top = network.status_number(node, "height");
  for (unsigned other = 1; other <= network.network().nodes(); ++other)
    if (network.network().running(other)) top = std::min(top, network.status_number(other, "height"));
  network.require_equal_roots(top, 100);
}

/// All nodes of three but this one.
inline std::set<unsigned> others(unsigned node) {
  std::set<unsigned> out{1, 2, 3};
  out.erase(node);
  return out;
}

}  // namespace daftar::tests
