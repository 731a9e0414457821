// Latencies as HDR histograms keep them: buckets whose width grows with the value, so that every recorded value is known to within 1/64
// and memory does not grow with their number. Not shared between threads: give each its own and merge.
#pragma once
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <vector>

namespace daftar::bench {

class LatencyHistogram {
 public:
  using Duration = std::chrono::nanoseconds;

  LatencyHistogram() : counts_(bucket_of(value_max) + 1) {}

  /// Longer than about 73 minutes counts as that long in the percentiles; max() stays exact. Negative counts as zero.
  void record(Duration latency, std::uint64_t times = 1) {
    if (times == 0) return;
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
    counts_[bucket_of(std::min(value, value_max))] += times;
    count_ += times;
    max_ = std::max(max_, value);
  }

  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  std::uint64_t count() const { return count_; }
  Duration max() const { return Duration(static_cast<std::int64_t>(max_)); }

  /// The smallest recorded value that `parts_per_million` of all values do not exceed, rounded up to the end of its bucket (never beyond
  /// max()). Zero when nothing was recorded.
  Duration percentile(std::uint32_t parts_per_million) const {
    if (count_ == 0) return Duration(0);
    const auto wanted = static_cast<std::uint64_t>(
        std::max<unsigned __int128>(1, (static_cast<unsigned __int128>(count_) * parts_per_million + 999'999) / 1'000'000));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted) return Duration(static_cast<std::int64_t>(std::min(last_of(i), max_)));
    }
    return max();
  }

 private:
  // Values below 128 have a bucket each; above, each power of two is cut into 64 equal buckets.
  static constexpr unsigned sub_bits = 6;
  static constexpr std::uint64_t value_max = (std::uint64_t{1} << 42) - 1;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (1u << (sub_bits + 1))) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
  }
  /// The largest value of bucket `i`.
  static std::uint64_t last_of(std::size_t i) {
    if (i < (1u << (sub_bits + 1))) return i;
    const unsigned shift = static_cast<unsigned>(i >> sub_bits) - 1;
    const std::uint64_t head = i - (static_cast<std::size_t>(shift) << sub_bits);
    return ((head + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

inline double milliseconds(LatencyHistogram::Duration d) { return static_cast<double>(d.count()) / 1e6; }

}  // namespace daftar::bench
