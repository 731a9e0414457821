#include "tools/bench/latency_histogram.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using daftar::bench::LatencyHistogram;

TEST_CASE("a latency histogram's percentiles are those of the sorted values to within 1/64") {
  std::mt19937_64 random(7);
  LatencyHistogram first, second;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() >> (24 + random() % 40));
    values.push_back(value);
    (i % 2 == 0 ? first : second).record(std::chrono::nanoseconds(value));
  }
  first.merge(second);
  std::sort(values.begin(), values.end());
  REQUIRE(first.count() == values.size());
  CHECK(first.max().count() == values.back());
  for (const std::uint32_t ppm : {1u, 10'000u, 500'000u, 900'000u, 990'000u, 999'900u, 1'000'000u}) {
    const auto rank = std::max<std::size_t>(1, (values.size() * ppm + 999'999) / 1'000'000);
    const std::int64_t exact = values[rank - 1], shown = first.percentile(ppm).count();
    INFO("percentile " << ppm << " ppm: " << exact << " shown as " << shown);
    CHECK(shown >= exact);
    CHECK(shown - exact <= exact / 64);
  }
}

TEST_CASE("an empty latency histogram says zero") {
  const LatencyHistogram empty;
  CHECK(empty.percentile(500'000).count() == 0);
  CHECK(empty.max().count() == 0);
}
