// Runs seeds over a program whose quorums have a planted mistake (tests/consensus/broken/quorum.cc). Succeeds if a seed shows it
// within the bound; with mistake 0, if none shows anything.
#include "tests/consensus/broken/planted_mistake.h"
#include "tests/simulation/planted.h"

int main() {
  using namespace daftar::simulation;
  using daftar::consensus::test::planted_mistake;
  const bool control = planted_mistake == 0;
  const auto needed = seeds_needed(planted<Saboteur>("mistake " + std::to_string(planted_mistake) + " in the quorums"), control ? 5 : 600, 1500);
  return control == (needed == 0) ? 0 : 1;
}
