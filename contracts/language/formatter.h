// One way to write a template: two blanks for each block, four for a line that continues another, single blanks between words, at most one empty line.
// Where lines break is the author's choice; a declaration always begins a line. Comments stay where they are.
#pragma once
#include <string>

#include "contracts/language/parser.h"

namespace daftar::contracts::language {

/// Formatting what came out of it changes nothing; the tokens are the same.
std::string formatted(const Parsed& parsed);

}  // namespace daftar::contracts::language
