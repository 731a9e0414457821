// Transfers between uniformly drawn accounts, signed ahead of time and laid out as the bodies of bulk requests, so that driving the
// network later costs the clients as little as it can.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/bench/population.h"

namespace daftar::bench {

struct WorkloadOptions {
  std::uint64_t transactions = 0;
  std::uint32_t batch = 100;             // transactions per request
  std::string category = "none";         // "services" on a taxed network
  std::uint64_t seed = 1;
  std::uint64_t valid_until_ms = 0;      // of the first batch
  std::uint64_t batch_ms = 0;            // each next one is valid so much longer: as if signed when it is sent
  unsigned threads = 1;
};

/// The body of one bulk request: frames of 4-byte length and envelope.
struct Batch {
  std::string frames;
  std::uint32_t transactions = 0;
};

/// One transfer of 1 to 100 minor units from a drawn account to another member's account in the same currency.
std::string make_transfer(const Population& population, const ledger::Digest& ledger_id, const std::string& category,
                          std::uint64_t valid_until_ms, Random& random);

/// Signs options.transactions transfers on options.threads threads. `progress` is called now and then with how many are done, from one of
/// them. About 250 bytes each are kept.
std::vector<Batch> sign_ahead(const Population& population, const ledger::Digest& ledger_id, const WorkloadOptions& options,
                              const std::function<void(std::uint64_t)>& progress);

}  // namespace daftar::bench
