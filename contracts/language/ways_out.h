// Can what is held always leave, whoever is silent?
#pragma once
#include "contracts/language/exploration.h"

namespace daftar::contracts::language {

struct Freeze {
  std::size_t node;
  Pot pot;
  std::string silent;   // empty: it stays even when everybody helps
};

/// For each pot of private money and each party, the first state (by the length of its story) from which the pot is not sure to become empty while that
/// party does nothing. "Sure": the others do what they can at once, or everybody waits, and then each deadline that may come first leads on.
std::vector<Freeze> freezes(const Machine& machine, const Exploration& walk, const Arrangement& arrangement);

/// The first state from which no end can be reached, whatever happens.
std::optional<std::size_t> first_without_end(const Machine& machine, const Exploration& walk);

}  // namespace daftar::contracts::language
