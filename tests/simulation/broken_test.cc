// Broken on purpose: nodes that break one rule each, from outside the code under test. The simulator must catch every one within a bounded
// number of seeds; how many each needed is printed. No seed fails without a planted mistake (simulation_test.cc).
#include <catch2/catch.hpp>
#include <functional>
#include <iostream>
#include <map>

#include "tests/simulation/own_clock.h"
#include "tests/simulation/world.h"

using namespace daftar;
using namespace daftar::simulation;
namespace c = daftar::consensus;

namespace {

template <typename M>
M* as(node::PeerMessage& message) {
  auto* consensus = std::get_if<c::Message>(&message);
  return consensus ? std::get_if<M>(consensus) : nullptr;
}

struct VoteForgotten : Saboteur {   // 3.8: votedFor survives a restart
  void restored(std::uint64_t, node::ReplicaRestored& r) override { r.raft.hard_state.voted_for = {}; }
};
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
struct AcknowledgedBeforeSync : Saboteur {
  bool vouches_early() override { return true; }
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

/// The first seed that catches the mistake, from 1; 0: none up to `seeds_max`.
std::uint64_t seeds_needed(const std::function<std::unique_ptr<Saboteur>()>& make, std::uint64_t seeds_max, std::string& rule) {
  SimOptions options;
  options.ticks = 1500;
  for (options.seed = 1; options.seed <= seeds_max; ++options.seed) {
    const auto saboteur = make();
    const Verdict verdict = simulate(options, *saboteur, false);
    if (verdict.passed()) continue;
    rule = verdict.rule;
    return options.seed;
  }
  return 0;
}

template <typename S>
std::pair<std::string, std::function<std::unique_ptr<Saboteur>()>> variant(std::string name) {
  return {std::move(name), [] { return std::make_unique<S>(); }};
}

}  // namespace

TEST_CASE("every planted mistake is caught within a bounded number of seeds") {
  constexpr std::uint64_t seeds_max = 400;
  std::cout << "broken on purpose: seeds from 1, at most " << seeds_max << " each\n";
  for (const auto& [name, make] : {
           variant<VoteForgotten>("vote forgotten at a restart"), variant<TermForgotten>("term forgotten at a restart"),
           variant<TailForgotten>("acknowledged tail dropped at a restart"), variant<CommitRaised>("whole log counted as committed at a restart"),
           variant<AcknowledgedBeforeSync>("acknowledged before the sync"), variant<LyingDisk>("syncs that lie"),
           variant<DiskErrorIgnored>("disk error ignored"), variant<DamageCutOff>("damage in the middle cut off as a tail"),
           variant<MarkIgnored>("synced-up-to mark ignored"), variant<HardStateNotWritten>("hard state left out of writes with entries"),
           variant<LastRecordNotWritten>("last record of a write left out"), variant<SecondVote>("two votes in a term"),
           variant<OutdatedLogElected>("vote for an outdated log"), variant<RefusalCountedAsVote>("refusal counted as a vote"),
           variant<FailedAppendCounts>("refused append counted as stored"),
           variant<CommitWithoutQuorum>("commit without a quorum"), variant<OldLeaderTakesNewTerm>("old leader goes on in a new term"),
           variant<CommitNotClamped>("follower's commit not clamped to what matches"), variant<MarkAheadOfState>("applied mark ahead of the state"),
           variant<StateAheadOfMark>("state ahead of the applied mark"), variant<ReplaySetLost>("replay set lost in a crash"),
           variant<BlocksDiffer>("one node executes another block"), variant<OwnClockTrusted>("leader dates by its own clock"),
           variant<ReadsUnconfirmed>("reads answered without asking a quorum"),
           variant<AnsweredBeforeCommit>("client answered before the commit")}) {
    std::string rule = "not caught";
    const std::uint64_t seeds = seeds_needed(make, seeds_max, rule);
    std::cout << "  " << name << ": " << seeds << " (" << rule << ")\n";
    CAPTURE(name);
    CHECK(seeds > 0);
  }
}
