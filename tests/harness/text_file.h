// A whole file as text, for tests that look into pages and logs.
#pragma once
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

namespace daftar::tests {

/// Throws when it cannot be read.
inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Does this stand, or come to stand within 30 s, in what a growing file holds after its first `from` bytes?
inline bool comes_to_say(const std::filesystem::path& file, const std::string& sentence, std::size_t from = 0) {
  for (int i = 0; i < 300; ++i) {
    if (read_text(file).find(sentence, from) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

}  // namespace daftar::tests
