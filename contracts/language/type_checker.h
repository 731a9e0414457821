// Names and types: does everything that a template names exist, and is it used as what it is? What this accepts, the checker (checker.h) can run.
#pragma once
#include "contracts/language/names.h"

namespace daftar::contracts::language {

/// In the order of the text, at most limits::faults; empty when all is well.
std::vector<Fault> type_faults(const Template& text);

}  // namespace daftar::contracts::language
