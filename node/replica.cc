#include "node/replica.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::node {
namespace {

constexpr std::size_t blocks_in_execution_max = 16;
constexpr std::uint64_t offer_again_ms = 250;

storage::StoredHardState stored(const consensus::HardState& from) { return {from.term.value, from.voted_for.value, from.commit.value}; }

storage::LogRecord record(const consensus::Entry& entry) {
  return {entry.index.value, entry.term.value, static_cast<std::uint8_t>(entry.kind), entry.payload};
}

SubmitReply unknown(const ledger::Digest& id) {
  SubmitReply reply;
  reply.status = SubmitReply::Status::unknown;
  reply.id = id;
  return reply;
}

}  // namespace

Replica::Replica(std::shared_ptr<const ledger::Genesis> genesis, const ledger::SigningKey& checkpoint_key, ReplicaOptions options,
                 ReplicaRestored restored)
    : genesis_(std::move(genesis)),
      checkpoint_key_(checkpoint_key),
      options_(options),
      raft_(options.raft, restored.raft),
      mempool_(options.mempool),
      certifier_(genesis_->origin(), restored.registry.validators, static_cast<std::uint32_t>(options.raft.self.value)),
      quorum_clock_(options.raft.self),
      reads_(consensus::Random(options.raft.seed ^ 0x72656164u).next()) {
  const auto applied = restored.raft.applied.value;
  DAFTAR_CHECK(restored.raft_index == applied);
  start_from(restored);
  committed_membership_ = consensus::encode_membership(restored.raft.membership);
  flushed_index_ = applied;
  // Blocks that wait in the log are parsed now: the chain's tip must be known before this node can lead.
  for (const auto& entry : restored.raft.tail) {
    if (entry.kind != consensus::EntryKind::payload || entry.index.value <= applied) continue;
    auto block = ledger::Block::parse(entry.payload, {}, ledger::transaction_ceiling);
    DAFTAR_CHECK(block);  // it was parsed before it was written, and its checksum held
    blocks_[entry.payload.get()] = std::move(*block);
  }
  std::vector<consensus::Entry> after;
  for (const auto& entry : restored.raft.tail)
    if (entry.index.value > applied) after.push_back(entry);
  if (!after.empty()) note_entries(after);
  begin_inquiry(restored.raft);
}

bool Replica::has_output() const {
  return !(output_.send.empty() && output_.log_writes.empty() && output_.block_checks.empty() && output_.forward_checks.empty() &&
           output_.execute.empty() && output_.log_reads.empty() && output_.snapshot_reads.empty() && output_.snapshot_arrivals.empty() &&
           !output_.compact && !output_.registry && output_.removed.empty() && output_.certificates.empty() && output_.answers.empty() &&
           output_.read_answers.empty() && output_.lookups.empty() &&
           output_.news.empty() && output_.warnings.empty() && output_.divergence.empty() && !output_.memory && !output_.whole_again) ||
         raft_.has_output() || raft_.memory().changes() != memory_written_;
}

Replica::Output Replica::take_output() {
  pump();
  write_memory();
  Output out = std::move(output_);
  output_ = {};
  return out;
}

void Replica::tick(Times now) {
  now_ = now;
  ++ticks_;
  raft_.tick();
  ask_clocks();
  tick_inquiry();
  expire_waiting();
  if (denied_ && now_.monotonic_ms >= offered_again_ms_ + offer_again_ms) offer_waiting();
  if (now_.monotonic_ms >= lines_repeated_ms_ + 1000) {
    lines_repeated_ms_ = now_.monotonic_ms;
    for (const auto& line : certifier_.uncertified_own()) send_to_all(CheckpointLine{line.size, line.root, line.signature});
  }
  follow_registry();
  pump();
}

// ---------------------------------------------------------------------------------------------- Raft's output

void Replica::pump() {
  for (;;) {
    maybe_propose();
    advance_reads();
    if (!raft_.has_output()) return;
    take_raft_output();
  }
}

void Replica::take_raft_output() {
  consensus::Output out = raft_.take_output();
  note_entries(out.entries);
  for (auto& envelope : out.send_now) output_.send.push_back({envelope.to.value, PeerMessage{std::move(envelope.message)}});
  if (out.needs_sync()) {
    LogWrite write{out.batch, std::nullopt, {}};
    if (out.hard_state) write.hard_state = stored(*out.hard_state);
    write.records.reserve(out.entries.size());
    for (const auto& entry : out.entries) write.records.push_back(record(entry));
    output_.log_writes.push_back(std::move(write));
    unsynced_.push_back({out.batch, std::move(out.send_after_sync)});
  }
  if (!out.committed.empty()) patience_.committed();
  for (auto& entry : out.committed) {
    committed_index_ = entry.index.value;
    note_committed(entry);
    if (entry.kind != consensus::EntryKind::payload) {
      if (blocks_in_execution_.empty()) raft_.applied(entry.index);
      continue;
    }
    std::shared_ptr<const ledger::Block> block;
    if (auto it = blocks_.find(entry.payload.get()); it != blocks_.end()) block = it->second;
    blocks_in_execution_.push_back(entry.index.value);
    output_.execute.push_back({entry.index.value, entry.term.value, entry.payload, std::move(block), committed_membership_});
  }
  for (auto& read : out.log_reads) output_.log_reads.push_back(read);
  for (auto& read : out.snapshot_reads) output_.snapshot_reads.push_back(std::move(read));
  for (auto& arrival : out.snapshot_arrivals) output_.snapshot_arrivals.push_back(std::move(arrival));
  take_reads(out);
  if (out.role) change_role(*out.role);
  if (out.removed)
    output_.removed = "node " + std::to_string(options_.raft.self.value) + " was removed from the network by its governance, and the others know it; it stops";
}

void Replica::note_entries(const std::vector<consensus::Entry>& entries) {
  if (entries.empty()) return;
  for (auto it = chain_.lower_bound(entries.front().index.value); it != chain_.end();) it = chain_.erase(it);
  DAFTAR_CHECK(!chain_.empty());
  for (const auto& entry : entries) {
    ChainPlace place = tip();
    place.term = entry.term.value;
    place.has_block = false;
    place.checkpoint = false;
    if (entry.kind == consensus::EntryKind::payload) {
      if (auto node = incoming_.extract(entry.payload.get())) blocks_.insert(std::move(node));
      const auto& block = *blocks_.at(entry.payload.get());
      place = {entry.term.value, block.height(), block.time_ms(), block.hash(), true, block.checkpoint()};
      if (block.checkpoint()) {
        checkpoint_height_ = block.height();
        checkpoint_ms_ = now_.monotonic_ms;
      }
    }
    chain_[entry.index.value] = place;
  }
  weigh_log(entries);
}

void Replica::log_written(consensus::BatchId batch) {
  while (!unsynced_.empty() && unsynced_.front().batch <= batch) {
    for (auto& envelope : unsynced_.front().send) output_.send.push_back({envelope.to.value, PeerMessage{std::move(envelope.message)}});
    unsynced_.pop_front();
  }
  raft_.synced(batch);
  pump();
}

void Replica::log_read_done(const consensus::LogRead& read, std::vector<consensus::Entry> entries) {
  raft_.log_read_done(read, std::move(entries));
  pump();
}

void Replica::change_role(const consensus::RoleChange& change) {
  const bool led = is_leader();
  const bool same_leader = change.leader == place_.leader && change.term == place_.term;
  place_ = change;
  if (led && !is_leader()) {
    mempool_.clear();
    ordered_.clear();
  }
  if (!led && is_leader()) {
    quorum_clock_.ask_anew();
    ask_clocks();
  }
  if (!same_leader) reads_.leader_changed();
  if (!same_leader && change.leader) {
    for (auto& [id, waiting] : waiting_) waiting.offered = false;
    offer_waiting();
  }
}

// ---------------------------------------------------------------------------------------------- proposing

bool Replica::wants_checkpoint(bool certified) const {
  return certified || tip().height + 1 >= checkpoint_height_ + options_.checkpoint_blocks ||
         now_.monotonic_ms >= checkpoint_ms_ + options_.checkpoint_interval_ms;
}

std::size_t Replica::blocks_in_flight() const {
  return static_cast<std::size_t>(
      std::count_if(chain_.upper_bound(committed_index_), chain_.end(), [](const auto& place) { return place.second.has_block; }));
}

void Replica::maybe_propose() {
  if (!is_leader()) return;
  if (uncertified_since_ms_ != 0 && now_.monotonic_ms > uncertified_since_ms_ + options_.uncertified_ms_max) {
    // Nothing more is ordered, but an empty checkpoint each second makes all validators sign anew: lines may have been lost.
    if (blocks_in_flight() == 0 && blocks_in_execution_.empty() && now_.monotonic_ms >= last_proposal_ms_ + 1000) propose({}, true);
    return;
  }
  if (blocks_in_execution_.size() >= blocks_in_execution_max) return;  // execution lags: transactions wait in the mempool, in order
  for (;;) {
    const std::size_t in_flight = blocks_in_flight();
    if (in_flight >= options_.blocks_in_flight_max) return;
    if (!mempool_.empty()) {
      if (!next_block_time()) return;   // asked before they are taken out, which is not free
      auto taken = mempool_.take(options_.block_transactions_max, options_.block_bytes_max);
      if (propose(taken.transactions, taken.certified)) continue;
      mempool_.put_back(taken);  // Raft is busy: they keep their place
      return;
    }
    if (in_flight > 0 || !blocks_in_execution_.empty()) return;
    // Nothing waits: a block without transactions only when a deadline is due, or entries wait for a certificate.
    const bool deadline = next_deadline_ms_ && *next_deadline_ms_ <= quorum_time_ms().value_or(0);
    const bool wanted = awaiting_certificate_.size() > 0 && entries_ > last_checkpoint_size_;
    const bool idle = entries_ > last_checkpoint_size_ && now_.monotonic_ms >= last_proposal_ms_ + options_.checkpoint_idle_ms;
    if (!deadline && !wanted && !idle) return;
    if (!propose({}, wanted || idle)) return;
  }
}

bool Replica::propose(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, bool certified) {
  const auto time_ms = next_block_time();
  if (!time_ms) return false;
  const ChainPlace& last = tip();
  auto block = ledger::make_block(last.hash, last.height + 1, *time_ms, wants_checkpoint(certified), std::move(transactions));
  auto payload = std::shared_ptr<const std::string>(block, &block->bytes());
  const auto* key = payload.get();
  blocks_[key] = block;
  auto placed = raft_.propose(payload);
  if (!placed) {
    blocks_.erase(key);
    return false;
  }
  last_proposal_ms_ = now_.monotonic_ms;
  take_raft_output();
  return true;
}

// ---------------------------------------------------------------------------------------------- clients

void Replica::submit(ClientToken client, std::shared_ptr<const ledger::Transaction> transaction, WaitFor wait, std::uint64_t timeout_ms) {
  const ledger::Digest id = transaction->id();
  auto it = waiting_.find(id);
  if (it == waiting_.end()) {
    if (auto why = no_room_for(*transaction); !why.empty()) {
      output_.answers.push_back({client, SubmitReply::busy(id, std::move(why), 1000)});
      return;
    }
    ++waiting_of_member_[transaction->body().sender()];
    waiting_bytes_ += transaction->envelope().size();
    it = waiting_.emplace(id, Waiting{std::move(transaction), {}, false, 0, false, 0}).first;
  } else if (waiters_ >= options_.waiting_max) {
    output_.answers.push_back({client, unknown(id)});  // it is under way: neither yes nor no
    return;
  }
  Waiting& waiting = it->second;
  ++waiters_;
  waiting.waiters.push_back({client, wait});
  waiting.certified |= wait == WaitFor::certified;
  const std::uint64_t deadline = now_.monotonic_ms + timeout_ms;
  if (deadline > waiting.deadline_ms) {
    waiting.deadline_ms = deadline;
    waiting_deadlines_.emplace(deadline, id);
  }
  if (waiting.offered) return;
  std::vector<Forward::Item> forwards;
  offer(waiting, forwards);
  if (!forwards.empty()) output_.send.push_back({place_.leader.value, Forward{std::move(forwards)}});
}

/// Why this node holds no further transaction for its clients; empty if it does.
std::string Replica::no_room_for(const ledger::Transaction& transaction) const {
  if (waiters_ >= options_.waiting_max || waiting_bytes_ + transaction.envelope().size() > options_.waiting_bytes_max)
    return "this node already holds as many waiting transactions as it may";
  const auto of_member = waiting_of_member_.find(transaction.body().sender());
  if (of_member != waiting_of_member_.end() && of_member->second >= options_.waiting_of_member_max)
    return "this member has as many transactions waiting on this node as it may";
  return {};
}

void Replica::offer(Waiting& waiting, std::vector<Forward::Item>& forwards) {
  const ledger::Digest id = waiting.transaction->id();
  if (is_leader()) {
    waiting.offered = true;
    if (ordered_.contains(id)) {
      ++waiting.offers;
      return;
    }
    switch (mempool_.add(waiting.transaction, waiting.certified, now_.monotonic_ms)) {
      case Mempool::Verdict::taken:
        ordered_.insert(id);
        ++waiting.offers;
        return;
      case Mempool::Verdict::full: deny(id, SubmitReply::busy(id, "the leader's queue is full", 500)); return;
      case Mempool::Verdict::member_full: deny(id, SubmitReply::busy(id, "this member has as many transactions waiting as it may", 500)); return;
      case Mempool::Verdict::member_rate: deny(id, SubmitReply::busy(id, "this member has used up its rate", 1000)); return;
    }
  }
  if (!place_.leader) return;  // offered when there is one
  waiting.offered = true;
  ++waiting.offers;
  forwards.push_back({waiting.transaction->envelope(), waiting.certified});
}

/// The present leader does not take it. That is the client's answer only if no leader before may have taken it.
void Replica::deny(const ledger::Digest& id, const SubmitReply& reply) {
  auto it = waiting_.find(id);
  if (it == waiting_.end()) return;
  if (it->second.offers == 0) return resolve(id, reply);
  it->second.offered = false;
  denied_ = true;
}

void Replica::offer_waiting() {
  denied_ = false;
  offered_again_ms_ = now_.monotonic_ms;
  std::vector<ledger::Digest> ids;
  for (const auto& [id, waiting] : waiting_)
    if (!waiting.offered) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  std::vector<Forward::Item> forwards;
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (!forwards.empty()) output_.send.push_back({place_.leader.value, Forward{std::move(forwards)}});
    forwards = {};
    bytes = 0;
  };
  for (const auto& id : ids) {
    auto it = waiting_.find(id);
    if (it == waiting_.end()) continue;
    bytes += it->second.transaction->envelope().size();
    offer(it->second, forwards);
    if (forwards.size() >= frame_transactions_max / 2 || bytes > frame_bytes_max / 4) flush();
  }
  flush();
}

void Replica::await_certificate(ClientToken client, SubmitReply committed, std::uint64_t timeout_ms) {
  DAFTAR_CHECK(committed.entry_index);
  const bool certified = *committed.entry_index < certificate_stored_;
  if (certified) committed.status = SubmitReply::Status::certified;
  if (certified || awaiting_certificate_.size() >= options_.waiting_max) {
    output_.answers.push_back({client, std::move(committed)});
    return;
  }
  const std::uint64_t index = *committed.entry_index;
  awaiting_certificate_.emplace(index, AwaitingCertificate{client, std::move(committed), now_.monotonic_ms + timeout_ms});
}

void Replica::answer_all(const Waiting& waiting, const SubmitReply& reply) {
  for (const auto& waiter : waiting.waiters) {
    if (reply.status == SubmitReply::Status::committed && waiter.wait == WaitFor::certified) {
      const std::uint64_t left = waiting.deadline_ms > now_.monotonic_ms ? waiting.deadline_ms - now_.monotonic_ms : 0;
      await_certificate(waiter.client, reply, left);
    } else {
      output_.answers.push_back({waiter.client, reply});
    }
  }
}

void Replica::resolve(const ledger::Digest& id, const SubmitReply& reply) {
  auto it = waiting_.find(id);
  if (it == waiting_.end()) return;
  const Waiting waiting = std::move(it->second);
  waiting_.erase(it);
  waiters_ -= waiting.waiters.size();
  waiting_bytes_ -= waiting.transaction->envelope().size();
  if (auto of_member = waiting_of_member_.find(waiting.transaction->body().sender()); --of_member->second == 0) waiting_of_member_.erase(of_member);
  answer_all(waiting, reply);
}

void Replica::found(const SubmitReply& first_outcome) {
  ordered_.erase(first_outcome.id);
  resolve(first_outcome.id, first_outcome);
}

void Replica::answer_executed(const TransactionOutcome& outcome, std::uint64_t height) {
  ordered_.erase(outcome.id);
  auto it = waiting_.find(outcome.id);
  if (it == waiting_.end()) return;
  // Ordered twice (a leader fell between): the second time changes nothing; who still waits gets the first outcome.
  if (outcome.rejection.code == ledger::RejectionCode::replayed) {
    output_.lookups.push_back(outcome.id);
    return;
  }
  SubmitReply reply;
  reply.status = outcome.rejection.code == ledger::RejectionCode::ok ? SubmitReply::Status::committed : SubmitReply::Status::rejected;
  reply.id = outcome.id;
  reply.rejection = outcome.rejection;
  reply.entry_index = outcome.entry_index;
  reply.height = height;
  reply.result = outcome.result;
  resolve(outcome.id, reply);
}

void Replica::expire_waiting() {
  while (!waiting_deadlines_.empty() && waiting_deadlines_.begin()->first <= now_.monotonic_ms) {
    const ledger::Digest id = waiting_deadlines_.begin()->second;
    waiting_deadlines_.erase(waiting_deadlines_.begin());
    auto it = waiting_.find(id);
    if (it != waiting_.end() && it->second.deadline_ms <= now_.monotonic_ms) resolve(id, unknown(id));
  }
  for (auto it = awaiting_certificate_.begin(); it != awaiting_certificate_.end();) {
    if (it->second.deadline_ms > now_.monotonic_ms) {
      ++it;
      continue;
    }
    output_.answers.push_back({it->second.client, std::move(it->second.reply)});  // committed, though not certified in time
    it = awaiting_certificate_.erase(it);
  }
}

void Replica::abandon_all() {
  while (!waiting_.empty()) {
    const ledger::Digest id = waiting_.begin()->first;
    resolve(id, unknown(id));
  }
  for (auto& [index, waiter] : awaiting_certificate_) output_.answers.push_back({waiter.client, std::move(waiter.reply)});
  awaiting_certificate_.clear();
  for (const auto& answer : reads_.abandon()) output_.read_answers.push_back({answer.token, false});
}

// ---------------------------------------------------------------------------------------------- after execution

void Replica::executed(const ExecutedBlock& block) {
  DAFTAR_CHECK(!blocks_in_execution_.empty() && blocks_in_execution_.front() == block.raft_index);
  blocks_in_execution_.pop_front();
  executed_index_ = block.raft_index;
  entries_ = block.size;
  next_deadline_ms_ = block.next_deadline_ms;
  ++blocks_executed_;
  committed_transactions_ += block.accepted;
  rejected_transactions_ += block.rejected;

  // The executed place becomes the base of the chain; parsed blocks up to it are let go.
  auto here = chain_.find(block.raft_index);
  DAFTAR_CHECK(here != chain_.end());
  chain_.erase(chain_.begin(), here);
  for (auto it = blocks_.begin(); it != blocks_.end();) it = it->second->height() <= block.height ? blocks_.erase(it) : std::next(it);
  // Entries without a block (a leader's no-op) that follow and are committed count as applied with it.
  const std::uint64_t applied = blocks_in_execution_.empty() ? std::max(committed_index_, block.raft_index) : blocks_in_execution_.front() - 1;
  raft_.applied({applied});

  for (const auto& outcome : block.transactions) answer_executed(outcome, block.height);
  if (block.checkpoint) {
    last_checkpoint_size_ = block.size;
    sign_checkpoint(block.size, block.root);   // before a changed registry counts: the set that leaves signs the tree that ends its time
  }
  if (block.member_limits) mempool_.set_member_limits(*block.member_limits);
  if (block.registry) take_registry(*block.registry, block.size);
  pump();
}

void Replica::take_certifier_outcome(Certifier::Outcome outcome, std::uint64_t from) {
  if (!outcome.warning.empty()) warn(std::move(outcome.warning));
  if (!outcome.divergence.empty()) output_.divergence = std::move(outcome.divergence);
  if (outcome.answer) output_.send.push_back({from, CheckpointLine{outcome.answer->size, outcome.answer->root, outcome.answer->signature}});
  if (!outcome.certificate) return;
  ++certificates_;
  output_.certificates.push_back({outcome.certificate->size, std::move(outcome.certificate->note)});
  uncertified_since_ms_ = certifier_.oldest_uncertified_own() ? now_.monotonic_ms : 0;
}

void Replica::certificate_stored(std::uint64_t size) {
  certificate_stored_ = std::max(certificate_stored_, size);
  const auto covered = awaiting_certificate_.lower_bound(certificate_stored_);
  for (auto it = awaiting_certificate_.begin(); it != covered; it = awaiting_certificate_.erase(it)) {
    it->second.reply.status = SubmitReply::Status::certified;
    output_.answers.push_back({it->second.client, std::move(it->second.reply)});
  }
}

NodeStatus Replica::status() const {
  NodeStatus status;
  const auto raft = raft_.status();
  status.node = static_cast<std::uint32_t>(options_.raft.self.value);
  switch (raft.role) {
    case consensus::Role::leader: status.role = "leader"; break;
    case consensus::Role::follower: status.role = "follower"; break;
    default: status.role = "candidate";
  }
  status.leader = static_cast<std::uint32_t>(raft.leader.value);
  status.term = raft.term.value;
  status.raft_first = raft.compacted.value + 1;
  status.raft_last = raft.last.index.value;
  status.raft_commit = raft.commit.value;
  status.certified_size = certifier_.certified_size();
  for (const auto& peer : raft.peers) status.peers.push_back({static_cast<std::uint32_t>(peer.node.value), false, peer.match.value});
  const auto numbers = [](const std::vector<consensus::NodeId>& nodes) {
    std::vector<std::uint32_t> found;
    for (const auto node : nodes) found.push_back(static_cast<std::uint32_t>(node.value));
    return found;
  };
  status.voters = numbers(raft.membership.voters);
  status.learners = numbers(raft.membership.learners);
  status.outgoing = numbers(raft.membership.outgoing);
  status.mempool_transactions = mempool_.size();
  status.blocks = blocks_executed_;
  status.certificates = certificates_;
  status.snapshots_installed = snapshots_installed_;
  status.committed = committed_transactions_;
  status.rejected = rejected_transactions_;
  if (auto why = waits_for_memory(raft); !why.empty())
    status.not_ready_because = std::move(why);
  else if (!raft.leader)
    status.not_ready_because = "there is no leader: waiting for a majority of the validators";
  else if (is_leader() && !quorum_time_ms())
    status.not_ready_because = "waiting for the clocks of a majority of the validators: a leader dates blocks by them";
  else if (!blocks_in_execution_.empty() && raft.commit.value > executed_index_ + 1000)
    status.not_ready_because = "catching up with the leader";
  else if (uncertified_since_ms_ != 0 && now_.monotonic_ms > uncertified_since_ms_ + options_.uncertified_ms_max)
    status.not_ready_because = "no quorum of validators has signed a checkpoint for a while: nothing more is ordered until they do";
  status.ready = status.not_ready_because.empty();
  return status;
}

}  // namespace daftar::node
