#include "tests/simulation/governor.h"

#include <algorithm>

#include "consensus/describe.h"

namespace daftar::simulation {
namespace {

using Standing = NodesModel::Standing;

std::vector<std::uint64_t> of_standing(const NodesModel::Nodes& nodes, Standing standing) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, node] : nodes)
    if (node.standing == standing) numbers.push_back(number);
  return numbers;
}

std::string in_words(const std::vector<ledger::proto::NodeChange>& steps) {
  std::string words;
  for (const auto& step : steps) words += (words.empty() ? "" : ", ") + step.verb() + " " + std::to_string(step.node());
  return words;
}

}  // namespace

void Governor::begin() {
  if (environment_.options.changes) think();
}

void Governor::think() {
  environment_.schedule.after(chance_.between(300, 6000), [this] {
    if (ending_) return;
    act();
  });
}

void Governor::act() {
  // Mostly one change after the other; sometimes the ledger is ahead of the consensus by several.
  const bool waits = environment_.checker.registry().membership() != environment_.checker.membership() && !chance_.one_in(4);
  if (busy_ || waits) return think();
  Steps steps = draw();
  if (steps.empty() || !bearable(steps)) return think();
  propose(std::move(steps));
}

ledger::proto::NodeChange Governor::step(const char* verb, std::uint64_t node) {
  auto step = environment_.population.node_change(verb, static_cast<std::uint32_t>(node), "node-" + std::to_string(node) + ":7000");
  if (!step.operator_().empty()) step.set_operator_("operator-" + std::to_string(1 + chance_.below(environment_.nodes)));
  return step;
}

/// What an operator might want; whether it can be borne is another question.
Governor::Steps Governor::draw() {
  const auto& nodes = environment_.checker.registry().nodes();
  const auto validators = of_standing(nodes, Standing::validator), observers = of_standing(nodes, Standing::observer);
  const std::uint64_t next = nodes.size() + 1;
  const bool may_add = next <= environment_.machines;
  std::vector<std::uint64_t> down;
  for (const std::uint64_t node : validators)
    if (!is_up(node)) down.push_back(node);
  if (!down.empty() && chance_.one_in(2)) {   // a dead validator and its successor change places at once
    const std::uint64_t dead = one_of(down);
    if (!observers.empty()) return {step("promote", one_of(observers)), step(chance_.one_in(4) ? "demote" : "remove", dead)};
    if (may_add) return {step("remove", dead), step("add_validator", next)};
  }
  switch (chance_.below(8)) {
    case 0: case 1: case 2:
      if (may_add) return {step(chance_.one_in(4) ? "add_validator" : "add_observer", next)};
      [[fallthrough]];
    case 3: case 4:
      if (!observers.empty()) return {step("promote", one_of(observers))};
      [[fallthrough]];
    case 5:
      return {step("demote", one_of(validators))};
    case 6:
      for (const std::uint64_t node : validators)   // the leader itself
        if (is_up(node) && machines_[node - 1]->status().role == "leader") return {step(chance_.one_in(2) ? "remove" : "demote", node)};
      [[fallthrough]];
    default:
      if (!observers.empty() && chance_.one_in(2)) return {step("remove", one_of(observers))};
      return {step("remove", one_of(validators))};
  }
}

/// There is a quorum now, there will be one afterwards, and there are machines left to go on with.
bool Governor::bearable(const Steps& steps) const {
  if (environment_.repairing) return false;
  const auto& registry = environment_.checker.registry();
  const auto after = registry.after(steps);
  if (!after) return false;
  auto becomes = NodesModel::membership_of(*after);
  if (becomes.voters.size() < validators_min || becomes.voters.size() > validators_max) return false;
  const auto up = [&](std::uint64_t node) {
    const bool added = node > registry.nodes().size();   // started for the occasion
    return added || is_up(node);
  };
  if (!is_quorum(environment_.checker.membership(), up)) return false;
  const auto suspect = std::count_if(becomes.voters.begin(), becomes.voters.end(), [&](consensus::NodeId node) { return environment_.clock_is_suspect(node.value); });
  if (2 * static_cast<std::size_t>(suspect) >= becomes.voters.size() && environment_.block_time_promised) return false;
  becomes.outgoing = registry.membership().voters;
  return is_quorum(becomes, up);
}

// ---------------------------------------------------------------------------------------------- through the ledger

Machine::Transaction Governor::sign(const std::string& member, ledger::proto::Operation operation) const {
  return environment_.population.transaction(member, {std::move(operation)}, environment_.wall_ms() + 120'000);
}

void Governor::start_later(std::uint64_t node, Millis delay) {
  environment_.schedule.after(delay, [this, node] {
    if (!machines_[node - 1]->in_use() && !machines_[node - 1]->retired()) machines_[node - 1]->start();
  });
}

void Governor::propose(Steps steps) {
  busy_ = true;
  environment_.asked_for = {NodesModel::membership_of(*environment_.checker.registry().after(steps))};
  const auto operators = environment_.checker.registry().operators();
  const std::string proposer = operators[chance_.below(operators.size())];
  ledger::proto::Operation operation;
  for (const auto& one : steps) {
    *operation.mutable_propose_node_change()->add_changes() = one;
    if (!one.link_key().empty()) start_later(one.node(), chance_.one_in(3) ? chance_.between(1000, 8000) : chance_.below(500));
  }
  operation.mutable_propose_node_change()->set_until_ms(environment_.wall_ms() + 600'000);
  auto transaction = sign(proposer, std::move(operation));
  doing_ = "propose: " + in_words(steps);
  environment_.trace.tell("-- governance: " + proposer + " proposes: " + in_words(steps));
  persist(transaction, [this, id = transaction->id(), steps = std::move(steps), proposer](bool accepted) {
    if (!accepted) return finish(false);
    approve(id, steps, proposer);
  });
}

/// One approval came with the proposal. Who is up may have changed since: then it is let be.
void Governor::approve(const ledger::Digest& proposal, const Steps& steps, const std::string& proposer) {
  const auto& registry = environment_.checker.registry();
  if (registry.approvals_needed() < 2) return finish(true);
  std::vector<std::string> others = registry.operators();
  std::erase(others, proposer);
  if (others.empty() || !bearable(steps)) return finish(false);
  ledger::proto::Operation operation;
  operation.mutable_approve_node_change()->set_proposal(std::string(proposal.view()));
  doing_ = "approve: " + in_words(steps);
  const std::string member = others[chance_.below(others.size())];
  environment_.trace.tell("-- governance: " + member + " approves: " + in_words(steps));
  persist(sign(member, std::move(operation)), [this](bool accepted) { finish(accepted); });
}

void Governor::finish(bool accepted) {
  busy_ = false;
  environment_.asked_for.clear();
  doing_ = "nothing";
  changes_ += accepted;
  switch_off_removed(3000, 20'000);
  if (!ending_) think();
}

/// The same transaction again and again, to any node, until there is a definite answer.
void Governor::persist(Machine::Transaction transaction, std::function<void(bool)> done) {
  asked_ = std::move(transaction);
  done_ = std::move(done);
  call(++call_);
}

void Governor::call(std::uint64_t number) {
  if (number != call_ || !asked_) return;
  using Status = node::SubmitReply::Status;
  std::vector<std::uint64_t> up;
  for (const auto& machine : machines_)
    if (machine->up()) up.push_back(machine->node());
  if (!up.empty()) {
    machines_[one_of(up) - 1]->submit(asked_, node::WaitFor::committed, 2000, [this, number](const node::SubmitReply& reply) {
      const bool definite = reply.status == Status::committed || reply.status == Status::certified || reply.status == Status::rejected;
      if (number != call_ || !asked_ || !definite) return;
      asked_ = nullptr;
      environment_.schedule.after(chance_.between(1, 300), [done = std::exchange(done_, nullptr), accepted = reply.status != Status::rejected] { done(accepted); });
    });
  }
  environment_.schedule.after(chance_.between(1500, 2500), [this, number] {
    if (number == call_) call(++call_);
  });
}

// ---------------------------------------------------------------------------------------------- the end

/// A removed node is told by the leader for a while, and stops. One that was away then is switched off by its operator, who reads the ledger.
void Governor::switch_off_removed(Millis low, Millis high) {
  for (const std::uint64_t node : of_standing(environment_.checker.registry().nodes(), Standing::removed))
    if (!machines_[node - 1]->retired()) switch_off_later(node, low, high);
}

void Governor::switch_off_later(std::uint64_t node, Millis low, Millis high) {
  environment_.schedule.after(chance_.between(low, high), [this, node, low, high] {
    if (machines_[node - 1]->retired()) return;
    if (environment_.checker.membership().contains({node})) return switch_off_later(node, low, high);   // still needed
    machines_[node - 1]->retire("its operator switches it off: it was removed");
  });
}

void Governor::end() {
  ending_ = true;
  switch_off_removed(3000, 5000);
}

bool Governor::settled() const {
  const auto& checker = environment_.checker;
  if (asked_ || busy_ || checker.registry().membership() != checker.membership()) return false;
  for (const std::uint64_t node : of_standing(checker.registry().nodes(), Standing::removed))
    if (!machines_[node - 1]->retired()) return false;
  return true;
}

std::string Governor::who_waits() const {
  const auto& checker = environment_.checker;
  std::string who = "\n  the ledger has " + consensus::describe(checker.registry().membership()) + ", the consensus " + consensus::describe(checker.membership());
  if (busy_) who += "; the operators wait for: " + doing_;
  return who;
}

}  // namespace daftar::simulation
