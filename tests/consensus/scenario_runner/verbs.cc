#include "tests/consensus/scenario_runner/verbs.h"

#include <array>

namespace daftar::consensus::scenario {

std::span<const std::span<const Verb>> all_verbs() {
  static const std::array subjects{cluster_verbs(), client_verbs(), running_verbs(), network_verbs(), looking_verbs()};
  return subjects;
}

const Verb* find_verb(std::string_view name) {
  for (const auto subject : all_verbs())
    for (const Verb& verb : subject)
      if (verb.name == name) return &verb;
  return nullptr;
}

}  // namespace daftar::consensus::scenario
