// Damage to files of a data directory: which file, and which bit.
#pragma once
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/harness/text_file.h"

namespace daftar::tests {

/// The largest file of `folder` whose name begins and ends so, and which has this text in it; empty when there is none.
inline std::filesystem::path largest_file(const std::filesystem::path& folder, const std::string& begin, const std::string& end, const std::string& text = {}) {
  const auto has_text = [&](const std::filesystem::path& file) { return text.empty() || read_text(file).find(text) != std::string::npos; };
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || !name.starts_with(begin) || !name.ends_with(end) || !has_text(entry.path())) continue;
    if (found.empty() || entry.file_size() > std::filesystem::file_size(found)) found = entry.path();
  }
  return found;
}

inline void flip_bit(const std::filesystem::path& file, std::uintmax_t offset, unsigned bit) {
  std::fstream io(file, std::ios::binary | std::ios::in | std::ios::out);
  io.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(io.get() ^ (1 << bit));
  io.seekp(static_cast<std::streamoff>(offset));
  io.put(byte);
  REQUIRE(io.flush());
}

/// A bit in the middle of the largest file of this kind.
inline void flip_bit_in_largest(const std::filesystem::path& folder, const std::string& begin, const std::string& end) {
  const auto file = largest_file(folder, begin, end);
  REQUIRE_FALSE(file.empty());
  flip_bit(file, std::filesystem::file_size(file) / 2, 5);
}

}  // namespace daftar::tests
