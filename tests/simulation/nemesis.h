// Who makes the faults: when, to whom, for how long; and the atlas that keeps it from destroying what no protocol could bring back.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "tests/simulation/clients.h"

namespace daftar::simulation {

/// Which nodes' logs are spoiled at the moment. A log may be spoiled only while the others, unspoiled, are a quorum, by every membership that may
/// decide something: so a good copy of every committed entry, and of every vote that counts, is always left with nodes that can go on.
class FaultAtlas {
 public:
  explicit FaultAtlas(std::uint64_t machines) : spoiled_(machines, false) {}
  bool may_spoil(std::uint64_t node, const std::vector<consensus::Membership>& in_force) const;
  void spoil(std::uint64_t node) { spoiled_[node - 1] = true; }
  void mended(std::uint64_t node) { spoiled_[node - 1] = false; }
  bool all_good() const { return std::find(spoiled_.begin(), spoiled_.end(), true) == spoiled_.end(); }

 private:
  std::vector<bool> spoiled_;
};

class Nemesis {
 public:
  using Connected = std::function<void(std::uint64_t a, std::uint64_t b)>;
  /// `connected`: the wires between two nodes are open again.
  Nemesis(Environment& environment, Clients::Machines& machines, Connected connected);
  void begin();
  /// No more faults; wires open, disks mended, clocks right, every machine up.
  void end();

 private:
  void beat(Fault fault);
  void strike(Fault fault);
  Machine* any_up(Chance& chance);
  void end_failing_later(std::uint64_t node, Millis delay);
  void revive_later(std::uint64_t node, Millis delay);
  void mend_and_start(std::uint64_t node);
  void strike_in_the_midst(std::uint64_t node, Millis during);
  void stop_machine(Machine& machine, Fault fault);
  void end_machine(Machine& machine, Fault fault);   // nobody starts it again
  // Wires: one story at a time.
  void split(bool one_way);
  void flap();
  void clog();
  void set_later(Millis delay, std::uint64_t from, std::uint64_t to, Network::Wire state);
  void wires_story_ends_after(Millis delay);
  // Clocks.
  bool clock_may_be_wrong(std::uint64_t node) const;
  bool set_few_clocks_wrong();
  void set_any_clocks_wrong();
  void set_clock_wrong(std::uint64_t node, std::int64_t offset_ms, Millis duration);
  // nemesis_old_disk.cc
  void copy_disks();
  bool strike_old_disk(Machine& machine);
  bool strike_all_with_old_disk(Machine& machine);
  bool well_known(const Machine& machine, bool all_start) const;
  bool may_go_back(const Machine& machine, const Checker::Promised& older, bool all_start) const;
  bool remembers_more(std::uint64_t witness, std::uint64_t node, const Checker::Promised& older, bool only_entries) const;
  bool given_away(std::uint64_t node, const Checker::Promised& older, bool only_entries) const;
  void start_set_back(std::uint64_t node);
  void start_in_calm(Machine& machine);
  void watch_calm(std::uint64_t node);
  void watch_repair(std::uint64_t node);
  void after(Millis delay, std::function<void()> action);

  Environment& environment_;
  Clients::Machines& machines_;
  const Connected connected_;
  Chance chance_;
  FaultAtlas atlas_;
  std::vector<Millis> clock_suspect_until_;    // by node: until when a reading of its clock may be a wrong one
  std::array<Millis, fault_kinds> period_{};   // mean time between two of a kind; 0: not in this run
  bool wires_busy_ = false;
  bool active_ = false;
  Chance old_disk_chance_;
  std::uint64_t set_back_ = 0;                 // whose disks are older than they were, until it is whole again; 0: nobody's
  bool calm_ = false;                          // nothing strikes: a node is asking what is remembered of it
};

}  // namespace daftar::simulation
