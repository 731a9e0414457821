// Small files, read within a bound and written so that a crash leaves the old one or the new one.
#pragma once
#include <filesystem>
#include <string>

#include "tools/error.h"

namespace daftar::tools {

Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max);
/// Temporary file beside it, fsync, rename, fsync of the folder. `mode` as in chmod.
Result<void> write_file(const std::filesystem::path& file, std::string_view content, unsigned mode = 0644);
/// With its parents; those made here get 0700.
Result<void> make_private_dir(const std::filesystem::path& dir);

}  // namespace daftar::tools
