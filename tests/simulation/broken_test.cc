// Broken on purpose: nodes that break one rule each, from outside the code under test. The simulator must catch every one within a bounded
// number of seeds; how many each needed is printed. No seed fails without a planted mistake (simulation_test.cc).
#include <catch2/catch.hpp>
#include <iostream>
#include <map>

#include "tests/simulation/common_mistakes.h"
#include "tests/simulation/planted.h"

using namespace daftar;
using namespace daftar::simulation;
namespace c = daftar::consensus;

namespace {

template <typename M>
M* as(node::PeerMessage& message) {
  auto* consensus = std::get_if<c::Message>(&message);
  return consensus ? std::get_if<M>(consensus) : nullptr;
}

struct TermForgotten : Saboteur {   // 3.8: so does the term
  void restored(std::uint64_t, node::ReplicaRestored& r) override {
    auto& term = r.raft.hard_state.term;
    const std::uint64_t floor = r.raft.tail.empty() ? r.raft.before_tail.term.value : r.raft.tail.back().term.value;
    if (term.value > floor) term.value = floor, r.raft.hard_state.voted_for = {};
  }
};
struct TailForgotten : Saboteur {   // what was acknowledged is dropped at a restart
  void restored(std::uint64_t, node::ReplicaRestored& r) override {
    if (r.raft.tail.empty()) return;
    r.raft.tail.pop_back();
    const std::uint64_t last = r.raft.tail.empty() ? r.raft.before_tail.index.value : r.raft.tail.back().index.value;
    r.raft.hard_state.commit.value = std::min(r.raft.hard_state.commit.value, last);
  }
};
struct CommitRaised : Saboteur {    // all that is in the log counts as committed at a restart
  void restored(std::uint64_t, node::ReplicaRestored& r) override {
    if (!r.raft.tail.empty()) r.raft.hard_state.commit = r.raft.tail.back().index;
  }
};
struct LyingDisk : Saboteur {
  bool syncs_lie() override { return true; }
};
struct DiskErrorIgnored : Saboteur {   // fsyncgate
  bool ignores_disk_errors() override { return true; }
};
struct DamageCutOff : Saboteur {       // corruption in the middle taken for an unfinished tail
  SimRaftLog::Leniency leniency() override { return {true, true}; }
};
struct MarkIgnored : Saboteur {        // a log that lost its last durable writes is accepted
  SimRaftLog::Leniency leniency() override { return {false, true}; }
};
struct HardStateNotWritten : Saboteur {
  void writing(std::uint64_t, std::optional<storage::StoredHardState>& hard_state, std::vector<storage::LogRecord>& records) override {
    if (!records.empty()) hard_state.reset();
  }
};
struct LastRecordNotWritten : Saboteur {
  void writing(std::uint64_t node, std::optional<storage::StoredHardState>&, std::vector<storage::LogRecord>& records) override {
    if (node == 2 && records.size() > 1) records.pop_back();
  }
};
struct SecondVote : Saboteur {         // 3.4: one vote a term
  bool receiving(std::uint64_t node, std::uint64_t from, node::PeerMessage& message, std::vector<node::Replica::Send>& replies) override {
    const auto* request = as<c::VoteRequest>(message);
    if (!request || request->pre || node != 1) return true;
    replies.push_back({from, node::PeerMessage{c::Message{c::VoteReply{request->term, request->term, false, true}}}});
    return true;
  }
};
struct OutdatedLogElected : Saboteur { // 3.6.1: a vote only for a log that is up to date
  bool receiving(std::uint64_t, std::uint64_t, node::PeerMessage& message, std::vector<node::Replica::Send>&) override {
    if (auto* request = as<c::VoteRequest>(message)) request->last = {{request->term.value - 1}, {1u << 20}};
    return true;
  }
};
struct RefusalCountedAsVote : Saboteur {
  bool receiving(std::uint64_t, std::uint64_t, node::PeerMessage& message, std::vector<node::Replica::Send>&) override {
    if (auto* reply = as<c::VoteReply>(message)) reply->granted = true, reply->term = reply->pre ? c::Term{reply->election.value - 1} : reply->election;
    return true;
  }
};
struct FailedAppendCounts : Saboteur { // a refusal taken for a success
  bool receiving(std::uint64_t, std::uint64_t, node::PeerMessage& message, std::vector<node::Replica::Send>&) override {
    if (auto* reply = as<c::AppendReply>(message); reply && !reply->success && reply->rejected.value > 0) reply->success = true, reply->match = reply->rejected;
    return true;
  }
};
struct CommitWithoutQuorum : Saboteur { // whatever was sent is said to be committed
  void sending(std::uint64_t, std::uint64_t, node::PeerMessage& message) override {
    if (auto* request = as<c::AppendRequest>(message)) request->commit = request->entries.empty() ? request->previous.index : request->entries.back().index;
  }
};
struct OldLeaderTakesNewTerm : Saboteur { // a leader that goes on in a term it was not elected in
  std::uint64_t highest = 0;
  void sending(std::uint64_t, std::uint64_t, node::PeerMessage& message) override {
    if (const auto* request = as<c::VoteRequest>(message); request && !request->pre) highest = std::max(highest, request->term.value);
    if (auto* request = as<c::AppendRequest>(message)) request->term.value = std::max(request->term.value, highest);
  }
};
struct CommitNotClamped : Saboteur {    // scylladb#9965: an old suffix is committed by an empty request with a high commit
  std::map<std::uint64_t, c::LogPosition> last;
  void writing(std::uint64_t node, std::optional<storage::StoredHardState>&, std::vector<storage::LogRecord>& records) override {
    if (!records.empty()) last[node] = {{records.back().term}, {records.back().index}};
  }
  bool receiving(std::uint64_t node, std::uint64_t, node::PeerMessage& message, std::vector<node::Replica::Send>&) override {
    auto* request = as<c::AppendRequest>(message);
    if (request && request->entries.empty() && last.contains(node) && last[node].term < request->term) request->previous = last[node];
    return true;
  }
};
struct MarkAheadOfState : Saboteur {    // the applied mark outside the batch: a block is skipped after a crash
  void reopened(std::uint64_t, StateImage& flushed, const StateImage& newest) override { flushed.mark = newest.mark; }
};
struct StateAheadOfMark : Saboteur {    // the same, the other way: blocks are executed twice
  void reopened(std::uint64_t, StateImage& flushed, const StateImage& newest) override { flushed.rows = newest.rows, flushed.hash = newest.hash; }
};
struct ReplaySetLost : Saboteur {       // who has been paid is forgotten
  void reopened(std::uint64_t, StateImage& flushed, const StateImage&) override {
    std::vector<std::string> keys;
    for (const auto& [key, value] : flushed.rows)
      if (key.starts_with('u')) keys.push_back(key);
    for (const auto& key : keys) flushed.put(key, std::nullopt);
  }
};
struct BlocksDiffer : Saboteur {        // a node that executes something of its own
  void executing(std::uint64_t node, node::ExecuteTask& task) override {
    auto parsed = task.block ? task.block : *ledger::Block::parse(task.payload, {}, {});
    if (node != 2 || parsed->transactions().empty()) return;
    task.block = ledger::make_block(parsed->previous_hash(), parsed->height(), parsed->time_ms(), parsed->checkpoint(), {});
  }
};
struct ReadsUnconfirmed : Saboteur {    // 6.4: reads from what is executed here, without asking a quorum who leads
  bool reads_unconfirmed() override { return true; }
};
struct AnsweredBeforeCommit : Saboteur {
  bool answers_early() override { return true; }
};

}  // namespace

TEST_CASE("every planted mistake is caught within a bounded number of seeds") {
  constexpr std::uint64_t seeds_max = 400;
  std::cout << "broken on purpose: seeds from 1, at most " << seeds_max << " each\n";
  for (const auto& mistake : {
           planted<VoteForgotten>("vote forgotten at a restart"), planted<TermForgotten>("term forgotten at a restart"),
           planted<TailForgotten>("acknowledged tail dropped at a restart"), planted<CommitRaised>("whole log counted as committed at a restart"),
           planted<AcknowledgedBeforeSync>("acknowledged before the sync"), planted<LyingDisk>("syncs that lie"),
           planted<DiskErrorIgnored>("disk error ignored"), planted<DamageCutOff>("damage in the middle cut off as a tail"),
           planted<MarkIgnored>("synced-up-to mark ignored"), planted<HardStateNotWritten>("hard state left out of writes with entries"),
           planted<LastRecordNotWritten>("last record of a write left out"), planted<SecondVote>("two votes in a term"),
           planted<OutdatedLogElected>("vote for an outdated log"), planted<RefusalCountedAsVote>("refusal counted as a vote"),
           planted<FailedAppendCounts>("refused append counted as stored"),
           planted<CommitWithoutQuorum>("commit without a quorum"), planted<OldLeaderTakesNewTerm>("old leader goes on in a new term"),
           planted<CommitNotClamped>("follower's commit not clamped to what matches"), planted<MarkAheadOfState>("applied mark ahead of the state"),
           planted<StateAheadOfMark>("state ahead of the applied mark"), planted<ReplaySetLost>("replay set lost in a crash"),
           planted<BlocksDiffer>("one node executes another block"), planted<OwnClockTrusted>("leader dates by its own clock"),
           planted<ReadsUnconfirmed>("reads answered without asking a quorum"), planted<AnsweredBeforeCommit>("client answered before the commit")}) {
    CAPTURE(mistake.name);
    CHECK(seeds_needed(mistake, seeds_max, 1500) > 0);
  }
}
