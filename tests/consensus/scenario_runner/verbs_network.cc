// Verbs that move, lose, delay and make up messages.
#include "consensus/describe.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

Action deliver(Arguments& arguments) {
  const Selector selector = arguments.selector();
  return [=](World& world) {
    const World::Detailed detailed(world);
    const auto envelopes = world.network.take(selector);
    if (envelopes.empty()) world.say("no such message");
    world.deliver(envelopes);
  };
}

Action drop(Arguments& arguments) {
  const Selector selector = arguments.selector();
  return [=](World& world) {
    const auto envelopes = world.network.take(selector);
    if (envelopes.empty()) world.say("no such message");
    for (const Envelope& envelope : envelopes) world.say("dropped " + describe(envelope));
  };
}

/// A verb that does something to the selected messages and must find some.
template <std::size_t (Network::*act)(const Selector&)>
Action on_selected(Arguments& arguments) {
  const Selector selector = arguments.selector();
  return [=](World& world) {
    if ((world.network.*act)(selector) == 0) world.say("no such message");
  };
}

/// hold and cut concern messages yet to come, too: counting off the first few has no meaning there.
Selector lasting_selector(Arguments& arguments) {
  Selector selector = arguments.selector();
  if (selector.first || selector.last) throw Mistake(arguments.at(), "expected links and type= only: it holds for messages to come, too");
  return selector;
}

Action hold(Arguments& arguments) {
  const Selector selector = lasting_selector(arguments);
  return [=](World& world) { world.network.hold(selector); };
}

Action cut(Arguments& arguments) {
  const Selector selector = lasting_selector(arguments);
  return [=](World& world) { world.network.cut(selector); };
}

Action heal(Arguments& arguments) {
  if (!arguments.has_word()) return [](World& world) { world.network.heal_all(); };
  const Selector selector = lasting_selector(arguments);
  return [=](World& world) { world.network.heal(selector); };
}

Action partition(Arguments& arguments) {
  std::vector<std::vector<NodeId>> groups{arguments.nodes().ids};
  while (arguments.take_word("|")) groups.push_back(arguments.nodes().ids);
  if (groups.size() < 2) throw Mistake(arguments.at(), "partition: expected groups of nodes with '|' between them, such as 1 | 2 3");
  Selector cut;
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (std::size_t j = 0; j < groups.size(); ++j)
      for (NodeId a : groups[i])
        for (NodeId b : groups[j])
          if (i != j) cut.links.push_back({a, b});
  return [=](World& world) { world.network.cut(cut); };
}

Action messages(Arguments& arguments) {
  const Selector selector = arguments.has_word() ? arguments.selector() : Selector{{{no_node, no_node}}};
  return [=](World& world) {
    bool any = false;
    for (const auto& item : world.network.items()) {
      if (!selector.covers(item.envelope)) continue;
      world.say((item.held ? "held " : "under way ") + describe(item.envelope));
      any = true;
    }
    if (!any) world.say("no such message");
  };
}

// ---- made-up messages

std::vector<Entry> read_entries(Arguments& arguments, LogPosition previous) {
  std::vector<Entry> entries;
  for (std::uint64_t term : arguments.numbers_option("entries")) entries.push_back(made_up_entry({Term{term}, previous.index + entries.size() + 1}));
  return entries;
}

Message read_message(Arguments& arguments, MessageType type) {
  const Term term{arguments.number_option("term").value_or(0)};
  const bool pre = type == MessageType::pre_vote || type == MessageType::pre_vote_reply;
  switch (type) {
    case MessageType::pre_vote:
    case MessageType::vote: {
      const bool transfer = arguments.flag_option("transfer").value_or(false);
      return VoteRequest{term, pre, transfer, arguments.position_option("log").value_or(LogPosition{})};
    }
    case MessageType::pre_vote_reply:
    case MessageType::vote_reply: {
      const Term election{arguments.number_option("election").value_or(term.value + (pre ? 1 : 0))};
      return VoteReply{term, election, pre, arguments.flag_option("granted").value_or(true)};
    }
    case MessageType::append:
    case MessageType::heartbeat: {
      const LogPosition previous = arguments.position_option("previous").value_or(LogPosition{});
      const Index commit{arguments.number_option("commit").value_or(0)};
      auto entries = type == MessageType::append ? read_entries(arguments, previous) : std::vector<Entry>{};
      return AppendRequest{term, previous, commit, std::move(entries), arguments.number_option("context").value_or(0)};
    }
    case MessageType::append_reply: {
      const auto match = arguments.number_option("match");
      const Index rejected{arguments.number_option("rejected").value_or(0)};
      const LogPosition hint = arguments.position_option("hint").value_or(LogPosition{});
      const bool full = arguments.flag_option("full").value_or(false);
      const std::uint64_t context = arguments.number_option("context").value_or(0);
      return AppendReply{term, match.has_value(), full, Index{match.value_or(0)}, rejected, hint, context};
    }
    case MessageType::timeout_now: return TimeoutNow{term};
    case MessageType::snapshot_reply: {
      const LogPosition position = arguments.position_option("position").value_or(LogPosition{});
      return SnapshotReply{term, position, arguments.number_option("wanted").value_or(0), arguments.flag_option("failed").value_or(false)};
    }
    case MessageType::snapshot: break;
  }
  throw Mistake(arguments.at(), "step: a snapshot cannot be made up");
}

Action step(Arguments& arguments) {
  const Word& name = arguments.word("a type of message");
  const auto type = message_type(name.text);
  if (!type) expected("one of " + message_type_names(), name);
  const auto links = arguments.links();
  if (links.size() != 1 || !links[0].from || !links[0].to) throw Mistake(arguments.at(), "step: expected one link such as 2->1");
  const Envelope envelope{links[0].from, links[0].to, read_message(arguments, *type)};
  const Place at = arguments.at();
  return [=](World& world) {
    (void)world.running(NodeName{at, envelope.to});
    world.safety.messages_forged = true;
    world.deliver({envelope});
  };
}

constexpr Verb network_table[] = {
    {"deliver", "LINKS [type=T] [first=K] [last=K]", "hands over messages under way, in the order of sending", deliver},
    {"drop", "LINKS [type=T] [first=K] [last=K]", "loses messages under way", drop},
    {"duplicate", "LINKS [type=T] [first=K] [last=K]", "puts a second copy of messages behind all others", on_selected<&Network::duplicate>},
    {"reverse", "LINKS [type=T] [first=K] [last=K]", "reverses the order of messages under way", on_selected<&Network::reverse>},
    {"hold", "LINKS [type=T]", "keeps messages, also later ones, where they are until released", hold},
    {"release", "LINKS [type=T] [first=K] [last=K]", "ends a hold of the same links and type, and frees the messages", on_selected<&Network::release>},
    {"partition", "NODES | NODES...", "cuts all links between the groups, both ways", partition},
    {"cut", "LINKS [type=T]", "loses messages on links from now on, also those under way", cut},
    {"heal", "[LINKS [type=T]]", "ends cuts and partitions, all of them or on some links", heal},
    {"messages", "[LINKS [type=T]]", "prints the messages under way and held", messages},
    {"step",
     "TYPE FROM->TO [term=T] [log=T/I] [transfer=on] [election=T] [granted=on|off] [previous=T/I] [entries=(T T)] [commit=I]\n"
     "  [match=I | rejected=I hint=T/I] [full=on] [context=C] [position=T/I] [wanted=B] [failed=on]",
     "hands over a made-up message; what it claims about disks is then not checked", step},
};

}  // namespace

std::span<const Verb> network_verbs() { return network_table; }

}  // namespace daftar::consensus::scenario
