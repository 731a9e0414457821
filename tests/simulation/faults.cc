#include "tests/simulation/faults.h"

namespace daftar::simulation {
namespace {

constexpr std::string_view names[fault_kinds] = {
    "loss", "delay", "duplicate", "reorder", "partition", "one-way", "flap", "clog", "crash", "power", "blackout",
    "pause", "torn", "rot", "misdirect", "io-error", "slow-sync", "hang-sync", "clock", "clocks", "old-disk"};

}  // namespace

std::string_view name(Fault fault) { return names[static_cast<std::size_t>(fault)]; }

Expected<FaultSet, std::string> parse_faults(std::string_view list) {
  FaultSet set;
  if (list == "all") return set.set();
  if (list == "none") return set;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    std::size_t i = 0;
    while (i < fault_kinds && names[i] != word) ++i;
    if (i == fault_kinds) return tl::make_unexpected("no fault is called \"" + std::string(word) + "\"");
    set.set(i);
  }
  return set;
}

}  // namespace daftar::simulation
