#include "tests/consensus/scenario_runner/world.h"

#include <algorithm>
#include <utility>

#include "consensus/describe.h"

namespace daftar::consensus::scenario {
namespace {

// Far more than any scenario needs to come to rest.
constexpr int rounds_max = 10'000;

std::string range(const std::vector<Entry>& entries) {
  const std::string first = describe(entries.front().position());
  return entries.size() == 1 ? first : first + ".." + describe(entries.back().position());
}

std::string place_text(const RoleChange& place) {
  const std::string term = std::to_string(place.term.value);
  if (place.role == Role::leader) return "leads term " + term;
  if (place.role != Role::follower) return "is " + describe(place.role) + " in term " + term;
  return (place.leader ? "follows " + text(place.leader) : std::string("follows nobody")) + " in term " + term;
}

}  // namespace

std::string text(NodeId node) { return std::to_string(node.value); }

std::string text(const Entry& entry) {
  if (entry.kind != EntryKind::payload) return describe(entry);
  // Long payloads are there for their size.
  if (entry.payload->size() > 40) return describe(entry);
  return describe(entry.position()) + " \"" + *entry.payload + "\"";
}

std::string text(const std::vector<Entry>& entries) {
  std::string line;
  for (const Entry& entry : entries) line += (line.empty() ? "" : ", ") + text(entry);
  return line;
}

std::string status_line(const Node& node) {
  if (!node.up()) return text(node.id) + " down";
  const Status status = node.raft->status();
  std::string line = text(node.id) + " " + describe(status.role) + " term=" + std::to_string(status.term.value);
  if (status.role == Role::follower) line += " leader=" + (status.leader ? text(status.leader) : "none");
  line += " log=" + describe(status.last);
  if (status.durable != status.last.index) line += " durable=" + std::to_string(status.durable.value);
  line += " commit=" + std::to_string(status.commit.value);
  if (status.applied != status.commit) line += " applied=" + std::to_string(status.applied.value);
  if (status.membership.joint()) line += " joint";
  if (status.removed) line += " removed";
  return line;
}

Node& World::add(Options options, Disk disk, Index applied) {
  nodes_.push_back(std::make_unique<Node>(options, std::move(disk), applied));
  safety.node_added(*nodes_.back());
  hold_joint(joint_held_);
  return *nodes_.back();
}

void World::hold_joint(bool hold) {
  joint_held_ = hold;
  for (const auto& each : nodes_) {
    each->holds_joint = hold;
    if (each->up()) each->raft->hold_joint(hold);
  }
}

Node* World::latest_leader() {
  Node* latest = nullptr;
  Term term{};
  for (Node* each : all_running()) {
    const Status status = each->raft->status();
    if (status.role != Role::leader || status.term < term) continue;
    latest = each;
    term = status.term;
  }
  return latest;
}

Node& World::node(NodeName name) {
  if (!has(name.id)) throw Mistake(name.at, "there is no node " + text(name.id));
  return *nodes_[name.id.value - 1];
}

Node& World::running(NodeName name) {
  Node& found = node(name);
  if (!found.up()) throw Mistake(name.at, "node " + text(name.id) + " is down");
  return found;
}

std::vector<Node*> World::nodes(const NodeNames& names) {
  std::vector<Node*> found;
  if (names.all)
    for (const auto& each : nodes_) found.push_back(each.get());
  for (NodeId id : names.ids) found.push_back(&node({names.at, id}));
  return found;
}

std::vector<Node*> World::running(const NodeNames& names) {
  std::vector<Node*> found = nodes(names);
  if (names.all) std::erase_if(found, [](const Node* each) { return !each->up(); });
  for (const Node* each : found) running({names.at, each->id});
  return found;
}

void World::detail(const std::string& line) {
  if (trace || detailed_ > 0) say(line);
}

Promise World::promise(const Node& node, const Envelope& envelope) const {
  const auto* reply = std::get_if<AppendReply>(&envelope.message);
  const Entry* at_match = reply && reply->success ? node.log_at(reply->match) : nullptr;
  return {envelope, at_match ? at_match->term : Term{}};
}

void World::send(const Node& from, const Promise& promise) {
  safety.promised(from, promise.envelope, promise.term_at_match);
  switch (network.send(promise.envelope)) {
    case Network::Fate::under_way: return detail("sent " + describe(promise.envelope));
    case Network::Fate::held: return detail("sent, held " + describe(promise.envelope));
    case Network::Fate::lost: return detail("sent, lost " + describe(promise.envelope));
  }
}

void World::tick(Node& node) {
  if (node.ticks_skipped > 0) {
    --node.ticks_skipped;
    return;
  }
  node.raft->tick();
  leader_may_have_committed(node);
}

// A leader's commits are looked at when they happen. A follower's wait for its output: before, its new entries are not known here.
void World::leader_may_have_committed(Node& node) {
  const Status status = node.raft->status();
  if (status.role == Role::leader && node.place.role == Role::leader && node.place.term == status.term) check_commit(node);
}

bool World::process(Node& node) {
  if (!node.raft->has_output()) return false;
  Write write{node.raft->take_output(), {}};
  const Output& output = write.output;
  const std::string id = text(node.id);

  safety.entries_written(node, output.entries);
  node.take_into_log(output.entries);
  if (output.role) {
    node.place = *output.role;
    detail(id + " " + place_text(node.place));
    if (node.place.role == Role::leader) safety.leader_elected(node, node.place.term);
  }
  check_commit(node);
  if (output.hard_state)
    detail(id + " writes term=" + std::to_string(output.hard_state->term.value) + " vote=" + text(output.hard_state->voted_for) +
           " commit=" + std::to_string(output.hard_state->commit.value));
  if (!output.entries.empty()) detail(id + " writes " + text(output.entries));
  for (const Envelope& envelope : output.send_now) send(node, promise(node, envelope));
  for (const Envelope& envelope : output.send_after_sync) write.promises.push_back(promise(node, envelope));
  for (const ReadReady& read : output.reads) say(id + " may serve read " + std::to_string(read.id.value) + " at index " + std::to_string(read.index.value));
  for (ReadId read : output.reads_aborted) say(id + " aborts read " + std::to_string(read.value));
  if (output.removed) say(id + " is removed");

  node.to_apply.insert(node.to_apply.end(), output.committed.begin(), output.committed.end());
  if (node.applies_at_once) apply(node, node.to_apply.size());
  for (const LogRead& read : output.log_reads) {
    detail(id + " reads " + std::to_string(read.first.value) + ".." + std::to_string(read.last.value) + " from disk for " + text(read.follower));
    node.log_reads.push_back(read);
  }
  if (output.needs_sync()) node.writes.push_back(write);
  if (node.persists_at_once) persist(node, node.writes.size());
  while (node.reads_log_at_once && !node.log_reads.empty()) answer_log_read(node, SIZE_MAX);
  for (const SnapshotRead& read : output.snapshot_reads) node.raft->snapshot_read_done(read, node.disk.read(read));
  node.arrivals.insert(node.arrivals.end(), output.snapshot_arrivals.begin(), output.snapshot_arrivals.end());
  while (node.installs_at_once && !node.arrivals.empty() && node.writes.empty()) answer_arrival(node, false);
  return true;
}

void World::persist(Node& node, std::size_t batches, bool told) {
  if (batches == 0) return;
  for (; batches > 0; --batches) {
    const Write write = std::move(node.writes.front());
    node.writes.pop_front();
    node.disk.write(write.output);
    for (const Promise& promise : write.promises) send(node, promise);
    node.untold = write.output.batch;
  }
  if (told) tell(node);
}

void World::tell(Node& node) {
  if (node.untold > BatchId{}) node.raft->synced(std::exchange(node.untold, {}));  // one sync for several batches
  node.raft->applied(node.applied);
  leader_may_have_committed(node);
}

void World::apply(Node& node, std::size_t entries, bool told) {
  if (entries == 0) return;
  const std::vector<Entry> batch(node.to_apply.begin(), node.to_apply.begin() + static_cast<std::ptrdiff_t>(entries));
  node.to_apply.erase(node.to_apply.begin(), node.to_apply.begin() + static_cast<std::ptrdiff_t>(entries));
  for (const Entry& entry : batch) {
    safety.applied(node, entry);
    node.state.push_back(entry);
    node.applied = entry.index;
  }
  detail(text(node.id) + " applies " + text(batch));
  if (told) node.raft->applied(node.applied);
}

void World::answer_log_read(Node& node, std::size_t entries_max) {
  const LogRead read = node.log_reads.front();
  node.log_reads.pop_front();
  std::vector<Entry> entries = node.disk.read(read);
  if (entries.size() > entries_max) entries.resize(entries_max);
  detail(text(node.id) + " has read " + (entries.empty() ? "nothing" : range(entries)) + " for " + text(read.follower));
  node.raft->log_read_done(read, std::move(entries));
}

void World::answer_arrival(Node& node, bool fail) {
  const SnapshotArrival arrival = node.arrivals.front();
  node.arrivals.pop_front();
  const SnapshotPiece& piece = arrival.piece;
  StoredSnapshot& received = node.disk.received;
  if (!(received.name == piece.snapshot)) received = {piece.snapshot, {}};
  const std::string id = text(node.id);
  if (fail) {
    received = {};
    detail(id + " cannot use the snapshot " + describe(piece.snapshot.position));
    return node.raft->snapshot_failed(arrival.id);
  }
  const bool fits = piece.offset == received.bytes.size();
  if (fits && piece.bytes) received.bytes += *piece.bytes;
  if (!fits || !piece.done) {
    detail(id + " has " + std::to_string(received.bytes.size()) + " bytes of the snapshot " + describe(piece.snapshot.position));
    return node.raft->snapshot_wants(arrival.id, received.bytes.size());
  }
  if (!node.install_received()) {
    received = {};
    return node.raft->snapshot_failed(arrival.id);
  }
  safety.snapshot_installed(node);
  detail(id + " installs the snapshot " + describe(piece.snapshot.position));
  node.raft->snapshot_installed(arrival.id);
}

void World::check_refusals(Node& node, std::uint64_t before) {
  const Status status = node.raft->status();
  if (status.refused == before) return;
  const std::string line = text(node.id) + " refused it: " + std::string(status.refused_last_why);
  if (!safety.messages_forged) throw Broken("a correct node's message is taken: " + line);
  say(line);
}

void World::deliver(const std::vector<Envelope>& envelopes) {
  for (const Envelope& envelope : envelopes) {
    if (network.is_cut(envelope)) {
      detail("lost " + describe(envelope));
      continue;
    }
    Node* to = has(envelope.to) ? nodes_[envelope.to.value - 1].get() : nullptr;
    if (!to || !to->up()) {
      detail("nobody receives " + describe(envelope));
      continue;
    }
    detail("delivered " + describe(envelope));
    const std::uint64_t refused = to->raft->status().refused;
    to->raft->step(envelope);
    check_refusals(*to, refused);
    leader_may_have_committed(*to);
  }
}

void World::stabilize(const std::vector<Node*>& nodes) {
  for (int round = 0; round < rounds_max; ++round) {
    bool at_rest = true;
    for (Node* each : nodes)
      while (process(*each)) at_rest = false;
    for (const Node* each : nodes) {
      const auto envelopes = network.take({{{no_node, each->id}}});
      at_rest = at_rest && envelopes.empty();
      deliver(envelopes);
    }
    if (at_rest) return;
  }
  throw Unmet("the nodes do not come to rest");
}

bool World::in_sync() {
  std::vector<Status> all;
  for (const Node* each : all_running()) all.push_back(each->raft->status());
  const auto leads = [](const Status& status) { return status.role == Role::leader; };
  if (std::count_if(all.begin(), all.end(), leads) != 1) return false;
  const Status& leader = *std::find_if(all.begin(), all.end(), leads);
  return std::all_of(all.begin(), all.end(), [&](const Status& status) {
    if (!leader.membership.contains(status.self)) return true;  // removed, or not taken in yet
    return status.term == leader.term && status.leader == leader.self && status.last == leader.last && status.durable == status.last.index &&
           status.commit == status.last.index && status.applied == status.commit;
  });
}

}  // namespace daftar::consensus::scenario
