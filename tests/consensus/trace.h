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

/// A Raft that records every input with the state after it, and every output. Inputs and outputs are those of Raft.
class TracedRaft {
 public:
  TracedRaft(Options options, Restored restored, TraceSink sink);

  void tick();
  void step(Envelope envelope);
  Expected<LogPosition, ProposeError> propose(Payload payload);
  Expected<ReadId, ProposeError> request_read();
  Expected<void, ProposeError> transfer_leadership(NodeId to);
  void synced(BatchId batch);
  void applied(Index index);
  void log_read_done(const LogRead& read, std::vector<Entry> entries);
  // Not in the trace: clusters whose members change, or that compact their logs, or whose disks grow old, are not traced.
  Expected<LogPosition, ProposeError> propose_membership(const MembershipChange& change) { return raft_.propose_membership(change); }
  void snapshot_read_done(const SnapshotRead& read, std::optional<SnapshotPiece> piece) { raft_.snapshot_read_done(read, std::move(piece)); }
  void snapshot_wants(std::uint64_t arrival, std::uint64_t offset) { raft_.snapshot_wants(arrival, offset); }
  void snapshot_installed(std::uint64_t arrival) { raft_.snapshot_installed(arrival); }
  void snapshot_failed(std::uint64_t arrival) { raft_.snapshot_failed(arrival); }
  void compact(LogPosition mark) { raft_.compact(mark); }
  Recalled recall(NodeId node) const { return raft_.recall(node); }
  void recalled(const Recalled& answer) { raft_.recalled(answer); }
  void trust_disk() { raft_.trust_disk(); }
  void peer_restarted(NodeId node) { raft_.peer_restarted(node); }
  const Memory& memory() const { return raft_.memory(); }
  bool has_output() const { return raft_.has_output(); }
  Output take_output();
  Status status() const { return raft_.status(); }

 private:
  void record(const char* event, nlohmann::json line = nlohmann::json::object()) const;

  const NodeId self_;
  const TraceSink sink_;
  Raft raft_;
};

}  // namespace daftar::consensus::test
