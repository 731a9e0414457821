// Proves what a template promises, or tells the shortest story of how it goes wrong. docs/template-language.md says for each property what is
// proved, by which method, and what is not.
#pragma once
#include "contracts/language/machine.h"

namespace daftar::contracts::language {

struct Finding {
  Property property;
  Place place;
  std::string sentence;
  std::vector<std::string> story;   // who did what, in order; the last line says where it ends. Empty: nothing has to happen for it
};

struct ActionCost {
  std::string name;                 // of an action or deadline
  Place place;
  std::uint64_t units = 0;
};

struct Verdict {
  std::vector<Finding> findings;    // the shortest story of each property and place; in the order of the text
  std::vector<ActionCost> costs;
  std::size_t arrangements = 0, states = 0, steps = 0;   // that were looked at
  bool accepted() const { return findings.empty(); }
};

/// Bounds of the search; a template that needs more is refused (Property::size).
inline constexpr std::size_t states_max = 20'000, steps_max = 400'000;

/// `text` has no type_faults.
Verdict check(const Template& text);

}  // namespace daftar::contracts::language
