// The operators: now and then one of them has the nodes changed, as the ledger's governance has it: proposed, approved, carried out by whoever
// leads. Asks for nothing that would lose the quorum given who is up, keeps between 2 and 7 validators, fewer than half of them with wrong clocks, and knows the ledger as a person
// who looks at it would: from the history.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/clients.h"

namespace daftar::simulation {

class Governor {
 public:
  Governor(Environment& environment, Clients::Machines& machines) : environment_(environment), machines_(machines), chance_(environment.options.seed, 8) {}
  void begin();
  /// No new change; the one under way goes on. Machines of removed nodes that nobody could tell are switched off.
  void end();
  /// The consensus has become what the ledger wants, whoever was removed has stopped, and nothing is under way.
  bool settled() const;
  std::string who_waits() const;
  std::uint64_t changes() const { return changes_; }   // put in force

 private:
  using Steps = std::vector<ledger::proto::NodeChange>;
  void think();
  void act();
  Steps draw();
  bool bearable(const Steps& steps) const;
  void propose(Steps steps);
  void approve(const ledger::Digest& proposal, const Steps& steps, const std::string& proposer);
  void persist(Machine::Transaction transaction, std::function<void(bool accepted)> done);
  void call(std::uint64_t number);
  void finish(bool accepted);
  void switch_off_removed(Millis low, Millis high);
  void switch_off_later(std::uint64_t node, Millis low, Millis high);
  bool is_up(std::uint64_t node) const { return machines_[node - 1]->up(); }
  std::uint64_t one_of(const std::vector<std::uint64_t>& nodes) { return nodes[chance_.below(nodes.size())]; }
  ledger::proto::NodeChange step(const char* verb, std::uint64_t node);
  Machine::Transaction sign(const std::string& member, ledger::proto::Operation operation) const;
  void start_later(std::uint64_t node, Millis delay);

  static constexpr std::uint64_t validators_min = 2, validators_max = 7;

  Environment& environment_;
  Clients::Machines& machines_;
  Chance chance_;
  bool ending_ = false, busy_ = false;
  Machine::Transaction asked_;                 // under way
  std::function<void(bool)> done_;
  std::uint64_t call_ = 0, changes_ = 0;
  std::string doing_ = "nothing";
};

}  // namespace daftar::simulation
