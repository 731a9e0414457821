#include "contracts/language/ways_out.h"

#include <algorithm>

namespace daftar::contracts::language {
namespace {

/// Does the event happen without `silent`?
bool goes_without(const Event& event, const std::string& silent) {
  const auto& actors = event.actors;
  if (std::find(actors.begin(), actors.end(), silent) == actors.end()) return true;
  return !event.action->jointly && actors.size() > 1;
}

bool leads_on(const Exploration::Transition& transition, const std::vector<bool>& out) {
  return !transition.to.empty() && std::all_of(transition.to.begin(), transition.to.end(), [&](std::size_t to) { return out[to]; });
}

/// Somebody acts at once; or all wait, something comes with time, and no deadline leads to where it is not known to be out.
bool is_out_next(const Exploration& walk, std::size_t at, const std::string& silent, const std::vector<bool>& out) {
  const Exploration::Node& node = walk.nodes()[at];
  bool comes = false, all_deadlines = true;
  for (const Exploration::Transition& transition : node.transitions) {
    const Event& event = transition.event;
    if (event.deadline != nullptr) {
      // Other entries' deadlines that change nothing here: there are finitely many, and they do not put off what comes.
      const bool elsewhere = !event.on_followed && std::all_of(transition.to.begin(), transition.to.end(), [&](std::size_t to) { return to == at; });
      if (elsewhere) continue;
      if (!leads_on(transition, out)) all_deadlines = false;
      else if (event.help != Help::no) comes = true;
    } else if (event.help != Help::no && goes_without(event, silent) && leads_on(transition, out)) {
      if (event.help == Help::now) return true;
      comes = true;
    }
  }
  return comes && all_deadlines;
}

/// Whether the pot is sure to become empty, by state.
std::vector<bool> sure_to_leave(const Exploration& walk, const Pot& pot, const std::string& silent) {
  std::vector<bool> out;
  for (const Exploration::Node& node : walk.nodes()) out.push_back(!node.state.held.contains(pot));
  for (bool grows = true; grows;) {
    grows = false;
    // From the last to the first: most ways out lead to states found later.
    for (std::size_t at = out.size(); at-- > 0;)
      if (!out[at] && is_out_next(walk, at, silent, out)) out[at] = grows = true;
  }
  return out;
}

}  // namespace

std::vector<Freeze> freezes(const Machine& machine, const Exploration& walk, const Arrangement& arrangement) {
  std::vector<Freeze> found;
  std::vector<std::string> parties = {""};   // nobody is silent: then every way is open
  for (const Party& party : machine.text().parties)
    if (arrangement.given(party.name)) parties.push_back(party.name);
  for (const Entrant& entrant : machine.text().entrants) parties.push_back(entrant.name);   // whoever it is: that of the followed entry, too
  for (const auto& [pot, owner] : machine.pots()) {
    const Fund* fund = machine.text().fund(owner);
    if (fund != nullptr && fund->budget_line && arrangement.is_public) continue;   // nobody's money is held: a line is committed
    for (const std::string& silent : parties) {
      const std::vector<bool> out = sure_to_leave(walk, pot, silent);
      const auto first = std::find(out.begin(), out.end(), false);
      if (first == out.end()) continue;
      found.push_back({static_cast<std::size_t>(first - out.begin()), pot, silent});
      if (silent.empty()) break;   // then it stays whoever is silent
    }
  }
  return found;
}

std::optional<std::size_t> first_without_end(const Machine& machine, const Exploration& walk) {
  std::vector<bool> ends;
  for (const Exploration::Node& node : walk.nodes()) ends.push_back(machine.ended(node.state));
  for (bool grows = true; grows;) {
    grows = false;
    for (std::size_t at = ends.size(); at-- > 0;) {
      if (ends[at]) continue;
      const auto& transitions = walk.nodes()[at].transitions;
      const bool leads = std::any_of(transitions.begin(), transitions.end(), [&](const Exploration::Transition& transition) {
        return std::any_of(transition.to.begin(), transition.to.end(), [&](std::size_t to) { return ends[to]; });
      });
      if (leads) ends[at] = grows = true;
    }
  }
  const auto first = std::find(ends.begin(), ends.end(), false);
  if (first == ends.end()) return std::nullopt;
  return static_cast<std::size_t>(first - ends.begin());
}

}  // namespace daftar::contracts::language
