// The kinds of fault the simulator can make, by the names of --faults, and how often each was made.
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/expected.h"

namespace daftar::simulation {

enum class Fault : std::uint8_t {
  loss, delay, duplicate, reorder,      // of single messages
  partition, one_way, flap, clog,       // of links; clog: held and delivered later, links one by one (FoundationDB's swizzle-clogging)
  crash, power, blackout,               // one process; one machine (what was not synced is gone or torn); all machines at once
  pause,                                // a process that stands still for a while (SIGSTOP)
  torn, rot, misdirect,                 // of a write under way at a power cut; of old records; a write that went to another place
  io_error, slow_sync, hang_sync,
  clock,                                // wall clocks of fewer than half of the nodes at a time, wrong by more than the ledger allows
  clocks,                               // wall clocks of as many nodes as there are
  old_disk,                             // a machine comes back with an older copy of its disks, or with empty ones
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::old_disk) + 1;

std::string_view name(Fault fault);

using FaultSet = std::bitset<fault_kinds>;
/// "all", "none", or names separated by commas. The sentence names what is not known.
Expected<FaultSet, std::string> parse_faults(std::string_view list);

class FaultCounts {
 public:
  void add(Fault fault, std::uint64_t n = 1) { counts_[static_cast<std::size_t>(fault)] += n; }
  std::uint64_t of(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  void add(const FaultCounts& other) {
    for (std::size_t i = 0; i < fault_kinds; ++i) counts_[i] += other.counts_[i];
  }

 private:
  std::array<std::uint64_t, fault_kinds> counts_{};
};

}  // namespace daftar::simulation
