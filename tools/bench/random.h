// SplitMix64: small, seeded, good enough to draw accounts and nonces with. Not for keys.
#pragma once
#include <cstdint>
#include <string>

namespace daftar::bench {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [0, bound).
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// 16 bytes for a transaction's nonce.
  std::string nonce() {
    std::string out(16, '\0');
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint64_t word = next();
      for (std::size_t i = 0; i < 8; ++i) out[half * 8 + i] = static_cast<char>(word >> (8 * i));
    }
    return out;
  }

 private:
  std::uint64_t state_;
};

}  // namespace daftar::bench
