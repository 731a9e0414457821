// The simulation's chance: one stream for each part, so that what one part draws does not move the others.
#pragma once
#include "consensus/random.h"

namespace daftar::simulation {

class Chance {
 public:
  Chance(std::uint64_t seed, std::uint64_t stream) : random_(seed * 0x2545f4914f6cdd1du + stream) { random_.next(); }
  std::uint64_t next() { return random_.next(); }
  /// In [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  /// In [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + random_.below(high - low + 1); }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

 private:
  consensus::Random random_;
};

}  // namespace daftar::simulation
