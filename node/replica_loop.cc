#include "node/replica_loop.h"

#include <algorithm>
#include <chrono>

#include <spdlog/spdlog.h>

#include "contracts/governance/governed.h"
#include "ledger/check.h"
#include "node/clock.h"
#include "node/recovery.h"
#include "node/thread_name.h"

namespace daftar::node {
namespace {

constexpr std::size_t received_messages_max = 20'000;  // of peers, not yet seen by the replica; more is dropped as a network would
constexpr std::size_t received_bytes_max = 256u << 20;
constexpr std::uint64_t precheck_retry_ms = 300;       // a refusal by a state that may lag is judged once more after so long
constexpr std::size_t retries_max = 2'000;
constexpr std::size_t log_read_bytes_max = 8u << 20;

/// The moment at which a transaction is judged before it is ordered. Only block time, which all nodes share, makes one expire for good; a
/// clock of our own that runs ahead must not, nor one that runs behind make it too far ahead (§12.5).
std::uint64_t judged_at(const ledger::Transaction& transaction, const storage::StateSnapshot& state) {
  const std::uint64_t block_time = state.mark().block_time_ms, valid_until = transaction.body().valid_until_ms(), now = std::max(wall_ms(), block_time);
  return valid_until > block_time ? std::min(now, valid_until) : now;
}

consensus::Entry to_entry(storage::LogRecord&& record) {
  return {{record.term}, {record.index}, static_cast<consensus::EntryKind>(record.kind), std::move(record.payload)};
}

}  // namespace

ReplicaLoop::Submission::~Submission() {
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    if (answered[i]) continue;
    SubmitReply reply;
    reply.id = transactions[i]->id();
    answer(i, std::move(reply));
  }
}

void ReplicaLoop::Submission::answer(std::size_t index, SubmitReply reply) {
  if (std::exchange(answered[index], 1)) return;
  done(index, std::move(reply));
}

ReplicaLoop::ReplicaLoop(Parts parts)
    : parts_(std::move(parts)),
      transfer_(parts_.genesis, parts_.store,
                {[this](consensus::SnapshotRead read, std::optional<consensus::SnapshotPiece> piece) {
                   post([this, read = std::move(read), piece = std::move(piece)]() mutable { parts_.replica.snapshot_read_done(read, std::move(piece)); });
                 },
                 [this](std::uint64_t arrival, std::uint64_t offset) { post([this, arrival, offset] { parts_.replica.snapshot_wants(arrival, offset); }); },
                 [this](std::uint64_t arrival) { post([this, arrival] { parts_.replica.snapshot_failed(arrival); }); },
                 [this](std::uint64_t arrival, std::unique_ptr<storage::SnapshotSink> sink) {
                   {
                     std::lock_guard lock(log_mutex_);
                     log_install_ = Install{arrival, std::move(sink), {}};
                   }
                   log_wake_.notify_one();
                 },
                 [](std::string warning) { spdlog::warn("{}", warning); },
                 [this](const storage::StorageError& error) { halt(HaltKind::disk, error.text()); }}) {}
ReplicaLoop::~ReplicaLoop() { stop(); }

Times ReplicaLoop::now() const { return {wall_ms(), monotonic_ms()}; }

void ReplicaLoop::start(PeerNetwork& links) {
  links_ = &links;
  publish_status();
  log_thread_ = std::thread([this] { name_this_thread("raft-log"), write_log(); });
  execute_thread_ = std::thread([this] { name_this_thread("execution"), execute(); });
  replica_thread_ = std::thread([this] { name_this_thread("replica"), run(); });
}

void ReplicaLoop::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (replica_thread_.joinable()) replica_thread_.join();
  {
    std::lock_guard lock(log_mutex_);
    log_stopping_ = true;
  }
  log_wake_.notify_all();
  {
    std::lock_guard lock(execute_mutex_);
    execute_stopping_ = true;
  }
  execute_wake_.notify_all();
  if (log_thread_.joinable()) log_thread_.join();
  if (execute_thread_.joinable()) execute_thread_.join();
  transfer_.stop();
}

void ReplicaLoop::halt(HaltKind kind, std::string why) {
  if (halted_.exchange(true)) return;
  {
    std::lock_guard lock(status_mutex_);
    status_.role = "stopped";
    status_.ready = false;
    status_.stopped_because = why;
    status_.not_ready_because = why;
  }
  parts_.on_halt(kind, std::move(why));
}

// ---------------------------------------------------------------------------------------------- the replica's thread

void ReplicaLoop::post(Task task) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (first) wake_.notify_one();
}

void ReplicaLoop::run() {
  auto next_tick = std::chrono::steady_clock::now() + parts_.tick;
  std::vector<Task> tasks;
  for (;;) {
    bool stop;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, next_tick, [this] { return stopping_ || !tasks_.empty(); });
      tasks.swap(tasks_);
      stop = stopping_;
    }
    if (stop || halted_) break;
    parts_.replica.set_time(now());
    for (auto& task : tasks) task();
    tasks.clear();
    const auto time = std::chrono::steady_clock::now();
    if (time >= next_tick) {
      // A stall (a paused process, a busy machine) is one tick, not many: elections wait for time that was really lived through.
      next_tick = time + parts_.tick;
      parts_.replica.tick(now());
      while (!retries_.empty() && retries_.front().at_ms <= monotonic_ms()) {
        Retry retry = std::move(retries_.front());
        retries_.pop_front();
        parts_.pool.run(VerifierPool::For::clients, [this, retry] {
          const auto state = parts_.store.snapshot();
          const auto& transaction = *retry.submission->transactions[retry.index];
          auto rejection = parts_.executor.engine().precheck(transaction, judged_at(transaction, *state), *state);
          post([this, retry, rejection] { admit(retry.submission, retry.index, rejection, true); });
        });
      }
      publish_status();
    }
    // A client that has an answer asks next who leads and who is ready: it is not to hear of the time before the answer.
    if (parts_.replica.role_change() != published_place_ || !published_ready_) publish_status();
    carry_out(parts_.replica.take_output());
  }
  parts_.replica.abandon_all();
  for (const auto& a : parts_.replica.take_output().answers) answer(a);
  clients_.clear();
  readers_.clear();
  retries_.clear();
  // Whatever stopped us, nobody runs tasks any more: let go of those that wait, and of their clients, now.
  std::vector<Task> rest;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    rest.swap(tasks_);
  }
}

void ReplicaLoop::carry_out(Replica::Output output) {
  for (auto& news : output.news) spdlog::info("{}", news);
  for (auto& warning : output.warnings) spdlog::warn("{}", warning);
  if (!output.divergence.empty()) {
    halt(HaltKind::divergence, "this validator's ledger differs from what a quorum of validators signed: " + output.divergence +
                                   ". It stops and serves nothing; keep its data directory as evidence.");
    return;
  }
  for (auto& send : output.send) links_->send(send.to, std::move(send.message));
  if (output.registry) links_->set_peers(link_peers(*output.registry, parts_.addresses));
  if (output.whole_again && parts_.on_whole_again) parts_.on_whole_again();
  if (!output.log_writes.empty() || !output.log_reads.empty() || output.compact || output.memory) {
    {
      std::lock_guard lock(log_mutex_);
      if (output.compact) log_compaction_ = output.compact;
      if (output.memory) log_memory_ = std::move(output.memory);
      for (auto& write : output.log_writes) log_queue_.push_back(std::move(write));
      for (auto& read : output.log_reads) log_reads_.push_back(read);
    }
    log_wake_.notify_one();
  }
  for (auto& check : output.block_checks)
    parts_.pool.run(VerifierPool::For::blocks, [this, check = std::move(check)]() mutable { check_blocks(std::move(check)); });
  for (auto& check : output.forward_checks)
    parts_.pool.run(VerifierPool::For::clients, [this, check = std::move(check)]() mutable { check_forward(std::move(check)); });
  if (!output.execute.empty() || !output.certificates.empty()) {
    {
      std::lock_guard lock(execute_mutex_);
      for (auto& certificate : output.certificates) certificates_.push_back(std::move(certificate));
      for (auto& task : output.execute) execute_queue_.push_back(std::move(task));
    }
    execute_wake_.notify_one();
  }
  for (auto& read : output.snapshot_reads) transfer_.read(std::move(read));
  for (auto& arrival : output.snapshot_arrivals) transfer_.arrived(std::move(arrival));
  for (const auto& a : output.answers) answer(a);
  for (const auto& a : output.read_answers)
    if (const auto reader = readers_.extract(a.client)) reader.mapped()->answer(a.confirmed);
  if (!output.removed.empty()) return halt(HaltKind::removed, std::move(output.removed));
  if (!output.lookups.empty()) {
    const auto state = parts_.store.snapshot();
    for (const auto& id : output.lookups)
      if (auto reply = first_outcome(*state, id)) parts_.replica.found(*reply);
    if (parts_.replica.has_output()) carry_out(parts_.replica.take_output());
  }
}

void ReplicaLoop::answer(const Replica::Answer& a) {
  auto it = clients_.find(a.client);
  if (it == clients_.end()) return;
  const Client client = std::move(it->second);
  clients_.erase(it);
  client.submission->answer(client.index, a.reply);
}

void ReplicaLoop::publish_status() {
  published_place_ = parts_.replica.role_change();
  NodeStatus status = parts_.replica.status();
  published_ready_ = status.ready;
  std::lock_guard lock(status_mutex_);
  if (!halted_) status_ = std::move(status);
}

NodeStatus ReplicaLoop::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

void ReplicaLoop::receive(std::uint64_t from, PeerMessage message) {
  const std::size_t bytes = byte_weight(message);
  if (received_messages_ >= received_messages_max || received_bytes_ + bytes > received_bytes_max) return;  // one link thread adds
  ++received_messages_;
  received_bytes_ += bytes;
  post([this, from, bytes, message = std::make_shared<PeerMessage>(std::move(message))] {
    --received_messages_;
    received_bytes_ -= bytes;
    parts_.replica.receive(from, std::move(*message));
  });
}

void ReplicaLoop::peer_greeted(std::uint64_t node, std::uint64_t process) {
  post([this, node, process] { parts_.replica.peer_greeted(node, process); });
}

void ReplicaLoop::peer_connected(std::uint64_t node) {
  post([this, node] { parts_.replica.peer_connected(node); });
}

void ReplicaLoop::linearizable(std::chrono::milliseconds timeout, std::function<void(bool)> done) {
  auto read = std::make_shared<Read>(std::move(done));
  if (halted_) return;
  post([this, timeout, read] {
    const ClientToken token = next_client_++;
    readers_[token] = read;
    parts_.replica.request_read(token, static_cast<std::uint64_t>(timeout.count()));
  });
}

// ---------------------------------------------------------------------------------------------- clients' transactions

std::optional<SubmitReply> ReplicaLoop::first_outcome(const storage::StateSnapshot& state, const ledger::Digest& id) const {
  const auto index = state.find_entry(id);
  if (!index) return std::nullopt;
  auto entry = state.entry(*index);
  DAFTAR_CHECK(entry);
  auto result = contracts::decode_result(entry->result);
  DAFTAR_CHECK(result);
  SubmitReply reply;
  reply.status = result->ok() ? SubmitReply::Status::committed : SubmitReply::Status::rejected;
  reply.id = id;
  reply.rejection = std::move(result->rejection);
  reply.entry_index = *index;
  reply.height = entry->height;
  reply.result = std::move(entry->result);
  return reply;
}

void ReplicaLoop::submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, WaitFor wait, std::chrono::milliseconds timeout,
                         Done done) {
  auto submission = std::make_shared<Submission>(std::move(transactions), wait, timeout, std::move(done));
  const auto state = parts_.store.snapshot();
  const bool overloaded = parts_.pool.overloaded();
  std::vector<std::size_t> order;
  VerifierPool::Transactions fresh;
  for (std::size_t i = 0; i < submission->transactions.size(); ++i) {
    const auto& transaction = submission->transactions[i];
    if (halted_) {
      submission->answer(i, SubmitReply::busy(transaction->id(), "this node has stopped itself", 5000));
    } else if (auto known = first_outcome(*state, transaction->id())) {
      // The first outcome again, whatever has happened since; a certificate may still be waited for.
      if (wait == WaitFor::certified && known->status == SubmitReply::Status::committed) {
        post([this, submission, i, known = std::move(*known)] {
          const ClientToken token = next_client_++;
          clients_[token] = {submission, i};
          parts_.replica.await_certificate(token, known, static_cast<std::uint64_t>(submission->timeout.count()));
        });
      } else {
        submission->answer(i, *known);
      }
    } else if (overloaded) {
      submission->answer(i, SubmitReply::busy(transaction->id(), "more signatures wait here than this node verifies in a few seconds", 1000));
    } else {
      order.push_back(i);
      fresh.push_back(transaction);
    }
  }
  if (fresh.empty()) return;
  parts_.pool.verify(VerifierPool::For::clients, std::move(fresh), [this, submission, order = std::move(order)](VerifierPool::Verdicts verdicts) {
    const auto now_state = parts_.store.snapshot();
    const auto& engine = parts_.executor.engine();
    const auto in_force = engine.governed()->at(*now_state);
    for (std::size_t k = 0; k < order.size(); ++k)
      if (verdicts[k].code == ledger::RejectionCode::ok)
        verdicts[k] = engine.precheck(*submission->transactions[order[k]], judged_at(*submission->transactions[order[k]], *now_state), *now_state, *in_force);
    post([this, submission, order, verdicts = std::move(verdicts)]() mutable { judge(submission, order, std::move(verdicts)); });
  });
}

void ReplicaLoop::judge(std::shared_ptr<Submission> submission, std::vector<std::size_t> order, VerifierPool::Verdicts verdicts) {
  for (std::size_t k = 0; k < order.size(); ++k) admit(submission, order[k], std::move(verdicts[k]), /*last_try*/ false);
}

void ReplicaLoop::admit(std::shared_ptr<Submission> submission, std::size_t index, ledger::Rejection rejection, bool last_try) {
  const auto& transaction = submission->transactions[index];
  if (rejection.code != ledger::RejectionCode::ok) {
    // Perhaps executed between the look-up and now: the first outcome comes before any other word.
    if (auto known = first_outcome(*parts_.store.snapshot(), transaction->id())) return submission->answer(index, *known);
    // The same bytes, given earlier, are under way: their outcome is the answer for all who wait.
    if (rejection.code == ledger::RejectionCode::replayed || parts_.replica.awaits(transaction->id())) rejection = {};
  }
  if (rejection.code != ledger::RejectionCode::ok) {
    // 3xx: what this node has executed may lag behind what the client has seen elsewhere; look once more before a final word.
    const bool may_lag = static_cast<unsigned>(rejection.code) >= 300;
    if (may_lag && !last_try && retries_.size() < retries_max) {
      retries_.push_back({monotonic_ms() + precheck_retry_ms, std::move(submission), index});
      return;
    }
    if (may_lag && !status().ready) return submission->answer(index, SubmitReply::busy(transaction->id(), "this node is behind and cannot judge it yet", 1000));
    SubmitReply reply;
    reply.status = SubmitReply::Status::rejected;
    reply.id = transaction->id();
    reply.rejection = std::move(rejection);
    return submission->answer(index, reply);
  }
  const ClientToken token = next_client_++;
  const WaitFor wait = submission->wait;
  const auto timeout = static_cast<std::uint64_t>(submission->timeout.count());
  const auto shared = transaction;
  clients_[token] = {std::move(submission), index};
  parts_.replica.submit(token, shared, wait, timeout);
}

// ---------------------------------------------------------------------------------------------- the log thread

void ReplicaLoop::write_log() {
  for (bool unsettled = false;;) {
    std::deque<Replica::LogWrite> writes;
    std::deque<consensus::LogRead> reads;
    std::optional<consensus::LogPosition> compaction;
    std::optional<Install> install;
    std::optional<std::vector<storage::StoredRecollection>> memory;
    {
      std::unique_lock lock(log_mutex_);
      const auto work = [this] { return log_stopping_ || !log_queue_.empty() || !log_reads_.empty() || log_memory_ || log_compaction_ || log_install_; };
      if (!unsettled) log_wake_.wait(lock, work);
      if (unsettled && !log_wake_.wait_for(lock, storage::log_settles_after, work)) {
        lock.unlock();
        if (auto settled = parts_.raft_log.settle(); !settled) return halt(HaltKind::disk, "the Raft log cannot be written: " + settled.error().text());
        unsettled = false;
        continue;
      }
      if (log_stopping_) return;
      memory = std::exchange(log_memory_, std::nullopt);
      unsettled = unsettled || memory || !log_queue_.empty();
      writes.swap(log_queue_);
      reads.swap(log_reads_);
      compaction = std::exchange(log_compaction_, std::nullopt);
      install = std::exchange(log_install_, std::nullopt);
    }
    if (memory)
      if (auto written = parts_.raft_log.write_memory(*memory); !written)
        return halt(HaltKind::disk, "the Raft log cannot be written: " + written.error().text());
    // Group commit: batches that follow each other become one durable write. A batch that drops entries of an earlier one starts anew.
    for (std::size_t from = 0; from < writes.size();) {
      std::optional<storage::StoredHardState> hard_state;
      std::vector<storage::LogRecord> records;
      std::size_t to = from;
      for (; to < writes.size(); ++to) {
        auto& write = writes[to];
        if (!records.empty() && !write.records.empty() && write.records.front().index != records.back().index + 1) break;
        if (write.hard_state) hard_state = write.hard_state;
        for (auto& record : write.records) records.push_back(std::move(record));
      }
      if (hard_state || !records.empty()) {
        if (auto written = parts_.raft_log.write(hard_state, records); !written)
          return halt(HaltKind::disk, "the Raft log cannot be written: " + written.error().text());
      }
      const auto batch = writes[to - 1].batch;
      post([this, batch] { parts_.replica.log_written(batch); });
      from = to;
    }
    for (const auto& read : reads) read_log(read);
    if (install && !restart_log(std::move(*install))) return;
    if (compaction && compaction->index.value >= parts_.raft_log.first())   // a snapshot may have overtaken it
      if (auto compacted = parts_.raft_log.compact({compaction->index.value, compaction->term.value}); !compacted)
        return halt(HaltKind::disk, "the Raft log cannot be compacted: " + compacted.error().text());
  }
}

/// Before the state is replaced it comes here, too: the term in which the snapshot was taken must be on disk before its state is, or a crash would
/// leave a state of a term that this node never heard of.
bool ReplicaLoop::restart_log(Install install) {
  if (install.sink) {
    // The writes before it are done: that is all.
  } else if (auto restarted = parts_.raft_log.restart({install.state.raft_index, install.state.raft_term}); !restarted) {
    halt(HaltKind::disk, "the Raft log cannot be begun anew: " + restarted.error().text());
    return false;
  }
  {
    std::lock_guard lock(execute_mutex_);
    execute_install_ = std::move(install);
  }
  execute_wake_.notify_one();
  return true;
}

void ReplicaLoop::read_log(const consensus::LogRead& read) {
  std::vector<consensus::Entry> entries;
  auto records = parts_.raft_log.read(read.first.value, read.last.value, std::min(read.bytes_max, log_read_bytes_max));
  if (records)
    for (auto& record : *records) entries.push_back(to_entry(std::move(record)));
  else if (records.error().kind != storage::StorageError::Kind::not_found)   // a deposed leader's suffix may be gone since it was asked for
    return halt(HaltKind::disk, "the Raft log cannot be read: " + records.error().text());
  post([this, read, entries = std::move(entries)]() mutable { parts_.replica.log_read_done(read, std::move(entries)); });
}

// ---------------------------------------------------------------------------------------------- the execution thread

HaltKind ReplicaLoop::kind_of(const ExecutionHalt& halt) { return halt.disk ? HaltKind::disk : halt.protocol ? HaltKind::protocol : HaltKind::divergence; }

void ReplicaLoop::execute() {
  if (const auto unknown = parts_.executor.unknown_protocol()) return halt(kind_of(*unknown), unknown->sentence);   // before a client reads what it may misread
  for (;;) {
    std::optional<ExecuteTask> task;
    std::optional<Install> install;
    std::deque<Replica::NewCertificate> certificates;
    {
      std::unique_lock lock(execute_mutex_);
      execute_wake_.wait(lock, [this] { return execute_stopping_ || !execute_queue_.empty() || !certificates_.empty() || execute_install_; });
      if (execute_stopping_) return;
      certificates.swap(certificates_);
      if (!execute_queue_.empty()) {
        task = std::move(execute_queue_.front());
        execute_queue_.pop_front();
      } else {
        install = std::exchange(execute_install_, std::nullopt);
      }
    }
    for (const auto& certificate : certificates) {
      if (auto stored = parts_.store.put_certificate(certificate.size, certificate.note); !stored)
        return halt(HaltKind::disk, stored.error().text());
      post([this, size = certificate.size] { parts_.replica.certificate_stored(size); });
    }
    if (install && !(install->sink ? replace_state(std::move(*install)) : finish_install(std::move(*install)))) return;
    if (!task) continue;
    auto done = parts_.executor.execute(*task);
    if (!done) return halt(kind_of(done.error()), done.error().sentence);
    post([this, block = std::make_shared<ExecutedBlock>(std::move(*done))] { parts_.replica.executed(*block); });
    if (const auto flushes = parts_.store.flush_count(); flushes != std::exchange(flushes_seen_, flushes))
{
      const auto flushed = parts_.store.flushed_mark();
      if (!flushed) return halt(HaltKind::disk, flushed.error().text());
      post([this, index = flushed->raft_index] { parts_.replica.state_flushed(index); });
    }
  }
}

bool ReplicaLoop::replace_state(Install install) {
  if (auto replaced = parts_.store.replace(std::move(install.sink)); !replaced) {
    halt(HaltKind::disk, "the snapshot cannot be installed: " + replaced.error().text());
    return false;
  }
  parts_.executor.reload();
  install.state = executed_state(parts_.store, parts_.executor.engine());
  {
    std::lock_guard lock(log_mutex_);
    log_install_ = std::move(install);
  }
  log_wake_.notify_one();
  return true;
}

bool ReplicaLoop::finish_install(Install install) {
  if (auto finished = parts_.store.finish_install(); !finished) {
    halt(HaltKind::disk, finished.error().text());
    return false;
  }
  post([this, arrival = install.arrival, state = std::make_shared<ExecutedState>(std::move(install.state))] {
    parts_.replica.snapshot_installed(arrival, std::move(*state));
  });
  return true;
}

// ---------------------------------------------------------------------------------------------- the pool

void ReplicaLoop::check_blocks(Replica::BlockCheck check) {
  std::vector<std::shared_ptr<const ledger::Block>> blocks;
  VerifierPool::Transactions transactions;
  for (const auto& payload : check.payloads) {
    auto block = ledger::Block::parse(payload, {}, ledger::transaction_ceiling);
    if (!block) {
      const std::string why = "a block cannot be read (" + std::string(ledger::name(block.error().code)) + ": " + block.error().detail + ")";
      post([this, ticket = check.ticket, why] { parts_.replica.blocks_checked(ticket, tl::make_unexpected(why)); });
      return;
    }
    transactions.insert(transactions.end(), (*block)->transactions().begin(), (*block)->transactions().end());
    blocks.push_back(std::move(*block));
  }
  parts_.pool.verify(VerifierPool::For::blocks, std::move(transactions), [this, ticket = check.ticket, blocks = std::move(blocks)](VerifierPool::Verdicts verdicts) {
    for (const auto& verdict : verdicts) {
      if (verdict.code == ledger::RejectionCode::ok) continue;
      const std::string why = "a transaction in a block is not what its member signed (" + std::string(ledger::name(verdict.code)) + ")";
      post([this, ticket, why] { parts_.replica.blocks_checked(ticket, tl::make_unexpected(why)); });
      return;
    }
    post([this, ticket, blocks] { parts_.replica.blocks_checked(ticket, blocks); });
  });
}

void ReplicaLoop::check_forward(Replica::ForwardCheck check) {
  std::vector<bool> certified;
  VerifierPool::Transactions transactions;
  for (auto& item : check.items) {
    auto transaction = ledger::Transaction::parse(std::move(item.envelope), ledger::transaction_ceiling);
    if (!transaction) continue;  // no honest node forwards it: its own client has been told
    transactions.push_back(std::move(*transaction));
    certified.push_back(item.certified);
  }
  parts_.pool.verify(VerifierPool::For::clients, transactions, [this, from = check.from, transactions, certified](VerifierPool::Verdicts verdicts) {
    const auto state = parts_.store.snapshot();
    const auto& engine = parts_.executor.engine();
    const auto in_force = engine.governed()->at(*state);
    std::vector<Replica::ForwardVerdict> out;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      auto rejection = std::move(verdicts[i]);
      if (rejection.code == ledger::RejectionCode::ok) rejection = engine.precheck(*transactions[i], judged_at(*transactions[i], *state), *state, *in_force);
      // Executed before, and perhaps expired since: the first outcome comes before any other word.
      if (rejection.code != ledger::RejectionCode::ok && state->find_entry(transactions[i]->id())) rejection.code = ledger::RejectionCode::replayed;
      // The state of the node that forwards has judged it; ours may lag behind what its client saw. Execution has the last word.
      if (static_cast<unsigned>(rejection.code) >= 300) rejection = {};
      out.push_back({transactions[i], certified[i], transactions[i]->id(), std::move(rejection)});
    }
    post([this, from, out = std::move(out)]() mutable { parts_.replica.forward_checked(from, std::move(out)); });
  });
}

}  // namespace daftar::node
