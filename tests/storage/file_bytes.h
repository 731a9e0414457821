// Whole files as bytes, for tests that damage them.
#pragma once
#include <fstream>
#include <iterator>
#include <string>

#include "tests/harness/temporary_folder.h"

namespace daftar::storage::test {

using tests::TemporaryFolder;

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(content.data(), static_cast<std::streamsize>(content.size()));
}

}  // namespace daftar::storage::test
