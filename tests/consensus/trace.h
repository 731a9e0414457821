// What passes in and out of a core, one JSON object a line (docs/consensus.md, "Traces"). For tests and the simulator: trace_check.h judges it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "consensus/raft.h"

namespace daftar::consensus::test {

/// Called with each line, without its line end. Empty: nothing is recorded, and recording costs nothing.
using TraceSink = std::function<void(const std::string& line)>;

nlohmann::json to_json(const Message& message);
nlohmann::json to_json(const Envelope& envelope);
nlohmann::json to_json(const Entry& entry);

/// Writes the lines of one core. `raft` is the core after the input; the fields are those of docs/consensus.md.
class TraceWriter {
 public:
  TraceWriter(NodeId self, TraceSink sink) : self_(self), sink_(std::move(sink)) {}

  bool on() const { return static_cast<bool>(sink_); }
  void record(const Raft& raft, const char* event, nlohmann::json line = nlohmann::json::object()) const;
  void restored(const Raft& raft, const Restored& restored) const;
  void stepped(const Raft& raft, nlohmann::json message) const { record(raft, "step", {{"message", std::move(message)}}); }
  void proposed(const Raft& raft, const Payload& payload, bool taken) const;
  void changed(const Raft& raft, const MembershipChange& change, bool taken) const;
  void read(const Raft& raft, const Expected<ReadId, ProposeError>& read) const;
  void recalled(const Raft& raft, const Recalled& answer) const;
  void output(const Raft& raft, const Output& output) const;

 private:
  NodeId self_;
  TraceSink sink_;
};

/// A Raft that records every input with the state after it, and every output. Inputs and outputs are those of Raft.
class TracedRaft {
 public:
  TracedRaft(Options options, Restored restored, TraceSink sink);

  void tick();
  void step(Envelope envelope);
  Expected<LogPosition, ProposeError> propose(Payload payload);
  Expected<LogPosition, ProposeError> propose_membership(const MembershipChange& change);
  Expected<ReadId, ProposeError> request_read();
  Expected<void, ProposeError> transfer_leadership(NodeId to);
  void synced(BatchId batch);
  void applied(Index index);
  void log_read_done(const LogRead& read, std::vector<Entry> entries);
  void snapshot_read_done(const SnapshotRead& read, std::optional<SnapshotPiece> piece);
  void snapshot_wants(std::uint64_t arrival, std::uint64_t offset);
  void snapshot_installed(std::uint64_t arrival);
  void snapshot_failed(std::uint64_t arrival);
  void compact(LogPosition mark);
  Recalled recall(NodeId node) const { return raft_.recall(node); }
  void recalled(const Recalled& answer);
  std::uint64_t round() const { return raft_.round(); }
  void trust_disk();
  void peer_restarted(NodeId node);
  const Memory& memory() const { return raft_.memory(); }
  bool has_output() const { return raft_.has_output(); }
  Output take_output();
  Status status() const { return raft_.status(); }

 private:
  void record(const char* event, nlohmann::json line = nlohmann::json::object()) const {
    if (trace_.on()) trace_.record(raft_, event, std::move(line));
  }

  const TraceWriter trace_;
  Raft raft_;
};

}  // namespace daftar::consensus::test
