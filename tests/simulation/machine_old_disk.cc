// Disks of a Machine that go back in time, and what it must do then (docs/consensus.md, "Old, empty and damaged disks").
#include <algorithm>

#include "ledger/check.h"
#include "tests/simulation/machine_process.h"

namespace daftar::simulation {
namespace {
constexpr std::size_t copies_max = 5;
}

void Machine::keep_copy() {
  if (log_disk_.damaged() || !state_disk_.flushed) return;
  auto copy = std::make_shared<Copy>(Copy{log_disk_.copy(), state_disk_, environment_.checker.durable(node_), environment_.copies_kept += 1});
  copy->state.crash();
  environment_.trace_disk(node_, "copy", copy->number);
  copies_.push_back(std::move(copy));
  if (copies_.size() > copies_max) copies_.pop_front();
}

std::shared_ptr<const Machine::Copy> Machine::draw_copy(Chance& chance) const {
  if (chance.one_in(4)) return std::make_shared<Copy>(Copy{{}, {}, environment_.checker.nothing(), 0});
  return copies_.empty() ? nullptr : copies_[chance.below(copies_.size())];
}

void Machine::put_back(const Copy& copy) {
  DAFTAR_CHECK(!process_);
  log_disk_.put_back(copy.log);
  state_disk_ = copy.state;
  environment_.checker.put_back(node_, copy.promised);
  environment_.trace_disk(node_, "old_disk", copy.number);
  set_back_ = true;
}

/// Until it is whole again it campaigns for nothing; and if the others remember more than it has, it has been told.
void Machine::watch_repair(const node::Replica::Output& output) {
  const auto status = core();
  const auto told = [](const std::string& warning) { return warning.find("the disk is an older copy") != std::string::npos; };
  found_out_ = found_out_ || status.in_doubt || std::any_of(output.warnings.begin(), output.warnings.end(), told);
  environment_.given_up += static_cast<std::uint64_t>(std::count_if(output.news.begin(), output.news.end(), [](const std::string& news) { return news.find("is on no disk of a voter") != std::string::npos; }));
  const std::string who = "node " + std::to_string(node_);
  if (status.withheld || status.in_doubt) {
    for (const auto& send : output.send)
      if (const auto* message = std::get_if<consensus::Message>(&send.message); message && std::holds_alternative<consensus::VoteRequest>(*message))
        throw Violation("old disks", who + " asks for votes before it is whole again");
    return;
  }
  if (must_find_out_ && !found_out_) throw Violation("old disks", who + " takes part with less than the others remember of it, and was not told");
  environment_.doubts += found_out_;
  environment_.trace.tell(who + (found_out_ ? " is whole again" : " lacks nothing that anybody knows of"));
  set_back_ = false;
}

}  // namespace daftar::simulation
