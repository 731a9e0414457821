// Amounts, times and documents as people write them.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

#include "tools/error.h"

namespace daftar::tools {

/// SHA-256 of a file of at most 256 MiB, 32 raw bytes.
Result<std::string> file_digest(const std::filesystem::path& file);

/// 2026-12-31, 2026-12-31T10:00:00Z, or from now: +30d, -2d, +12h, +15m, +20s.
Result<std::uint64_t> parse_time(const std::string& text);
/// 90s, 15m, 1h, 2d
Result<std::chrono::milliseconds> parse_duration(const std::string& text);
/// "1234.50" of a currency, in minor units.
Result<std::int64_t> parse_amount(const std::string& text, const std::string& currency);

}  // namespace daftar::tools
