// The wires between the validators, one in each direction of each pair. Messages are bytes, as the peer codec makes them. Harsher than the
// TLS links it stands for: those lose only what follows a break, here any message may be lost, late, doubled or out of order.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/chance.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/schedule.h"

namespace daftar::simulation {

class Network {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  using Deliver = std::function<void(std::uint64_t from, std::uint64_t to, const Bytes& bytes)>;
  enum class Wire : std::uint8_t { open, cut, clogged };

  /// Nodes are numbered from 1. How bad single messages fare is drawn from the seed, once.
  Network(std::uint64_t seed, std::uint64_t nodes, FaultSet faults, Schedule& schedule, FaultCounts& counts, Deliver deliver);

  void send(std::uint64_t from, std::uint64_t to, std::string bytes);
  void set(std::uint64_t from, std::uint64_t to, Wire state);
  Wire state(std::uint64_t from, std::uint64_t to) const { return wires_[place(from, to)].state; }
  /// A process of `from` has died: its links are closed, and nothing of what it sent arrives any more once the next one greets.
  void forget(std::uint64_t from);
  /// While calm nothing is lost, doubled or late, and what still is on its way holds nothing up.
  void set_calm(bool calm);
  /// All wires open, and from now on nothing is lost, doubled or unusually late.
  void heal();

 private:
  struct Line {
    Wire state = Wire::open;
    std::deque<Bytes> held;      // while clogged
    Millis last_arrival = 0;
  };
  std::size_t place(std::uint64_t from, std::uint64_t to) const { return (from - 1) * nodes_ + (to - 1); }
  void carry(std::uint64_t from, std::uint64_t to, Bytes bytes);

  static constexpr std::size_t held_max = 200;
  const std::uint64_t nodes_;
  Chance chance_;
  FaultSet faults_;
  Schedule& schedule_;
  FaultCounts& counts_;
  const Deliver deliver_;
  std::uint64_t loss_permille_ = 0, duplicate_permille_ = 0, delay_permille_ = 0, reorder_permille_ = 0;
  bool calm_ = false;
  std::vector<Line> wires_;
  std::vector<std::uint64_t> processes_;   // of each node, counted
};

}  // namespace daftar::simulation
