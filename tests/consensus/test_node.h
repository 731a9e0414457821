// One node and its disk, for tests that speak to a single core message by message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "consensus/describe.h"
#include "consensus/raft.h"

namespace daftar::consensus::test {

inline Payload payload(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

inline Entry entry(std::uint64_t term, std::uint64_t index, const std::string& text = "x") {
  return {Term{term}, Index{index}, EntryKind::payload, payload(text)};
}

/// A log whose i-th entry has the i-th term.
inline std::vector<Entry> log_of(std::initializer_list<std::uint64_t> terms) {
  std::vector<Entry> entries;
  for (std::uint64_t term : terms) entries.push_back(entry(term, entries.size() + 1));
  return entries;
}

inline std::vector<std::uint64_t> terms_of(const std::vector<Entry>& entries) {
  std::vector<std::uint64_t> terms;
  for (const Entry& e : entries) terms.push_back(e.term.value);
  return terms;
}

inline LogPosition at(std::uint64_t term, std::uint64_t index) { return {Term{term}, Index{index}}; }

/// What survives a crash.
struct Disk {
  HardState hard_state;
  std::vector<Entry> log;  // after `mark`
  LogPosition mark{};
  Membership membership{};  // in force at `mark`, if there is one

  void compact(std::uint64_t index, Membership in_force) {
    const std::size_t count = index - mark.index.value;
    mark = log.at(count - 1).position();
    log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(count));
    membership = std::move(in_force);
  }
  void write(const Output& output) {
    if (output.hard_state) hard_state = *output.hard_state;
    if (output.entries.empty()) return;
    log.resize(output.entries.front().index.value - mark.index.value - 1);
    log.insert(log.end(), output.entries.begin(), output.entries.end());
  }
  std::vector<Entry> read(const LogRead& read) const {
    std::vector<Entry> entries;
    std::size_t bytes = 0;
    for (Index i = read.first; i <= read.last; ++i) {
      if (i <= mark.index) return {};
      const Entry& e = log.at(i.value - mark.index.value - 1);
      bytes += e.byte_size();
      if (!entries.empty() && bytes > read.bytes_max) break;
      entries.push_back(e);
    }
    return entries;
  }
};

struct Setup {
  std::uint64_t self = 1;
  std::uint64_t voters = 3;
  std::vector<NodeId> learners{};
  Ticks election_timeout = 10;
  Ticks heartbeat_interval = 2;
  std::size_t append_bytes_max = 1 << 20;
  std::uint32_t inflight_appends_max = 8;
  std::size_t log_window_bytes_max = 1 << 20;
  std::uint64_t seed = 1;
  std::optional<Membership> membership{};  // in place of voters and learners
  std::uint64_t voter_lag_max = 1000;
};

class TestNode {
 public:
  explicit TestNode(Setup setup_, Disk disk_ = {}, Index applied_ = {}) : setup(setup_), disk(std::move(disk_)), applied(applied_) {
    restart();
  }

  const Setup setup;
  Disk disk;
  Index applied;
  std::unique_ptr<Raft> raft;
  std::vector<Envelope> sent;      // everything that left, in order
  std::vector<Entry> committed;    // everything handed out
  std::vector<ReadReady> reads;
  std::vector<ReadId> reads_aborted;
  std::vector<LogRead> log_reads;
  std::optional<RoleChange> role;  // the last one
  bool removed = false;            // was said
  std::vector<SnapshotRead> snapshot_reads;
  std::vector<SnapshotArrival> arrivals;
  bool withheld = false;           // of the next restart
  bool in_doubt = false;

  /// From what the disk holds; whatever was not synced is gone.
  void restart() {
    Restored restored{.hard_state = disk.hard_state, .snapshot = {disk.mark}, .before_tail = disk.mark, .tail = disk.log, .applied = applied};
    for (std::uint64_t i = 1; i <= setup.voters; ++i) restored.membership.voters.push_back(NodeId{i});
    restored.membership.learners = setup.learners;
    if (setup.membership) restored.membership = *setup.membership;
    if (disk.mark.index > Index{0}) restored.membership = disk.membership;
    if (raft) restored.memory = raft->memory().all();
    restored.withheld = withheld;
    restored.in_doubt = in_doubt;
    raft = std::make_unique<Raft>(Options{.self = NodeId{setup.self},
                                          .election_timeout = setup.election_timeout,
                                          .heartbeat_interval = setup.heartbeat_interval,
                                          .append_bytes_max = setup.append_bytes_max,
                                          .inflight_appends_max = setup.inflight_appends_max,
                                          .log_window_bytes_max = setup.log_window_bytes_max,
                                          .seed = setup.seed,
                                          .voter_lag_max = setup.voter_lag_max,
                                          .snapshot_piece_bytes_max = 10},
                                  std::move(restored));
  }

  /// Everything of `output` but the disk write and what waits for it.
  void carry_out_now(const Output& output) {
    sent.insert(sent.end(), output.send_now.begin(), output.send_now.end());
    committed.insert(committed.end(), output.committed.begin(), output.committed.end());
    reads.insert(reads.end(), output.reads.begin(), output.reads.end());
    reads_aborted.insert(reads_aborted.end(), output.reads_aborted.begin(), output.reads_aborted.end());
    log_reads.insert(log_reads.end(), output.log_reads.begin(), output.log_reads.end());
    if (output.role) role = output.role;
    removed = removed || output.removed;
    snapshot_reads.insert(snapshot_reads.end(), output.snapshot_reads.begin(), output.snapshot_reads.end());
    arrivals.insert(arrivals.end(), output.snapshot_arrivals.begin(), output.snapshot_arrivals.end());
    if (!output.committed.empty()) {
      applied = output.committed.back().index;
      raft->applied(applied);
    }
  }
  void sync(const Output& output) {
    disk.write(output);
    raft->synced(output.batch);
    sent.insert(sent.end(), output.send_after_sync.begin(), output.send_after_sync.end());
  }
  /// Carries out all that there is, with an instant disk.
  void settle() {
    while (raft->has_output()) {
      const Output output = raft->take_output();
      carry_out_now(output);
      sync(output);
    }
  }

  void step(std::uint64_t from, Message message) { raft->step({NodeId{from}, NodeId{setup.self}, std::move(message)}); }
  /// Steps, settles, and returns what left because of it.
  std::vector<Envelope> answer(std::uint64_t from, Message message) {
    settle();
    sent.clear();
    step(from, std::move(message));
    settle();
    return std::exchange(sent, {});
  }
  std::vector<Envelope> take_sent() {
    settle();
    return std::exchange(sent, {});
  }
  void tick(Ticks times) {
    for (Ticks i = 0; i < times; ++i) {
      raft->tick();
      settle();
    }
  }
  /// Ticks until the election timeout strikes.
  void time_out() {
    const Role before = status().role;
    for (Ticks i = 0; i < 2 * setup.election_timeout && status().role == before; ++i) raft->tick();
  }

  /// By the granted votes of nodes 2, 3, ... up to a majority; leaves nothing unsent.
  void become_candidate() {
    time_out();
    settle();
    for (std::uint64_t i = 1; i <= setup.voters && status().role != Role::candidate; ++i)
      if (i != setup.self) step(i, VoteReply{term(), term() + 1, true, true});
    settle();
  }
  void become_leader() {
    become_candidate();
    for (std::uint64_t i = 1; i <= setup.voters && status().role != Role::leader; ++i)
      if (i != setup.self) step(i, VoteReply{term(), term(), false, true});
    settle();
    sent.clear();
  }
  /// The follower has everything there is, and says so.
  void acknowledge(std::uint64_t from, std::uint64_t match, std::uint64_t context = 0) {
    step(from, AppendReply{.term = term(), .success = true, .match = Index{match}, .context = context});
    settle();
  }

  Status status() const { return raft->status(); }
  Term term() const { return status().term; }
  std::uint64_t commit() const { return status().commit.value; }
  std::uint64_t last() const { return status().last.index.value; }
};

/// The messages of one kind, with their receivers.
template <typename M>
std::vector<std::pair<NodeId, M>> only(const std::vector<Envelope>& envelopes) {
  std::vector<std::pair<NodeId, M>> messages;
  for (const Envelope& envelope : envelopes)
    if (const M* message = std::get_if<M>(&envelope.message)) messages.emplace_back(envelope.to, *message);
  return messages;
}

/// The single message of one kind.
template <typename M>
M single(const std::vector<Envelope>& envelopes) {
  auto messages = only<M>(envelopes);
  if (messages.size() != 1) throw std::runtime_error("expected one message of the kind, got " + std::to_string(messages.size()));
  return messages.front().second;
}

inline AppendRequest append(std::uint64_t term, LogPosition previous, std::vector<Entry> entries = {}, std::uint64_t commit = 0) {
  return {Term{term}, previous, Index{commit}, std::move(entries), 0};
}

}  // namespace daftar::consensus::test
