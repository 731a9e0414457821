#include "contracts/agreements/library.h"

#include "contracts/language/compiler.h"
#include "contracts/language/judgement.h"
#include "contracts/language/parser.h"
#include "ledger/check.h"

namespace daftar::contracts::agreements {

Expected<Library::Known, std::string> known_of(std::string_view source) {
  const auto judgement = language::judge(source);
  if (judgement.standing != language::Judgement::Standing::holds) return tl::make_unexpected(language::in_words("template", judgement).front());
  const auto parsed = language::parse(source);
  DAFTAR_CHECK(parsed.has_value());   // it has just been judged
  auto program = language::compile(parsed->tree, source);
  if (!program) return tl::make_unexpected("template:" + std::to_string(program.error().place.line) + ": " + program.error().sentence);
  Library::Known known{std::string(source), std::move(*program), {}};
  known.digest = language::digest_of(known.program);
  return known;
}

Expected<Library, std::string> Library::from_genesis(const ledger::proto::Genesis& genesis) {
  Library library;
  for (int i = 0; i < genesis.templates_size(); ++i) {
    const auto& given = genesis.templates(i);
    const std::string which = "template " + std::to_string(i + 1) + ": ";
    auto known = known_of(given.source());
    if (!known) return tl::make_unexpected(which + known.error());
    if (known->digest.view() != given.program()) return tl::make_unexpected(which + "compiles to another program (" + known->digest.hex() + ") than the genesis says");
    const auto key = std::make_pair(known->program.name, known->program.version);
    if (!library.known_.emplace(key, std::move(*known)).second) return tl::make_unexpected(which + key.first + "/" + std::to_string(key.second) + " stands twice");
  }
  return library;
}

const Library::Known* Library::find(std::string_view name, std::uint32_t version) const {
  const auto found = known_.find({std::string(name), version});
  return found == known_.end() ? nullptr : &found->second;
}

}  // namespace daftar::contracts::agreements
