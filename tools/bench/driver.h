// Closed-loop clients: each keeps one connection and sends its next batch when every line of the last one has arrived.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/api_client.h"
#include "tools/bench/latency_histogram.h"
#include "tools/bench/workload.h"

namespace daftar::bench {

using Clock = std::chrono::steady_clock;

/// What became of transactions. Only those whose outcome came within the measured window are in `latencies` and the first four counts.
struct Outcome {
  std::uint64_t committed = 0;   // committed or certified
  std::uint64_t rejected = 0;
  std::uint64_t busy = 0;        // not taken by the node
  std::uint64_t unknown = 0;     // taken, outcome not learnt in time, or the connection was lost
  LatencyHistogram latencies;    // of committed ones: from the start of writing their request to the arrival of their line
  std::uint64_t committed_in_all = 0;      // warm-up included: what the ledger must hold
  std::vector<std::string> sample_ids;     // some committed ones, drawn evenly over the run
  std::string first_problem;               // the first line or error that was not a commit
  bool ran_dry = false;                    // the signed transactions were used up before the time was
  void merge(Outcome&& other);
};

struct DriveOptions {
  std::uint32_t clients = 8;
  bool certified = false;                          // wait for the certificate, not only the commit
  std::chrono::milliseconds answer_timeout{20'000};
  std::chrono::milliseconds warmup{5'000};
  std::chrono::milliseconds measured{10'000};
  std::size_t sample_per_client = 16;
};

/// Endpoint a client should talk to now; asked at the start and after each lost connection. Called from several threads.
using ChooseEndpoint = std::function<tools::Endpoint(std::uint32_t client)>;

/// Drives `batches` (consumed) until the time is over or none is left. `at_start` and `at_end` are called on this thread at the edges of the
/// measured window, `progress` once a second with the transactions committed so far; the run ends early when it returns false.
Outcome drive(std::vector<Batch>& batches, const DriveOptions& options, const ChooseEndpoint& choose, const std::function<void()>& at_start,
              const std::function<void()>& at_end, const std::function<bool(std::uint64_t committed)>& progress);

/// Single transactions one after the other on one connection: the latency a lone client sees. Stops at the first that does not commit and says
/// why in `problem`.
LatencyHistogram drive_single(const std::vector<std::string>& envelopes, const tools::Endpoint& endpoint, std::string& problem);

/// The value of a string member of a line of JSON as the bulk route writes it ("id"), or empty.
std::string_view string_member(std::string_view line, std::string_view name);

}  // namespace daftar::bench
