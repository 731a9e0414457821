// Amounts whose terms are not known: sums of whole terms, parts of them and what parties name, so that "never below nothing" can be proved for every
// value at once.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "ledger/money.h"

namespace daftar::contracts::language {

/// Σ coefficient × unknown; coefficients in millionths. No unknown is below 0. Empty: nothing.
using SymbolicAmount = std::map<std::string, ledger::Int128>;

inline constexpr ledger::Int128 one_whole = 1'000'000;
/// A million times an unknown. Who reckons asks is_too_large() after each plus and minus, and goes no further.
inline constexpr ledger::Int128 coefficient_max = one_whole * 1'000'000;

SymbolicAmount plus(SymbolicAmount a, const SymbolicAmount& b);
SymbolicAmount minus(SymbolicAmount a, const SymbolicAmount& b);
/// At least `ppm` millionths of it, whatever the unknowns: each coefficient rounded up.
SymbolicAmount part_of(const SymbolicAmount& a, std::int64_t ppm);
bool is_too_large(const SymbolicAmount& a);
/// "milestones.price - penalty", for people.
std::string in_words(const SymbolicAmount& a);

/// What is known of the unknowns. An unknown's bound speaks only of unknowns that came before it.
class Unknowns {
 public:
  /// A term: above nothing, unbounded.
  void add(const std::string& name);
  /// At least nothing, at most `bound`. `lasting`: the same whenever it is reckoned. Does nothing to one that is known.
  void add(const std::string& name, SymbolicAmount bound, bool lasting);

  /// Of those that are not known: they come from an earlier event, so they last.
  bool is_lasting(const SymbolicAmount& a) const;
  /// Proved for all values; false: not proved.
  bool never_negative(SymbolicAmount a) const;
  /// Values for which it falls below nothing, as far as one can tell: every bounded unknown that is taken away at its bound.
  std::vector<std::string> at_their_most(const SymbolicAmount& a) const;

 private:
  struct Known {
    std::size_t number;
    bool bounded, lasting;
    SymbolicAmount bound;
  };
  std::map<std::string, Known> known_;
};

}  // namespace daftar::contracts::language
