// How a node ended: its exit status and the sentence it left.
#pragma once
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tools/local_network.h"

namespace daftar::tests {

/// Exit statuses of daftard (docs/operators.md).
enum Exit : int { stopped_on_request = 0, wrong_configuration = 1, stopped_by_disk = 2, stopped_by_difference = 3, stopped_otherwise = 4, stopped_by_protocol = 5 };

class LastWords {
 public:
  /// Of what `node` says from now on.
  LastWords(tools::LocalNetwork& network, unsigned node) : network_(network), node_(node) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(network.log_file(node), absent);
    from_ = absent ? 0 : size;
  }

  /// The exit status, or minus the signal that ended it; nothing while it still runs after `patience`.
  std::optional<int> wait_for_end(std::chrono::milliseconds patience) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (network_.running(node_)) {
      if (std::chrono::steady_clock::now() >= give_up) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const auto status = network_.stop_node(node_);  // it has ended: this only asks how
    if (!status) return std::nullopt;
    return WIFEXITED(*status) ? WEXITSTATUS(*status) : -WTERMSIG(*status);
  }

  /// The lines meant for the operator: those that begin with the program's name, not those of the running log.
  std::vector<std::string> sentences() const {
    std::ifstream in(network_.log_file(node_), std::ios::binary);
    in.seekg(static_cast<std::streamoff>(from_));
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("daftard: ") || line.starts_with("daftar: ")) out.push_back(line);
    return out;
  }
  std::string all() const {
    std::string out;
    for (const std::string& line : sentences()) out += line + "\n";
    return out;
  }

 private:
  tools::LocalNetwork& network_;
  unsigned node_;
  std::uintmax_t from_ = 0;
};

}  // namespace daftar::tests
