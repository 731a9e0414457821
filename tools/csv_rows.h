// CSV files (RFC 4180).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace daftar::tools {

using CsvRow = std::vector<std::string>;

/// All rows of a file of at most 256 MiB, the headings first. Throws Fault (toml_table.h) when it cannot be read, is no CSV or is empty.
std::vector<CsvRow> csv_rows(const std::filesystem::path& file);

}  // namespace daftar::tools
