// From text to a tree, by recursive descent with one token of look-ahead and a bound on nesting. The grammar: docs/template-language.md.
#pragma once
#include <set>
#include <string_view>

#include "contracts/language/lexer.h"
#include "contracts/language/tree.h"

namespace daftar::contracts::language {

struct Parsed {
  Template tree;
  std::vector<Token> tokens;        // comments included
  std::set<std::size_t> begins;     // indexes into `tokens` at which a declaration, statement, field or wording begins
};

/// The first fault, at the token that was not expected. `source` must outlive the tokens.
Expected<Parsed, Fault> parse(std::string_view source);

}  // namespace daftar::contracts::language
