#include "contracts/language/symbolic_amount.h"

#include <algorithm>

namespace daftar::contracts::language {
namespace {

void add_to(SymbolicAmount& a, const std::string& unknown, ledger::Int128 coefficient) {
  const ledger::Int128 sum = a[unknown] += coefficient;
  if (sum == 0) a.erase(unknown);
}

/// While bounds are put in for unknowns: beyond it nothing is proved. Its product with the largest coefficient of an amount fits into 128 bits.
constexpr ledger::Int128 proof_max = ledger::Int128{1'000'000'000'000} * 1'000'000'000'000;

}  // namespace

SymbolicAmount plus(SymbolicAmount a, const SymbolicAmount& b) {
  for (const auto& [unknown, coefficient] : b) add_to(a, unknown, coefficient);
  return a;
}

SymbolicAmount minus(SymbolicAmount a, const SymbolicAmount& b) {
  for (const auto& [unknown, coefficient] : b) add_to(a, unknown, -coefficient);
  return a;
}

SymbolicAmount part_of(const SymbolicAmount& a, std::int64_t ppm) {
  SymbolicAmount out;
  for (const auto& [unknown, coefficient] : a) {
    const ledger::Int128 product = coefficient * ppm;
    const ledger::Int128 up = product > 0 ? (product + one_whole - 1) / one_whole : product / one_whole;
    if (up != 0) out[unknown] = up;
  }
  return out;
}

std::string in_words(const SymbolicAmount& a) {
  if (a.empty()) return "nothing";
  std::string out, taken;
  for (const auto& [unknown, coefficient] : a) {
    const ledger::Int128 size = coefficient < 0 ? -coefficient : coefficient;
    const auto whole = static_cast<std::int64_t>(size / one_whole);
    const std::string times = size == one_whole ? "" : size % one_whole == 0 ? std::to_string(whole) + " × " : "a part of ";
    std::string& side = coefficient < 0 ? taken : out;
    if (coefficient < 0) side += " - ";
    else if (!side.empty()) side += " + ";
    side += times + unknown;
  }
  return (out.empty() ? "nothing" : out) + taken;
}

void Unknowns::add(const std::string& name) { known_.try_emplace(name, Known{known_.size(), false, true, {}}); }

void Unknowns::add(const std::string& name, SymbolicAmount bound, bool lasting) {
  known_.try_emplace(name, Known{known_.size(), true, lasting, std::move(bound)});
}

bool is_too_large(const SymbolicAmount& a) {
  return std::any_of(a.begin(), a.end(), [](const auto& one) { return one.second > coefficient_max || one.second < -coefficient_max; });
}

bool Unknowns::is_lasting(const SymbolicAmount& a) const {
  return std::all_of(a.begin(), a.end(), [&](const auto& one) {
    const auto known = known_.find(one.first);
    return known == known_.end() || known->second.lasting;
  });
}

bool Unknowns::never_negative(SymbolicAmount a) const {
  while (true) {
    // The latest bounded unknown that is taken away, at its most; what is added, at its least.
    const Known* latest = nullptr;
    std::string name;
    for (const auto& [unknown, coefficient] : a) {
      const Known& known = known_.at(unknown);
      if (coefficient >= 0) continue;
      if (!known.bounded) continue;
      if (latest == nullptr || known.number > latest->number) {
        latest = &known;
        name = unknown;
      }
    }
    if (latest == nullptr) break;
    const ledger::Int128 times = a.at(name);
    if (times < -proof_max) return false;
    a.erase(name);
    for (const auto& [unknown, coefficient] : latest->bound) {
      const ledger::Int128 product = times * coefficient;
      add_to(a, unknown, product / one_whole - (product % one_whole < 0 ? 1 : 0));
    }
  }
  for (const auto& [unknown, coefficient] : a)
    if (coefficient < 0) return false;
  return true;
}

std::vector<std::string> Unknowns::at_their_most(const SymbolicAmount& a) const {
  std::vector<std::string> out;
  for (const auto& [unknown, coefficient] : a)
    if (coefficient < 0 && known_.at(unknown).bounded) out.push_back(unknown + " at its most: " + in_words(known_.at(unknown).bound));
  return out;
}

}  // namespace daftar::contracts::language
