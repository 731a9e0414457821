// What happened: hashed into a digest always, kept as lines only when somebody will read them. Equal seeds have equal digests, so a failing
// seed is simply run again to tell its story.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "tests/simulation/schedule.h"

namespace daftar::simulation {

class Trace {
 public:
  explicit Trace(const Schedule& schedule, bool tells) : schedule_(schedule), tells_(tells) {}

  /// FNV-1a, one step for each eight bytes. `what` names the kind of event.
  void mix(std::uint64_t what, std::uint64_t value) { step(what), step(value), step(schedule_.now()); }
  void mix(std::uint64_t what, std::string_view bytes);
  std::uint64_t digest() const { return digest_; }

  bool tells() const { return tells_; }
  /// A line of the story; only the newest lines are kept.
  void tell(const std::string& line);
  std::string story() const;

 private:
  static constexpr std::size_t lines_max = 160;
  void step(std::uint64_t value) { digest_ = (digest_ ^ value) * 1099511628211u; }

  const Schedule& schedule_;
  const bool tells_;
  std::uint64_t digest_ = 1469598103934665603u;
  std::deque<std::string> lines_;
};

}  // namespace daftar::simulation
