// The safety properties of Raft (thesis figure 3.2) and of its use of the disk.
#include <algorithm>

#include "consensus/describe.h"
#include "consensus/membership.h"
#include "ledger/check.h"
#include "tests/simulation/checker.h"

namespace daftar::simulation {
namespace {

std::string at(std::uint64_t node, std::uint64_t term, std::uint64_t index) {
  return "node " + std::to_string(node) + ", term " + std::to_string(term) + ", index " + std::to_string(index);
}

SharedMembership genesis_membership(const ledger::Genesis& genesis) {
  return std::make_shared<const consensus::Membership>(NodesModel(genesis).membership());
}

}  // namespace

Checker::Checker(const ledger::Genesis& genesis, std::uint64_t machines)
    : ledger_genesis_(genesis), genesis_(genesis_membership(genesis)), committed_(genesis_), committed_by_(1), blocks_(1), registry_(genesis) {
  for (std::uint64_t i = 0; i < machines; ++i) nodes_.emplace_back(committed_.membership());
  for (const auto voter : membership().voters) voters_ever_.insert(voter.value);
}

std::vector<consensus::Membership> Checker::memberships_in_force() const {
  std::vector<consensus::Membership> all{membership()};
  for (const auto node : membership().members()) all.push_back(membership_of(node.value));
  return all;
}

Checker::Begun Checker::begun(const std::optional<storage::StoredHardState>& hard_state, const std::vector<storage::LogRecord>& records) {
  Begun write{hard_state, records.empty() ? 0 : records.front().index, {}, std::nullopt};
  for (const auto& record : records) write.entries.push_back(placed(record));
  return write;
}

void Checker::apply(LogView& view, const Begun& write) const {
  if (write.restart) view.become(committed_, *write.restart);
  if (write.entries.empty()) return;
  if (write.first == 0 || write.first > view.size())
    broken("log without gaps", "a write begins at " + std::to_string(write.first) + " behind " + std::to_string(view.size() - 1));
  view.replace(write.first, write.entries);
}

// ---------------------------------------------------------------------------------------------- the log

void Checker::write_issued(std::uint64_t node, const node::Replica::LogWrite& issued) {
  const Begun write = begun(issued.hard_state, issued.records);
  Node& n = of(node);
  if (issued.hard_state && issued.hard_state->voted_for == node && issued.hard_state->term > n.votes_for_itself.term)
    n.votes_for_itself = {issued.hard_state->term, may_campaign(node)};
  if (write.entries.empty()) return;
  // As a leader: its own newest entries are of its term. Later it may be made to replace them.
  const bool leads = n.leads_term != 0 && write.entries.front().place.term == n.leads_term && n.core.back().term <= n.leads_term;
  if (leads && write.first < n.core.size()) broken("leader append-only", at(node, n.leads_term, write.first) + " is replaced by its own leader");
  apply(n.core, write);
  for (std::uint64_t i = 0; i < write.entries.size(); ++i) {
    check_matching(node, write.first + i, write.entries[i].place, n.core[write.first + i - 1].term);
    if (const auto& membership = write.entries[i].membership)
      for (const auto voter : membership->all_voters()) voters_ever_.insert(voter.value);
  }
}

void Checker::check_matching(std::uint64_t node, std::uint64_t index, Place place, std::uint64_t term_before) {
  const auto [known, is_new] = entries_.try_emplace({index, place.term}, Matching{place.hash, term_before});
  if (known->second.hash != place.hash || known->second.term_before != term_before)
    broken("log matching", at(node, place.term, index) + " differs from what another log holds there");
}

void Checker::write_begun(std::uint64_t node, const std::optional<storage::StoredHardState>& hard_state, const std::vector<storage::LogRecord>& records) {
  of(node).begun = begun(hard_state, records);
}

void Checker::write_durable(std::uint64_t node) {
  Node& n = of(node);
  DAFTAR_CHECK(n.begun.has_value());
  if (n.begun->hard_state) {
    if (n.begun->hard_state->term < n.disk.hard_state.term) broken("terms never fall", "node " + std::to_string(node));
    n.disk.hard_state = *n.begun->hard_state;
  }
  apply(n.disk.log, *n.begun);
  n.begun.reset();
}

void Checker::restart_begun(std::uint64_t node, std::uint64_t index) {
  if (index >= committed_.size()) broken("snapshots", "node " + std::to_string(node) + " begins its log anew at " + std::to_string(index) + ", which nobody has committed");
  of(node).begun = Begun{std::nullopt, 0, {}, index};
}

void Checker::snapshot_installed(std::uint64_t node, const storage::AppliedMark& mark, std::uint64_t state_hash) {
  Node& n = of(node);
  const std::string what = "node " + std::to_string(node) + " took in a snapshot of height " + std::to_string(mark.height);
  if (mark.height >= blocks_.size()) broken("snapshots", what + ", which nobody has executed");
  const Block& block = blocks_[mark.height];
  if (block.raft_index != mark.raft_index || block.raft_term != mark.raft_term) broken("snapshots", what + " at another place of the log");
  if (block.state_hash != state_hash || block.size != mark.entries) broken("snapshots", what + " with another state");
  const auto membership = consensus::decode_membership(mark.membership);
  if (!membership || *membership != *committed_.membership_at(mark.raft_index)) broken("snapshots", what + " with another membership than was in force there");
  n.core.become(committed_, mark.raft_index);
  if (!n.disk.log.same_entries(n.core)) broken("snapshots", what + ", but its log does not go on there");
  ++snapshots_;
}

void Checker::started(std::uint64_t node, const storage::RaftLog& log, const storage::AppliedMark& mark, std::uint64_t state_hash) {
  Node& n = of(node);
  const auto found = log.hard_state();
  const auto same = [&](const storage::StoredHardState& state) { return found.term == state.term && found.voted_for == state.voted_for; };
  LogView view = n.disk.log;
  const auto before = log.compacted();
  if (before.index >= committed_.size() || committed_[before.index].term != before.term)
    broken("durable log", "node " + std::to_string(node) + " starts with a log that begins after " + std::to_string(before.index) + ", which is not a place of the history");
  view.become(committed_, before.index);
  if (log.last() >= log.first()) {
    auto records = log.read(log.first(), log.last(), SIZE_MAX);
    if (!records) broken("durable log", "node " + std::to_string(node) + " starts on a log it cannot read: " + records.error().text());
    for (const auto& record : *records) view.append(placed(record));
  }
  // A write under way at the crash may have reached the disk whole; nobody was told, and that is right.
  if (n.begun && !(view.same_entries(n.disk.log) && same(n.disk.hard_state))) {
    if (n.begun->hard_state) n.disk.hard_state = *n.begun->hard_state;
    apply(n.disk.log, *n.begun);
  }
  n.begun.reset();
  if (!view.same_entries(n.disk.log))
    broken("durable log", "node " + std::to_string(node) + " starts with " + std::to_string(view.size() - 1) + " entries that are not the " +
                              std::to_string(n.disk.log.size() - 1) + " that were durable");
  if (!same(n.disk.hard_state)) broken("durable log", "node " + std::to_string(node) + " starts with another term or vote than was durable");
  n.core = view;
  n.leads_term = 0;
  if (mark.height >= blocks_.size()) broken("one ledger", "node " + std::to_string(node) + " starts at height " + std::to_string(mark.height) + ", which nobody has executed");
  if (mark.height > 0 && (blocks_[mark.height].state_hash != state_hash || blocks_[mark.height].raft_index != mark.raft_index))
    broken("one ledger", "node " + std::to_string(node) + " starts with another state at height " + std::to_string(mark.height));
}

void Checker::put_back(std::uint64_t node, const Promised& older) {
  Node& n = of(node);
  n.lost.push_back(std::move(n.disk));
  n.disk = older;
  n.begun.reset();
  // A vote for itself went with the process: nobody can be elected by it any more.
  std::erase_if(votes_, [&](const auto& vote) { return vote.first.first == node && (vote.second == node || !votes_heard_.contains(vote.first)); });
}

bool Checker::lacks_nothing(std::uint64_t node) const {
  const Node& n = of(node);
  return std::all_of(n.lost.begin(), n.lost.end(), [&](const Promised& lost) { return n.disk.last() >= lost.last() && n.disk.hard_state.term >= lost.hard_state.term; });
}

bool Checker::voters_unchanged_since(const Promised& older) const {
  const auto& now = membership();
  const auto& all = committed_.memberships();
  return std::all_of(all.upper_bound(older.hard_state.commit), all.end(),
                     [&](const auto& entry) { return entry.second->voters == now.voters && entry.second->outgoing.empty(); });
}

void Checker::heard(const consensus::Envelope& envelope) {
  if (const auto* reply = std::get_if<consensus::VoteReply>(&envelope.message); reply && !reply->pre && reply->granted)
    votes_heard_.insert({envelope.from.value, reply->term.value});
}

// ---------------------------------------------------------------------------------------------- messages

void Checker::sent(std::uint64_t from, std::uint64_t to, const consensus::Message& message) {
  if (const auto* request = std::get_if<consensus::VoteRequest>(&message); request && !request->pre) {
    check_campaign(from, request->term.value);
    check_vote(from, request->term, from);
  }
  if (const auto* reply = std::get_if<consensus::VoteReply>(&message); reply && !reply->pre && reply->granted) check_vote(from, reply->term, to);
  if (const auto* request = std::get_if<consensus::AppendRequest>(&message)) check_append(from, to, *request);
  if (const auto* reply = std::get_if<consensus::AppendReply>(&message); reply && reply->success) check_append_reply(from, *reply);
  if (const auto* request = std::get_if<consensus::SnapshotRequest>(&message)) {
    const auto& snapshot = request->piece.snapshot;
    if (snapshot.position.index.value >= committed_.size() || committed_[snapshot.position.index.value].term != snapshot.position.term.value)
      broken("snapshots", at(from, snapshot.position.term.value, snapshot.position.index.value) + " is sent as a snapshot's place, and is not committed");
    claimed_[request->term.value][snapshot.position.index.value] = snapshot.position.term.value;
  }
}

bool Checker::may_campaign(std::uint64_t node) const {
  const LogView& log = of(node).core;
  // 4.2.2: one that its newest membership leaves out may still be needed to commit it; what it knows to be committed may be later than this.
  bool may = log.membership_at(std::min(of(node).disk.hard_state.commit, log.size() - 1))->is_voter({node});
  for (auto later = log.memberships().upper_bound(of(node).disk.hard_state.commit); later != log.memberships().end(); ++later) may = may || later->second->is_voter({node});
  return may;
}

/// A request leaves when the vote for itself is durable. Until then another may have been elected, whose log has no such membership.
void Checker::check_campaign(std::uint64_t node, std::uint64_t term) const {
  const auto& vote = of(node).votes_for_itself;
  if (!(vote.term == term && vote.allowed) && !may_campaign(node))
    broken("who votes", "node " + std::to_string(node) + " campaigns in term " + std::to_string(term) + ", and is no voter");
}

void Checker::check_vote(std::uint64_t node, consensus::Term term, std::uint64_t candidate) {
  const auto& durable = of(node).disk.hard_state;
  if (durable.term < term.value || (durable.term == term.value && durable.voted_for != candidate))
    broken("promise after sync", "a vote of node " + std::to_string(node) + " in term " + std::to_string(term.value) + " left before it was durable");
  if (!voters_ever_.contains(node)) broken("who votes", "node " + std::to_string(node) + " votes, and was never to be a voter");
  const auto [known, is_new] = votes_.try_emplace({node, term.value}, candidate);
  if (known->second != candidate)
    broken("one vote a term", "node " + std::to_string(node) + " voted for " + std::to_string(known->second) + " and " + std::to_string(candidate) + " in term " +
                                  std::to_string(term.value));
}

void Checker::check_append(std::uint64_t from, std::uint64_t to, const consensus::AppendRequest& request) {
  const std::uint64_t term = request.term.value;
  if (const auto [leader, is_new] = leaders_.try_emplace(term, from); is_new)
    check_new_leader(from, term);
  else if (leader->second != from)
    broken("election safety", "nodes " + std::to_string(leader->second) + " and " + std::to_string(from) + " lead in term " + std::to_string(term));
  of(from).leads_term = std::max(of(from).leads_term, term);
  auto& claimed = claimed_[term];
  claimed[request.previous.index.value] = request.previous.term.value;
  for (const auto& entry : request.entries) claimed[entry.index.value] = entry.term.value;
  while (claimed_.size() > 20) claimed_.erase(claimed_.begin());
  // One that was removed hears of nothing after its removal, which may be of an earlier term: committed with an entry that it is not told of.
  std::uint64_t commit = request.commit.value;
  const LogView& log = of(from).core;
  if (commit >= committed_.size() && !log.membership()->contains({to}))
    for (std::uint64_t later = commit; later < log.size() && log[commit].term < term; ++later)
      if (log[later].term == term) commit = later;
  check_commit(from, term, commit);
}

void Checker::check_new_leader(std::uint64_t node, std::uint64_t term) {
  const LogView& log = of(node).core;
  const auto voted = [&](std::uint64_t voter) {
    const auto vote = votes_.find({voter, term});
    return vote != votes_.end() && vote->second == node;
  };
  if (!is_quorum(*log.membership(), voted)) broken("election safety", "node " + std::to_string(node) + " leads in term " + std::to_string(term) + " without the votes of a quorum");
  // One elected late, while a later term has begun, owes nothing to that term.
  for (std::uint64_t index = 1; index < committed_.size() && committed_by_[index] < term; ++index)
    if (index >= log.size() || log[index].term != committed_[index].term)
      broken("leader completeness", at(node, term, index) + ": the new leader lacks what was committed in term " + std::to_string(committed_[index].term));
}

void Checker::check_commit(std::uint64_t leader, std::uint64_t term, std::uint64_t commit) {
  const LogView& log = of(leader).core;
  if (commit >= log.size()) broken("commit rule", at(leader, term, commit) + " is said to be committed and is not in the leader's log");
  if (commit < committed_.size()) {
    if (log[commit].term != committed_[commit].term) broken("commit rule", at(leader, term, commit) + " differs from what was committed");
    return;
  }
  if (log[commit].term != term) broken("commit rule", at(leader, term, commit) + ": an entry of an earlier term is committed by counting (3.6.2)");
  // By the membership in force at that place, or by a later one of this leader.
  const auto holds = [&](std::uint64_t node) {
    const auto has = [&](const Promised& disk) { return commit < disk.log.size() && disk.log[commit].term == term; };
    const Node& n = of(node);
    return has(n.disk) || std::any_of(n.lost.begin(), n.lost.end(), has);   // it counts as of when it was acknowledged
  };
  bool enough = is_quorum(*log.membership_at(commit), holds);
  for (auto later = log.memberships().upper_bound(commit); later != log.memberships().end(); ++later) enough = enough || is_quorum(*later->second, holds);
  if (!enough) {
    std::string holders;
    for (std::uint64_t node = 1; node <= nodes_.size(); ++node)
      if (holds(node)) holders += " " + std::to_string(node);
    broken("commit rule", at(leader, term, commit) + " is said to be committed, and durable on" + holders + ", which is no quorum of " + consensus::describe(*log.membership_at(commit)));
  }
  for (std::uint64_t index = committed_.size(); index <= commit; ++index) note_committed(log, index);
  committed_by_.resize(committed_.size(), term);
}

void Checker::note_committed(const LogView& log, std::uint64_t index) {
  const auto membership = log.memberships().find(index);
  committed_.append({log[index], membership == log.memberships().end() ? nullptr : membership->second});
  if (membership == log.memberships().end()) return;
  membership_changes_ += !membership->second->joint();
  for (const auto learner : membership->second->learners) observers_.insert(learner.value);
}

/// A leader may execute before any follower has heard of the commit. What it executes is of its own term, or lies below its first such entry.
void Checker::check_leaders_commit(std::uint64_t node, std::uint64_t index) {
  const Node& n = of(node);
  while (index < n.core.size() && n.core[index].term < n.leads_term) ++index;
  if (n.leads_term != 0 && index < n.core.size() && n.core[index].term == n.leads_term) check_commit(node, n.leads_term, index);
}

void Checker::check_append_reply(std::uint64_t from, const consensus::AppendReply& reply) {
  const Node& node = of(from);
  const std::uint64_t match = reply.match.value, term = reply.term.value;
  if (node.disk.hard_state.term > term) return;   // it was durable, and a later term has moved on since
  if (node.disk.hard_state.term < term) broken("promise after sync", at(from, term, match) + " was acknowledged before the term was durable");
  const auto leader = claimed_.find(term);
  if (match == 0 || leader == claimed_.end()) return;
  const auto claim = leader->second.find(match);
  // To a leader that offers a snapshot of less than is known to be committed here, it says what is: every leader holds that.
  if (claim == leader->second.end() && match < committed_.size() && match < node.disk.log.size() && node.disk.log[match] == committed_[match]) return;
  if (claim == leader->second.end()) broken("promise after sync", at(from, term, match) + " was acknowledged, which its leader never sent");
  if (match >= node.disk.log.size() || node.disk.log[match].term != claim->second)
    broken("promise after sync", at(from, term, match) + " was acknowledged before it was durable");
}

}  // namespace daftar::simulation
