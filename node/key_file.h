// Secret keys of a node on disk: one line of 64 hexadecimal digits (an RFC 8032 seed), mode 0600 or less. Errors are sentences for the operator.
#pragma once
#include <filesystem>
#include <string>

#include "ledger/expected.h"

namespace daftar::node {

/// The 32 bytes. Refuses a file that group or others may read or write, that is no regular file, or whose content is anything else.
Expected<std::string, std::string> read_seed_file(const std::filesystem::path& file);

/// Writes a new file, durably; never replaces one that is there. `seed` has 32 bytes.
Expected<void, std::string> write_seed_file(const std::filesystem::path& file, std::string_view seed);

}  // namespace daftar::node
