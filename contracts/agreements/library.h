// The templates that contracts can be made of: parsed, checked and compiled once. Immutable, so it may be shared by threads.
#pragma once
#include <map>
#include <memory>
#include <set>

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
  using Name = std::pair<std::string, std::uint32_t>;   // and version

  /// Judges every template as `daftar template check` does, compiles it, and compares with what the genesis says. The sentence says which is wrong, and how.
  static Expected<Library, std::string> from_genesis(const ledger::proto::Genesis& genesis);
  /// The same without judging: for who works with a ledger that runs, as none begins whose templates do not hold.
  static Expected<Library, std::string> of_running(const ledger::proto::Genesis& genesis);

  /// false: it is there already. `stopped`: nobody may draft a contract of it any more; those there are go on.
  bool add(std::shared_ptr<const Known> known, bool stopped = false);
  bool is_stopped(std::string_view name, std::uint32_t version) const { return stopped_.contains({std::string(name), version}); }
  /// nullptr: not known.
  const Known* find(std::string_view name, std::uint32_t version) const;
  /// By name, then version.
  const std::map<Name, std::shared_ptr<const Known>>& all() const { return known_; }

 private:
  using Read = Expected<Known, std::string> (*)(std::string_view source);
  static Expected<Library, std::string> read_all(const ledger::proto::Genesis& genesis, Read read);

  std::map<Name, std::shared_ptr<const Known>> known_;
  std::set<Name> stopped_;
};

/// What the ledger would know of a source: for tools and for the library itself. The sentence says what is wrong with it.
Expected<Library::Known, std::string> known_of(std::string_view source);

/// The same of a source that has been judged before: only its program is made again.
Expected<Library::Known, std::string> compiled_of(std::string_view source);

}  // namespace daftar::contracts::agreements
