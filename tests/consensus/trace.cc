#include "tests/consensus/trace.h"

#include <algorithm>
#include <utility>

namespace daftar::consensus::test {
namespace {

using nlohmann::json;

json to_json(LogPosition position) { return json::array({position.term.value, position.index.value}); }

json ids(const std::vector<NodeId>& nodes) {
  json list = json::array();
  for (NodeId node : nodes) list.push_back(node.value);
  return list;
}

json to_json(const Membership& membership) {
  return {{"voters", ids(membership.voters)}, {"outgoing", ids(membership.outgoing)}, {"learners", ids(membership.learners)}};
}

// Short text as it is; else what tells it from others.
std::string text(const Payload& payload) {
  if (!payload) return "";
  const std::string& bytes = *payload;
  if (bytes.size() <= 64 && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; })) return bytes;
  std::uint64_t hash = 1469598103934665603u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return std::to_string(bytes.size()) + " bytes, " + std::to_string(hash);
}

json to_json(const std::vector<Entry>& entries) {
  json list = json::array();
  for (const Entry& entry : entries) list.push_back(test::to_json(entry));
  return list;
}

json to_json(const std::vector<Envelope>& envelopes) {
  json list = json::array();
  for (const Envelope& envelope : envelopes) list.push_back(test::to_json(envelope));
  return list;
}

json body(const VoteRequest& m) {
  return {{"type", "vote"}, {"term", m.term.value}, {"pre", m.pre}, {"transfer", m.transfer}, {"last", to_json(m.last)}};
}
json body(const VoteReply& m) {
  return {{"type", "vote_reply"}, {"term", m.term.value}, {"election", m.election.value}, {"pre", m.pre}, {"granted", m.granted}};
}
json body(const AppendRequest& m) {
  return {{"type", "append"},          {"term", m.term.value},           {"previous", to_json(m.previous)},
          {"commit", m.commit.value}, {"entries", to_json(m.entries)}, {"context", m.context}};
}
json body(const AppendReply& m) {
  return {{"type", "append_reply"},   {"term", m.term.value},         {"success", m.success},     {"full", m.full},
          {"match", m.match.value}, {"rejected", m.rejected.value}, {"hint", to_json(m.hint)}, {"context", m.context}};
}
json body(const TimeoutNow& m) { return {{"type", "timeout_now"}, {"term", m.term.value}}; }
json body(const SnapshotRequest& m) {
  return {{"type", "snapshot"}, {"term", m.term.value}, {"position", to_json(m.piece.snapshot.position)}, {"membership", to_json(m.piece.snapshot.membership)},
          {"offset", m.piece.offset}, {"bytes", m.piece.bytes ? m.piece.bytes->size() : 0}, {"done", m.piece.done}};
}
json body(const SnapshotReply& m) {
  return {{"type", "snapshot_reply"}, {"term", m.term.value}, {"position", to_json(m.position)}, {"wanted", m.wanted}, {"failed", m.failed}};
}

json to_json(const HardState& state) { return {{"term", state.term.value}, {"vote", state.voted_for.value}, {"commit", state.commit.value}}; }

const char* name(Role role) {
  switch (role) {
    case Role::follower: return "follower";
    case Role::pre_candidate: return "pre_candidate";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
  }
  return "";
}

}  // namespace

json to_json(const Entry& entry) {
  json payload = text(entry.payload);
  if (entry.kind == EntryKind::membership) payload = to_json(decode_membership(*entry.payload).value());
  return json::array({entry.term.value, entry.index.value, static_cast<int>(entry.kind), std::move(payload)});
}

json to_json(const Message& message) {
  return std::visit([](const auto& m) { return body(m); }, message);
}

json to_json(const Envelope& envelope) {
  json object = to_json(envelope.message);
  object["from"] = envelope.from.value;
  object["to"] = envelope.to.value;
  return object;
}

// ---- the lines

void TraceWriter::record(const Raft& raft, const char* event, json line) const {
  const Status status = raft.status();
  line["node"] = self_.value;
  line["event"] = event;
  line["after"] = {{"term", status.term.value},      {"vote", status.voted_for.value},   {"role", name(status.role)},
                   {"last", to_json(status.last)}, {"commit", status.commit.value}, {"membership", to_json(status.membership)},
                   {"withheld", status.withheld},  {"doubt", status.in_doubt}};
  sink_(line.dump());
}

void TraceWriter::restored(const Raft& raft, const Restored& restored) const {
  record(raft, "restore", {{"hard_state", to_json(restored.hard_state)},
                           {"snapshot", to_json(restored.snapshot.position)},
                           {"before_tail", to_json(restored.before_tail)},
                           {"tail", to_json(restored.tail)},
                           {"applied", restored.applied.value},
                           {"membership", to_json(restored.membership)},
                           {"in_doubt", restored.in_doubt}});
}

void TraceWriter::proposed(const Raft& raft, const Payload& payload, bool taken) const {
  record(raft, "propose", {{"payload", text(payload)}, {"taken", taken}});
}

void TraceWriter::changed(const Raft& raft, const MembershipChange& change, bool taken) const {
  static constexpr const char* verbs[] = {"add_voter", "add_learner", "promote", "demote", "remove"};
  json steps = json::array();
  for (const auto& step : change.steps) steps.push_back(json::array({verbs[static_cast<int>(step.verb)], step.node.value}));
  record(raft, "change", {{"steps", std::move(steps)}, {"taken", taken}});
}

void TraceWriter::read(const Raft& raft, const Expected<ReadId, ProposeError>& read) const {
  record(raft, "read", {{"taken", read.has_value()}, {"id", read ? read->value : 0}});
}

void TraceWriter::recalled(const Raft& raft, const Recalled& answer) const {
  const Recollection& memory = answer.recollection;
  record(raft, "recalled", {{"from", answer.from.value},
                            {"of", memory.node.value},
                            {"term", memory.term.value},
                            {"held", to_json(memory.held)},
                            {"offered", to_json(memory.offered)},
                            {"own_term", answer.term.value},
                            {"own_last", to_json(answer.end)},
                            {"whole", answer.whole},
                            {"round", answer.round}});
}

void TraceWriter::output(const Raft& raft, const Output& output) const {
  json reads = json::array(), aborted = json::array(), arrivals = json::array();
  for (const ReadReady& read : output.reads) reads.push_back(json::array({read.id.value, read.index.value}));
  for (const ReadId id : output.reads_aborted) aborted.push_back(id.value);
  for (const SnapshotArrival& arrival : output.snapshot_arrivals) arrivals.push_back(arrival.id);
  record(raft, "output", {{"batch", output.batch.value},
                          {"hard_state", output.hard_state ? to_json(*output.hard_state) : json()},
                          {"entries", to_json(output.entries)},
                          {"send_now", to_json(output.send_now)},
                          {"send_after_sync", to_json(output.send_after_sync)},
                          {"committed", to_json(output.committed)},
                          {"reads", std::move(reads)},
                          {"reads_aborted", std::move(aborted)},
                          {"arrivals", std::move(arrivals)},
                          {"removed", output.removed},
                          {"write", output.needs_sync()}});
}

// ---- a core that records itself

TracedRaft::TracedRaft(Options options, Restored restored, TraceSink sink) : trace_(options.self, std::move(sink)), raft_(options, restored) {
  if (trace_.on()) trace_.restored(raft_, restored);
}

void TracedRaft::tick() {
  raft_.tick();
  record("tick");
}

void TracedRaft::step(Envelope envelope) {
  json message = trace_.on() ? to_json(envelope) : json();
  raft_.step(std::move(envelope));
  if (trace_.on()) trace_.stepped(raft_, std::move(message));
}

Expected<LogPosition, ProposeError> TracedRaft::propose(Payload payload) {
  auto position = raft_.propose(payload);
  if (trace_.on()) trace_.proposed(raft_, payload, position.has_value());
  return position;
}

Expected<LogPosition, ProposeError> TracedRaft::propose_membership(const MembershipChange& change) {
  auto position = raft_.propose_membership(change);
  if (trace_.on()) trace_.changed(raft_, change, position.has_value());
  return position;
}

Expected<ReadId, ProposeError> TracedRaft::request_read() {
  auto read = raft_.request_read();
  if (trace_.on()) trace_.read(raft_, read);
  return read;
}

Expected<void, ProposeError> TracedRaft::transfer_leadership(NodeId to) {
  auto result = raft_.transfer_leadership(to);
  record("transfer");
  return result;
}

void TracedRaft::synced(BatchId batch) {
  raft_.synced(batch);
  record("synced", {{"batch", batch.value}});
}

void TracedRaft::applied(Index index) {
  raft_.applied(index);
  record("applied", {{"index", index.value}});
}

void TracedRaft::log_read_done(const LogRead& read, std::vector<Entry> entries) {
  raft_.log_read_done(read, std::move(entries));
  record("log_read");
}

void TracedRaft::snapshot_read_done(const SnapshotRead& read, std::optional<SnapshotPiece> piece) {
  raft_.snapshot_read_done(read, std::move(piece));
  record("snapshot_read");
}

void TracedRaft::snapshot_wants(std::uint64_t arrival, std::uint64_t offset) {
  raft_.snapshot_wants(arrival, offset);
  record("snapshot_wants", {{"arrival", arrival}});
}

void TracedRaft::snapshot_installed(std::uint64_t arrival) {
  raft_.snapshot_installed(arrival);
  record("snapshot_installed", {{"arrival", arrival}});
}

void TracedRaft::snapshot_failed(std::uint64_t arrival) {
  raft_.snapshot_failed(arrival);
  record("snapshot_failed", {{"arrival", arrival}});
}

void TracedRaft::compact(LogPosition mark) {
  raft_.compact(mark);
  record("compact", {{"mark", to_json(mark)}});
}

void TracedRaft::recalled(const Recalled& answer) {
  raft_.recalled(answer);
  if (trace_.on()) trace_.recalled(raft_, answer);
}

void TracedRaft::trust_disk() {
  raft_.trust_disk();
  record("trust_disk");
}

void TracedRaft::peer_restarted(NodeId node) {
  raft_.peer_restarted(node);
  record("peer_restarted", {{"peer", node.value}});
}

Output TracedRaft::take_output() {
  Output output = raft_.take_output();
  if (trace_.on()) trace_.output(raft_, output);
  return output;
}

}  // namespace daftar::consensus::test
