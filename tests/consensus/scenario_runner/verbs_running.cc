// Verbs that carry out what the cores ask for: disk writes, applying, log reads; and crashes.
#include <algorithm>
#include <utility>

#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

Action process(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  const std::uint64_t times = arguments.number_option("times", 1).value_or(1);
  return [=](World& world) {
    const World::Detailed detailed(world);
    for (Node* node : world.running(names))
      for (std::uint64_t i = 0; i < times; ++i)
        if (!world.process(*node)) {
          world.say(text(node->id) + " has nothing to do");
          break;
        }
  };
}

Action stabilize(Arguments& arguments) {
  const NodeNames names = arguments.nodes(true);
  const bool show = arguments.flag_option("show").value_or(true);
  return [=](World& world) {
    const auto nodes = world.running(names);
    world.stabilize(nodes);
    for (const Node* node : nodes)
      if (show) world.say(status_line(*node));
  };
}

std::string who_waits(World& world) {
  std::string lines;
  for (const Node* node : world.all_running()) lines += "\n" + describe(node->raft->status());
  return lines;
}

Action converge(Arguments& arguments) {
  const std::uint64_t ticks_max = arguments.number_option("ticks", 1).value_or(100);
  return [=](World& world) {
    world.stabilize(world.all_running());
    for (std::uint64_t ticks = 0; !world.in_sync(); ++ticks) {
      if (ticks == ticks_max) throw Unmet("no agreement within " + std::to_string(ticks_max) + " ticks" + who_waits(world));
      for (Node* node : world.all_running()) world.tick(*node);
      world.stabilize(world.all_running());
    }
    for (const Node* node : world.all_running()) world.say(status_line(*node));
  };
}

/// What persist, apply and log-read have in common: NODES, then manual, auto, or how much to do now.
struct Doing {
  NodeNames names;
  enum class What { some, manual, automatic } what = What::some;
  std::optional<std::uint64_t> count;

  Doing(Arguments& arguments, const std::string& unit) : names(arguments.nodes()) {
    if (arguments.take_word("manual")) what = What::manual;
    else if (arguments.take_word("auto")) what = What::automatic;
    else count = arguments.number_option(unit);
  }
};

Action persist(Arguments& arguments) {
  const Doing doing(arguments, "batches");
  const bool told = arguments.flag_option("told").value_or(true);
  return [=](World& world) {
    const World::Detailed detailed(world);
    for (Node* node : world.running(doing.names)) {
      if (doing.what != Doing::What::some) node->persists_at_once = doing.what == Doing::What::automatic;
      if (doing.what == Doing::What::manual) continue;
      const std::size_t batches = std::min<std::size_t>(doing.count.value_or(node->writes.size()), node->writes.size());
      world.persist(*node, batches, told);
      if (batches == 0 && doing.what == Doing::What::some) world.say(text(node->id) + " has nothing to persist");
      else if (batches > 0) world.say(text(node->id) + " has on disk " + describe(node->disk.entries.empty() ? node->disk.mark : node->disk.entries.back().position()) +
                                      " term=" + std::to_string(node->disk.hard_state.term.value) + " vote=" + text(node->disk.hard_state.voted_for));
    }
  };
}

Action apply(Arguments& arguments) {
  const Doing doing(arguments, "entries");
  const bool told = arguments.flag_option("told").value_or(true);
  return [=](World& world) {
    const World::Detailed detailed(world);
    for (Node* node : world.running(doing.names)) {
      if (doing.what != Doing::What::some) node->applies_at_once = doing.what == Doing::What::automatic;
      if (doing.what == Doing::What::manual) continue;
      const std::size_t entries = std::min<std::size_t>(doing.count.value_or(node->to_apply.size()), node->to_apply.size());
      world.apply(*node, entries, told);
      if (entries == 0 && doing.what == Doing::What::some) world.say(text(node->id) + " has nothing to apply");
    }
  };
}

Action tell(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  return [=](World& world) {
    for (Node* node : world.running(names)) world.tell(*node);
  };
}

Action log_read(Arguments& arguments) {
  const Doing doing(arguments, "entries");
  return [=](World& world) {
    const World::Detailed detailed(world);
    for (Node* node : world.running(doing.names)) {
      if (doing.what != Doing::What::some) node->reads_log_at_once = doing.what == Doing::What::automatic;
      if (doing.what == Doing::What::manual) continue;
      if (node->log_reads.empty() && doing.what == Doing::What::some) world.say(text(node->id) + " has no log entries to read");
      else while (!node->log_reads.empty()) world.answer_log_read(*node, doing.count.value_or(SIZE_MAX));
    }
  };
}

Action crash(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  const std::uint64_t persisted = arguments.number_option("persisted").value_or(0);
  return [=](World& world) {
    for (Node* node : world.running(names)) {
      if (persisted > node->writes.size())
        throw Mistake(names.at, "node " + text(node->id) + " has only " + std::to_string(node->writes.size()) + " writes under way");
      node->crash(persisted);
    }
  };
}

Action restart(Arguments& arguments) {
  const NodeNames names = arguments.nodes();
  const auto applied = arguments.number_option("applied");
  const auto seed = arguments.number_option("seed");
  const auto disk = arguments.word_option("disk");
  const bool asks = arguments.flag_option("asks").value_or(false);
  return [=](World& world) {
    for (Node* node : world.nodes(names)) {
      if (node->up()) throw Mistake(names.at, "node " + text(node->id) + " is up");
      if (disk) {
        const auto saved = node->saved_disks.find(disk->text);
        if (saved == node->saved_disks.end()) throw Mistake(disk->at, "node " + text(node->id) + " has no saved disk '" + disk->text + "'");
        node->lost.push_back(std::exchange(node->disk, saved->second));
      }
      const Index held = std::min(node->applied, node->disk.last());
      const Index wanted = applied ? Index{*applied} : std::max(held, node->disk.mark.index);
      if (wanted < node->disk.mark.index || wanted > held)
        throw Mistake(names.at, "node " + text(node->id) + "'s state machine can be restarted from " + std::to_string(node->disk.mark.index.value) + " to " +
                                    std::to_string(held.value));
      node->start(wanted, seed.value_or(node->options.seed), asks);
    }
  };
}

Action save_disk(Arguments& arguments) {
  const NodeName name = arguments.node();
  const std::string as = arguments.word("a name for the copy").text;
  return [=](World& world) {
    Node& node = world.node(name);
    node.saved_disks[as] = node.disk;
    if (node.up()) node.saved_disks[as].memory = node.raft->memory().all();
  };
}

// From the mark to what is applied.
Index snapshot_index(const Node& node, const std::optional<std::uint64_t>& wanted, Place at) {
  const Index index = wanted ? Index{*wanted} : node.applied;
  if (index < node.disk.mark.index || index > node.applied)
    throw Mistake(at, "node " + text(node.id) + " can take a snapshot from " + std::to_string(node.disk.mark.index.value) + " to " +
                          std::to_string(node.applied.value) + ", which it has applied");
  return index;
}

Action snapshot(Arguments& arguments) {
  const NodeName name = arguments.node();
  const auto index = arguments.number_option("index", 1);
  return [=](World& world) {
    Node& node = world.node(name);
    node.take_snapshot(snapshot_index(node, index, name.at));
    world.say(text(node.id) + " has a snapshot " + describe(node.disk.snapshot.name.position));
  };
}

Action compact(Arguments& arguments) {
  const NodeName name = arguments.node();
  const auto through = arguments.number_option("through", 1);
  return [=](World& world) {
    Node& node = world.node(name);
    node.take_snapshot(snapshot_index(node, through, name.at));
    node.compact();
    if (node.up()) node.raft->compact(node.disk.mark);
  };
}

Action install(Arguments& arguments) {
  const Doing doing(arguments, "pieces");
  const bool fail = arguments.flag_option("fail").value_or(false);
  return [=](World& world) {
    const World::Detailed detailed(world);
    for (Node* node : world.running(doing.names)) {
      if (doing.what != Doing::What::some) node->installs_at_once = doing.what == Doing::What::automatic;
      if (doing.what == Doing::What::manual) continue;
      if (!node->writes.empty()) throw Mistake(doing.names.at, "node " + text(node->id) + " has writes under way, which come first");
      const std::size_t pieces = std::min<std::size_t>(doing.count.value_or(node->arrivals.size()), node->arrivals.size());
      if (pieces == 0 && doing.what == Doing::What::some) world.say(text(node->id) + " has no piece of a snapshot to take");
      for (std::size_t i = 0; i < pieces; ++i) world.answer_arrival(*node, fail);
    }
  };
}

constexpr Verb running_table[] = {
    {"process", "NODES [times=K]", "takes one output of each core and carries it out", process},
    {"stabilize", "[NODES] [show=on|off]", "lets nodes process and receive until nothing is left to do; no clock runs", stabilize},
    {"converge", "[ticks=100]", "lets all clocks run until all nodes that are up agree; fails if they do not", converge},
    {"persist", "NODES manual | NODES auto | NODES [batches=K] [told=off]", "whether disk writes wait, and ends waiting ones, the oldest first", persist},
    {"apply", "NODES manual | NODES auto | NODES [entries=K] [told=off]", "whether applying waits, and applies what waits", apply},
    {"tell", "NODES", "tells cores what was persisted and applied with told=off", tell},
    {"log-read", "NODES manual | NODES auto | NODES [entries=K]", "whether reads of old log entries wait, and answers them with at most K entries", log_read},
    {"crash", "NODES [persisted=K]", "stops nodes; of the writes under way the first K reached the disk", crash},
    {"restart", "NODES [applied=I] [disk=NAME] [seed=S] [asks=on]", "starts nodes from their disks, or from a saved copy; asks: they promise nothing before trust-disk", restart},
    {"snapshot", "NODE [index=I]", "takes a snapshot of a node's state, of now or of I: what it sends from now on", snapshot},
    {"compact", "NODE [through=I]", "takes a snapshot and drops the log up to it", compact},
    {"install", "NODES manual | NODES auto | NODES [pieces=K] [fail=on]", "whether pieces of a leader's snapshot wait, and takes them, or says that they are no good",
     install},
    {"save-disk", "NODE NAME", "keeps a copy of what is on a node's disk", save_disk},
};

}  // namespace

std::span<const Verb> running_verbs() { return running_table; }

}  // namespace daftar::consensus::scenario
