// Chance for tests: from a seed, or from the bytes that a fuzzer thinks up.
#pragma once
#include <cstdint>
#include <iterator>
#include <random>

namespace daftar::contracts::test {

class Dice {
 public:
  virtual ~Dice() = default;
  /// Below n, which is at least 1.
  virtual std::uint64_t below(std::uint64_t n) = 0;

  /// Both ends included; not the whole range of the type.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    const auto from = static_cast<std::uint64_t>(least);   // unsigned: the span may be wider than a signed number can say
    return static_cast<std::int64_t>(from + below(static_cast<std::uint64_t>(most) - from + 1));
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
  /// Both ends come often: they are where amounts go wrong.
  std::int64_t edgy(std::int64_t least, std::int64_t most) {
    if (one_in(4)) return least;
    if (one_in(3)) return most;
    return between(least, most);
  }
  template <class Many>
  auto& pick(Many& from) {
    return *std::next(std::begin(from), static_cast<std::ptrdiff_t>(below(std::size(from))));
  }
};

class SeededDice final : public Dice {
 public:
  explicit SeededDice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t n) override { return random_() % n; }

 private:
  std::mt19937_64 random_;
};

}  // namespace daftar::contracts::test
