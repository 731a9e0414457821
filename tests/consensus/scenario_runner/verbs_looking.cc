// Verbs that print what is, and that demand what must be.
#include <algorithm>
#include <array>

#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string line;
  for (const std::string& part : parts) line += (line.empty() ? "" : " ") + part;
  return line;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string terms(const std::vector<Entry>& entries) {
  std::vector<std::string> parts;
  for (const Entry& entry : entries) parts.push_back(number(entry.term.value));
  return joined(parts);
}

std::string ids(const std::vector<NodeId>& nodes) {
  std::vector<std::string> parts;
  for (NodeId node : nodes) parts.push_back(text(node));
  return joined(parts);
}

std::string payloads(const Node& node) {
  std::vector<std::string> parts;
  for (const Entry& entry : node.state)
    if (entry.kind == EntryKind::payload) parts.push_back(*entry.payload);
  return joined(parts);
}

/// One fact of a node as text: what `expect` compares.
struct Fact {
  std::string_view name;
  std::string (*of)(const Node& node);
};

constexpr std::array facts{
    Fact{"role", [](const Node& n) { return describe(n.raft->status().role); }},
    Fact{"term", [](const Node& n) { return number(n.raft->status().term.value); }},
    Fact{"vote", [](const Node& n) { return number(n.raft->status().voted_for.value); }},
    Fact{"leader", [](const Node& n) { return number(n.raft->status().leader.value); }},
    Fact{"last", [](const Node& n) { return describe(n.raft->status().last); }},
    Fact{"durable", [](const Node& n) { return number(n.raft->status().durable.value); }},
    Fact{"commit", [](const Node& n) { return number(n.raft->status().commit.value); }},
    Fact{"applied", [](const Node& n) { return number(n.raft->status().applied.value); }},
    Fact{"window-first", [](const Node& n) { return number(n.raft->status().window_first.value); }},
    Fact{"transfer", [](const Node& n) { return number(n.raft->status().transfer_target.value); }},
    Fact{"disk-hangs", [](const Node& n) { return std::string(n.raft->status().disk_hangs ? "yes" : "no"); }},
    Fact{"match-min", [](const Node& n) { return number(n.raft->status().match_min.value); }},
    Fact{"reads-open", [](const Node& n) { return number(n.raft->status().reads_open); }},
    Fact{"voters", [](const Node& n) { return ids(n.raft->status().membership.voters); }},
    Fact{"outgoing", [](const Node& n) { return ids(n.raft->status().membership.outgoing); }},
    Fact{"learners", [](const Node& n) { return ids(n.raft->status().membership.learners); }},
    Fact{"withheld", [](const Node& n) { return std::string(n.raft->status().withheld ? "yes" : "no"); }},
    Fact{"doubt", [](const Node& n) { return n.raft->status().in_doubt ? describe(n.raft->status().doubt_until) : std::string("no"); }},
    Fact{"removed", [](const Node& n) { return std::string(n.raft->status().removed ? "yes" : "no"); }},
    Fact{"compacted", [](const Node& n) { return number(n.raft->status().compacted.value); }},
    Fact{"membership-index", [](const Node& n) { return number(n.raft->status().membership_index.value); }},
    Fact{"log", [](const Node& n) { return terms(n.log); }},
    Fact{"state", payloads},
};

std::string fact_names() {
  std::string names;
  for (const Fact& fact : facts) names += (names.empty() ? "" : ", ") + std::string(fact.name);
  return names;
}

Action expectation(Arguments& arguments, bool has) {
  const NodeNames names = arguments.nodes();
  struct Wanted {
    const Fact* fact;
    std::string value;
  };
  std::vector<Wanted> wanted;
  for (const Option& option : arguments.other_options()) {
    const auto fact = std::find_if(facts.begin(), facts.end(), [&](const Fact& f) { return f.name == option.key; });
    if (fact == facts.end()) throw Mistake(option.at, "expected one of " + fact_names() + ", found '" + option.key + "'");
    std::vector<std::string> values;
    for (const Word& value : option.values) values.push_back(value.text);
    wanted.push_back({&*fact, joined(values)});
  }
  if (wanted.empty()) throw Mistake(arguments.at(), "expect: expected facts such as role=leader");
  return [=](World& world) {
    for (const Node* node : world.running(names))
      for (const Wanted& want : wanted)
        if (const std::string is = want.fact->of(*node); (is == want.value) != has)
          throw Unmet("node " + text(node->id) + " has " + std::string(want.fact->name) + "=" + is + (has ? ", not " + want.value : ""));
  };
}

Action expect(Arguments& arguments) { return expectation(arguments, true); }
Action expect_not(Arguments& arguments) { return expectation(arguments, false); }

Action expect_in_sync(Arguments&) {
  return [](World& world) {
    if (world.in_sync()) return;
    std::string lines;
    for (const Node* node : world.all_running()) lines += "\n" + status_line(*node);
    throw Unmet("the nodes do not agree" + lines);
  };
}

Action status(Arguments& arguments) {
  const NodeNames names = arguments.nodes(true);
  return [=](World& world) {
    for (const Node* node : world.nodes(names)) world.say(status_line(*node));
  };
}

std::string state_name(Progress::State state) {
  switch (state) {
    case Progress::State::probe: return " probe";
    case Progress::State::replicate: return " replicate";
    case Progress::State::snapshot: return " snapshot";
  }
  return " unknown";
}

Action peers(Arguments& arguments) {
  const NodeName name = arguments.node();
  return [=](World& world) {
    const Status status = world.running(name).raft->status();
    if (status.role != Role::leader) return world.say(text(status.self) + " does not lead");
    for (const PeerStatus& peer : status.peers)
      world.say(text(peer.node) + state_name(peer.state) + " match=" + number(peer.match.value) +
                " next=" + number(peer.next.value) + " inflight=" + number(peer.inflight) + (peer.voter ? "" : " learner") +
                (peer.active ? "" : " silent") + (peer.reads_disk ? " reads-disk" : "") + (peer.needs_snapshot ? " needs-snapshot" : "") +
                (peer.snapshot.position.index > Index{0} ? " sends " + describe(peer.snapshot.position) + " offset=" + number(peer.snapshot_offset) : "") +
                (peer.removed ? " removed" : ""));
  };
}

/// One fact of what a leader knows of another node: what `expect-peer` compares.
struct PeerFact {
  std::string_view name;
  std::string (*of)(const PeerStatus& peer);
};

constexpr std::array peer_facts{
    PeerFact{"state", [](const PeerStatus& p) { return state_name(p.state).substr(1); }},
    PeerFact{"match", [](const PeerStatus& p) { return number(p.match.value); }},
    PeerFact{"next", [](const PeerStatus& p) { return number(p.next.value); }},
    PeerFact{"inflight", [](const PeerStatus& p) { return number(p.inflight); }},
    PeerFact{"voter", [](const PeerStatus& p) { return std::string(p.voter ? "yes" : "no"); }},
    PeerFact{"silent", [](const PeerStatus& p) { return std::string(p.active ? "no" : "yes"); }},
    PeerFact{"needs-snapshot", [](const PeerStatus& p) { return std::string(p.needs_snapshot ? "yes" : "no"); }},
};

Action expect_peer(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  struct Wanted {
    const PeerFact* fact;
    std::string value;
  };
  std::vector<Wanted> wanted;
  for (const Option& option : arguments.other_options()) {
    const auto fact = std::find_if(peer_facts.begin(), peer_facts.end(), [&](const PeerFact& f) { return f.name == option.key; });
    if (fact == peer_facts.end() || option.values.size() != 1)
      throw Mistake(option.at, "expected one value of state, match, next, inflight, voter, silent or needs-snapshot, found '" + option.key + "'");
    wanted.push_back({&*fact, option.values.front().text});
  }
  if (wanted.empty()) throw Mistake(arguments.at(), "expect-peer: expected facts such as state=replicate");
  return [=](World& world) {
    const Status status = world.running(name).raft->status();
    const auto peer = std::find_if(status.peers.begin(), status.peers.end(), [&](const PeerStatus& p) { return p.node == other.id; });
    if (peer == status.peers.end()) throw Unmet("node " + text(name.id) + " knows nothing of node " + text(other.id));
    for (const Wanted& want : wanted)
      if (const std::string is = want.fact->of(*peer); is != want.value)
        throw Unmet("node " + text(name.id) + " has node " + text(other.id) + " with " + std::string(want.fact->name) + "=" + is + ", not " + want.value);
  };
}

Action membership(Arguments& arguments) {
  const NodeNames names = arguments.nodes(true);
  return [=](World& world) {
    for (const Node* node : world.running(names)) world.say(text(node->id) + ": " + describe(node->raft->status().membership));
  };
}

Action log(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  return [=](World& world) {
    for (const Node* node : world.running(names)) world.say(text(node->id) + ": " + (node->log.empty() ? "empty" : text(node->log)));
  };
}

Action disk(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  return [=](World& world) {
    for (const Node* node : world.nodes(names)) {
      const HardState& state = node->disk.hard_state;
      std::string line = text(node->id) + ": term=" + number(state.term.value) + " vote=" + text(state.voted_for) + " commit=" + number(state.commit.value);
      const LogPosition newest = node->disk.snapshot.name.position;
      if (newest.index > Index{0}) line += " snapshot=" + describe(newest);
      if (node->disk.mark.index > Index{0}) line += " compacted=" + describe(node->disk.mark);
      if (!node->disk.received.bytes.empty()) line += " received=" + number(node->disk.received.bytes.size());
      line += " log=(" + terms(node->disk.entries) + ")";
      if (!node->writes.empty()) line += " writes-under-way=" + number(node->writes.size());
      world.say(line);
    }
  };
}

Action state(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  return [=](World& world) {
    for (const Node* node : world.nodes(names)) world.say(text(node->id) + ": " + (node->state.empty() ? "empty" : text(node->state)));
  };
}

Action trace(Arguments& arguments) {
  const Word& word = arguments.word("on or off");
  if (word.text != "on" && word.text != "off") expected("on or off", word);
  const bool on = word.text == "on";
  return [=](World& world) { world.trace = on; };
}

constexpr Verb looking_table[] = {
    {"status", "[NODES]", "prints a line for each node: role, term, log, commit", status},
    {"peers", "NODE", "prints what a leader knows of the others", peers},
    {"membership", "[NODES]", "prints the membership in force on each node", membership},
    {"log", "NODES", "prints the log as the core has given it out", log},
    {"disk", "NODES", "prints what is on the disk", disk},
    {"state", "NODES", "prints what the state machine has applied", state},
    {"trace", "on|off", "whether everything that happens is printed from now on", trace},
    {"expect", "NODES FACT=VALUE...", "fails unless each node has these facts", expect},
    {"expect-not", "NODES FACT=VALUE...", "fails if a node has one of these facts", expect_not},
    {"expect-peer", "LEADER NODE FACT=VALUE...", "fails unless a leader has these facts of another node", expect_peer},
    {"expect-in-sync", "", "fails unless one node leads and all have its log, committed and applied", expect_in_sync},
};

}  // namespace

std::span<const Verb> looking_verbs() { return looking_table; }

}  // namespace daftar::consensus::scenario
