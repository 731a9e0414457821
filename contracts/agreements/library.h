// The templates that contracts can be made of: parsed, checked and compiled once. Immutable, so it may be shared by threads.
#pragma once
#include <map>
#include <memory>

#include "contracts/language/program.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"

namespace daftar::contracts::agreements {

class Library {
 public:
  struct Known {
    std::string source;
    language::Program program;
    ledger::Digest digest;       // of the program
  };

  /// Judges every template as `daftar template check` does, compiles it, and compares with what the genesis says. The sentence says which is wrong, and how.
  static Expected<Library, std::string> from_genesis(const ledger::proto::Genesis& genesis);

  /// nullptr: not known.
  const Known* find(std::string_view name, std::uint32_t version) const;
  /// By name, then version.
  const std::map<std::pair<std::string, std::uint32_t>, Known>& all() const { return known_; }

 private:
  std::map<std::pair<std::string, std::uint32_t>, Known> known_;
};

/// What the ledger would know of a source: for tools and for the library itself. The sentence says what is wrong with it.
Expected<Library::Known, std::string> known_of(std::string_view source);

}  // namespace daftar::contracts::agreements
