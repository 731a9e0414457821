#include "tests/simulation/world.h"

namespace daftar::simulation {
namespace {

std::uint64_t nodes_of(const SimOptions& options) {
  if (options.nodes != 0) return options.nodes;
  constexpr std::uint64_t drawn[] = {3, 3, 3, 5, 5, 4, 7};
  return drawn[Chance(options.seed, 5).below(std::size(drawn))];
}

}  // namespace

World::World(const SimOptions& options, Saboteur& saboteur, bool tells)
    : environment_(options, nodes_of(options), saboteur, tells,
                   [this](std::uint64_t from, std::uint64_t to, const Network::Bytes& bytes) { machines_[to - 1]->receive(from, bytes); }),
      machines_([&] {
        Clients::Machines machines;
        for (std::uint64_t node = 1; node <= environment_.nodes; ++node)
          machines.push_back(std::make_unique<Machine>(environment_, node, [this](std::uint64_t started) {
            for (const auto& other : machines_)
              if (other->node() != started) connected(started, other->node());
          }));
        return machines;
      }()),
      clients_(environment_, machines_, 6),
      readers_(environment_, machines_, 3),
      nemesis_(environment_, machines_, [this](std::uint64_t a, std::uint64_t b) { connected(a, b); }) {
  assertions_are_violations();
}

void World::connected(std::uint64_t a, std::uint64_t b) {
  if (!machines_[a - 1]->up() || !machines_[b - 1]->up()) return;
  machines_[a - 1]->peer_connected(b, machines_[b - 1]->process());
  machines_[b - 1]->peer_connected(a, machines_[a - 1]->process());
}

void World::run_until(Millis until) {
  while (environment_.schedule.run_next(until)) ++steps_;
}

Verdict World::run() {
  Verdict verdict;
  try {
    for (const auto& machine : machines_) machine->start();
    clients_.begin();
    readers_.begin();
    nemesis_.begin();
    run_until(environment_.options.ticks * tick_ms);
    converge();
  } catch (const Violation& violation) {
    verdict.rule = violation.rule;
    verdict.detail = violation.what();
    environment_.trace.tell("VIOLATION  " + verdict.detail);
  }
  verdict.seed = environment_.options.seed;
  verdict.nodes = environment_.nodes;
  verdict.digest = environment_.trace.digest();
  verdict.ticks = environment_.schedule.now() / tick_ms;
  verdict.steps = steps_;
  verdict.committed = environment_.checker.committed_transactions();
  verdict.elections = environment_.checker.leaders();
  verdict.certificates = environment_.checker.certificates();
  verdict.restarts = environment_.restarts - environment_.nodes;
  verdict.refused_starts = environment_.refused_starts;
  verdict.log_reads = environment_.log_reads;
  verdict.answered = clients_.answered();
  verdict.retries = clients_.retries();
  verdict.reads = environment_.checker.reads();
  verdict.reads_unconfirmed = readers_.unconfirmed();
  verdict.converged_ticks = converged_after_ / tick_ms;
  verdict.faults = environment_.counts;
  verdict.story = environment_.trace.story();
  return verdict;
}

// ---------------------------------------------------------------------------------------------- liveness

void World::converge() {
  nemesis_.end();
  clients_.close();
  readers_.close();
  const Millis begin = environment_.schedule.now();
  run_until(begin + 2000);
  clients_.last_words();
  readers_.last_reads();
  while (!converged()) {
    if (environment_.schedule.now() > begin + converge_ms_max)
      throw Violation("liveness", std::to_string(converge_ms_max / 1000) + " s after the faults ended: " + who_waits());
    run_until(environment_.schedule.now() + tick_ms);
  }
  converged_after_ = environment_.schedule.now() - begin;
  for (const auto& machine : machines_) environment_.checker.holds_everything(machine->node(), *machine->store());
}

bool World::converged() const {
  if (!clients_.all_answered() || !readers_.all_answered()) return false;
  for (const auto& machine : machines_)
    if (!machine->up() || machine->height() != environment_.checker.height()) return false;
  return true;
}

std::string World::who_waits() const {
  std::string who = clients_.who_waits() + readers_.who_waits();
  for (const auto& machine : machines_) {
    who += "\n  node " + std::to_string(machine->node()) + ": ";
    if (!machine->up()) {
      who += "down: " + machine->why_down();
      continue;
    }
    const auto status = machine->status();
    who += status.role + " of term " + std::to_string(status.term) + ", leader " + std::to_string(status.leader) + ", log to " + std::to_string(status.raft_last) +
           ", committed " + std::to_string(status.raft_commit) + ", height " + std::to_string(machine->height()) + " of " +
           std::to_string(environment_.checker.height()) + (status.ready ? "" : "; " + status.not_ready_because);
    for (const auto& peer : status.peers) who += ", node " + std::to_string(peer.node) + " has " + std::to_string(peer.match);
  }
  return who;
}

Verdict simulate(const SimOptions& options, Saboteur& saboteur, bool story_wanted) {
  Verdict verdict = World(options, saboteur).run();
  if (!verdict.passed() && story_wanted) verdict.story = World(options, saboteur, /*tells*/ true).run().story;
  return verdict;
}

Verdict simulate(const SimOptions& options) {
  Saboteur none;
  return simulate(options, none, true);
}

}  // namespace daftar::simulation
