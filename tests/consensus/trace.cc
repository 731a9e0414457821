#include "tests/consensus/trace.h"

#include <utility>

namespace daftar::consensus::test {
namespace {

using nlohmann::json;

json to_json(LogPosition position) { return json::array({position.term.value, position.index.value}); }

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
  return {{"type", "snapshot"}, {"term", m.term.value}, {"position", to_json(m.piece.snapshot.position)}, {"offset", m.piece.offset}, {"done", m.piece.done}};
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

json ids(const std::vector<NodeId>& nodes) {
  json list = json::array();
  for (NodeId node : nodes) list.push_back(node.value);
  return list;
}

}  // namespace

json to_json(const Entry& entry) {
  return json::array({entry.term.value, entry.index.value, static_cast<int>(entry.kind), entry.payload ? *entry.payload : ""});
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

TracedRaft::TracedRaft(Options options, Restored restored, TraceSink sink)
    : self_(options.self), sink_(std::move(sink)), raft_(options, restored) {
  if (!sink_) return;
  record("restore", {{"hard_state", to_json(restored.hard_state)},
                     {"before_tail", to_json(restored.before_tail)},
                     {"tail", to_json(restored.tail)},
                     {"applied", restored.applied.value},
                     {"voters", ids(restored.membership.voters)}});
}

void TracedRaft::record(const char* event, json line) const {
  const Status status = raft_.status();
  line["node"] = self_.value;
  line["event"] = event;
  line["after"] = {{"term", status.term.value}, {"vote", status.voted_for.value}, {"role", name(status.role)},
                   {"last", to_json(status.last)}, {"commit", status.commit.value}};
  sink_(line.dump());
}

void TracedRaft::tick() {
  raft_.tick();
  if (sink_) record("tick");
}

void TracedRaft::step(Envelope envelope) {
  json message = sink_ ? to_json(envelope) : json();
  raft_.step(std::move(envelope));
  if (sink_) record("step", {{"message", std::move(message)}});
}

Expected<LogPosition, ProposeError> TracedRaft::propose(Payload payload) {
  auto position = raft_.propose(payload);
  if (sink_) record("propose", {{"payload", *payload}, {"taken", position.has_value()}});
  return position;
}

Expected<ReadId, ProposeError> TracedRaft::request_read() {
  auto read = raft_.request_read();
  if (sink_) record("read");
  return read;
}

Expected<void, ProposeError> TracedRaft::transfer_leadership(NodeId to) {
  auto result = raft_.transfer_leadership(to);
  if (sink_) record("transfer");
  return result;
}

void TracedRaft::synced(BatchId batch) {
  raft_.synced(batch);
  if (sink_) record("synced", {{"batch", batch.value}});
}

void TracedRaft::applied(Index index) {
  raft_.applied(index);
  if (sink_) record("applied", {{"index", index.value}});
}

void TracedRaft::log_read_done(const LogRead& read, std::vector<Entry> entries) {
  raft_.log_read_done(read, std::move(entries));
  if (sink_) record("log_read");
}

Output TracedRaft::take_output() {
  Output output = raft_.take_output();
  if (!sink_) return output;
  record("output", {{"batch", output.batch.value},
                    {"hard_state", output.hard_state ? to_json(*output.hard_state) : json()},
                    {"entries", to_json(output.entries)},
                    {"send_now", to_json(output.send_now)},
                    {"send_after_sync", to_json(output.send_after_sync)},
                    {"committed", to_json(output.committed)},
                    {"write", output.needs_sync()}});
  return output;
}

}  // namespace daftar::consensus::test
