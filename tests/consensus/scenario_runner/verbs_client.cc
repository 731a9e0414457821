// Verbs for what clients and operators ask of a node.
#include <algorithm>
#include <array>

#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

/// A node, or `latest`: the leader of the highest term when the command runs, null if nobody leads.
std::function<Node*(World&)> node_or_latest(Arguments& arguments) {
  if (arguments.take_word("latest")) return [](World& world) { return world.latest_leader(); };
  const NodeName name = arguments.node();
  return [name](World& world) { return &world.running(name); };
}

Action propose(Arguments& arguments) {
  const auto chosen = node_or_latest(arguments);
  std::vector<std::string> payloads;
  while (arguments.has_word()) payloads.push_back(arguments.word("a text").text);
  const std::uint64_t count = arguments.number_option("count", 1).value_or(payloads.empty() ? 1 : payloads.size());
  const auto bytes = arguments.number_option("bytes");
  if (payloads.empty() && !bytes) throw Mistake(arguments.at(), "propose: expected texts, or bytes= and perhaps count=");
  if (!payloads.empty() && (bytes || count != payloads.size())) throw Mistake(arguments.at(), "propose: expected either texts, or bytes= and count=");
  if (bytes) payloads.assign(count, std::string(*bytes, 'x'));
  return [=](World& world) {
    Node* const to = chosen(world);
    if (!to) return world.say("nobody leads");
    Node& node = *to;
    std::string first, last;
    for (const std::string& payload : payloads) {
      const auto position = node.raft->propose(std::make_shared<const std::string>(payload));
      if (!position) {
        world.say(text(node.id) + " refuses a proposal: " + describe(position.error()));
        break;
      }
      last = describe(*position);
      if (first.empty()) first = last;
    }
    if (!first.empty()) world.say(text(node.id) + " appended " + first + (first == last ? "" : ".." + last));
  };
}

Action read_index(Arguments& arguments) {
  const NodeName name = arguments.node();
  const std::uint64_t count = arguments.number_option("count", 1).value_or(1);
  return [=](World& world) {
    Node& node = world.running(name);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto read = node.raft->request_read();
      world.say(text(node.id) + (read ? " takes read " + std::to_string(read->value) : " refuses a read: " + describe(read.error())));
    }
  };
}

/// The voter that has most of the leader's log, the lowest of several; none if there is no other voter.
NodeId best_successor(const Status& status) {
  const PeerStatus* best = nullptr;
  for (const PeerStatus& peer : status.peers)
    if (peer.voter && (!best || peer.match > best->match)) best = &peer;
  return best ? best->node : no_node;
}

Action transfer_leader(Arguments& arguments) {
  const NodeName name = arguments.node();
  const auto to = arguments.number_option("to", 1);
  return [=](World& world) {
    Node& node = world.running(name);
    const Status status = node.raft->status();
    const NodeId successor = to ? NodeId{*to} : best_successor(status);
    if (status.role == Role::leader && !successor) return world.say(text(node.id) + " has nobody to hand over to");
    const auto done = node.raft->transfer_leadership(successor);
    world.say(text(node.id) + (done ? " hands over to " + text(successor) : " refuses to hand over: " + describe(done.error())));
  };
}

using Change = MembershipChange;

constexpr std::array change_verbs{std::pair{"add", Change::Verb::add_voter}, std::pair{"add-learner", Change::Verb::add_learner},
                                  std::pair{"promote", Change::Verb::promote}, std::pair{"demote", Change::Verb::demote},
                                  std::pair{"remove", Change::Verb::remove}};

// A change of nothing: out of a joint configuration that was entered with transition=explicit.
void leave_joint(World& world, Node& node) {
  const LogPosition last = node.raft->status().last;
  node.raft->hold_joint(false);
  const LogPosition now = node.raft->status().last;
  node.raft->hold_joint(node.holds_joint);  // a later one is left when told, too
  if (now != last) return world.say(text(node.id) + " appended " + describe(now));
  const auto refused = node.raft->propose_membership({});
  world.say(text(node.id) + " refuses a change: " + describe(refused.error()));
}

Action propose_conf_change(Arguments& arguments) {
  const NodeName name = arguments.node();
  Change change;
  bool held = false;
  if (const auto transition = arguments.word_option("transition")) {
    held = transition->text == "explicit";
    if (!held && transition->text != "auto" && transition->text != "implicit") expected("auto, implicit or explicit", *transition);
  }
  const bool single = arguments.flag_option("v1").value_or(false);
  for (const Option& option : arguments.other_options()) {
    const auto known = std::find_if(change_verbs.begin(), change_verbs.end(), [&](const auto& verb) { return verb.first == option.key; });
    if (known == change_verbs.end()) throw Mistake(option.at, "expected add, add-learner, promote, demote or remove, found '" + option.key + "'");
    for (const Word& value : option.values) change.steps.push_back({known->second, NodeId{number_of(value, 0, "a node's number")}});
  }
  if (single && change.steps.size() != 1) throw Mistake(arguments.at(), "propose-conf-change: v1=on changes one node at a time");
  if (held && change.steps.empty()) throw Mistake(arguments.at(), "propose-conf-change: transition=explicit needs a change");
  if (change.steps.empty()) return [=](World& world) { leave_joint(world, world.running(name)); };
  return [=](World& world) {
    Node& node = world.running(name);
    const auto position = node.raft->propose_membership(change);
    world.say(text(node.id) + (position ? " appended " + describe(*position) : " refuses a change: " + describe(position.error())));
    if (position) world.hold_joint(held);
  };
}

// What other cores are told from outside, and this one finds out by itself: a translated scenario may say it, and reads what happens instead.
Action report_unreachable(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  return [=](World& world) {
    (void)world.running(name);
    world.say(text(name.id) + " is not told that " + text(world.node(other).id) + " is unreachable: it probes when a heartbeat shows that a request was lost");
  };
}

/// A leader's newest snapshot in one piece, sent out of turn: what a leader that needs to may send.
void send_by_hand(World& world, Node& node, NodeId other) {
  const Status status = node.raft->status();
  const StoredSnapshot& snapshot = node.disk.snapshot;
  if (status.role != Role::leader) return world.say(text(node.id) + " does not lead");
  if (snapshot.name.position.index == Index{0}) throw Unmet(text(node.id) + " has no snapshot");
  const SnapshotPiece whole{snapshot.name, 0, std::make_shared<const std::string>(snapshot.bytes), true};
  const World::Detailed detailed(world);
  world.send_out_of_turn({node.id, other, SnapshotRequest{status.term, whole}});
}

Action send_snapshot(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  if (arguments.flag_option("by-hand").value_or(false))
    return [=](World& world) { send_by_hand(world, world.running(name), world.node(other).id); };
  return [=](World& world) {
    (void)world.running(name);
    world.say(text(name.id) + " sends no snapshot to " + text(world.node(other).id) + " when told to: a leader sends its newest to who needs what it compacted");
  };
}

Action peer_restarted(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  return [=](World& world) { world.running(name).raft->peer_restarted(world.node(other).id); };
}

/// What the others answer to a node that asks what it may have forgotten, as of now.
Action recall(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  const bool late = arguments.flag_option("late").value_or(false);
  return [=](World& world) {
    Node& node = world.running(name);
    Raft& asked = *world.running(other).raft;
    if (node.asked.insert(other.id).second) asked.peer_restarted(node.id);  // a link begins with the name of the process
    Recalled answer = asked.recall(node.id);
    answer.round = late ? 0 : node.raft->round();
    node.raft->recalled(answer);
    const Recollection& memory = answer.recollection;
    std::string line = text(other.id) + " remembers " + text(node.id) + " in term " + std::to_string(memory.term.value);
    if (memory.held.index > Index{0}) line += ", with " + describe(memory.held);
    if (memory.offered.index > Index{0}) line += ", offering " + describe(memory.offered);
    line += "; its own log ends at " + describe(answer.end) + (answer.whole ? "" : ", and it may have lost something itself");
    world.say(line);
    const Status status = node.raft->status();
    world.say(text(node.id) + (status.in_doubt ? " is in doubt until its log reaches " + describe(status.doubt_until) : " is not in doubt"));
  };
}

Action trust_disk(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  return [=](World& world) {
    for (Node* node : world.running(names)) node->raft->trust_disk();
  };
}

constexpr Verb client_table[] = {
    {"propose", "NODE|latest TEXT... | NODE|latest bytes=B [count=K]", "asks a node, or the leader of the highest term, to append proposals", propose},
    {"propose-conf-change", "NODE [add=N] [add-learner=N] [promote=N] [demote=N] [remove=N] [transition=auto|implicit|explicit] [v1=on]",
     "asks the leader to change the membership, all at once; several nodes as add=(4 5) (thesis 4.3); without a change: to leave a joint one", propose_conf_change},
    {"report-unreachable", "NODE NODE", "no such input: says what happens instead", report_unreachable},
    {"send-snapshot", "NODE NODE [by-hand=on]", "no such input: says what happens instead; by-hand: the text itself sends a leader's newest snapshot", send_snapshot},
    {"peer-restarted", "NODE NODE", "tells a node that a new process of the other runs: a leader looks anew what it has", peer_restarted},
    {"recall", "NODE NODE [late=on]", "a node is told what another remembers of it; late: in answer to an earlier question", recall},
    {"trust-disk", "NODES", "tells nodes that were started with asks=on that the others were asked", trust_disk},
    {"read-index", "NODE [count=K]", "asks for linearizable reads (thesis 6.4)", read_index},
    {"transfer-leader", "NODE [to=NODE]", "asks the leader to hand over (thesis 3.10); without to=, to the voter that has most", transfer_leader},
};

}  // namespace

std::span<const Verb> client_verbs() { return client_table; }

}  // namespace daftar::consensus::scenario
