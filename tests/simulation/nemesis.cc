#include "tests/simulation/nemesis.h"

#include <algorithm>

namespace daftar::simulation {

bool FaultAtlas::may_spoil(std::uint64_t node, const std::vector<consensus::Membership>& in_force) const {
  const auto good = [&](std::uint64_t other) { return other != node && !spoiled_[other - 1]; };
  return std::all_of(in_force.begin(), in_force.end(), [&](const auto& membership) { return is_quorum(membership, good); });
}

/// Each run has its own mix: a kind may be left out, rare or frequent, so that no kind always hides another.
Nemesis::Nemesis(Environment& environment, Clients::Machines& machines, Connected connected)
    : environment_(environment), machines_(machines), connected_(std::move(connected)), chance_(environment.options.seed, 4), atlas_(machines.size()),
      clock_suspect_until_(machines.size(), 0), old_disk_chance_(environment.options.seed, 9) {
  constexpr Fault timed[] = {Fault::partition, Fault::one_way, Fault::flap, Fault::clog, Fault::crash, Fault::power, Fault::blackout, Fault::pause,
                             Fault::rot, Fault::misdirect, Fault::io_error, Fault::slow_sync, Fault::hang_sync, Fault::clock, Fault::clocks};
  for (const Fault fault : timed) {
    // With clocks wrong all over, nothing is promised of block time: seldom, where it is not asked for by name.
    auto asked_for = environment.options.faults;
    const bool seldom = fault == Fault::clocks && asked_for.set(static_cast<std::size_t>(Fault::old_disk)).all();
    const bool in_this_run = seldom ? chance_.one_in(6) : !chance_.one_in(4);
    // Few blackouts, many wrong clocks: the latter do harm only in succession.
    const Millis drawn = chance_.between(2000, 20'000) * (fault == Fault::blackout ? 4 : 1) / (fault == Fault::clock ? 3 : 1);
    if (environment.has(fault) && in_this_run) period_[static_cast<std::size_t>(fault)] = drawn;
  }
  // By a chance of its own, so that runs without it are what they were before there was such a fault.
  const Millis drawn = old_disk_chance_.between(300, 3000);   // most attempts find the others not well enough
  if (environment.has(Fault::old_disk) && !old_disk_chance_.one_in(4)) period_[static_cast<std::size_t>(Fault::old_disk)] = drawn;
}

void Nemesis::begin() {
  active_ = true;
  environment_.clock_is_suspect = [this](std::uint64_t node) { return clock_suspect_until_[node - 1] > environment_.schedule.now(); };
  environment_.delicate = [this](std::uint64_t node, Millis during) { strike_in_the_midst(node, during); };
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (period_[i] != 0) beat(static_cast<Fault>(i));
  if (period_[static_cast<std::size_t>(Fault::old_disk)] != 0) copy_disks();
}

void Nemesis::after(Millis delay, std::function<void()> action) {
  environment_.schedule.after(delay, [this, action = std::move(action)] {
    if (active_) action();
  });
}

void Nemesis::beat(Fault fault) {
  Chance& chance = fault == Fault::old_disk ? old_disk_chance_ : chance_;
  after(chance.between(1, 2 * period_[static_cast<std::size_t>(fault)]), [this, fault] {
    if (!calm_) strike(fault);
    beat(fault);
  });
}

Machine* Nemesis::any_up(Chance& chance) {
  std::vector<Machine*> up;
  for (const auto& machine : machines_)
    if (machine->up()) up.push_back(machine.get());
  return up.empty() ? nullptr : up[chance.below(up.size())];
}

void Nemesis::strike(Fault fault) {
  Machine* machine = any_up(fault == Fault::old_disk ? old_disk_chance_ : chance_);
  if (!machine) return;
  const std::uint64_t node = machine->node();
  const auto told = [&](const std::string& what) {
    environment_.counts.add(fault);
    environment_.trace.tell("-- " + std::string(name(fault)) + ": " + what);
  };
  const std::string who = "node " + std::to_string(node);
  switch (fault) {
    case Fault::partition: case Fault::one_way: case Fault::flap: case Fault::clog:
      if (wires_busy_) return;
      wires_busy_ = true;
      if (fault == Fault::flap) flap();
      else if (fault == Fault::clog) clog();
      else split(fault == Fault::one_way);
      return told("wires");
    case Fault::crash: case Fault::power:
      stop_machine(*machine, fault);
      return told(who);
    case Fault::blackout:
      if (strike_all_with_old_disk(*machine)) return told("all nodes");
      for (const auto& each : machines_)
        if (each->up()) stop_machine(*each, chance_.one_in(4) ? Fault::crash : Fault::power);
      return told("all nodes");
    case Fault::pause:
      machine->pause(chance_.between(50, 4000));
      return told(who);
    case Fault::rot: case Fault::misdirect:
      if (set_back_ != 0 || !atlas_.may_spoil(node, environment_.checker.memberships_in_force())) return;
      if (fault == Fault::misdirect) machine->log_disk().misdirect_next(chance_.next());
      else if (!machine->log_disk().rot(chance_)) return;
      atlas_.spoil(node);
      // Found at the latest when the node is started again.
      after(chance_.between(100, 6000), [this, node] {
        if (!calm_ && machines_[node - 1]->up()) stop_machine(*machines_[node - 1], chance_.one_in(2) ? Fault::crash : Fault::power);
      });
      return told(who);
    case Fault::io_error:
      machine->fail_disk(chance_.one_in(2));
      // A process that stops itself is started again by its operator; one that has not met the error yet is stopped.
      end_failing_later(node, chance_.between(200, 3000));
      return told(who);
    case Fault::slow_sync:
      machine->slow_syncs(chance_.between(500, 8000));
      return told(who);
    case Fault::hang_sync:
      machine->hang_syncs(chance_.between(500, 8000));
      return told(who);
    case Fault::clock:
      if (!set_few_clocks_wrong()) return;
      return told("fewer than half of the nodes");
    case Fault::clocks:
      set_any_clocks_wrong();
      return told("any nodes");
    case Fault::old_disk:
      if (!strike_old_disk(*machine)) return;
      return environment_.trace.tell("-- " + std::string(name(fault)) + ": " + who);
    case Fault::loss: case Fault::delay: case Fault::duplicate: case Fault::reorder: case Fault::torn: return;   // made elsewhere
  }
}

void Nemesis::end_failing_later(std::uint64_t node, Millis delay) {
  after(delay, [this, node] {
    if (calm_) return end_failing_later(node, 200);
    if (machines_[node - 1]->up()) stop_machine(*machines_[node - 1], Fault::crash);
    else revive_later(node, chance_.between(1, 1000));
  });
}

/// The steps of taking in a snapshot last milliseconds, which the usual crashes would hardly ever meet.
void Nemesis::strike_in_the_midst(std::uint64_t node, Millis during) {
  const Fault fault = chance_.one_in(2) ? Fault::crash : Fault::power;
  if (period_[static_cast<std::size_t>(fault)] == 0 || !chance_.one_in(4)) return;
  after(chance_.between(1, during), [this, node, fault] {
    if (calm_ || !machines_[node - 1]->up()) return;
    environment_.counts.add(fault);
    environment_.trace.tell("-- " + std::string(name(fault)) + ": node " + std::to_string(node) + ", with a snapshot in its hands");
    stop_machine(*machines_[node - 1], fault);
  });
}

void Nemesis::stop_machine(Machine& machine, Fault fault) {
  end_machine(machine, fault);
  revive_later(machine.node(), chance_.one_in(5) ? chance_.between(3000, 15'000) : chance_.between(20, 1500));
}

void Nemesis::end_machine(Machine& machine, Fault fault) {
  const bool torn = environment_.has(Fault::torn) && chance_.one_in(2);
  machine.crash(fault == Fault::crash ? Machine::End::process : torn ? Machine::End::torn_power : Machine::End::power);
  environment_.trace.tell("node " + std::to_string(machine.node()) + (fault == Fault::crash ? ": the process dies" : ": the power goes"));
}

void Nemesis::revive_later(std::uint64_t node, Millis delay) {
  after(delay, [this, node] {
    if (machines_[node - 1]->up() || !machines_[node - 1]->in_use()) return;
    if (node == set_back_) return start_set_back(node);
    if (machines_[node - 1]->start()) {
      if (!machines_[node - 1]->log_disk().damaged()) atlas_.mended(node);
      return;
    }
    after(chance_.between(200, 3000), [this, node] { mend_and_start(node); });
  });
}

void Nemesis::mend_and_start(std::uint64_t node) {
  Machine& machine = *machines_[node - 1];
  if (machine.up() || !machine.in_use()) return;
  machine.log_disk().mend();
  atlas_.mended(node);
  if (!machine.start()) throw Violation("durable log", "node " + std::to_string(node) + " refuses a mended log: " + machine.why_down());
  machine.must_find_out(node == set_back_ && given_away(node, environment_.checker.durable(node), true));
}

// ---------------------------------------------------------------------------------------------- wires

void Nemesis::set_later(Millis delay, std::uint64_t from, std::uint64_t to, Network::Wire state) {
  after(delay, [this, from, to, state] {
    if (calm_ && state != Network::Wire::open) return;
    environment_.network.set(from, to, state);
    if (state == Network::Wire::open && environment_.network.state(to, from) == Network::Wire::open) connected_(from, to);
  });
}

void Nemesis::wires_story_ends_after(Millis delay) {
  after(delay, [this] { wires_busy_ = false; });
}

void Nemesis::split(bool one_way) {
  std::vector<bool> side(machines_.size());
  for (std::size_t i = 0; i < side.size(); ++i) side[i] = chance_.one_in(2);
  side[chance_.below(side.size())].flip();
  const Millis end = chance_.one_in(4) ? chance_.between(4000, 12'000) : chance_.between(100, 3000);
  for (std::uint64_t a = 1; a <= side.size(); ++a)
    for (std::uint64_t b = 1; b <= side.size(); ++b) {
      if (side[a - 1] == side[b - 1] || (one_way && !side[a - 1])) continue;
      environment_.network.set(a, b, Network::Wire::cut);
      set_later(end, a, b, Network::Wire::open);
    }
  wires_story_ends_after(end + 1);
}

void Nemesis::flap() {
  const std::uint64_t a = 1 + chance_.below(machines_.size()), b = 1 + (a + chance_.below(machines_.size() - 1)) % machines_.size();
  Millis at = 0;
  for (std::uint64_t times = chance_.between(2, 8); times > 0; --times) {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      set_later(at + 1, from, to, Network::Wire::cut);
      set_later(at + 1 + chance_.between(20, 400), from, to, Network::Wire::open);
    }
    at += chance_.between(450, 900);
  }
  wires_story_ends_after(at + 1);
}

/// FoundationDB's swizzle-clogging: the wires of some nodes stand still one after the other, and go on in another order.
void Nemesis::clog() {
  std::vector<std::uint64_t> some;
  for (std::uint64_t node = 1; node <= machines_.size(); ++node)
    if (chance_.one_in(2)) some.push_back(node);
  if (some.empty()) some.push_back(1 + chance_.below(machines_.size()));
  Millis stand = 0, end = 0;
  for (const std::uint64_t node : some) {
    stand += chance_.between(10, 600);
    const Millis go_on = stand + chance_.between(600, 5000);
    for (std::uint64_t other = 1; other <= machines_.size(); ++other) {
      if (other == node) continue;
      for (const auto& [from, to] : {std::pair{node, other}, std::pair{other, node}}) {
        set_later(stand, from, to, Network::Wire::clogged);
        set_later(go_on, from, to, Network::Wire::open);
      }
    }
    end = std::max(end, go_on);
  }
  wires_story_ends_after(end + 1);
}

// ---------------------------------------------------------------------------------------------- clocks

/// Fewer than half of the voters of each configuration that is in force, or may soon be, have a wrong clock when this node's is.
bool Nemesis::clock_may_be_wrong(std::uint64_t node) const {
  auto memberships = environment_.checker.memberships_in_force();
  memberships.push_back(environment_.checker.registry().membership());
  memberships.insert(memberships.end(), environment_.asked_for.begin(), environment_.asked_for.end());
  const auto few = [&](const std::vector<consensus::NodeId>& voters) {
    const auto wrong = std::count_if(voters.begin(), voters.end(), [&](consensus::NodeId voter) { return voter.value == node || environment_.clock_is_suspect(voter.value); });
    return 2 * static_cast<std::size_t>(wrong) < voters.size();
  };
  return std::all_of(memberships.begin(), memberships.end(), [&](const auto& membership) { return few(membership.voters) && (membership.outgoing.empty() || few(membership.outgoing)); });
}

/// Of one node or several, together or others while these still are; but in any stretch of time in which readings are put together, of fewer
/// than half.
bool Nemesis::set_few_clocks_wrong() {
  bool any = false;
  std::int64_t off = 0;
  for (std::uint64_t times = chance_.between(1, machines_.size() / 2); times > 0; --times) {
    const std::uint64_t node = 1 + chance_.below(machines_.size());
    if (environment_.clock_is_suspect(node) || !machines_[node - 1]->in_use() || !clock_may_be_wrong(node)) continue;
    if (off == 0 || chance_.one_in(2)) off = static_cast<std::int64_t>(chance_.between(6'000, 3'600'000)) * (chance_.one_in(2) ? 1 : -1);   // or as wrong as the one before
    set_clock_wrong(node, off, chance_.between(500, 10'000));
    any = true;
  }
  return any;
}

/// Of as many as it likes. From now on nothing is promised of block time in this run; everything else is.
void Nemesis::set_any_clocks_wrong() {
  environment_.block_time_promised = false;
  for (std::uint64_t node = 1; node <= machines_.size(); ++node) {
    if (chance_.one_in(3)) continue;
    const auto off = static_cast<std::int64_t>(chance_.between(1'000, 3'600'000));
    set_clock_wrong(node, chance_.one_in(2) ? off : -off, chance_.between(500, 10'000));
  }
}

void Nemesis::set_clock_wrong(std::uint64_t node, std::int64_t offset_ms, Millis duration) {
  constexpr Millis readings_together_ms = 2000;
  environment_.trace.tell("-- the clock of node " + std::to_string(node) + " is " + std::to_string(offset_ms) + " ms off");
  machines_[node - 1]->set_clock(offset_ms);
  clock_suspect_until_[node - 1] = environment_.schedule.now() + duration + readings_together_ms;
  after(duration, [this, node] {
    environment_.trace.tell("-- the clock of node " + std::to_string(node) + " is right");
    machines_[node - 1]->set_clock(0);
  });
}

void Nemesis::end() {
  active_ = false;
  environment_.repairing = environment_.striking = false;
  environment_.trace.tell("-- the faults end");
  environment_.network.heal();
  environment_.network.set_calm(false);
  for (const auto& machine : machines_) machine->heal();
  for (const auto& machine : machines_) {
    if (!machine->in_use()) continue;
    if (!machine->up() || machine->log_disk().damaged()) {
      if (machine->up()) machine->crash(Machine::End::process);
      mend_and_start(machine->node());
    }
    machine->log_disk().mend();
    for (const auto& other : machines_)
      if (other != machine) connected_(machine->node(), other->node());
  }
}

}  // namespace daftar::simulation
