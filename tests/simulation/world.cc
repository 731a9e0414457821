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
        for (std::uint64_t node = 1; node <= environment_.machines; ++node)
          machines.push_back(std::make_unique<Machine>(environment_, node, [this](std::uint64_t started) {
            for (const auto& other : machines_)
              if (other->node() != started) connected(started, other->node());
          }));
        return machines;
      }()),
      clients_(environment_, machines_, 6),
      readers_(environment_, machines_, 3),
      nemesis_(environment_, machines_, [this](std::uint64_t a, std::uint64_t b) { connected(a, b); }),
      governor_(environment_, machines_) {
  assertions_are_violations();
  watch_.heard = [this](const consensus::Envelope& envelope) { environment_.checker.heard(envelope); };
  if (options.trace || options.checks_trace) watch_.trace = environment_.core_trace = [this](const std::string& line) { take_trace(line); };
}

void World::take_trace(const std::string& line) {
  if (environment_.options.trace) environment_.options.trace(line);
  if (!environment_.options.checks_trace) return;
  if (const auto refused = trace_check_.check(line)) throw Violation("trace", *refused);
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
  const Watching watching(watch_);
  try {
    for (std::uint64_t node = 1; node <= environment_.nodes; ++node) machines_[node - 1]->start();
    clients_.begin();
    readers_.begin();
    nemesis_.begin();
    governor_.begin();
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
  verdict.proposals = governor_.changes();
  verdict.membership_changes = environment_.checker.membership_changes();
  verdict.observers = environment_.checker.observers();
  verdict.removed = environment_.removals_told;
  verdict.snapshots = environment_.checker.snapshots();
  verdict.installed_at_start = environment_.installed_at_start;
  verdict.snapshots_resumed = environment_.snapshots_resumed;
  verdict.snapshots_superseded = environment_.snapshots_superseded;
  verdict.compactions = environment_.compactions;
  verdict.doubts = environment_.doubts;
  verdict.given_up = environment_.given_up;
  verdict.trace_lines = trace_check_.lines();
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
  governor_.end();
  clients_.close();
  readers_.close();
  const Millis begin = environment_.schedule.now();
  run_until(begin + 2000);
  const auto wait_until = [&](const std::function<bool()>& holds) {
    while (!holds()) {
      if (environment_.schedule.now() > begin + converge_ms_max)
        throw Violation("liveness", std::to_string(converge_ms_max / 1000) + " s after the faults ended: " + who_waits());
      run_until(environment_.schedule.now() + tick_ms);
    }
  };
  wait_until([this] { return governor_.settled(); });
  clients_.last_words(members());
  readers_.last_reads(members());
  wait_until([this] { return converged(); });
  converged_after_ = environment_.schedule.now() - begin;
  for (const std::uint64_t node : members()) environment_.checker.holds_everything(node, *machines_[node - 1]->store());
}

std::vector<std::uint64_t> World::members() const {
  std::vector<std::uint64_t> nodes;
  for (const auto node : environment_.checker.membership().members()) nodes.push_back(node.value);
  return nodes;
}

bool World::converged() const {
  if (!clients_.all_answered() || !readers_.all_answered() || !governor_.settled()) return false;
  for (const std::uint64_t node : members()) {
    const Machine& machine = *machines_[node - 1];
    if (!machine.up() || machine.height() != environment_.checker.height() || environment_.checker.membership_of(node) != environment_.checker.membership()) return false;
  }
  return true;
}

std::string World::who_waits() const {
  std::string who = governor_.who_waits() + clients_.who_waits() + readers_.who_waits();
  for (const auto& machine : machines_) {
    if (!machine->in_use() && !machine->retired()) continue;
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
  if (verdict.passed() || !story_wanted) return verdict;
  SimOptions again = options;
  again.trace = {};   // written already
  verdict.story = World(again, saboteur, /*tells*/ true).run().story;
  return verdict;
}

Verdict simulate(const SimOptions& options) {
  Saboteur none;
  return simulate(options, none, true);
}

}  // namespace daftar::simulation
