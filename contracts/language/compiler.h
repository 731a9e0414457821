// From a tree to a program (program.h). Deterministic: one text has one program, on every machine.
#pragma once
#include "contracts/language/program.h"
#include "ledger/expected.h"

namespace daftar::contracts::language {

/// `text` has no type faults (type_checker.h); `source` is what it was parsed from. The fault: an expression too deep for the stack, or a table too long.
Expected<Program, Fault> compile(const Template& text, std::string_view source);

}  // namespace daftar::contracts::language
