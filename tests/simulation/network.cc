#include "tests/simulation/network.h"

namespace daftar::simulation {

Network::Network(std::uint64_t seed, std::uint64_t nodes, FaultSet faults, Schedule& schedule, FaultCounts& counts, Deliver deliver)
    : nodes_(nodes), chance_(seed, 1), faults_(faults), schedule_(schedule), counts_(counts), deliver_(std::move(deliver)), wires_(nodes * nodes), processes_(nodes + 1) {
  const auto draw = [&](Fault fault, std::initializer_list<std::uint64_t> permille) {
    const std::uint64_t drawn = permille.begin()[chance_.below(permille.size())];
    return faults_.test(static_cast<std::size_t>(fault)) ? drawn : 0;
  };
  loss_permille_ = draw(Fault::loss, {0, 5, 20, 80, 200});
  duplicate_permille_ = draw(Fault::duplicate, {0, 5, 50});
  delay_permille_ = draw(Fault::delay, {0, 5, 20, 100});
  reorder_permille_ = draw(Fault::reorder, {0, 20, 200});
}

void Network::send(std::uint64_t from, std::uint64_t to, std::string bytes) {
  Line& line = wires_[place(from, to)];
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  if (line.state == Wire::cut) return;
  if (line.state == Wire::clogged) {
    if (line.held.size() < held_max) line.held.push_back(std::move(shared));
    return;
  }
  if (calm_) return carry(from, to, std::move(shared));
  if (chance_.below(1000) < loss_permille_) return counts_.add(Fault::loss);
  if (chance_.below(1000) < duplicate_permille_) {
    counts_.add(Fault::duplicate);
    carry(from, to, shared);
  }
  carry(from, to, std::move(shared));
}

void Network::carry(std::uint64_t from, std::uint64_t to, Bytes bytes) {
  Line& line = wires_[place(from, to)];
  Millis delay = chance_.between(1, 4);
  bool overtakes = false;
  if (calm_) {
    // Nothing happens to it.
  } else if (chance_.below(1000) < delay_permille_) {  // now and then so late that another term has begun
    counts_.add(Fault::delay);
    delay = chance_.one_in(8) ? chance_.between(500, 3000) : chance_.between(20, 300);
    overtakes = chance_.one_in(2);              // then what was sent after it is not held up
  } else if (chance_.below(1000) < reorder_permille_) {
    counts_.add(Fault::reorder);
    delay = chance_.between(1, 60);
    overtakes = true;
  }
  Millis arrival = schedule_.now() + delay;
  if (!overtakes) line.last_arrival = arrival = std::max(arrival, line.last_arrival);
  schedule_.after(arrival - schedule_.now(), [this, from, to, bytes = std::move(bytes), process = processes_[from]] {
    if (process == processes_[from]) deliver_(from, to, bytes);
  });
}

void Network::set(std::uint64_t from, std::uint64_t to, Wire state) {
  Line& line = wires_[place(from, to)];
  line.state = state;
  if (state == Wire::clogged) return;
  auto held = std::move(line.held);
  line.held.clear();
  if (state == Wire::open)
    for (auto& bytes : held) carry(from, to, std::move(bytes));
}

void Network::forget(std::uint64_t from) {
  ++processes_[from];
  for (std::uint64_t to = 1; to <= nodes_; ++to) wires_[place(from, to)].held.clear();
}

void Network::set_calm(bool calm) {
  calm_ = calm;
  for (auto& line : wires_) line.last_arrival = 0;
}

void Network::heal() {
  loss_permille_ = duplicate_permille_ = delay_permille_ = reorder_permille_ = 0;
  for (std::uint64_t from = 1; from <= nodes_; ++from)
    for (std::uint64_t to = 1; to <= nodes_; ++to) {
      wires_[place(from, to)].last_arrival = 0;  // who waits behind a very late message waits no longer
      set(from, to, Wire::open);
    }
}

}  // namespace daftar::simulation
