// The node's log lines: written by a thread of their own, so that no working thread waits for a disk or a terminal. When lines come faster than they
// can be written the oldest waiting ones are dropped. Secrets are never given to a log line.
#pragma once
#include <filesystem>
#include <string>

#include "ledger/expected.h"

namespace daftar::node {

/// `file` empty: standard error. `level` as in config.h.
Expected<void, std::string> start_logging(const std::string& level, const std::filesystem::path& file);
/// Writes what waits and ends the thread.
void stop_logging();

}  // namespace daftar::node
