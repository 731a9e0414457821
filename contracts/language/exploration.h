// All states that one arrangement of the terms can come to, by breadth-first search, so that the way back from each is a shortest story.
#pragma once
#include "contracts/language/checker.h"

namespace daftar::contracts::language {

class Exploration {
 public:
  struct Transition {
    Event event;
    std::vector<std::size_t> to;        // one for each outcome
  };
  struct Node {
    State state;
    std::size_t before = 0;             // the node this one was first reached from; of the first: itself
    std::vector<std::string> step;      // how: the event, then what it did
    std::vector<Transition> transitions;
  };

  /// Problems are told to `found` as they are met, with their story.
  template <class Found>
  Exploration(const Machine& machine, const Arrangement& arrangement, std::size_t steps_left, const Found& found);

  const std::vector<Node>& nodes() const { return nodes_; }
  std::size_t steps() const { return steps_; }
  bool cut() const { return cut_; }     // more states or steps than are looked at
  bool whole() const { return whole_; } // false: some outcome was a problem and was not followed
  /// From the beginning to a node.
  std::vector<std::string> story(std::size_t node) const;

 private:
  std::vector<Node> nodes_;
  std::map<State, std::size_t> known_;
  std::size_t steps_ = 0;
  bool cut_ = false, whole_ = true;
};

/// One line of a story.
std::string told(const Event& event, const std::vector<std::string>& said);

template <class Found>
Exploration::Exploration(const Machine& machine, const Arrangement& arrangement, std::size_t steps_left, const Found& found) {
  nodes_.push_back({machine.first_state(), 0, {}, {}});
  known_.emplace(nodes_[0].state, 0);
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    for (const Event& event : machine.events(nodes_[at].state, arrangement)) {
      if (nodes_.size() >= states_max || steps_ >= steps_left) {
        cut_ = true;
        return;
      }
      ++steps_;
      Transition transition{event, {}};
      for (Outcome& outcome : machine.outcomes(nodes_[at].state, event, arrangement)) {
        bool goes_on = true;                       // what comes of a mistake with money is no news
        for (const Problem& problem : outcome.problems) {
          goes_on = goes_on && problem.property == Property::tax_category;
          std::vector<std::string> story = this->story(at);
          story.push_back(told(event, outcome.said));
          found(problem, std::move(story));
        }
        whole_ = whole_ && goes_on;
        if (!goes_on) continue;
        const auto [place, is_new] = known_.emplace(outcome.state, nodes_.size());
        if (is_new) nodes_.push_back({std::move(outcome.state), at, {told(event, outcome.said)}, {}});
        transition.to.push_back(place->second);
      }
      nodes_[at].transitions.push_back(std::move(transition));
    }
  }
}

}  // namespace daftar::contracts::language
