// What the machine can do by itself, measured in the same run as the ledger: its disk's durable append and its signature checks.
#pragma once
#include <chrono>
#include <string>

#include "tools/bench/latency_histogram.h"

namespace daftar::bench {

/// Appends 4 KiB and calls fdatasync, `times` times, on a file in `directory` (removed afterwards). Throws std::system_error when the
/// disk refuses: there is nothing to measure then.
LatencyHistogram measure_fdatasync(const std::string& directory, unsigned times);

/// Signatures of transfers checked by ledger::verify per second on one core: one thread, thousands of different keys and messages,
/// nothing else meant to be running. Takes about `duration` and half a second to sign.
double measure_verify_per_second(std::chrono::milliseconds duration);

}  // namespace daftar::bench
