// What an action can cost at most, from its text alone. Units: 1 for each part of an expression and each statement; more for what writes and taxes.
#pragma once
#include "contracts/language/tree.h"

namespace daftar::contracts::language {

namespace cost {
inline constexpr std::uint64_t statement = 1, part = 1, write = 5, movement = 20;
inline constexpr std::uint64_t payment = 100;   // with its taxes and registers
}  // namespace cost

/// Of an action or deadline: its condition, its effects with every list full and the dearer branch of each `if`, and the conclusions that are looked
/// at behind it. Saturates.
std::uint64_t cost_of(const Template& text, const Scope& scope, const std::vector<Statement>& body);

}  // namespace daftar::contracts::language
