#include "contracts/agreements/library.h"

#include "contracts/language/compiler.h"
#include "contracts/language/judgement.h"
#include "contracts/language/parser.h"
#include "ledger/check.h"

namespace daftar::contracts::agreements {

Expected<Library::Known, std::string> compiled_of(std::string_view source) {
  const auto parsed = language::parse(source);
  if (!parsed) return tl::make_unexpected("template:" + std::to_string(parsed.error().place.line) + ": " + parsed.error().sentence);
  auto program = language::compile(parsed->tree, source);
  if (!program) return tl::make_unexpected("template:" + std::to_string(program.error().place.line) + ": " + program.error().sentence);
  Library::Known known{std::string(source), std::move(*program), {}};
  known.digest = language::digest_of(known.program);
  return known;
}

Expected<Library::Known, std::string> known_of(std::string_view source) {
  const auto judgement = language::judge(source);
  if (judgement.standing != language::Judgement::Standing::holds) return tl::make_unexpected(language::in_words("template", judgement).front());
  return compiled_of(source);
}

Expected<Library, std::string> Library::from_genesis(const ledger::proto::Genesis& genesis) { return read_all(genesis, known_of); }
Expected<Library, std::string> Library::of_running(const ledger::proto::Genesis& genesis) { return read_all(genesis, compiled_of); }

Expected<Library, std::string> Library::read_all(const ledger::proto::Genesis& genesis, Read read) {
  Library library;
  for (int i = 0; i < genesis.templates_size(); ++i) {
    const auto& given = genesis.templates(i);
    const std::string which = "template " + std::to_string(i + 1) + ": ";
    auto known = read(given.source());
    if (!known) return tl::make_unexpected(which + known.error());
    if (known->digest.view() != given.program()) return tl::make_unexpected(which + "compiles to another program (" + known->digest.hex() + ") than the genesis says");
    const auto shared = std::make_shared<const Known>(std::move(*known));
    if (!library.add(shared)) return tl::make_unexpected(which + shared->program.name + "/" + std::to_string(shared->program.version) + " stands twice");
  }
  return library;
}

bool Library::add(std::shared_ptr<const Known> known, bool stopped) {
  Name name{known->program.name, known->program.version};
  if (stopped) stopped_.insert(name);
  return known_.emplace(std::move(name), std::move(known)).second;
}

const Library::Known* Library::find(std::string_view name, std::uint32_t version) const {
  const auto found = known_.find({std::string(name), version});
  return found == known_.end() ? nullptr : found->second.get();
}

}  // namespace daftar::contracts::agreements
