#include "tests/consensus/trace_check.h"

#include <algorithm>

#include "tests/consensus/trace_rule.h"

namespace daftar::consensus::test {

std::optional<std::string> TraceCheck::check(const std::string& line) {
  ++lines_;
  try {
    const Json json = Json::parse(line);
    Node& node = nodes_[json.at("node")];
    const std::string event = json.at("event");
    if (event == "copy" || event == "old_disk") {
      disk_event(node, json);
      return std::nullopt;
    }
    if (event == "restore") restore(node, json);
    else if (event == "output") output(node, json);
    else input(node, json);
    const Json& after = json.at("after");
    change_doubt(node, after);
    require(after.at("term") == node.term, "the term changes only by a campaign or a message of a later term");
    require(after.at("vote") == node.vote, "a vote is given once in a term, on a request, and lost only with the term");
    require(after.at("role") == node.role, "the role does not follow from the input");
    require(after.at("last") == last(node), "the log is not what the input makes of it");
    require(after.at("commit") == node.commit, "the commit index does not follow from the input");
    require(configuration(after.at("membership")) == in_force(node), "the configuration in force is the newest in the log");
  } catch (const NotAllowed& reason) {
    return "line " + std::to_string(lines_) + ": " + reason.what() + "\n  " + line;
  } catch (const Json::exception& error) {
    return "line " + std::to_string(lines_) + " cannot be read: " + error.what() + "\n  " + line;
  }
  return std::nullopt;
}

bool TraceCheck::majority(const Configuration& configuration, const std::set<Number>& of) {
  auto half_of = [&](const std::set<Number>& voters) {
    std::size_t count = 0;
    for (Number voter : voters) count += of.count(voter);
    return 2 * count > voters.size();
  };
  return half_of(configuration.voters) && (configuration.outgoing.empty() || half_of(configuration.outgoing));
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
  // A snapshot may have come into its place before the core was told: then the log on disk is empty after it, and before it the history.
  const Number snapshot = node.arrival && node.arrival->done ? node.arrival->message.at("position")[1].get<Number>() : 0;
  const auto agrees_with_snapshot = [&] {
    if (snapshot == 0 || snapshot != before || !line.at("tail").empty()) return false;
    Disk installed{disk.term, disk.vote, {history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(snapshot)}};
    if (!agrees(installed)) return false;
    disk = std::move(installed);
    return true;
  };
  known = known || agrees_with_snapshot();
  for (auto write_it = node.writes.begin(); !known && write_it != node.writes.end(); ++write_it) {
    write(disk, write_it->output);
    known = agrees(disk) || agrees_with_snapshot();
  }
  require(known, "a node restarts with the term, vote and log that its disk was given");
  const Number commit = std::max(line.at("applied").get<Number>(), std::min(line.at("hard_state").at("commit").get<Number>(), Number{disk.log.size()}));
  const bool installed = snapshot != 0 && before >= snapshot;
  require(commit <= std::max({node.commit, node.handed_out, installed ? snapshot : 0}), "a node restarts with a commit index it never had");
  const Json& mark = line.at("snapshot");
  const Number compacted = mark[1];
  // What was to leave the log may not have left it yet.
  require(compacted <= std::max(node.compacted, installed ? snapshot : 0) && compacted <= before && (compacted == 0 || disk.log[compacted - 1].term == mark[0]), "a log begins where it was compacted");
  Node fresh;
  fresh.id = line.at("node");
  fresh.first = node.id == 0 ? configuration(line.at("membership")) : node.first;
  fresh.compacted = compacted;
  fresh.applied = line.at("applied");
  fresh.term = fresh.issued_term = disk.term;
  fresh.vote = fresh.issued_vote = disk.vote;
  fresh.log = fresh.issued_log = disk.log;
  fresh.commit = commit;
  fresh.handed_out = line.at("applied");
  fresh.withheld = line.at("after").at("withheld");
  if (line.at("in_doubt").get<bool>()) fresh.doubt = Json::array({0, 0}), fresh.certain = true;
  if (fresh.doubt && fresh.vote == 0 && fresh.term != 0) fresh.vote = fresh.id;
  if (fresh.vote != 0) fresh.voted[fresh.term] = fresh.vote;
  fresh.disk = std::move(disk);
  require(configuration(line.at("membership")) == in_force(fresh, before), "a node restarts with the configuration of its log");
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
  if (event == "trust_disk") node.withheld = false;
  if (event == "recalled") recalled(node, line);
  if (event == "peer_restarted") node.match.erase(line.at("peer").get<Number>());   // its disk may hold less than it acknowledged
  change_term(node, line);
  if (event == "step") receive(node, line.at("message"), after);
  if (event == "propose" && line.at("taken").get<bool>()) {
    require(node.role == "leader", "only a leader appends proposals");
    node.log.push_back({node.term, 1, line.at("payload")});
  }
  if (event == "change" && line.at("taken").get<bool>()) change(node, line.at("steps"));
  if (event == "read" && line.at("taken").get<bool>()) ask_read(node, line);
  if (event == "applied") node.applied = line.at("index");
  if (event == "compact") compact(node, line.at("mark"));
  if (node.arrival && line.value("arrival", Number{0}) == node.arrival->message.value("id", Number{0})) {
    if (event == "snapshot_installed") install_snapshot(node);
    if (event == "snapshot_wants" || event == "snapshot_failed") node.arrival.reset();
  }
  change_role(node, after.at("role"));
  if (node.role == "leader") advance_leader_commit(node, after.at("commit"));
  confirm_reads(node);
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
                        may_campaign(node) && (event == "tick" || type == "timeout_now" || (type == "vote_reply" && pre));
  require(adopted || campaign, "a term rises by a campaign, or to that of a message");
  node.term = term;
  node.vote = campaign || spends_votes(node) ? node.id : 0;
  node.role = campaign ? "candidate" : "follower";
  node.votes.clear();
  node.match.clear();
  if (!campaign) return;
  node.voted[term] = node.id;
  node.campaigns[term] = {last(node), in_force(node)};
}

void TraceCheck::receive(Node& node, const Json& message, const Json& after) {
  require(released_.count(message.dump()) != 0, "a message arrives that its sender was not free to send");
  const std::string type = message.at("type");
  const Number from = message.at("from");
  const Number term = message.at("term");
  if (type == "vote" && after.at("vote") != node.vote) {
    require(node.vote == 0 && after.at("vote") == from && !message.at("pre").get<bool>() && term == node.term, "a vote goes to one candidate of the term");
    require(message.at("last") >= last(node), "a vote goes to a log at least as up to date");
    vote_in_doubt(node, message.at("last"));
    node.vote = node.voted[term] = from;
  } else if (type == "vote_reply") {
    const bool counts = message.at("granted").get<bool>() && !message.at("pre").get<bool>();
    if (counts && node.role == "candidate" && term == node.term && message.at("election") == node.term) node.votes.insert(from);
  } else if (type == "append" && term == node.term) {
    append_entries(node, message, after);
  } else if (type == "snapshot" && term == node.term) {
    receive_snapshot(node, message);
  } else if (type == "append_reply" && node.role == "leader" && term == node.term) {
    node.heard[from] = std::max(node.heard[from], message.at("context").get<Number>());
    if (message.at("success").get<bool>()) node.match[from] = std::max(node.match[from], message.at("match").get<Number>());
  }
}

// AppendEntries RPC, receiver implementation 2-5. What does not fit into memory may be left out whole, if it conflicts with nothing.
void TraceCheck::append_entries(Node& node, const Json& message, const Json& after) {
  require(node.role != "leader", "two leaders in one term");
  node.role = "follower";
  if (node.withheld) return;
  node.rounds[node.term] = std::max(node.rounds[node.term], message.at("context").get<Number>());
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
  const bool installing = node.arrival && node.arrival->done;  // then the log is being replaced, and nothing gets in
  const bool left_out = (installing || (!conflict && log.size() > node.log.size())) && log != node.log && after.at("last") == last(node);
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
    require(node.role == "candidate" && majority(in_force(node), votes), "a leader has the votes of a majority, its own when it is on disk");
    require(leaders_.try_emplace(node.term, node.id).first->second == node.id, "election safety: two leaders in one term");
    node.led.insert(node.term);
    node.log.push_back({node.term, 0, ""});
    node.match.clear();
    node.heard.clear();
    node.context = 0;
  } else if (role == "pre_candidate") {
    require(node.role != "leader" && may_campaign(node), "only a voter that does not lead prepares a campaign");
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
  require(majority(in_force(node), holders), "a leader commits what a majority of disks hold");
  node.commit = commit;
  end_joint(node);
}

}  // namespace daftar::consensus::test
