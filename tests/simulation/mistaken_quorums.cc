// Runs seeds over a program whose quorums have a planted mistake (tests/consensus/broken/quorum.cc, DAFTAR_MISTAKE). Succeeds if a seed shows it
// within the bound; with DAFTAR_MISTAKE 0, if none shows anything.
#include "tests/simulation/planted.h"

int main() {
  using namespace daftar::simulation;
  constexpr bool control = DAFTAR_MISTAKE == 0;
  const auto needed = seeds_needed(planted<Saboteur>("mistake " + std::to_string(DAFTAR_MISTAKE) + " in the quorums"), control ? 5 : 600, 1500);
  return control == (needed == 0) ? 0 : 1;
}
