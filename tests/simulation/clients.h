// Clients with deadlines and retries: each pays, waits, and offers the very same transaction again, to any node, until it has a definite answer.
#pragma once
#include <functional>
#include <vector>

#include "tests/simulation/environment.h"
#include "tests/simulation/machine.h"

namespace daftar::simulation {

class Clients {
 public:
  using Machines = std::vector<std::unique_ptr<Machine>>;
  Clients(Environment& environment, Machines& machines, std::uint64_t count);
  void begin();
  /// No new transactions; those under way go on until they are answered. Then `last words`: one transaction through each of `nodes`, certified.
  void close() { closing_ = true; }
  void last_words(const std::vector<std::uint64_t>& nodes);
  /// Nothing waits for an answer. Otherwise a sentence says who waits, since when, and for which node.
  bool all_answered() const;
  std::string who_waits() const;
  std::uint64_t answered() const { return answered_; }
  std::uint64_t retries() const { return retries_; }

 private:
  struct Client {
    Machine::Transaction transaction;   // null: thinks
    node::WaitFor wait = node::WaitFor::committed;
    std::uint64_t call = 0;             // only the newest call's answer counts
    std::uint64_t node = 0;             // the one called
    Millis since = 0;
    std::string last_answer = "nothing yet";
  };
  void think(std::size_t client);
  Machine::Transaction make(std::size_t client);
  void call(std::size_t client, std::uint64_t node);
  void hear(std::size_t client, std::uint64_t call, const node::SubmitReply& reply);
  std::uint64_t any_node();

  Environment& environment_;
  Machines& machines_;
  Chance chance_;
  std::vector<Client> clients_;
  std::uint64_t made_ = 0, answered_ = 0, retries_ = 0;
  bool closing_ = false;
};

}  // namespace daftar::simulation
