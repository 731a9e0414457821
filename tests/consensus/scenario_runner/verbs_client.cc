// Verbs for what clients and operators ask of a node.
#include <algorithm>
#include <array>

#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

Action propose(Arguments& arguments) {
  const NodeName name = arguments.node();
  std::vector<std::string> payloads;
  while (arguments.has_word()) payloads.push_back(arguments.word("a text").text);
  const std::uint64_t count = arguments.number_option("count", 1).value_or(payloads.empty() ? 1 : payloads.size());
  const auto bytes = arguments.number_option("bytes");
  if (payloads.empty() && !bytes) throw Mistake(arguments.at(), "propose: expected texts, or bytes= and perhaps count=");
  if (!payloads.empty() && (bytes || count != payloads.size())) throw Mistake(arguments.at(), "propose: expected either texts, or bytes= and count=");
  if (bytes) payloads.assign(count, std::string(*bytes, 'x'));
  return [=](World& world) {
    Node& node = world.running(name);
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

Action transfer_leader(Arguments& arguments) {
  const NodeName name = arguments.node();
  const auto to = arguments.number_option("to", 1);
  if (!to) throw Mistake(arguments.at(), "transfer-leader: expected to=NODE");
  return [=](World& world) {
    Node& node = world.running(name);
    const auto done = node.raft->transfer_leadership(NodeId{*to});
    world.say(text(node.id) + (done ? " hands over to " + std::to_string(*to) : " refuses to hand over: " + describe(done.error())));
  };
}

using Change = MembershipChange;

constexpr std::array change_verbs{std::pair{"add", Change::Verb::add_voter}, std::pair{"add-learner", Change::Verb::add_learner},
                                  std::pair{"promote", Change::Verb::promote}, std::pair{"demote", Change::Verb::demote},
                                  std::pair{"remove", Change::Verb::remove}};

Action propose_conf_change(Arguments& arguments) {
  const NodeName name = arguments.node();
  Change change;
  if (const auto transition = arguments.word_option("transition")) {
    if (transition->text == "explicit")
      throw Mistake(transition->at, "transition=explicit: the leader of this core leaves a joint configuration by itself; keep it from committing (cut, persist manual) to look at one");
    if (transition->text != "auto" && transition->text != "implicit") expected("auto or implicit", *transition);
  }
  const bool single = arguments.flag_option("v1").value_or(false);
  for (const Option& option : arguments.other_options()) {
    const auto known = std::find_if(change_verbs.begin(), change_verbs.end(), [&](const auto& verb) { return verb.first == option.key; });
    if (known == change_verbs.end()) throw Mistake(option.at, "expected add, add-learner, promote, demote or remove, found '" + option.key + "'");
    for (const Word& value : option.values) change.steps.push_back({known->second, NodeId{number_of(value, 0, "a node's number")}});
  }
  if (single && change.steps.size() != 1) throw Mistake(arguments.at(), "propose-conf-change: v1=on changes one node at a time");
  return [=](World& world) {
    Node& node = world.running(name);
    const auto position = node.raft->propose_membership(change);
    world.say(text(node.id) + (position ? " appended " + describe(*position) : " refuses a change: " + describe(position.error())));
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

Action send_snapshot(Arguments& arguments) {
  const NodeName name = arguments.node();
  const NodeName other = arguments.node();
  return [=](World& world) {
    (void)world.running(name);
    world.say(text(name.id) + " sends no snapshot to " + text(world.node(other).id) + " when told to: a leader sends its newest to who needs what it compacted");
  };
}

constexpr Verb client_table[] = {
    {"propose", "NODE TEXT... | NODE bytes=B [count=K]", "asks a node to append proposals", propose},
    {"propose-conf-change", "NODE [add=N] [add-learner=N] [promote=N] [demote=N] [remove=N] [transition=auto|implicit] [v1=on]",
     "asks the leader to change the membership, all at once; several nodes as add=(4 5) (thesis 4.3)", propose_conf_change},
    {"report-unreachable", "NODE NODE", "no such input: says what happens instead", report_unreachable},
    {"send-snapshot", "NODE NODE", "no such input: says what happens instead", send_snapshot},
    {"read-index", "NODE [count=K]", "asks for linearizable reads (thesis 6.4)", read_index},
    {"transfer-leader", "NODE to=NODE", "asks the leader to hand over (thesis 3.10)", transfer_leader},
};

}  // namespace

std::span<const Verb> client_verbs() { return client_table; }

}  // namespace daftar::consensus::scenario
