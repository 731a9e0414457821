#include "tests/consensus/trace_check.h"

#include <algorithm>
#include <stdexcept>

namespace daftar::consensus::test {
namespace {

struct NotAllowed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool allowed, const char* rule) {
  if (!allowed) throw NotAllowed(rule);
}

}  // namespace

std::optional<std::string> TraceCheck::check(const std::string& line) {
  ++lines_;
  try {
    const Json json = Json::parse(line);
    Node& node = nodes_[json.at("node")];
    const std::string event = json.at("event");
    if (event == "restore") restore(node, json);
    else if (event == "output") output(node, json);
    else input(node, json);
    const Json& after = json.at("after");
    require(after.at("term") == node.term, "the term changes only by a campaign or a message of a later term");
    require(after.at("vote") == node.vote, "a vote is given once in a term, on a request, and lost only with the term");
    require(after.at("role") == node.role, "the role does not follow from the input");
    require(after.at("last") == last(node), "the log is not what the input makes of it");
    require(after.at("commit") == node.commit, "the commit index does not follow from the input");
  } catch (const NotAllowed& reason) {
    return "line " + std::to_string(lines_) + ": " + reason.what() + "\n  " + line;
  } catch (const Json::exception& error) {
    return "line " + std::to_string(lines_) + " cannot be read: " + error.what() + "\n  " + line;
  }
  return std::nullopt;
}

bool TraceCheck::majority(const Node& node, const std::set<Number>& of) {
  std::size_t count = 0;
  for (Number voter : node.voters) count += of.count(voter);
  return 2 * count > node.voters.size();
}

/// The disk holds the log in memory up to `index`.
bool TraceCheck::disk_holds(const Node& node, Number index) {
  const auto end = static_cast<std::ptrdiff_t>(index);
  return node.disk.log.size() >= index && node.log.size() >= index && std::equal(node.log.begin(), node.log.begin() + end, node.disk.log.begin());
}

void TraceCheck::write(Disk& disk, const Json& output) {
  if (const Json& state = output.at("hard_state"); !state.is_null()) {
    disk.term = state.at("term");
    disk.vote = state.at("vote");
  }
  const Json& entries = output.at("entries");
  if (entries.empty()) return;
  disk.log.resize(entries[0][1].get<Number>() - 1);
  for (const Json& e : entries) disk.log.push_back(entry(e));
}

// ---- a (re)start: from what the disk holds, of the writes under way any number of the first ones

void TraceCheck::restore(Node& node, const Json& line) {
  Disk found;
  const Number before = line.at("before_tail")[1];
  found.term = line.at("hard_state").at("term");
  found.vote = line.at("hard_state").at("vote");
  auto agrees = [&](const Disk& disk) {
    if (disk.term != found.term || disk.vote != found.vote || disk.log.size() != before + line.at("tail").size()) return false;
    for (std::size_t i = before; i < disk.log.size(); ++i)
      if (!(disk.log[i] == entry(line.at("tail")[i - before]))) return false;
    return before == 0 || disk.log[before - 1].term == line.at("before_tail")[0];
  };
  Disk disk = node.disk;
  bool known = agrees(disk);
  for (auto write_it = node.writes.begin(); !known && write_it != node.writes.end(); ++write_it) {
    write(disk, write_it->output);
    known = agrees(disk);
  }
  require(known, "a node restarts with the term, vote and log that its disk was given");
  const Number commit = std::max(line.at("applied").get<Number>(), std::min(line.at("hard_state").at("commit").get<Number>(), Number{disk.log.size()}));
  require(commit <= std::max(node.commit, node.handed_out), "a node restarts with a commit index it never had");
  Node fresh;
  fresh.id = line.at("node");
  for (const Json& voter : line.at("voters")) fresh.voters.insert(voter.get<Number>());
  fresh.term = fresh.issued_term = disk.term;
  fresh.vote = fresh.issued_vote = disk.vote;
  fresh.log = fresh.issued_log = disk.log;
  fresh.commit = commit;
  fresh.handed_out = line.at("applied");
  if (fresh.vote != 0) fresh.voted[fresh.term] = fresh.vote;
  fresh.disk = std::move(disk);
  node = std::move(fresh);
}

// ---- inputs

void TraceCheck::input(Node& node, const Json& line) {
  const std::string event = line.at("event");
  const Json& after = line.at("after");
  if (event == "synced") {
    while (!node.writes.empty() && node.writes.front().batch <= line.at("batch").get<Number>()) {
      write(node.disk, node.writes.front().output);
      for (const Json& message : node.writes.front().output.at("send_after_sync")) released_.insert(message.dump());
      node.writes.pop_front();
    }
  }
  change_term(node, line);
  if (event == "step") receive(node, line.at("message"), after);
  if (event == "propose" && line.at("taken").get<bool>()) {
    require(node.role == "leader", "only a leader appends proposals");
    node.log.push_back({node.term, 1, line.at("payload")});
  }
  change_role(node, after.at("role"));
  if (node.role == "leader") advance_leader_commit(node, after.at("commit"));
}

// All servers: a later term in a request or reply is adopted. Followers, candidates: a campaign is term + 1 and the own vote.
void TraceCheck::change_term(Node& node, const Json& line) {
  const Json& after = line.at("after");
  const Number term = after.at("term");
  if (term == node.term) return;
  require(term > node.term, "a term never falls");
  const std::string event = line.at("event");
  const Json message = line.value("message", Json::object());
  const std::string type = message.value("type", "");
  const bool pre = message.value("pre", false);
  const bool adopted = event == "step" && message.at("term") == term && (type != "vote" || !pre) && after.at("role") == "follower";
  const bool campaign = term == node.term + 1 && after.at("role") == "candidate" && after.at("vote") == node.id && node.role != "leader" &&
                        node.voters.count(node.id) != 0 && (event == "tick" || type == "timeout_now" || (type == "vote_reply" && pre));
  require(adopted || campaign, "a term rises by a campaign, or to that of a message");
  node.term = term;
  node.vote = campaign ? node.id : 0;
  node.role = campaign ? "candidate" : "follower";
  node.votes.clear();
  node.match.clear();
  if (!campaign) return;
  node.voted[term] = node.id;
  node.campaigns[term] = last(node);
}

void TraceCheck::receive(Node& node, const Json& message, const Json& after) {
  require(released_.count(message.dump()) != 0, "a message arrives that its sender was not free to send");
  const std::string type = message.at("type");
  const Number from = message.at("from");
  const Number term = message.at("term");
  if (type == "vote" && after.at("vote") != node.vote) {
    require(node.vote == 0 && after.at("vote") == from && !message.at("pre").get<bool>() && term == node.term, "a vote goes to one candidate of the term");
    require(message.at("last") >= last(node), "a vote goes to a log at least as up to date");
    node.vote = node.voted[term] = from;
  } else if (type == "vote_reply") {
    const bool counts = message.at("granted").get<bool>() && !message.at("pre").get<bool>();
    if (counts && node.role == "candidate" && term == node.term && message.at("election") == node.term) node.votes.insert(from);
  } else if (type == "append" && term == node.term) {
    append_entries(node, message, after);
  } else if (type == "append_reply" && node.role == "leader" && term == node.term && message.at("success").get<bool>()) {
    node.match[from] = std::max(node.match[from], message.at("match").get<Number>());
  }
}

// AppendEntries RPC, receiver implementation 2-5. What does not fit into memory may be left out whole, if it conflicts with nothing.
void TraceCheck::append_entries(Node& node, const Json& message, const Json& after) {
  require(node.role != "leader", "two leaders in one term");
  node.role = "follower";
  const Number previous = message.at("previous")[1];
  const bool agrees = previous <= node.log.size() && (previous == 0 || node.log[previous - 1].term == message.at("previous")[0]);
  if (!agrees) return;
  std::vector<Entry> log = node.log;
  Number index = previous;
  bool conflict = false;
  for (const Json& e : message.at("entries")) {
    ++index;
    if (index <= log.size() && log[index - 1].term == entry(e).term) continue;
    if (index <= log.size()) {
      require(index > node.commit, "a committed entry is replaced");
      log.resize(index - 1);
      conflict = true;
    }
    log.push_back(entry(e));
  }
  const bool left_out = !conflict && log.size() > node.log.size() && after.at("last") == last(node);
  const Number verified = left_out ? previous : index;
  if (!left_out) node.log = std::move(log);
  node.verified[node.term] = std::max(node.verified[node.term], verified);
  node.commit = std::max(node.commit, std::min(message.at("commit").get<Number>(), verified));
}

void TraceCheck::change_role(Node& node, const std::string& role) {
  if (role == node.role) return;
  if (role == "leader") {
    std::set<Number> votes = node.votes;
    if (node.disk.term == node.term && node.disk.vote == node.id) votes.insert(node.id);
    require(node.role == "candidate" && majority(node, votes), "a leader has the votes of a majority, its own when it is on disk");
    require(leaders_.try_emplace(node.term, node.id).first->second == node.id, "election safety: two leaders in one term");
    node.led.insert(node.term);
    node.log.push_back({node.term, 0, ""});
    node.match.clear();
  } else if (role == "pre_candidate") {
    require(node.role != "leader" && node.voters.count(node.id) != 0, "only a voter that does not lead prepares a campaign");
  } else {
    require(role == "follower", "a candidacy begins with a new term");
  }
  node.votes.clear();
  node.role = role;
}

// Leaders: N > commitIndex, a majority of matchIndex[i] >= N, log[N].term == currentTerm.
void TraceCheck::advance_leader_commit(Node& node, Number commit) {
  if (commit <= node.commit) return;
  require(commit <= node.log.size() && node.log[commit - 1].term == node.term, "a leader commits by counting only entries of its own term");
  std::set<Number> holders;
  for (const auto& [peer, match] : node.match)
    if (match >= commit) holders.insert(peer);
  if (disk_holds(node, commit)) holders.insert(node.id);
  require(majority(node, holders), "a leader commits what a majority of disks hold");
  node.commit = commit;
}

// ---- outputs

void TraceCheck::output(Node& node, const Json& line) {
  if (const Json& state = line.at("hard_state"); !state.is_null()) {
    node.issued_term = state.at("term");
    node.issued_vote = state.at("vote");
    require(state.at("commit") <= node.commit, "a commit index is written that was never reached");
  }
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
  for (const Json& e : line.at("committed")) {
    const Number index = e[1];
    require(index == node.handed_out + 1 && index <= node.commit && node.log[index - 1] == entry(e), "entries are applied in order, once committed");
    require(disk_holds(node, index), "a node applies what its own disk holds");
    node.handed_out = index;
  }
  if (line.at("write").get<bool>()) node.writes.push_back({line.at("batch"), line});
}

void TraceCheck::send(const Node& node, const Json& message, bool promised_on_disk) {
  const std::string type = message.at("type");
  const Number term = message.at("term");
  require(message.at("from") == node.id && term <= node.term + (message.value("pre", false) ? 1 : 0), "a message carries its sender's term");
  auto on_disk = [&](bool held) { require(!promised_on_disk || node.disk.term > term || (node.disk.term == term && held), "a promise leaves before its sync"); };
  if (type == "vote" && !message.at("pre").get<bool>()) {
    const auto campaign = node.campaigns.find(term);
    require(campaign != node.campaigns.end() && campaign->second == message.at("last"), "votes are asked for in a campaign, for the log as it is");
    on_disk(node.disk.vote == node.id);
  } else if (type == "vote_reply" && message.at("granted").get<bool>() && !message.at("pre").get<bool>()) {
    const auto vote = node.voted.find(message.at("election"));
    require(vote != node.voted.end() && vote->second == message.at("to"), "a vote is promised that was not given");
    on_disk(node.disk.vote == message.at("to"));
  } else if (type == "append_reply" && message.at("success").get<bool>()) {
    const Number match = message.at("match");
    const auto verified = node.verified.find(term);
    require(match == 0 || (verified != node.verified.end() && match <= verified->second), "a follower acknowledges what it did not check");
    on_disk(term < node.term || disk_holds(node, match));
  } else if (type == "append") {
    require(node.led.count(term) != 0, "only a leader sends appends");
    if (node.role != "leader" || term != node.term) return;
    Number index = message.at("previous")[1];
    require(index <= node.log.size() && (index == 0 || node.log[index - 1].term == message.at("previous")[0]), "a leader sends another log than its own");
    for (const Json& e : message.at("entries")) {
      ++index;
      require(index <= node.log.size() && node.log[index - 1] == entry(e), "a leader sends another log than its own");
    }
    require(message.at("commit") <= node.commit, "a leader announces a commit index it has not reached");
  }
}

}  // namespace daftar::consensus::test
