// A command run on a terminal of its own, as a person would run it: it may ask, and is answered.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace daftar::tests {

/// When the unfinished last line of what came is wholly matched by the expression `prompt`, `reply` and a line end are typed, once for each such line.
struct TerminalAnswer { std::string prompt, reply; };

struct TerminalRun {
  std::string output;   // as the terminal mixes standard output and error, lines ending in \r\n
  int exit = -1;        // -1: killed by a signal or by us at the deadline
};

/// Runs `script` with bash in `folder`. `environment` is "NAME=value" beside what this process has.
TerminalRun run_on_terminal(const std::string& script, const std::filesystem::path& folder, const std::vector<std::string>& environment,
                            const std::vector<TerminalAnswer>& answers, std::chrono::seconds deadline);

}  // namespace daftar::tests
