// Changes of the membership by joint consensus (4.3): a configuration is in force from its place in the log on, committed or not, so the one in
// force is always looked up in the log.
#include "tests/consensus/trace_check.h"
#include "tests/consensus/trace_rule.h"

namespace daftar::consensus::test {

TraceCheck::Configuration TraceCheck::configuration(const Json& json) {
  Configuration configuration;
  for (const Json& node : json.at("voters")) configuration.voters.insert(node.get<Number>());
  for (const Json& node : json.at("outgoing")) configuration.outgoing.insert(node.get<Number>());
  for (const Json& node : json.at("learners")) configuration.learners.insert(node.get<Number>());
  return configuration;
}

std::string TraceCheck::text(const Configuration& configuration) {
  return Json{{"voters", configuration.voters}, {"outgoing", configuration.outgoing}, {"learners", configuration.learners}}.dump();
}

/// Of the newest membership entry at or before `through`; 0: none.
TraceCheck::Number TraceCheck::configuration_place(const Node& node, Number through) {
  while (through > 0 && node.log[through - 1].kind != 2) --through;
  return through;
}

TraceCheck::Configuration TraceCheck::in_force(const Node& node, Number through) {
  const Number place = configuration_place(node, through);
  return place == 0 ? node.first : configuration(Json::parse(node.log[place - 1].payload));
}

/// How far `peer` may know of the log: to its end; or to the entry that removed it; or nothing, if it never was a member.
TraceCheck::Number TraceCheck::last_for(const Node& node, Number peer) {
  if (in_force(node).has(peer)) return node.log.size();
  Number removal = 0;
  for (Number place = configuration_place(node, node.log.size()); place > 0; place = configuration_place(node, place - 1)) {
    if (in_force(node, place).has(peer)) return removal;
    removal = place;
  }
  return node.first.has(peer) ? removal : 0;
}

/// A voter may; and one whose removal is in the log but not committed: nobody else's log may be able to win (4.2.2). None while a snapshot replaces the log.
bool TraceCheck::may_campaign(const Node& node) {
  if ((node.arrival && node.arrival->done) || node.withheld || node.doubt) return false;
  const bool pending = configuration_place(node, node.log.size()) > node.commit;
  return in_force(node).decides(node.id) || (pending && in_force(node, node.commit).decides(node.id));
}

/// The first entry of a change: C_old,new, or at once C_new when the voters stay as they are.
void TraceCheck::change(Node& node, const Json& steps) {
  require(node.role == "leader", "only a leader changes the membership");
  Configuration now = in_force(node);
  require(now.outgoing.empty() && configuration_place(node, node.log.size()) <= node.commit, "one change of the membership at a time");
  require(node.commit > 0 && node.log[node.commit - 1].term == node.term, "a change waits for an entry of the leader's own term to be committed");
  Configuration then = now;
  std::set<Number> named;
  for (const Json& step : steps) {
    const std::string verb = step[0];
    const Number who = step[1];
    const bool voter = now.voters.count(who) != 0, learner = now.learners.count(who) != 0;
    const bool adds = verb == "add_voter" || verb == "add_learner";
    const bool fits = adds ? !voter && !learner : verb == "promote" ? learner : verb == "demote" ? voter : voter || learner;
    require(who != 0 && fits && named.insert(who).second, "a change fits the membership");
    then.voters.erase(who);
    then.learners.erase(who);
    if (verb == "add_voter" || verb == "promote") then.voters.insert(who);
    if (verb == "add_learner" || verb == "demote") then.learners.insert(who);
  }
  require(!steps.empty() && !then.voters.empty(), "a change fits the membership");
  if (then.voters != now.voters) then.outgoing = now.voters;
  node.log.push_back({node.term, 2, text(then)});
}

/// When C_old,new is committed, its leader adds C_new.
void TraceCheck::end_joint(Node& node) {
  Configuration now = in_force(node);
  if (now.outgoing.empty() || configuration_place(node, node.log.size()) > node.commit) return;
  now.outgoing.clear();
  node.log.push_back({node.term, 2, text(now)});
}

/// No voter in the configuration in force, which is committed.
bool TraceCheck::has_left(const Node& node) {
  return !in_force(node).decides(node.id) && configuration_place(node, node.log.size()) <= node.commit;
}

void TraceCheck::say_removed(const Node& node) {
  bool was_member = node.first.has(node.id);
  for (Number index = 1; index <= node.commit; ++index) was_member = was_member || in_force(node, index).has(node.id);
  require(was_member && !in_force(node, node.commit).has(node.id) && !in_force(node).has(node.id), "a node says that it was removed when that is committed");
}

}  // namespace daftar::consensus::test
