// What a disk can do to us. A node that meets one of these stops; nothing continues on a guess.
#pragma once
#include <string>

#include "ledger/expected.h"

namespace daftar::storage {

struct StorageError {
  enum class Kind { io, corruption, full, not_found, locked, foreign };  // foreign: the store of another ledger
  Kind kind = Kind::io;
  std::string path;
  std::string detail;   // what was being done, and what the system said
  std::string text() const;
};

/// The exit status of a node that its disk stopped, by whatever way.
inline constexpr int disk_exit_status = 2;

/// `detail`: a sentence that says what contradicts what.
Unexpected<StorageError> corrupt(const std::string& path, std::string detail);

}  // namespace daftar::storage
