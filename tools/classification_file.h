// Files of classifications: CSV with the headings list, code, title, maps_to, from and to, and in files of changes verb (genesis/README.md describes them).
#pragma once
#include <filesystem>

#include "ledger/proto/ledger.pb.h"
#include "tools/error.h"

namespace daftar::tools {

/// Codes and mappings to be added, and, where a row's verb is `end`, those that end. The error names file and row.
Result<ledger::proto::ClassificationChange> read_classification_file(const std::filesystem::path& file);

}  // namespace daftar::tools
