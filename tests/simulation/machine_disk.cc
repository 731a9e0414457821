// The log thread and the execution thread of a Machine, as stretches of simulated time.
#include <algorithm>
#include <utility>

#include "tests/simulation/machine_process.h"

namespace daftar::simulation {
namespace {
constexpr std::size_t log_read_bytes_max = 64u << 10;
enum : std::uint64_t { trace_durable = 20, trace_executed };
}  // namespace

Millis Machine::sync_time() {
  if (environment_.schedule.now() < slow_until_) return chance_.between(50, 500);
  return chance_.between(1, 5);
}

/// Takes all that waits, as one round of the log thread: writes that follow each other become one durable write; a batch that drops entries of
/// an earlier one starts anew; then the reads.
void Machine::work_on_log() {
  Process& p = *process_;
  if (p.log_busy || (p.log_queue.empty() && p.log_reads.empty() && !p.log_install && !p.compaction)) return;
  p.log_busy = true;
  p.round_install = std::exchange(p.log_install, std::nullopt);
  p.round_compaction = std::exchange(p.compaction, std::nullopt);
  auto groups = std::make_shared<std::deque<Group>>();
  bool follows = false;
  for (auto& write : p.log_queue) {
    if (!groups->empty()) {
      const auto& before = groups->back().records;
      follows = before.empty() || write.records.empty() || write.records.front().index == before.back().index + 1;
    }
    if (!follows) groups->emplace_back();
    Group& group = groups->back();
    if (write.hard_state) group.hard_state = write.hard_state;
    std::move(write.records.begin(), write.records.end(), std::back_inserter(group.records));
    group.batch = write.batch;
    follows = true;
  }
  p.log_queue.clear();
  auto reads = std::make_shared<std::vector<consensus::LogRead>>(std::move(p.log_reads));
  p.log_reads.clear();
  write_groups(std::move(groups), std::move(reads));
}

void Machine::write_groups(std::shared_ptr<std::deque<Group>> groups, std::shared_ptr<std::vector<consensus::LogRead>> reads) {
  if (groups->empty()) {
    later(reads->empty() ? 0 : chance_.between(1, 4), [this, reads] {
      const auto incarnation = incarnation_;
      for (const auto& read : *reads)
        if (incarnation == incarnation_) read_log(read);
      if (incarnation == incarnation_) restart_or_compact();
    });
    return;
  }
  Group& group = groups->front();
  if (!group.hard_state && group.records.empty()) {   // only promises that rest on what is durable already
    later(0, [this, groups, reads] { finish_group(groups, reads); });
    return;
  }
  environment_.saboteur.writing(node_, group.hard_state, group.records);
  environment_.checker.write_begun(node_, group.hard_state, group.records);
  process_->log->begin_write(group.hard_state, group.records);
  later(sync_time(), [this, groups, reads] { finish_group(groups, reads); });
}

void Machine::finish_group(const std::shared_ptr<std::deque<Group>>& groups, const std::shared_ptr<std::vector<consensus::LogRead>>& reads) {
  const Millis now = environment_.schedule.now();
  if (now < hung_until_) return later(hung_until_ - now, [this, groups, reads] { finish_group(groups, reads); });
  const Group group = std::move(groups->front());
  groups->pop_front();
  if (group.hard_state || !group.records.empty()) {
    if (auto written = process_->log->finish_write(); !written && !environment_.saboteur.ignores_disk_errors()) return halt(written.error().text());
    environment_.checker.write_durable(node_);
    environment_.trace.mix(trace_durable, group.batch.value);
  }
  const auto incarnation = incarnation_;
  step([&](node::Replica& replica) { replica.log_written(group.batch); });
  if (incarnation == incarnation_) write_groups(groups, reads);
}

/// What was begun is durable after a while; then `then`.
void Machine::sync_log(std::function<void()> then) {
  later(sync_time(), [this, then = std::move(then)] {
    const Millis now = environment_.schedule.now();
    const auto finish = [this, then] {
      if (auto written = process_->log->finish_write(); !written && !environment_.saboteur.ignores_disk_errors()) return halt(written.error().text());
      then();
    };
    if (now < hung_until_) return later(hung_until_ - now, finish);
    finish();
  });
}

/// The end of a round of the log thread: a snapshot's log, or what nobody needs any more.
void Machine::restart_or_compact() {
  Process& p = *process_;
  const auto next_round = [this] {
    process_->log_busy = false;
    work_on_log();
  };
  if (p.round_install) {
    const auto& state = p.round_install->state;
    const auto hand_over = [this, next_round] {
      process_->execute_install = std::exchange(process_->round_install, std::nullopt);
      execute_next();
      next_round();
    };
    // Its state is not replaced yet: only what was to be written before it is, the term above all, had to be waited for.
    if (p.round_install->sink || environment_.saboteur.keeps_the_log(node_)) return hand_over();
    environment_.checker.restart_begun(node_, state.raft_index);
    p.log->begin_restart({state.raft_index, state.raft_term});
    return sync_log([this, hand_over] {
      environment_.checker.write_durable(node_);
      hand_over();
    });
  }
  const auto compaction = std::exchange(p.round_compaction, std::nullopt);
  if (!compaction || compaction->index.value < p.log->first()) return next_round();   // a snapshot may have overtaken it
  storage::LogPlace place{compaction->index.value, compaction->term.value};
  environment_.saboteur.compacting(node_, place, *p.log);
  if (!p.log->begin_compact(place)) return next_round();
  sync_log([this, next_round] {
    ++environment_.compactions;
    next_round();
  });
}

void Machine::read_log(const consensus::LogRead& read) {
  ++environment_.log_reads;
  auto records = process_->log->read(read.first.value, read.last.value, std::min(read.bytes_max, log_read_bytes_max));
  if (!records && records.error().kind != storage::StorageError::Kind::not_found) return halt(records.error().text());
  std::vector<consensus::Entry> entries;
  if (records)
    for (auto& record : *records)
      entries.push_back({{record.term}, {record.index}, static_cast<consensus::EntryKind>(record.kind), std::move(record.payload)});
  step([&](node::Replica& replica) { replica.log_read_done(read, std::move(entries)); });
}

/// In the order of their making, whatever the hand-over between threads takes.
void Machine::tell_executed(std::function<void(node::Replica&)> input) {
  const Millis now = environment_.schedule.now();
  process_->executed_told = std::max(process_->executed_told, now + chance_.below(3));
  later(process_->executed_told - now, [this, input = std::move(input)] { step(input); });
}

void Machine::execute_next() {
  Process& p = *process_;
  if (p.executing) return;
  if (p.execute_queue.empty()) return install_next();
  p.executing = true;
  later(chance_.one_in(40) ? chance_.between(20, 200) : chance_.between(1, 3), [this] {
    node::ExecuteTask task = std::move(process_->execute_queue.front());
    process_->execute_queue.pop_front();
    process_->executing = false;
    environment_.saboteur.executing(node_, task);
    auto done = process_->executor->execute(task);
    if (!done && !done.error().disk) throw Violation("one ledger", "node " + std::to_string(node_) + ": " + done.error().sentence);
    if (!done) return halt(done.error().sentence);
    environment_.checker.executed(node_, task, *done, *process_->store);
    // The clocks that are not wrong are right to 200 ms.
    if (environment_.block_time_promised && done->time_ms > environment_.wall_ms() + environment_.population.genesis->clock_skew_ms() + 200)
      throw Violation("block time", "block " + std::to_string(done->height) + " is committed and dated " +
                                        std::to_string((done->time_ms - environment_.wall_ms()) / 1000) + " s ahead of a right clock");
    environment_.trace.mix(trace_executed, done->root.view());
    environment_.trace.tell("node " + std::to_string(node_) + " executed block " + std::to_string(done->height) + " (index " + std::to_string(done->raft_index) + ", " +
                            std::to_string(done->transactions.size()) + " transactions)");
    // The loop's hand-over between threads: until then clients that come find a state that is ahead of the replica.
    environment_.saboteur.executed(node_, *done);
    tell_executed([block = std::make_shared<node::ExecutedBlock>(std::move(*done))](node::Replica& replica) { replica.executed(*block); });
    if (const auto flushes = process_->store->flush_count(); flushes != std::exchange(process_->flushes_seen, flushes)) {
      const auto flushed = process_->store->flushed_mark();
      if (!flushed) return halt(flushed.error().text());
      tell_executed([index = flushed->raft_index](node::Replica& replica) { replica.state_flushed(index); });
    }
    execute_next();
  });
}

}  // namespace daftar::simulation
