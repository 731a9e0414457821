// Old and empty disks: one node at a time comes back with less than it had, as far as docs/consensus.md ("Old, empty and damaged disks") promises
// that this harms nobody. What it does not promise is not done here:
// - a second such node, or a damaged disk, before the first is whole again: it need not be told what it waits for;
// - a disk that nothing gives away: those who remember are within reach until one has told it so (then it waits for as many as it needs, and
//   anything may happen to them), and no power cut has taken what they remembered of all that the copy lacks;
// - a process that stands still with a vote in its hands while the one who gave it asks;
// - a copy from before a change of the voters: the node asks those whom its log names, which may be old, or those of a time in between.
#include <algorithm>

#include "tests/simulation/nemesis.h"

namespace daftar::simulation {

void Nemesis::copy_disks() {
  after(old_disk_chance_.between(300, 3000), [this] {
    Machine& machine = *machines_[old_disk_chance_.below(machines_.size())];
    if (machine.in_use() && machine.node() != set_back_) machine.keep_copy();
    copy_disks();
  });
}

/// Voters who would answer at once: up or about to be started with all the others, whole, and with open wires.
bool Nemesis::well_known(const Machine& machine, bool all_start) const {
  const std::uint64_t node = machine.node();
  const auto voters = environment_.checker.membership().voters;
  return std::all_of(voters.begin(), voters.end(), [&](consensus::NodeId voter) {
    const Machine& other = *machines_[voter.value - 1];
    const auto open = [&](std::uint64_t a, std::uint64_t b) { return environment_.network.state(a, b) == Network::Wire::open; };
    if (voter.value == node) return true;
    if (!other.in_use() || !open(node, voter.value) || !open(voter.value, node)) return false;
    if (all_start && !other.up()) return true;
    if (!other.well()) return false;
    const auto status = other.core();
    return !status.withheld && !status.in_doubt;
  });
}

bool Nemesis::may_go_back(const Machine& machine, const Checker::Promised& older, bool all_start) const {
  const auto& checker = environment_.checker;
  const auto in_force = checker.memberships_in_force();
  const bool stays = std::all_of(in_force.begin(), in_force.end(), [&](const auto& membership) {
    return membership.outgoing.empty() && membership.voters == older.log.membership()->voters;
  });
  return stays && older.log.membership()->outgoing.empty() && environment_.asked_for.empty() && checker.registry().membership() == checker.membership() &&
         checker.voters_unchanged_since(older) && checker.membership().contains({machine.node()}) && atlas_.all_good() && well_known(machine, all_start);
}

/// By what would survive if its power went now. `only_entries`: a part of the log, not only a term or what never was on its disk.
bool Nemesis::remembers_more(std::uint64_t witness, std::uint64_t node, const Checker::Promised& older, bool only_entries) const {
  for (const auto& row : machines_[witness - 1]->log_disk().memory()) {
    if (row.node != node) continue;
    const consensus::LogPosition held{{row.held_term}, {row.held_index}}, offered{{row.offered_term}, {row.offered_index}};
    return held > older.last() || (!only_entries && (row.term > older.hard_state.term || offered > older.last()));
  }
  return false;
}

bool Nemesis::given_away(std::uint64_t node, const Checker::Promised& older, bool only_entries) const {
  const auto voters = environment_.checker.membership().voters;
  return std::any_of(voters.begin(), voters.end(), [&](consensus::NodeId voter) { return voter.value != node && remembers_more(voter.value, node, older, only_entries); });
}

/// One machine is stopped; if all is well when it is to be started again, it finds the older disks.
bool Nemesis::strike_old_disk(Machine& machine) {
  const auto copy = machine.draw_copy(old_disk_chance_);
  if (!copy || set_back_ != 0 || !may_go_back(machine, copy->promised, false)) return false;
  end_machine(machine, old_disk_chance_.one_in(2) ? Fault::crash : Fault::power);
  after(old_disk_chance_.between(20, 2000), [this, node = machine.node(), copy] {
    Machine& stopped = *machines_[node - 1];
    if (stopped.up() || !stopped.in_use()) return;
    if (calm_ || set_back_ != 0 || !may_go_back(stopped, copy->promised, false) || !given_away(node, copy->promised, false)) return revive_later(node, 1);
    stopped.put_back(*copy);
    environment_.counts.add(Fault::old_disk);
    environment_.trace.tell("-- old-disk: node " + std::to_string(node) + " finds " + (copy->number == 0 ? "an empty disk" : "an older copy of its disks"));
    set_back_ = node;
    environment_.repairing = true;
    start_in_calm(stopped);
  });
  return true;
}

/// The power goes everywhere, all start at once, and one of them finds older disks.
bool Nemesis::strike_all_with_old_disk(Machine& machine) {
  if (period_[static_cast<std::size_t>(Fault::old_disk)] == 0 || !old_disk_chance_.one_in(2)) return false;
  const auto copy = machine.draw_copy(old_disk_chance_);
  if (!copy || set_back_ != 0 || !may_go_back(machine, copy->promised, false)) return false;
  for (const auto& each : machines_)
    if (each->up()) end_machine(*each, Fault::power);
  after(old_disk_chance_.between(20, 1500), [this, node = machine.node(), copy] {
    Machine& stopped = *machines_[node - 1];
    bool goes_back = !stopped.up() && !calm_ && set_back_ == 0 && may_go_back(stopped, copy->promised, true) && given_away(node, copy->promised, false);
    const auto start = [this](Machine& each) {
      if (each.node() != set_back_ && each.start()) return true;
      revive_later(each.node(), 1);
      return false;
    };
    // A power cut may have damaged what one of the others remembers: its disk shows that only now.
    const std::uint64_t first = old_disk_chance_.below(machines_.size());
    for (std::uint64_t i = 0; i < machines_.size(); ++i) {
      Machine& each = *machines_[(first + i) % machines_.size()];
      if (each.node() != node && !each.up() && each.in_use() && !start(each)) goes_back = false;
    }
    if (stopped.up() || !stopped.in_use()) return;
    if (!goes_back) return void(start(stopped));
    stopped.put_back(*copy);
    environment_.counts.add(Fault::old_disk);
    environment_.trace.tell("-- old-disk: all start, and node " + std::to_string(node) + " finds " + (copy->number == 0 ? "an empty disk" : "an older copy of its disks"));
    set_back_ = node;
    environment_.repairing = true;
    start_in_calm(stopped);
  });
  return true;
}

/// It has died before it was whole again. What it was told then it has to be told once more.
void Nemesis::start_set_back(std::uint64_t node) {
  Machine& machine = *machines_[node - 1];
  if (machine.up() || !machine.in_use()) return;
  const auto& disk = environment_.checker.durable(node);
  const bool safe = given_away(node, disk, false) || environment_.checker.lacks_nothing(node);
  if (!calm_ && safe && may_go_back(machine, disk, false)) return start_in_calm(machine);
  after(old_disk_chance_.between(50, 500), [this, node] { start_set_back(node); });
}

/// Nothing strikes until the node has heard that it lacks something, or has heard everybody.
void Nemesis::start_in_calm(Machine& machine) {
  calm_ = true;
  environment_.network.set_calm(true);
  if (!machine.start()) throw Violation("durable log", "node " + std::to_string(machine.node()) + " refuses an older copy of its disks: " + machine.why_down());
  // By what its log is now: the start may have brought the installation of a snapshot to its end, or found a write that was under way.
  machine.must_find_out(given_away(machine.node(), environment_.checker.durable(machine.node()), true));
  watch_calm(machine.node());
  watch_repair(machine.node());
}

void Nemesis::watch_calm(std::uint64_t node) {
  after(10, [this, node] {
    const Machine& machine = *machines_[node - 1];
    if (machine.up() && machine.core().withheld && !machine.core().loss_certain) return watch_calm(node);
    calm_ = false;
    environment_.network.set_calm(false);
  });
}

void Nemesis::watch_repair(std::uint64_t node) {
  after(20, [this, node] {
    const Machine& machine = *machines_[node - 1];
    if (!machine.up()) return;   // watched anew from its next start
    if (machine.set_back()) return watch_repair(node);
    set_back_ = 0;
    environment_.repairing = false;
  });
}

}  // namespace daftar::simulation
