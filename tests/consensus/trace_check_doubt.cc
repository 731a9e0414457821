// Disks that hold less than was promised: what a node may do before it has asked the others, and while it is in doubt (docs/consensus.md, "Old,
// empty and damaged disks").
#include <algorithm>

#include "tests/consensus/trace_check.h"
#include "tests/consensus/trace_rule.h"

namespace daftar::consensus::test {

/// A copy is made of a disk; or one, number 0 an empty one, is put in its place.
void TraceCheck::disk_event(Node& node, const Json& line) {
  const std::pair<Number, Number> name{line.at("node"), line.at("copy")};
  if (line.at("event") == "copy") {
    copies_[name] = {node.disk, node.writes, node.compacted};
    return;
  }
  require(name.second == 0 || copies_.count(name) != 0, "a copy is put back that nobody made");
  const Copy copy = name.second == 0 ? Copy{} : copies_[name];
  node.disk = copy.disk;
  node.writes = copy.writes;
  node.compacted = copy.compacted;
  node.arrival.reset();
}

/// An answer of a voter. What it remembers is beyond this term or this log: the node is in doubt. It goes to the highest term that it was told,
/// and a vote it may have forgotten there is spent.
void TraceCheck::recalled(Node& node, const Json& line) {
  const Number from = line.at("from");
  if (line.at("of") != node.id || from == node.id || !in_force(node).decides(from)) return;
  node.told_by.insert(from);
  node.told_term = std::max({node.told_term, line.at("term").get<Number>(), line.at("own_term").get<Number>()});
  node.others_end = std::max(node.others_end, line.at("own_last"));
  node.remembered = std::max({node.remembered, line.at("held"), line.at("offered")});
  const Json known = std::max(last(node), node.settled);
  const bool certain = line.at("term") > node.term || line.at("held") > known;
  if (!node.doubt && !certain && !(line.at("offered") > known)) return;
  node.certain = node.certain || certain;
  const Json nowhere = Json::array({0, 0});
  node.doubt = std::max(node.doubt.value_or(nowhere), line.at("held") > node.settled ? line.at("held") : nowhere);
  if (node.told_term > node.term) {
    node.term = node.told_term;
    node.vote = 0;
  }
  if (node.vote == 0 && node.term != 0) node.vote = node.id;
  node.role = "follower";
  node.votes.clear();
  node.match.clear();
  if (node.certain) take_round(node, line);
}

bool TraceCheck::all_others(const Node& node, const std::set<Number>& answered) {
  const Configuration now = in_force(node);
  const auto all_of = [&](const std::set<Number>& voters) {
    return std::all_of(voters.begin(), voters.end(), [&](Number voter) { return voter == node.id || answered.count(voter) != 0; });
  };
  return all_of(now.voters) && all_of(now.outgoing);
}

/// A majority of the voters without this node, or all of them.
bool TraceCheck::heard_enough(const Node& node) { return majority(in_force(node), node.told_by) || all_others(node, node.told_by); }

/// All other voters have answered, and all of the same ones again, to a question asked after that, none of them in doubt: what was remembered beyond
/// the longest of their logs is no reason to wait any more. Then they are asked anew.
void TraceCheck::take_round(Node& node, const Json& line) {
  if (!all_others(node, node.told_by)) return;
  const Configuration now = in_force(node);
  std::set<Number> voters = now.voters;
  voters.insert(now.outgoing.begin(), now.outgoing.end());
  const bool counts = node.asked == voters && line.at("round") == node.round && line.at("whole") == true;
  if (counts) {
    node.round_told_by.insert(line.at("from").get<Number>());
    node.round_end = std::max(node.round_end, line.at("own_last"));
  }
  if (counts && all_others(node, node.round_told_by) && node.round_end < std::max(*node.doubt, node.others_end)) {
    node.doubt = node.others_end = node.round_end;
    node.settled = node.remembered;
  }
  if (node.asked == voters && !(counts && all_others(node, node.round_told_by))) return;
  ++node.round;
  node.asked = voters;
  node.round_told_by.clear();
  node.round_end = Json::array({0, 0});
}

/// In a term that it takes up now it may have voted before.
bool TraceCheck::spends_votes(const Node& node) { return node.withheld || (node.doubt && node.certain && !heard_enough(node)); }

void TraceCheck::vote_in_doubt(const Node& node, const Json& candidates_last) {
  require(!node.withheld, "a node promises nothing before it has asked the others");
  if (!node.doubt) return;
  require(!node.certain || heard_enough(node), "a node that has lost something votes only when enough of the others were heard");
  require(candidates_last >= std::max(*node.doubt, node.others_end), "a node in doubt votes only for a log that has what it may have lost");
}

/// Doubt begins by an answer. It ends when the log on disk reaches what it is remembered to have held, and those of all who answered, or holds
/// a committed entry of the present leader's term.
void TraceCheck::change_doubt(Node& node, const Json& after) {
  require(after.at("withheld") == node.withheld, "a node promises nothing before it has asked the others");
  const bool doubts = after.at("doubt");
  require(!doubts || node.doubt, "doubt begins when another remembers more than there is");
  if (doubts || !node.doubt) return;
  Number durable = std::min(node.log.size(), node.disk.log.size());
  while (!disk_holds(node, durable)) --durable;
  const auto term_at = [&](Number index) { return index == 0 ? 0 : node.log[index - 1].term; };
  const Json end = Json::array({term_at(durable), durable});
  require(!node.withheld && end >= *node.doubt, "doubt ends when the disk holds again what it is remembered to have held");
  const bool as_long_as_theirs = (heard_enough(node) || !node.certain) && end >= node.others_end;
  const bool as_long_as_the_leaders = node.role == "follower" && term_at(std::min(node.commit, durable)) == node.term;
  require(as_long_as_theirs || as_long_as_the_leaders, "doubt ends when the log on disk has all that may have been committed");
  node.doubt.reset();
  node.certain = false;
}

}  // namespace daftar::consensus::test
