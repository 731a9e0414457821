// Reads without writing to the log (6.4); snapshots and compaction (5).
#include "tests/consensus/trace_check.h"
#include "tests/consensus/trace_rule.h"

namespace daftar::consensus::test {

// ---- reads

void TraceCheck::ask_read(Node& node, const Json& line) {
  require(node.role == "leader", "only a leader takes reads");
  // Of its own term's entries, the first: what it knows to be committed before that may lie behind what its predecessor answered.
  Number first = node.log.size();
  while (first > 1 && node.log[first - 2].term == node.term) --first;
  require(node.reads.try_emplace(line.at("id"), Read{node.term, std::max(node.commit, first), node.context}).second, "a read has an id of its own");
}

/// Confirmed: a majority answered a request that was sent after the read was asked for, while this leadership lasted.
void TraceCheck::confirm_reads(Node& node) {
  if (node.role != "leader") return;
  for (auto& [id, read] : node.reads) {
    if (read.term != node.term || read.confirmed) continue;
    std::set<Number> heard{node.id};
    for (const auto& [peer, context] : node.heard)
      if (context > read.context) heard.insert(peer);
    read.confirmed = majority(in_force(node), heard);
  }
}

void TraceCheck::answer_reads(Node& node, const Json& line) {
  confirm_reads(node);
  for (const Json& answer : line.at("reads")) {
    const auto read = node.reads.find(answer[0]);
    require(read != node.reads.end(), "a read is answered that nobody asked for");
    require(read->second.confirmed, "a read waits for a majority to confirm a round begun after it");
    require(answer[1] >= read->second.least, "a read sees what was committed when it was asked for, and an entry of its leader's term");
    require(answer[1] <= node.commit, "a read sees only what is committed");
    node.reads.erase(read);
  }
  for (const Json& id : line.at("reads_aborted")) require(node.reads.erase(id) == 1, "a read is aborted that was not open");
}

// ---- snapshots

/// InstallSnapshot RPC, the receiver: what is known to be committed is kept; else the caller gets the pieces, one at a time.
void TraceCheck::receive_snapshot(Node& node, const Json& message) {
  require(node.role != "leader", "two leaders in one term");
  node.role = "follower";
  if (node.withheld) return;
  const Number index = message.at("position")[1];
  if (index > node.commit && index <= node.log.size() && node.log[index - 1].term == message.at("position")[0]) node.commit = index;
  if (index <= node.commit)
    node.verified[node.term] = std::max(node.verified[node.term], node.commit);
  else if (!node.arrival)
    node.arrival = Arrival{message, message.at("done")};
}

/// The whole state, and a log that is empty after it. Here the log is what all nodes have applied up to there.
void TraceCheck::install_snapshot(Node& node) {
  const Json message = node.arrival->message;
  require(node.arrival->done, "a snapshot is installed when its last piece has come");
  for (const Write& write : node.writes) require(write.output.at("entries").empty(), "a snapshot is installed after the writes before it");
  const Number index = message.at("position")[1];
  const Configuration snapshot = configuration(message.at("membership"));
  node.log.assign(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(index));
  if (configuration_place(node, index) == 0) node.first = snapshot;
  node.disk.log = node.issued_log = node.log;
  node.commit = node.handed_out = node.applied = node.compacted = index;
  node.verified[node.term] = std::max(node.verified[node.term], index);
  node.arrival.reset();
}

void TraceCheck::send_snapshot(const Node& node, const Json& message) const {
  require(node.led.count(message.at("term")) != 0, "only a leader sends snapshots");
  const Number index = message.at("position")[1];
  require(index > 0 && index <= history_.size() && history_[index - 1].term == message.at("position")[0], "a snapshot holds what was applied");
  if (index <= node.log.size()) require(configuration(message.at("membership")) == in_force(node, index), "a snapshot holds the configuration of its place");
}

void TraceCheck::compact(Node& node, const Json& mark) {
  const Number index = mark[1];
  require(index <= node.applied && disk_holds(node, index), "only what is applied, and durable, leaves the log");
  require(index == 0 || node.log[index - 1].term == mark[0], "a log is compacted at a place of its own");
  node.compacted = std::max(node.compacted, index);
}

}  // namespace daftar::consensus::test
