// Simulated time: what happens next, and when it is. Equal times keep the order in which they were asked for. Single-threaded.
#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace daftar::simulation {

using Millis = std::uint64_t;   // since the simulation began

class Schedule {
 public:
  using Action = std::function<void()>;

  Millis now() const { return now_; }
  void after(Millis delay, Action action) { queue_.push({now_ + delay, next_++, std::move(action)}); }
  /// Runs what is due next, and moves time there; false when that is later than `until` (time is then `until`).
  bool run_next(Millis until) {
    if (queue_.empty() || queue_.top().when > until) {
      now_ = until;
      return false;
    }
    Event event = std::move(const_cast<Event&>(queue_.top()));  // the queue has no way to take its top out; it is popped at once
    queue_.pop();
    now_ = event.when;
    event.action();
    return true;
  }

 private:
  struct Event {
    Millis when;
    std::uint64_t number;
    Action action;
    bool operator<(const Event& other) const { return when != other.when ? when > other.when : number > other.number; }
  };
  Millis now_ = 0;
  std::uint64_t next_ = 0;
  std::priority_queue<Event> queue_;
};

}  // namespace daftar::simulation
