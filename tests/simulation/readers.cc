#include "tests/simulation/readers.h"

namespace daftar::simulation {
namespace {
const std::vector<std::string> accounts = {"acme/UZS", "baraka/UZS", "silk/UZS"};
}

Readers::Readers(Environment& environment, Machines& machines, std::uint64_t count)
    : environment_(environment), machines_(machines), chance_(environment.options.seed, 6), readers_(count) {}

void Readers::begin() {
  for (std::size_t i = 0; i < readers_.size(); ++i) think(i);
}

void Readers::think(std::size_t reader) {
  environment_.schedule.after(chance_.between(10, 700), [this, reader] {
    if (!closing_ || readers_[reader].node != 0) call(reader);
  });
}

void Readers::call(std::size_t reader) {
  Reader& r = readers_[reader];
  const std::uint64_t number = ++r.call;
  const std::uint64_t node = r.node != 0 ? r.node : 1 + chance_.below(machines_.size());
  const Millis timeout = chance_.between(100, 3000);
  r.waits = true;
  machines_[node - 1]->read(accounts[chance_.below(accounts.size())], timeout, [this, reader, number](bool confirmed) { hear(reader, number, confirmed); });
  environment_.schedule.after(timeout + 300, [this, reader, number] { hear(reader, number, false); });   // the process may have died
}

void Readers::hear(std::size_t reader, std::uint64_t number, bool confirmed) {
  Reader& r = readers_[reader];
  if (!r.waits || r.call != number) return;
  ++(confirmed ? confirmed_ : unconfirmed_);
  r.waits = r.node != 0 && !confirmed;
  if (r.node == 0 || !confirmed) think(reader);
}

void Readers::last_reads() {
  for (const auto& machine : machines_) {
    readers_.push_back({machine->node(), false, 0});
    call(readers_.size() - 1);
  }
}

bool Readers::all_answered() const {
  for (const auto& reader : readers_)
    if (reader.waits) return false;
  return true;
}

std::string Readers::who_waits() const {
  std::string who;
  for (const auto& reader : readers_)
    if (reader.waits) who += "\n  a reader waits" + (reader.node == 0 ? std::string() : " for node " + std::to_string(reader.node));
  return who;
}

}  // namespace daftar::simulation
