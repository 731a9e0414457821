#include "contracts/language/checker.h"

#include <algorithm>

#include "contracts/language/cost.h"
#include "contracts/language/exploration.h"
#include "contracts/language/ways_out.h"

namespace daftar::contracts::language {
namespace {

class Check {
 public:
  explicit Check(const Template& text) : text_(text), machine_(text) {}

  Verdict run() {
    check_costs();
    const auto arrangements = arrangements_of(text_);
    if (!arrangements) {
      find(Property::size, text_.place, "more than 10 parts of the terms are optional", {});
      return finish();
    }
    if (arrangements->empty()) {
      find(Property::reachable, text_.place, "the requirements contradict one another: no contract can be made", {});
      return finish();
    }
    for (const Arrangement& arrangement : *arrangements) look_at(arrangement);
    check_reached();
    return finish();
  }

 private:
  void find(Property property, Place place, std::string sentence, std::vector<std::string> story) {
    const auto [known, is_new] = findings_.try_emplace({place, property}, Finding{property, place, sentence, story});
    if (!is_new && story.size() < known->second.story.size()) known->second = {property, place, std::move(sentence), std::move(story)};
  }

  Verdict finish() {
    for (auto& [key, finding] : findings_) verdict_.findings.push_back(std::move(finding));
    return std::move(verdict_);
  }

  void check_costs() {
    const auto add = [&](const std::string& name, Place place, const Scope& scope, const std::vector<Statement>& body) {
      const std::uint64_t units = cost_of(text_, scope, body);
      verdict_.costs.push_back({name, place, units});
      if (units > limits::action_cost)
        find(Property::cost, place, name + " may cost " + std::to_string(units) + " units; at most " + std::to_string(limits::action_cost) + " are allowed", {});
    };
    for (const Action& action : text_.actions) add(action.name, action.place, action.scope, action.body);
    for (const Deadline& deadline : text_.deadlines) add(deadline.name, deadline.place, deadline.scope, effects(text_, deadline));
  }

  void look_at(const Arrangement& arrangement) {
    const std::string terms = in_words(text_, arrangement);
    const auto with_terms = [&](std::vector<std::string> story) {
      if (!terms.empty()) story.insert(story.begin(), "Terms: " + terms + ".");
      return story;
    };
    const std::size_t left = steps_max > verdict_.steps ? steps_max - verdict_.steps : 0;
    const Exploration walk(machine_, arrangement, left, [&](const Problem& problem, std::vector<std::string> story) {
      find(problem.property, problem.place, problem.sentence, with_terms(std::move(story)));
    });
    verdict_.arrangements += 1;
    verdict_.states += walk.nodes().size();
    verdict_.steps += walk.steps();
    whole_ = whole_ && !walk.cut();
    if (walk.cut()) return find(Property::size, text_.place, "this template has more states than are looked at", {});
    for (const Exploration::Node& node : walk.nodes()) note(node);
    check_readings(walk, arrangement, with_terms);
    whole_ = whole_ && walk.whole();
    if (!walk.whole()) return;   // ways that were not followed would be missed
    if (const auto stuck = first_without_end(machine_, walk)) {
      const State& state = walk.nodes()[*stuck].state;
      std::vector<std::string> story = walk.story(*stuck);
      story.push_back("From here the contract can never end.");
      find(Property::reachable, text_.phases[state.phase].place, "phase " + text_.phases[state.phase].name + " is a dead end", with_terms(std::move(story)));
    }
    for (const Freeze& freeze : freezes(machine_, walk, arrangement)) {
      std::vector<std::string> story = walk.story(freeze.node);
      story.push_back((freeze.silent.empty() ? std::string("Whatever the parties do then, ") : "Then " + freeze.silent + " stays silent: ") + "nothing is sure to move " +
                      in_words(walk.nodes()[freeze.node].state.held.at(freeze.pot)) + " out of the contract.");
      find(Property::way_out, place_of(freeze, walk), name(freeze.pot) + " can stay held for ever" + (freeze.silent.empty() ? "" : " when " + freeze.silent + " is silent"),
           with_terms(std::move(story)));
    }
  }

  /// Where the money waits: the stage of its entry, or the phase.
  Place place_of(const Freeze& freeze, const Exploration& walk) const {
    const State& state = walk.nodes()[freeze.node].state;
    const bool of_entry = !text_.stages.empty() && freeze.pot.list == text_.stages.front().list && state.stage != absent;
    return of_entry ? machine_.stages()[state.stage].place : text_.phases[state.phase].place;
  }

  void note(const Exploration::Node& node) {
    phases_.insert(node.state.phase);
    stages_.insert(node.state.stage);
    for (const Exploration::Transition& transition : node.transitions) happened_.insert(transition.event.place());
  }

  void check_reached() {
    if (!whole_) return;
    for (std::size_t i = 0; i < text_.phases.size(); ++i)
      if (!phases_.contains(i)) find(Property::reachable, text_.phases[i].place, "phase " + text_.phases[i].name + " is never reached", {});
    for (std::size_t i = 0; i < machine_.stages().size(); ++i)
      if (!stages_.contains(i)) find(Property::reachable, machine_.stages()[i].place, "stage " + machine_.stages()[i].name + " is never reached", {});
    for (const Action& action : text_.actions)
      if (!happened_.contains(action.place)) find(Property::reachable, action.place, "action " + action.name + " can never happen", {});
    for (const Deadline& deadline : text_.deadlines)
      if (!happened_.contains(deadline.place)) find(Property::reachable, deadline.place, "deadline " + deadline.name + " can never fall due", {});
  }

  template <class WithTerms>
  void check_readings(const Exploration& walk, const Arrangement& arrangement, const WithTerms& with_terms) {
    for (std::size_t at = 0; at < walk.nodes().size(); ++at) {
      const Exploration::Node& node = walk.nodes()[at];
      for (std::size_t i = 0; i < node.transitions.size(); ++i)
        for (std::size_t j = i + 1; j < node.transitions.size(); ++j)
          check_pair(node.transitions[i].event, node.transitions[j].event, walk, at, arrangement, with_terms);
      check_conclusions(node.state, walk, at, arrangement, with_terms);
    }
  }

  template <class WithTerms>
  void check_pair(const Event& a, const Event& b, const Exploration& walk, std::size_t at, const Arrangement& arrangement, const WithTerms& with_terms) {
    if (a.action == nullptr || b.action == nullptr || a.action == b.action || a.action->name != b.action->name) return;
    const auto &on_a = a.scope().on, &on_b = b.scope().on;
    if (on_a.has_value() != on_b.has_value() || !a.on_followed || !b.on_followed) return;   // the followed entry stands for each
    const auto shared = std::find_first_of(a.actors.begin(), a.actors.end(), b.actors.begin(), b.actors.end());
    if (shared == a.actors.end()) return;
    std::map<std::string, bool> entries_a, entries_b;
    if (on_a) entries_a[on_a->variable] = a.on_followed;
    if (on_b) entries_b[on_b->variable] = b.on_followed;
    const auto condition = [](const Event& event) { return event.scope().when ? &*event.scope().when : nullptr; };
    if (!can_both_hold(condition(a), condition(b), machine_, walk.nodes()[at].state, arrangement, entries_a, entries_b)) return;
    std::vector<std::string> story = walk.story(at);
    story.push_back("When " + *shared + " now does " + a.action->name + ", line " + std::to_string(a.place().line) + " and line " + std::to_string(b.place().line) +
                    " both say what happens.");
    find(Property::one_reading, b.place(), "action " + b.action->name + " has two readings", with_terms(std::move(story)));
  }

  template <class WithTerms>
  void check_conclusions(const State& state, const Exploration& walk, std::size_t at, const Arrangement& arrangement, const WithTerms& with_terms) {
    for (std::size_t i = 0; i < text_.conclusions.size(); ++i)
      for (std::size_t j = i + 1; j < text_.conclusions.size(); ++j) {
        const Conclusion &a = text_.conclusions[i], &b = text_.conclusions[j];
        if (a.from != b.from || a.to == b.to || text_.phases[state.phase].name != a.from) continue;
        const std::size_t stages = std::max<std::size_t>(1, machine_.stages().size());
        for (std::size_t stage = 0; stage < stages + text_.entrants.size(); ++stage) {
          State there = state;
          there.stage = stage == stages ? absent : stage;   // of an open list: there is none
          if (!can_both_hold(&a.when, &b.when, machine_, there, arrangement, {}, {})) continue;
          std::vector<std::string> story = walk.story(at);
          story.push_back("Here line " + std::to_string(a.place.line) + " can make the contract " + a.to + " and line " + std::to_string(b.place.line) + " " + b.to +
                          " at the same moment.");
          find(Property::one_reading, b.place, "phase " + a.from + " can be concluded in two ways", with_terms(std::move(story)));
          return;
        }
      }
  }

  const Template& text_;
  const Machine machine_;
  Verdict verdict_;
  std::map<std::pair<Place, Property>, Finding> findings_;
  std::set<std::size_t> phases_, stages_;
  std::set<Place> happened_;
  bool whole_ = true;   // every walk went to its end
};

}  // namespace

Verdict check(const Template& text) { return Check(text).run(); }

}  // namespace daftar::contracts::language
