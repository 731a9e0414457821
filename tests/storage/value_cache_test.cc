// The cache of newest values: what it answers is what was last put, it stays within its bytes, and what is in use stays longest.
#include <catch2/catch.hpp>

#include <iostream>
#include <map>
#include <random>

#include "storage/value_cache.h"

using daftar::storage::ValueCache;

TEST_CASE("a value cache answers what was last put, or nothing") {
  ValueCache cache(1 << 16);
  REQUIRE_FALSE(cache.find("a"));
  cache.put("a", "1");
  cache.put("a", "22");
  REQUIRE(*cache.find("a") == "22");
  cache.erase("a");
  cache.erase("a");
  REQUIRE_FALSE(cache.find("a"));
  REQUIRE(cache.bytes() == 0);
  ValueCache none(0);
  none.put("a", "1");
  REQUIRE_FALSE(none.find("a"));
}

TEST_CASE("a value cache keeps what is read, lets go of what is not, and never holds more than it may") {
  ValueCache cache(20'000);
  cache.put("hot", "x");
  for (int i = 0; i < 10'000; ++i) {
    cache.put("cold-" + std::to_string(i), std::string(static_cast<std::size_t>(i) % 200, 'v'));
    REQUIRE(cache.bytes() <= 20'000);
    REQUIRE(cache.find("hot"));
  }
  REQUIRE(cache.size() > 20);
  cache.put("hot", std::string(30'000, 'x'));   // larger than all of it
  REQUIRE(cache.bytes() <= 20'000);
}

TEST_CASE("random puts, erasures and finds agree with a map wherever the cache answers") {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  ValueCache cache(5'000);
  std::map<std::string, std::string> truth;
  std::size_t answered = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = "k" + std::to_string(random() % 60);
    switch (random() % 4) {
      case 0:
        truth[key] = std::string(random() % 90, static_cast<char>('a' + random() % 26));
        cache.put(key, truth[key]);
        break;
      case 1:
        if (random() % 8 == 0) {
          truth.erase(key);
          cache.erase(key);
        }
        break;
      default:
        if (const auto value = cache.find(key)) {
          ++answered;
          REQUIRE(truth.contains(key));
          REQUIRE(*value == truth[key]);
        }
    }
  }
  REQUIRE(answered > 10'000);
}
