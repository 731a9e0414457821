#include "tests/simulation/clients.h"

namespace daftar::simulation {
namespace {

const std::vector<std::string> enterprises = {"acme", "baraka", "silk"};

}  // namespace

Clients::Clients(Environment& environment, Machines& machines, std::uint64_t count)
    : environment_(environment), machines_(machines), chance_(environment.options.seed, 3), clients_(count) {}

/// Nodes that somebody runs; they may be down, or strangers to the network yet.
std::uint64_t Clients::any_node() {
  for (;;)
    if (const std::uint64_t node = 1 + chance_.below(machines_.size()); machines_[node - 1]->in_use()) return node;
}

void Clients::begin() {
  for (std::size_t i = 0; i < clients_.size(); ++i) think(i);
}

void Clients::think(std::size_t client) {
  environment_.schedule.after(chance_.between(10, 1200), [this, client] {
    if (closing_ || clients_[client].transaction) return;
    clients_[client].transaction = make(client);
    clients_[client].wait = chance_.one_in(6) ? node::WaitFor::certified : node::WaitFor::committed;
    clients_[client].since = environment_.schedule.now();
    call(client, any_node());
  });
}

/// Amounts that often exceed what there is; now and then a life so short that it ends while the client tries.
Machine::Transaction Clients::make(std::size_t client) {
  const std::uint64_t valid_until = environment_.wall_ms() + (chance_.one_in(5) ? chance_.between(500, 4000) : 120'000);
  const std::string& from = enterprises[client % enterprises.size()];
  ++made_;
  if (made_ < 3 || chance_.one_in(12)) return environment_.population.issue(from + "/UZS", static_cast<std::int64_t>(chance_.between(1, 500)), "statement " + std::to_string(made_), valid_until);
  const std::string& to = enterprises[(client + 1 + chance_.below(2)) % enterprises.size()];
  return environment_.population.transfer(from, to, static_cast<std::int64_t>(chance_.between(1, 150)), valid_until);
}

void Clients::call(std::size_t client, std::uint64_t node) {
  Client& c = clients_[client];
  c.node = node;
  const std::uint64_t number = ++c.call;
  const Millis timeout = chance_.between(300, 3000);
  const auto done = [this, client, number](const node::SubmitReply& reply) {
    environment_.schedule.after(chance_.between(1, 3), [this, client, number, reply] { hear(client, number, reply); });
  };
  machines_[node - 1]->submit(c.transaction, c.wait, timeout, done);
  if (chance_.one_in(10)) machines_[any_node() - 1]->submit(c.transaction, c.wait, timeout, done);   // an impatient client: two nodes at once
  environment_.schedule.after(timeout + 300, [this, client, number] {
    node::SubmitReply nothing;
    hear(client, number, nothing);
  });
}

void Clients::hear(std::size_t client, std::uint64_t number, const node::SubmitReply& reply) {
  using Status = node::SubmitReply::Status;
  Client& c = clients_[client];
  if (!c.transaction || c.call != number) return;
  const bool definite = reply.status == Status::certified || reply.status == Status::rejected ||
                        (reply.status == Status::committed && c.wait == node::WaitFor::committed);
  if (definite) {
    c.transaction = nullptr;
    ++answered_;
    if (!closing_) think(client);
    return;
  }
  c.last_answer = reply.status == Status::busy ? "busy: " + reply.rejection.detail : reply.status == Status::committed ? "committed, not certified" : "nothing in time";
  ++c.call;
  ++retries_;
  environment_.schedule.after(chance_.between(20, 400), [this, client] {
    if (clients_[client].transaction) call(client, any_node());
  });
}

void Clients::last_words(const std::vector<std::uint64_t>& nodes) {
  for (const std::uint64_t node : nodes) {
    clients_.push_back({});
    Client& c = clients_.back();
    c.transaction = environment_.population.issue("acme/UZS", 1, "last words " + std::to_string(node), environment_.wall_ms() + 600'000);
    c.wait = node::WaitFor::certified;
    c.since = environment_.schedule.now();
    call(clients_.size() - 1, node);
  }
}

bool Clients::all_answered() const {
  for (const auto& client : clients_)
    if (client.transaction) return false;
  return true;
}

std::string Clients::who_waits() const {
  std::string who;
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (const Client& c = clients_[i]; c.transaction)
      who += "\n  client " + std::to_string(i + 1) + " waits since " + std::to_string(c.since) + " ms for transaction " + c.transaction->id().hex().substr(0, 8) +
             ", now on node " + std::to_string(c.node) + "; last answer: " + c.last_answer;
  return who;
}

}  // namespace daftar::simulation
