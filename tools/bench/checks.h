// What must hold after the load: the nodes agree, and what was acknowledged can be proved offline.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/local_network.h"

namespace daftar::bench {

/// The figures of /v1/status that the report counts.
struct Counters {
  std::uint64_t fsyncs = 0, blocks = 0, flushes = 0, seals = 0, certificates = 0;
  std::uint64_t term = 0;       // each election, won or not, raises it
};
/// Nothing when the node does not answer.
std::optional<Counters> read_counters(tools::LocalNetwork& network, unsigned node);

struct Check {
  bool held = false;
  std::uint64_t compared = 0;   // heights or receipts looked at
  std::string problem;          // when it did not hold
};

/// Waits until the nodes stand at one height, then compares tree size and root at that height and at up to `heights` others below it.
Check check_roots(tools::LocalNetwork& network, unsigned heights, std::chrono::seconds patience);

/// Fetches the receipts of `transaction_ids` from the nodes in turn, as `reader` (an auditor), and verifies each with the genesis alone:
/// entry, inclusion, quorum of signatures, and that the entry is the one asked for.
Check check_receipts(tools::LocalNetwork& network, const std::vector<std::string>& transaction_ids, const tools::Reader& reader);

}  // namespace daftar::bench
