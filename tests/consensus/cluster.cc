#include "tests/consensus/cluster.h"

#include <algorithm>

namespace daftar::consensus::test {
namespace {

const std::size_t one = entry(1, 1, "proposal 100").byte_size();

std::string text(const Entry& e) { return std::to_string(static_cast<int>(e.kind)) + (e.payload ? *e.payload : ""); }

}  // namespace

Cluster::Cluster(std::uint64_t seed, std::uint64_t voters, std::uint64_t learners, Sabotage sabotage, std::uint64_t spares, TraceSink trace,
                 OldDisks old_disks)
    : seed_(seed), sabotage_(sabotage), trace_sink_(std::move(trace)), random_(seed), churn_(spares > 0), old_disks_(old_disks) {
  loss_percent_ = random_.below(4) * 7;
  delay_max_ = static_cast<int>(1 + random_.below(4));
  members_.resize(voters + learners + spares);
  for (std::uint64_t i = 0; i < members_.size(); ++i) {
    members_[i].id = NodeId{i + 1};
    if (i < voters + learners) (i < voters ? first_.voters : first_.learners).push_back(members_[i].id);
  }
  for (Member& member : members_) start(member);
}

void Cluster::broken(const std::string& what) const {
  std::string story = "seed " + std::to_string(seed_) + ", tick " + std::to_string(now_) + ": " + what;
  for (const Member& m : members_)
    story += "\n  " + (m.raft ? describe(m.raft->status()) : "node " + std::to_string(m.id.value) + " is down");
  throw Broken(story);
}

void Cluster::run(int ticks) {
  for (int i = 0; i < ticks; ++i) {
    make_faults();
    make_work();
    tick();
  }
}

void Cluster::tick() {
  ++now_;
  deliver();
  for (Member& member : members_) {
    if (!member.raft) continue;
    if (old_disks_ == OldDisks::yes) ask_others(member);
    if (!faults_ || !chance(10)) member.raft->tick();  // clocks drift
    for (auto it = member.log_reads.begin(); it != member.log_reads.end();) {
      if (it->first > now_) {
        ++it;
        continue;
      }
      const LogRead read = it->second;
      it = member.log_reads.erase(it);
      ++disk_reads_;
      const bool there = read.first > member.compacted.index && !(faults_ && chance(10));
      member.raft->log_read_done(read, there ? member.disk.read(read) : std::vector<Entry>{});
    }
    store_snapshots(member);
    pump(member);
    if (faults_ ? chance(2) : true) write(member, faults_ ? random_.below(4) : member.writes.size());
    if (member.raft && (!faults_ || chance(2))) member.raft->applied(member.applied);
    pump(member);
  }
}

void Cluster::make_faults() {
  for (Member& member : members_) {
    if (member.raft && chance(150)) crash(member);
    else if (!member.raft && chance(25)) start(member);
  }
  if (cuts_.empty() && chance(60)) {
    const bool one_way = chance(3);
    std::vector<bool> side(members_.size());
    for (std::size_t i = 0; i < side.size(); ++i) side[i] = chance(2);
    for (const Member& a : members_)
      for (const Member& b : members_)
        if (side[a.id.value - 1] != side[b.id.value - 1] && (!one_way || side[a.id.value - 1])) cuts_.insert({a.id, b.id});
  } else if (!cuts_.empty() && chance(40)) {
    cuts_.clear();
  }
}

void Cluster::make_work() {
  for (Member& member : members_) {
    if (!member.raft) continue;
    if (chance(3)) (void)member.raft->propose(payload("proposal " + std::to_string(++proposals_)));
    if (chance(8))
      if (const auto read = member.raft->request_read()) member.reads[*read] = history_.size();
    if (chance(150)) (void)member.raft->transfer_leadership(NodeId{1 + random_.below(members_.size())});
    if (churn_ && chance(12)) change_membership(member);
    if (churn_ && chance(30)) compact(member);
  }
}

void Cluster::change_membership(Member& member) {
  MembershipChange change;
  for (std::uint64_t steps = 1 + random_.below(3); steps > 0; --steps)
    change.steps.push_back({static_cast<MembershipChange::Verb>(random_.below(5)), NodeId{1 + random_.below(members_.size())}});
  (void)member.raft->propose_membership(change);
}

void Cluster::compact(Member& member) {
  const Index applied = member.raft->status().applied;
  if (applied <= member.compacted.index) return;
  const Index through = member.compacted.index + (1 + random_.below(applied - member.compacted.index));
  member.applied_saved = std::max(member.applied_saved, through);  // a snapshot is taken first
  member.compacted = member.disk.log[through.value - 1].position();
  member.raft->compact(member.compacted);
}

Membership Cluster::membership_at(const std::vector<Entry>& log, std::uint64_t index) const {
  for (; index > 0; --index)
    if (log[index - 1].kind == EntryKind::membership) return decode_membership(*log[index - 1].payload).value();
  return first_;
}

// A snapshot's bytes stand for all that was applied.
std::string Cluster::state_at(std::uint64_t index) const {
  std::uint64_t hash = 1469598103934665603u;
  for (std::uint64_t i = 0; i < index; ++i)
    for (const char c : text(history_[i])) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return "state at " + std::to_string(index) + " " + std::to_string(hash);
}

void Cluster::serve_snapshot(Member& member, const SnapshotRead& read) {
  if (member.compacted.index < read.not_before) broken("a snapshot was asked for that could not be there");
  if (faults_ && chance(10)) return member.raft->snapshot_read_done(read, std::nullopt);
  const Snapshot newest{member.compacted, membership_at(member.disk.log, member.compacted.index.value), "of " + std::to_string(member.id.value)};
  const std::uint64_t offset = read.snapshot == newest ? read.offset : 0;
  const std::string all = state_at(newest.position.index.value);
  const std::string part = all.substr(std::min<std::size_t>(offset, all.size()), read.bytes_max);
  member.raft->snapshot_read_done(read, SnapshotPiece{newest, offset, payload(part), offset + part.size() >= all.size()});
}

void Cluster::store_snapshots(Member& member) {
  if (member.arrivals.empty() || (faults_ && chance(2))) return;
  write(member, member.writes.size());  // outputs before come first
  for (const SnapshotArrival& arrival : std::exchange(member.arrivals, {})) {
    const auto& [snapshot, offset, bytes, done] = arrival.piece;
    const std::string name = describe(snapshot.position) + snapshot.manifest;
    if (member.manifest != name) member.stored.clear();
    member.manifest = name;
    const bool fits = offset == member.stored.size();
    if (fits && bytes) member.stored += *bytes;
    if (!fits || !done) {
      member.raft->snapshot_wants(arrival.id, member.stored.size());
      continue;
    }
    if (faults_ && chance(8)) {
      member.stored.clear();
      member.raft->snapshot_failed(arrival.id);
      continue;
    }
    const Index index = snapshot.position.index;
    if (std::exchange(member.stored, {}) != state_at(index.value)) broken("a snapshot of something else");
    member.disk.log.assign(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(index.value));
    if (member.disk.log.back().position() != snapshot.position) broken("a snapshot of another history");
    if (membership_at(member.disk.log, index.value) != snapshot.membership) broken("a snapshot with another membership");
    member.log = member.disk.log;
    member.truly_synced = member.disk;
    member.compacted = snapshot.position;
    member.applied = member.applied_saved = index;
    member.raft->snapshot_installed(arrival.id);
    ++snapshots_;
  }
}

void Cluster::start(Member& member) {
  if (sabotage_ == Sabotage::lying_disk) member.disk = member.truly_synced;
  if (sabotage_ == Sabotage::forgotten_vote) member.disk.hard_state.voted_for = no_node;
  if (old_disks_ == OldDisks::yes) put_back_old_disk(member);
  const Disk& disk = member.disk;
  member.applied = std::min(member.applied_saved, Index{disk.log.size()});
  // Somewhere at or before what is applied: a node need not read its whole log to start.
  const std::uint64_t least = member.compacted.index.value;
  const std::uint64_t before = least + random_.below(member.applied.value - least + 1);
  Restored restored{.hard_state = disk.hard_state, .snapshot = {member.compacted}, .applied = member.applied};
  if (before > 0) restored.before_tail = disk.log[before - 1].position();
  restored.tail.assign(disk.log.begin() + static_cast<std::ptrdiff_t>(before), disk.log.end());
  restored.membership = membership_at(disk.log, before);
  restored.memory = member.memory;
  restored.withheld = old_disks_ == OldDisks::yes && sabotage_ != Sabotage::trusted_old_disk;
  member.log = disk.log;
  member.raft = std::make_unique<TracedRaft>(Options{.self = member.id,
                                               .election_timeout = 10,
                                               .heartbeat_interval = 2,
                                               .append_bytes_max = 4 * one,
                                               .inflight_appends_max = 3,
                                               .log_window_bytes_max = 12 * one,
                                               .seed = seed_ + static_cast<std::uint64_t>(now_),
                                               .voter_lag_max = 20,
                                               .snapshot_piece_bytes_max = 16},
                                       std::move(restored), trace_sink_);
}

// Every start, with or without another disk: what the process before had sent arrives nowhere any more, since its links are closed.
void Cluster::put_back_old_disk(Member& member) {
  // The others hold all that they ever said they held: also seed 5434, where one waited for entries of another whose disk then was emptied.
  const bool others_whole = std::all_of(members_.begin(), members_.end(), [&](const Member& m) {
    return m.id == member.id || (m.raft && !m.set_back && !m.raft->status().withheld && !m.raft->status().in_doubt);
  });
  if (faults_ && now_ > 0 && others_whole && !member.copies.empty() && chance(2)) {
    const Member::Copy copy = chance(4) ? Member::Copy{} : member.copies[random_.below(member.copies.size())];
    member.disk = copy.disk;
    if (trace_sink_) trace_sink_("{\"node\":" + std::to_string(member.id.value) + ",\"event\":\"old_disk\",\"copy\":" + std::to_string(copy.number) + "}");
    member.applied_saved = copy.applied;
    member.copies.clear();
    member.set_back = true;
    ++old_disks_used_;
    // A vote that never arrived may be given again.
    std::erase_if(votes_, [&](const auto& vote) { return vote.first.first == member.id && votes_arrived_.count(vote.first) == 0; });
  }
  for (auto& [due, envelopes] : network_)
    std::erase_if(envelopes, [&](const Envelope& envelope) { return envelope.from == member.id; });
  member.unheard.clear();
  member.started = now_;
  for (const Member& other : members_)
    if (other.id != member.id) member.unheard.insert(other.id);
  if (sabotage_ == Sabotage::unnoticed_restart) return;
  for (Member& other : members_)
    if (other.raft && other.id != member.id) other.raft->peer_restarted(member.id);
}

void Cluster::ask_others(Member& member) {
  if (faults_ && chance(30)) {
    member.copies.push_back({member.disk, member.applied_saved, ++copies_});
    if (trace_sink_) trace_sink_("{\"node\":" + std::to_string(member.id.value) + ",\"event\":\"copy\",\"copy\":" + std::to_string(copies_) + "}");
  }
  if (member.copies.size() > 6) member.copies.pop_front();
  if (sabotage_ == Sabotage::trusted_old_disk) {
    member.set_back = false;
    return;
  }
  std::size_t answers = 1;  // its own
  for (const Member& other : members_) {
    const bool doubted = member.raft->status().in_doubt;
    if (other.id == member.id || !(member.unheard.count(other.id) || (doubted && member.raft->round() > 0))) continue;
    const bool silent = !other.raft || cut(member.id, other.id) || cut(other.id, member.id) || chance(3);
    Recalled answer{.from = other.id, .recollection = {.node = member.id}};  // nothing remembered, and an empty log
    if (!silent) answer = other.raft->recall(member.id);
    else if (sabotage_ != Sabotage::round_of_a_majority || member.unheard.count(other.id) || answers < majority(members_.size())) continue;
    answers += !silent;
    answer.round = member.raft->round();
    const LogPosition until = member.raft->status().doubt_until;
    member.raft->recalled(answer);
    const Status after = member.raft->status();
    given_up_ += doubted && after.doubt_until < until && after.last < until;
    doubts_ += !doubted && member.raft->status().in_doubt;
    member.unheard.erase(other.id);
  }
  const Status status = member.raft->status();
  // Of itself it knows nothing: a node that lost nothing need not wait for ever for those that are away.
  const bool asked = member.unheard.empty() || (!member.set_back && !status.in_doubt && now_ >= member.started + 20);
  if (status.withheld && asked) member.raft->trust_disk();
  if (member.set_back && !member.raft->status().withheld && !status.in_doubt) member.set_back = false;
}

void Cluster::crash(Member& member) {
  member.memory = member.raft->memory().all();
  // Of the writes under way some reached the disk; nobody was told.
  for (std::size_t kept = random_.below(member.writes.size() + 1); kept > 0; --kept) {
    member.disk.write(member.writes.front().output);
    member.writes.pop_front();
  }
  if (chance(2)) member.applied_saved = std::min(member.applied, member.applied_saved + random_.below(10));
  member.writes.clear();
  member.reads.clear();
  member.log_reads.clear();
  member.arrivals.clear();
  if (chance(2)) member.stored.clear();
  member.raft.reset();
}

void Cluster::pump(Member& member) {
  while (member.raft->has_output()) take(member);
}

void Cluster::take(Member& member) {
  Write write{member.raft->take_output(), {}};
  const Output& output = write.output;
  for (const char c : describe(output)) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  if (!output.entries.empty()) {
    member.log.resize(output.entries.front().index.value - 1);
    member.log.insert(member.log.end(), output.entries.begin(), output.entries.end());
    check_entries(member, output.entries);
  }
  if (output.role && output.role->role == Role::leader) check_leader(member, output.role->term);

  auto claim = [&](const Envelope& envelope) {
    const auto* reply = std::get_if<AppendReply>(&envelope.message);
    const bool has_term = reply && reply->success && reply->match > Index{0} && reply->match.value <= member.log.size();
    return Claim{envelope, has_term ? member.log[reply->match.value - 1].term : Term{0}};
  };
  for (const Envelope& envelope : output.send_now) send(member, claim(envelope));
  for (const Envelope& envelope : output.send_after_sync) {
    if (sabotage_ == Sabotage::promise_before_sync) send(member, claim(envelope));
    else write.claims.push_back(claim(envelope));
  }
  check_applied(member, output.committed);
  for (const LogRead& read : output.log_reads) member.log_reads.emplace_back(now_ + static_cast<int>(random_.below(4)), read);
  for (const SnapshotRead& read : output.snapshot_reads) serve_snapshot(member, read);
  member.arrivals.insert(member.arrivals.end(), output.snapshot_arrivals.begin(), output.snapshot_arrivals.end());
  for (const ReadReady& read : output.reads) {
    const auto asked = member.reads.find(read.id);
    if (asked == member.reads.end()) broken("a read was answered that nobody asked for");
    if (read.index.value < asked->second) broken("stale read: at " + std::to_string(read.index.value) + ", asked at " + std::to_string(asked->second));
    member.reads.erase(asked);
    ++reads_served_;
  }
  for (ReadId id : output.reads_aborted)
    if (member.reads.erase(id) == 0) broken("a read was aborted that was not open");
  if (output.needs_sync()) member.writes.push_back(std::move(write));
}

void Cluster::write(Member& member, std::size_t count) {
  count = std::min(count, member.writes.size());
  if (count == 0) return;
  BatchId newest{};
  for (; count > 0; --count) {
    const Write write = std::move(member.writes.front());
    member.writes.pop_front();
    member.disk.write(write.output);
    for (const Claim& claim : write.claims) send(member, claim);
    newest = write.output.batch;
  }
  if (sabotage_ != Sabotage::lying_disk || chance(2)) member.truly_synced = member.disk;
  member.raft->synced(newest);  // one sync for several batches
}

void Cluster::send(Member& from, const Claim& claim) {
  check_promise(from, claim);
  const Envelope& envelope = claim.envelope;
  if (!faults_) {
    network_[now_ + 1].push_back(envelope);
    return;
  }
  for (int copies = chance(20) ? 2 : 1; copies > 0; --copies) {
    if (cut(from.id, envelope.to) || random_.below(100) < loss_percent_) continue;
    // Now and then very late: into another term.
    const int delay = chance(50) ? 20 + static_cast<int>(random_.below(40)) : 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(delay_max_)));
    network_[now_ + delay].push_back(envelope);
  }
}

void Cluster::deliver() {
  const auto due = network_.find(now_);
  if (due == network_.end()) return;
  std::vector<Envelope> envelopes = std::move(due->second);
  network_.erase(due);
  for (std::size_t i = envelopes.size(); faults_ && i > 1; --i) std::swap(envelopes[i - 1], envelopes[random_.below(i)]);
  for (Envelope& envelope : envelopes) {
    Member& to = members_[envelope.to.value - 1];
    if (!to.raft || cut(envelope.from, envelope.to)) continue;
    if (const auto* reply = std::get_if<VoteReply>(&envelope.message); reply && !reply->pre && reply->granted) votes_arrived_.insert({envelope.from, reply->term});
    if (const auto* request = std::get_if<VoteRequest>(&envelope.message); request && !request->pre) votes_arrived_.insert({envelope.from, request->term});
    to.raft->step(std::move(envelope));
    if (sabotage_ == Sabotage::none && to.raft->status().refused != 0)
      broken("a correct node's message was refused: " + std::string(to.raft->status().refused_last_why));
    if (chance(3)) pump(to);
  }
}

// Log matching: an index and term name one entry, and one entry before it.
void Cluster::check_entries(Member& member, const std::vector<Entry>& entries) {
  for (const Entry& e : entries) {
    const Term before = e.index > Index{1} ? member.log[e.index.value - 2].term : Term{0};
    const auto [known, is_new] = entries_.try_emplace(e.position(), Written{text(e), before});
    if (!is_new && (known->second.payload != text(e) || known->second.term_before != before))
      broken("log matching: two entries at " + describe(e.position()));
  }
}

// Election safety and leader completeness.
void Cluster::check_leader(const Member& member, Term term) {
  const auto [known, is_new] = leaders_.try_emplace(term, member.id);
  if (known->second != member.id) broken("two leaders in term " + std::to_string(term.value));
  for (const Entry& e : history_)
    if (e.index.value > member.log.size() || !(member.log[e.index.value - 1] == e))
      broken("leader " + std::to_string(member.id.value) + " lacks committed entry " + describe(e.position()));
}

// A promise rests on what the disk holds; or the disk is further: in a later term.
void Cluster::check_promise(const Member& from, const Claim& claim) {
  const HardState& durable = from.disk.hard_state;
  auto term_and_vote = [&](Term term, NodeId candidate) {
    if (durable.term < term || (durable.term == term && durable.voted_for != candidate)) broken("vote left before it was on disk");
    const auto [known, is_new] = votes_.try_emplace({from.id, term}, candidate);
    if (known->second != candidate) broken("two votes of one node in term " + std::to_string(term.value));
  };
  const Message& message = claim.envelope.message;
  if (const auto* request = std::get_if<VoteRequest>(&message); request && !request->pre) term_and_vote(request->term, from.id);
  if (const auto* reply = std::get_if<VoteReply>(&message); reply && !reply->pre && reply->granted) term_and_vote(reply->term, claim.envelope.to);
  if (const auto* reply = std::get_if<AppendReply>(&message); reply && reply->success) {
    if (durable.term > reply->term) return;
    if (durable.term < reply->term) broken("append accepted before the term was on disk");
    if (reply->match == Index{0}) return;
    if (from.disk.log.size() < reply->match.value || from.disk.log[reply->match.value - 1].term != claim.term_at_match)
      broken("append accepted before it was on disk: " + describe(claim.envelope));
  }
}

// State machine safety, and: a node applies nothing that its own disk does not hold.
void Cluster::check_applied(Member& member, const std::vector<Entry>& entries) {
  for (const Entry& e : entries) {
    if (e.index != member.applied + 1) broken("applied out of order");
    if (member.disk.log.size() < e.index.value || !(member.disk.log[e.index.value - 1] == e)) broken("applied before it was on disk");
    if (history_.size() < e.index.value) {
      history_.push_back(e);
      changes_ += e.kind == EntryKind::membership;
    } else if (!(history_[e.index.value - 1] == e)) broken("two histories at index " + std::to_string(e.index.value));
    member.applied = e.index;
  }
}

int Cluster::converge(int ticks) {
  faults_ = false;
  cuts_.clear();
  for (Member& member : members_)
    if (!member.raft) start(member);
  Payload last_words;
  for (int i = 0; i < ticks; ++i) {
    tick();
    for (Member& member : members_) {
      if (last_words || member.raft->status().role != Role::leader || i < 30) continue;
      const Payload words = payload("last words");
      if (member.raft->propose(words)) last_words = words;
    }
    const Membership membership = membership_at(history_, history_.size());
    // The end of a change may come after them.
    const bool said = last_words && std::any_of(history_.begin(), history_.end(), [&](const Entry& e) { return e.payload && *e.payload == *last_words; });
    const bool done = said && !membership.joint() &&
                      std::all_of(members_.begin(), members_.end(), [&](const Member& m) {
                        return !membership.contains(m.id) || (m.applied.value == history_.size() && m.disk.log.size() == history_.size());
                      });
    if (done) return i;
  }
  broken("no convergence within " + std::to_string(ticks) + " ticks after the faults ended");
}

}  // namespace daftar::consensus::test
