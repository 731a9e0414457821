// Snapshots on a Machine: what node/snapshot_transfer.h does with the bytes, and node/replica_loop.cc with the whole, as stretches of simulated
// time between which the process may die. No snapshot here is ever wrong: what the node would refuse is a violation.
#include <algorithm>

#include "ledger/check.h"
#include "node/recovery.h"
#include "tests/simulation/machine_process.h"

namespace daftar::simulation {
namespace {
enum : std::uint64_t { trace_piece = 60, trace_replaced, trace_installed };
}  // namespace

void Machine::transfer_next() {
  Process& p = *process_;
  if (p.transferring || p.transfers.empty()) return;
  p.transferring = true;
  later(chance_.below(3), [this] {
    const auto transfer = std::move(process_->transfers.front());
    process_->transfers.pop_front();
    if (const auto* read = std::get_if<consensus::SnapshotRead>(&transfer))
      send_piece(*read);
    else
      take_piece(std::get<consensus::SnapshotArrival>(transfer));
  });
}

void Machine::transfer_done() {
  process_->transferring = false;
  transfer_next();
}

// ---------------------------------------------------------------------------------------------- sending

void Machine::send_piece(const consensus::SnapshotRead& read) {
  auto& picture = process_->picture;
  const Millis now = environment_.schedule.now();
  if (chance_.one_in(60) && environment_.striking) picture.let_go();   // cannot be read any more: the followers have to begin with another
  if (picture.asked(read, now)) return read_piece(read);
  picture.let_go();
  // Meanwhile blocks go on: the picture is of some moment during the call.
  later(chance_.one_in(10) ? chance_.between(200, 1500) : chance_.between(5, 100), [this, read] {
    Process& p = *process_;
    const auto kept = state_disk_.newest.mark;
    environment_.saboteur.picturing(node_, state_disk_.newest.mark);
    auto made = p.store->checkpoint();
    state_disk_.newest.mark = kept;
    if (!made) return halt(made.error().text());
    state_disk_.flushed->mark = kept;
    p.picture.taken(std::move(*made), *environment_.population.genesis, environment_.schedule.now());
    let_picture_go(picture_limits.kept_ms);
    read_piece(read);
  });
}

/// After so long, unless it has been asked for meanwhile.
void Machine::let_picture_go(Millis delay) {
  later(delay, [this] {
    auto& picture = process_->picture;
    if (!picture.there()) return;
    const Millis now = environment_.schedule.now(), until = picture.kept_until_ms();
    if (now < until) return let_picture_go(until - now);
    picture.let_go();
  });
}

void Machine::read_piece(const consensus::SnapshotRead& read) {
  auto piece = process_->picture.piece(read);
  DAFTAR_CHECK(piece);
  const auto incarnation = incarnation_;
  step([&](node::Replica& replica) { replica.snapshot_read_done(read, std::move(*piece)); });
  if (incarnation == incarnation_) transfer_done();
}

// ---------------------------------------------------------------------------------------------- receiving

/// True: the disk has failed, and the node has stopped.
bool Machine::refuse_snapshot(const storage::StorageError& error) {
  if (error.kind != storage::StorageError::Kind::io) throw Violation("snapshots", "node " + std::to_string(node_) + " refuses an honest leader's snapshot: " + error.text());
  halt(error.text());
  return true;
}

void Machine::take_piece(const consensus::SnapshotArrival& arrival) {
  Process& p = *process_;
  const auto& piece = arrival.piece;
  if (!p.sink || p.receiving != piece.snapshot.manifest) {
    p.sink.reset();
    auto begun = p.store->receive(piece.snapshot.manifest);
    if (!begun) return void(refuse_snapshot(begun.error()));
    const bool another = !p.receiving.empty();
    p.sink = std::move(*begun);
    p.receiving = piece.snapshot.manifest;
    environment_.delicate(node_, 1000);
    environment_.snapshots_resumed += p.sink->stored() > 0;
    environment_.snapshots_superseded += another;
    environment_.trace.tell("node " + std::to_string(node_) + " receives a snapshot at index " + std::to_string(p.sink->manifest().raft_index) + ", " +
                            std::to_string(p.sink->stored()) + " of " + std::to_string(p.sink->manifest().size) + " bytes are there");
  }
  const auto& manifest = p.sink->manifest();
  if (manifest.raft_index != piece.snapshot.position.index.value || manifest.raft_term != piece.snapshot.position.term.value)
    throw Violation("snapshots", "node " + std::to_string(node_) + " is sent a snapshot that is announced for another place than it holds");
  if (piece.bytes && !piece.bytes->empty())
    if (auto kept = p.sink->append(piece.offset, *piece.bytes); !kept) return void(refuse_snapshot(kept.error()));
  environment_.trace.mix(trace_piece, p.sink->stored());
  if (piece.done && p.sink->stored() == manifest.size)
    return later(chance_.one_in(5) ? chance_.between(100, 1000) : chance_.between(2, 60), [this, arrival] { check_snapshot(arrival); });
  const auto incarnation = incarnation_;
  step([&](node::Replica& replica) { replica.snapshot_wants(arrival.id, process_->sink->stored()); });
  if (incarnation == incarnation_) transfer_done();
}

void Machine::check_snapshot(const consensus::SnapshotArrival& arrival) {
  Process& p = *process_;
  const auto received = p.sink->finish();
  if (!received) return void(refuse_snapshot(received.error()));
  if (node::membership_at(received->mark, *environment_.population.genesis) != arrival.piece.snapshot.membership)
    throw Violation("snapshots", "node " + std::to_string(node_) + " is sent a snapshot with another membership than it was announced with");
  environment_.delicate(node_, 120);
  p.receiving.clear();
  p.log_install.emplace();
  p.log_install->arrival = arrival.id;
  p.log_install->sink = std::move(p.sink);
  transfer_done();
  work_on_log();
}

// ---------------------------------------------------------------------------------------------- installing

/// The execution thread has nothing else to do: its first or its last part in an installation. Between them the log is begun anew.
void Machine::install_next() {
  Process& p = *process_;
  if (!p.execute_install) return;
  p.executing = true;
  later(chance_.between(1, 60), [this] {
    Process& q = *process_;
    q.executing = false;
    auto install = std::exchange(q.execute_install, std::nullopt);
    if (install->sink) {
      if (auto replaced = q.store->replace(std::move(install->sink)); !replaced) return halt(replaced.error().text());
      q.executor->reload();
      install->state = node::executed_state(*q.store, q.executor->engine());
      environment_.trace.mix(trace_replaced, install->state.raft_index);
      environment_.trace.tell("node " + std::to_string(node_) + " has the state of a snapshot, height " + std::to_string(install->state.height));
      q.log_install = std::move(install);
      return work_on_log();
    }
    if (auto finished = q.store->finish_install(); !finished) return halt(finished.error().text());
    environment_.trace.mix(trace_installed, install->state.raft_index);
    environment_.checker.snapshot_installed(node_, q.store->mark(), q.store->state_hash());
    tell_executed([arrival = install->arrival, state = install->state](node::Replica& replica) { replica.snapshot_installed(arrival, state); });
    execute_next();
  });
}

}  // namespace daftar::simulation
