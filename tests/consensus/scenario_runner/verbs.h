// The verbs of the language. Each reads its arguments when the file is read, and acts when the scenario runs.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "tests/consensus/scenario_runner/world.h"

namespace daftar::consensus::scenario {

using Action = std::function<void(World&)>;

struct Verb {
  std::string_view name;
  std::string_view usage;    ///< the arguments
  std::string_view meaning;  ///< one line
  Action (*read)(Arguments&);
};

/// By subject.
std::span<const std::span<const Verb>> all_verbs();
const Verb* find_verb(std::string_view name);

/// The entry that scenarios mean where they name only a position: equal positions are equal entries.
Entry made_up_entry(LogPosition position);

std::span<const Verb> cluster_verbs();   ///< verbs_cluster.cc: nodes, their disks, time, elections
std::span<const Verb> client_verbs();    ///< verbs_client.cc: what clients and operators ask for
std::span<const Verb> running_verbs();   ///< verbs_running.cc: processing, disk writes, applying, crashes
std::span<const Verb> network_verbs();   ///< verbs_network.cc
std::span<const Verb> looking_verbs();   ///< verbs_looking.cc: what is, and what must be

}  // namespace daftar::consensus::scenario
