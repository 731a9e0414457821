// Outputs: what is written, sent, applied and answered.
#include "tests/consensus/trace_check.h"
#include "tests/consensus/trace_rule.h"

namespace daftar::consensus::test {

void TraceCheck::output(Node& node, const Json& line) {
  if (const Json& state = line.at("hard_state"); !state.is_null()) {
    node.issued_term = state.at("term");
    node.issued_vote = state.at("vote");
    require(state.at("commit") <= node.commit, "a commit index is written that was never reached");
  }
  // 4.2.2: a leader that its own change removes leads until the change is committed. Its last requests leave with this output.
  const bool leaves = node.role == "leader" && line.at("after").at("role") == "follower";
  require(!leaves || has_left(node), "a leader leaves by itself only when its removal is committed");
  require(leaves || node.role != "leader" || !has_left(node), "a leader leaves when its removal is committed");
  require(node.issued_term == node.term && node.issued_vote == node.vote, "every change of term or vote is written");
  Disk issued{0, 0, std::move(node.issued_log)};
  write(issued, line);
  node.issued_log = std::move(issued.log);
  require(node.issued_log == node.log, "what is written is the log");
  for (const Json& message : line.at("send_now")) {
    send(node, message, true);
    released_.insert(message.dump());
  }
  for (const Json& message : line.at("send_after_sync")) send(node, message, false);
  hand_out(node, line.at("committed"));
  answer_reads(node, line);
  for (const Json& id : line.at("arrivals"))
    if (node.arrival) node.arrival->message["id"] = id;
  if (line.at("removed").get<bool>()) say_removed(node);
  if (line.at("write").get<bool>()) node.writes.push_back({line.at("batch"), line});
  if (leaves) change_role(node, "follower");
}

void TraceCheck::hand_out(Node& node, const Json& committed) {
  for (const Json& e : committed) {
    const Number index = e[1];
    require(index == node.handed_out + 1 && index <= node.commit && node.log[index - 1] == entry(e), "entries are applied in order, once committed");
    require(disk_holds(node, index), "a node applies what its own disk holds");
    if (index == history_.size() + 1) history_.push_back(entry(e));
    require(index <= history_.size() && history_[index - 1] == entry(e), "state machine safety: another entry was applied at this index");
    node.handed_out = index;
  }
}

void TraceCheck::send(Node& node, const Json& message, bool promised_on_disk) {
  const std::string type = message.at("type");
  const Number term = message.at("term");
  const Number to = message.at("to");
  require(message.at("from") == node.id && term <= node.term + (message.value("pre", false) ? 1 : 0), "a message carries its sender's term");
  auto on_disk = [&](bool held) { require(!promised_on_disk || node.disk.term > term || (node.disk.term == term && held), "a promise leaves before its sync"); };
  if (type == "vote" && !message.at("pre").get<bool>()) {
    const auto campaign = node.campaigns.find(term);
    require(campaign != node.campaigns.end() && campaign->second.first == message.at("last"), "votes are asked for in a campaign, for the log as it is");
    require(campaign->second.second.decides(to), "votes are asked of voters");
    on_disk(node.disk.vote == node.id);
  } else if (type == "vote_reply" && message.at("granted").get<bool>() && !message.at("pre").get<bool>()) {
    const auto vote = node.voted.find(message.at("election"));
    require(vote != node.voted.end() && vote->second == to, "a vote is promised that was not given");
    on_disk(node.disk.vote == to);
  } else if (type == "append_reply") {
    const auto round = node.rounds.find(term);
    require(message.at("context") == 0 || (round != node.rounds.end() && message.at("context") <= round->second), "a follower confirms a round that it did not hear of");
    if (!message.at("success").get<bool>()) return;
    const Number match = message.at("match");
    const auto verified = node.verified.find(term);
    require(match == 0 || (verified != node.verified.end() && match <= verified->second), "a follower acknowledges what it did not check");
    on_disk(term < node.term || disk_holds(node, match));
  } else if (type == "append") {
    send_append(node, message);
  } else if (type == "snapshot") {
    send_snapshot(node, message);
  } else if (type == "timeout_now") {
    require(node.led.count(term) != 0 && (node.role != "leader" || term != node.term || in_force(node).voters.count(to) != 0), "only a leader chooses a successor, among the voters that stay");
  }
}

void TraceCheck::send_append(Node& node, const Json& message) {
  require(node.led.count(message.at("term")) != 0, "only a leader sends appends");
  if (node.role != "leader" || message.at("term") != node.term) return;
  Number index = message.at("previous")[1];
  require(index <= node.log.size() && (index == 0 || node.log[index - 1].term == message.at("previous")[0]), "a leader sends another log than its own");
  for (const Json& e : message.at("entries")) {
    ++index;
    require(index <= node.log.size() && node.log[index - 1] == entry(e), "a leader sends another log than its own");
  }
  const Number last = last_for(node, message.at("to"));
  require(message.at("commit") <= node.commit, "a leader announces a commit index it has not reached");
  require((message.at("entries").empty() || index <= last) && message.at("commit") <= last, "who was removed is told of its removal and of nothing after it");
  node.context = std::max(node.context, message.at("context").get<Number>());
}

}  // namespace daftar::consensus::test
