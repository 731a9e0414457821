// Verbs that make nodes and let their clocks run.
#include <algorithm>

#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

std::vector<NodeId> without(std::vector<NodeId> nodes, const std::vector<NodeId>& removed) {
  std::erase_if(nodes, [&](NodeId node) { return std::find(removed.begin(), removed.end(), node) != removed.end(); });
  return nodes;
}

Options read_options(Arguments& arguments) {
  Options options{.self = no_node,
                  .election_timeout = static_cast<Ticks>(arguments.number_option("election-timeout", 2).value_or(10)),
                  .heartbeat_interval = static_cast<Ticks>(arguments.number_option("heartbeat", 1).value_or(2)),
                  .append_bytes_max = arguments.number_option("append-bytes", 1).value_or(1 << 20),
                  .inflight_appends_max = static_cast<std::uint32_t>(arguments.number_option("inflight", 1).value_or(8)),
                  .log_window_bytes_max = arguments.number_option("window-bytes", 1).value_or(1 << 20),
                  .seed = arguments.number_option("seed").value_or(1),
                  .voter_lag_max = arguments.number_option("voter-lag").value_or(1000),
                  .snapshot_piece_bytes_max = arguments.number_option("piece-bytes", 1).value_or(1 << 20)};
  if (options.election_timeout <= options.heartbeat_interval)
    throw Mistake(arguments.at(), "expected election-timeout greater than heartbeat");
  // The core has no switch for these; a scenario may say that it relies on them.
  for (const char* always : {"pre-vote", "check-quorum"})
    if (arguments.flag_option(always) == false) throw Mistake(arguments.at(), std::string(always) + " is always on in this core");
  return options;
}

// Entries of the given terms, each with its position as payload, so that equal positions are equal entries.
Disk read_disk(Arguments& arguments) {
  Disk disk;
  if (const auto index = arguments.number_option("index")) disk.mark = {Term{*index > 0 ? 1u : 0u}, Index{*index}};
  if (const auto position = arguments.position_option("snapshot")) disk.mark = *position;
  Term last = disk.mark.term;
  for (std::uint64_t term : arguments.numbers_option("log")) {
    if (Term{term} < last) throw Mistake(arguments.at(), "log: expected terms that do not fall");
    last = Term{term};
    disk.entries.push_back(made_up_entry({last, disk.last() + 1}));
  }
  disk.hard_state.term = Term{arguments.number_option("term").value_or(last.value)};
  if (disk.hard_state.term < last) throw Mistake(arguments.at(), "expected a term not below that of the log's last entry");
  disk.hard_state.voted_for = NodeId{arguments.number_option("vote").value_or(0)};
  disk.hard_state.commit = Index{arguments.number_option("commit").value_or(disk.mark.index.value)};
  if (disk.hard_state.commit > disk.last() || disk.hard_state.commit < disk.mark.index)
    throw Mistake(arguments.at(), "expected a commit index within the log");
  return disk;
}

Action add_nodes(Arguments& arguments) {
  const std::uint64_t count = arguments.number("how many nodes");
  const auto voters = arguments.nodes_option("voters");
  const auto learners = arguments.nodes_option("learners");
  const Options options = read_options(arguments);
  const Disk disk = read_disk(arguments);
  const Index applied{arguments.number_option("applied").value_or(disk.hard_state.commit.value)};
  const Place at = arguments.at();
  if (applied > disk.hard_state.commit || applied < disk.mark.index) throw Mistake(at, "expected an applied index from the snapshot to the commit index");
  return [=](World& world) {
    Disk each = disk;
    each.membership = {voters, learners, {}};
    // Later ones wait to be taken in.
    if (voters.empty() && !world.has(NodeId{1})) {
      std::vector<NodeId> all;
      for (std::uint64_t i = 1; i <= count; ++i) all.push_back(NodeId{i});
      each.membership.voters = without(all, learners);
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      Options own = options;
      own.self = world.next_id();
      const auto& member = each.membership;
      for (const auto* list : {&member.voters, &member.learners})
        if (std::count(list->begin(), list->end(), own.self) > 1) throw Mistake(at, "node " + text(own.self) + " is named twice");
      if (!member.voters.empty() && without({own.self}, member.voters).empty() == without({own.self}, member.learners).empty())
        throw Mistake(at, "expected node " + text(own.self) + " among either voters or learners");
      world.add(own, each, applied);
    }
  };
}

Action tick(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  const auto times = arguments.word_option("times");
  const bool heartbeat = times && times->text == "heartbeat";
  const bool election = times && times->text == "election";
  const std::uint64_t number = heartbeat || election ? 0 : arguments.number_option("times", 1).value_or(1);
  return [=](World& world) {
    for (Node* node : world.running(names)) {
      std::uint64_t count = number;
      if (heartbeat) count = node->options.heartbeat_interval;
      if (election) count = node->options.election_timeout;
      for (std::uint64_t i = 0; i < count; ++i) world.tick(*node);
    }
  };
}

// How many ticks until the node's election timer strikes; nothing if it never does. Tried out on a copy.
std::optional<Ticks> ticks_to_election(const Node& node) {
  Raft copy = *node.raft;
  while (copy.has_output()) {
    const BatchId batch = copy.take_output().batch;
    if (node.writes.empty()) copy.synced(batch);  // else the node's disk is busy, and may keep it from campaigning
  }
  for (Ticks ticks = 1; ticks <= 2 * node.options.election_timeout; ++ticks) {
    copy.tick();
    if (copy.has_output()) return ticks;
  }
  return std::nullopt;
}

// As if all had granted the pre-vote, which promises nothing: the election that a Raft without pre-votes would hold.
void skip_pre_vote(World& world, Node& node) {
  while (world.process(node)) {}
  world.network.discard({{{node.id, no_node}}, {MessageType::pre_vote}});
  const Term term = node.raft->status().term;
  for (NodeId voter : node.raft->status().membership.all_voters()) {
    if (voter == node.id || node.raft->status().role != Role::pre_candidate) continue;
    node.raft->step({voter, node.id, VoteReply{term, term + 1, true, true}});
  }
}

Action campaign(Arguments& arguments) {
  const NodeName name = arguments.node();
  const bool pre_vote = arguments.flag_option("pre-vote").value_or(true);
  return [=](World& world) {
    Node& node = world.running(name);
    node.ticks_skipped = 0;
    if (node.raft->status().role == Role::leader) return world.say(text(node.id) + " leads already");
    const auto ticks = ticks_to_election(node);
    if (!ticks) return world.say(text(node.id) + " does not campaign");
    for (Ticks i = 0; i < *ticks; ++i) world.tick(node);
    if (!pre_vote) skip_pre_vote(world, node);
  };
}

// The core draws its waits by itself: a shorter one is made by letting its clock run now, a longer one by holding its clock.
Action election_wait(Arguments& arguments) {
  const NodeName name = arguments.node();
  const auto ticks = arguments.number_option("ticks", 1);
  if (!ticks) throw Mistake(arguments.at(), "election-wait: expected ticks=K");
  return [=](World& world) {
    Node& node = world.running(name);
    if (node.raft->status().role == Role::leader) throw Unmet(text(node.id) + " leads: it waits for no election");
    node.ticks_skipped = 0;
    const auto strikes = ticks_to_election(node);
    if (!strikes) return world.say(text(node.id) + " does not campaign");
    for (Ticks i = *ticks; i < *strikes; ++i) world.tick(node);
    if (*strikes < *ticks) node.ticks_skipped = *ticks - *strikes;
  };
}

bool hears_a_leader(const Node& node, Ticks after) {
  Raft copy = *node.raft;
  for (Ticks i = 0; i < after; ++i) copy.tick();
  const Status status = copy.status();
  if (!status.leader) return false;
  NodeId other{};
  for (NodeId voter : status.membership.all_voters())
    if (voter != node.id) other = voter;
  while (copy.has_output()) (void)copy.take_output();
  copy.step({other, node.id, VoteRequest{status.term + 1, true, false, status.last}});
  return !copy.has_output();
}

Action forget_leader(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  if (arguments.flag_option("at-once").value_or(false))
    return [=](World& world) {
      for (Node* node : world.running(names)) node->raft->forget_leader();
    };
  return [=](World& world) {
    for (Node* node : world.running(names)) {
      node->ticks_skipped = 0;
      if (node->raft->status().role == Role::leader) {
        world.say(text(node->id) + " leads, and does not forget itself");
        continue;
      }
      Ticks ticks = 0;
      while (hears_a_leader(*node, ticks) && ticks <= node->options.election_timeout) ++ticks;
      const auto strikes = ticks_to_election(*node);
      if (strikes && *strikes <= ticks) throw Unmet(text(node->id) + "'s election timer strikes at the same tick; say at-once=on, or give its nodes another seed");
      for (Ticks i = 0; i < ticks; ++i) world.tick(*node);
    }
  };
}

constexpr Verb cluster_table[] = {
    {"add-nodes",
     "COUNT [voters=(1 2)] [learners=(3)] [index=I | snapshot=T/I] [log=(1 1 2)] [term=T] [vote=N] [commit=I] [applied=I]\n"
     "  [election-timeout=10] [heartbeat=2] [inflight=8] [append-bytes=B] [window-bytes=B] [voter-lag=1000] [piece-bytes=B] [seed=S]\n"
     "  [pre-vote=on] [check-quorum=on]",
     "adds nodes, numbered on from the last; without voters= all of the first vote, and later ones wait to be taken in", add_nodes},
    {"tick", "NODES [times=K | times=heartbeat | times=election]", "lets the clocks of nodes run", tick},
    {"campaign", "NODE [pre-vote=on|off]", "lets a node's clock run until its election timer strikes; off: as if all had granted the pre-vote", campaign},
    {"election-wait", "NODE ticks=K", "a node that hears nothing campaigns at its K-th tick from now", election_wait},
    {"forget-leader", "NODES [at-once=on]", "lets the clocks run until a follower no longer counts its leader as alive; or tells it so, and no clock runs", forget_leader},
};

}  // namespace

Entry made_up_entry(LogPosition position) {
  return {position.term, position.index, EntryKind::payload,
          std::make_shared<const std::string>(std::to_string(position.term.value) + "/" + std::to_string(position.index.value))};
}

std::span<const Verb> cluster_verbs() { return cluster_table; }

}  // namespace daftar::consensus::scenario
