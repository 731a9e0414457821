#include "tests/simulation/machine.h"

#include "consensus/describe.h"
#include "ledger/check.h"
#include "node/recovery.h"
#include "tests/simulation/machine_process.h"

namespace daftar::simulation {
namespace {

/// Small, so that windows, batches and checkpoints are at their limits all the time, and logs are short.
node::ReplicaOptions replica_options(std::uint64_t node, std::uint64_t seed, Chance& chance) {
  node::ReplicaOptions options;
  options.raft = {{node}, /*election_timeout*/ 20, /*heartbeat*/ 4, /*append_bytes_max*/ 4096, /*inflight_appends_max*/ 4, /*log_window_bytes_max*/ 16384, seed};
  constexpr std::uint64_t lags[] = {5, 50, 1000};
  constexpr std::size_t pieces[] = {1500, 8000, 40'000};
  options.raft.voter_lag_max = lags[chance.below(3)];
  options.raft.snapshot_piece_bytes_max = pieces[chance.below(3)];
  options.log_retain_bytes = chance.between(1, 8) << 10;
  options.log_retain_for_laggards_bytes = chance.between(1, 4) * options.log_retain_bytes;
  options.block_transactions_max = 6;
  options.block_bytes_max = 4096;
  options.checkpoint_blocks = 16;
  options.checkpoint_interval_ms = 1500;
  options.checkpoint_idle_ms = 800;
  options.uncertified_ms_max = 10'000;
  return options;
}

enum : std::uint64_t { trace_receive = 1, trace_start, trace_end };

}  // namespace

Machine::Machine(Environment& environment, std::uint64_t node, Connected connected)
    : environment_(environment), node_(node), connected_(std::move(connected)), chance_(environment.options.seed, 100 + node), log_disk_(environment.schedule) {
  log_disk_.lie(environment.saboteur.syncs_lie());
  clock_offset_ms_ = static_cast<std::int64_t>(chance_.below(400)) - 200;
}
Machine::~Machine() = default;

const SimStateStore* Machine::store() const { return process_ ? process_->store.get() : nullptr; }
node::NodeStatus Machine::status() const { return process_->replica->status(); }
consensus::Status Machine::core() const { return process_->replica->core_status(); }

node::Times Machine::times() const {
  const auto right = static_cast<std::int64_t>(environment_.wall_ms());
  return {static_cast<std::uint64_t>(right + clock_offset_ms_), environment_.schedule.now()};
}

// ---------------------------------------------------------------------------------------------- life

bool Machine::start() {
  DAFTAR_CHECK(!retired_ && !process_);
  auto process = std::make_unique<Process>();
  auto log = SimRaftLog::open(log_disk_, environment_.saboteur.leniency());
  if (!log) {
    why_down_ = log.error().text();
    ++environment_.refused_starts;
    if (!log_disk_.damaged()) throw Violation("durable log", "node " + std::to_string(node_) + " refuses an undamaged log: " + why_down_);
    environment_.trace.tell("node " + std::to_string(node_) + " refuses to start: " + why_down_);
    return false;
  }
  process->log = std::move(*log);
  process->store = std::make_unique<SimStateStore>(state_disk_, chance_.between(3, 40));
  const auto& genesis = environment_.population.genesis;
  if (process->store->fresh())
    if (auto made = node::initialise_store(*genesis, *process->store); !made) throw Violation("start", made.error());
  environment_.checker.started(node_, *process->log, process->store->mark(), process->store->state_hash());
  process->executor = std::make_unique<node::Executor>(genesis, *process->store);
  const bool installs = process->store->install_pending();
  auto restored = node::restore(*process->log, *process->store, process->executor->engine(), *genesis);
  if (!restored) throw Violation("start", "node " + std::to_string(node_) + " cannot start: " + restored.error());
  if (installs) {   // the crash came between the state of a snapshot and its log: the start has brought it to its end
    environment_.checker.restart_begun(node_, process->store->mark().raft_index);
    environment_.checker.write_durable(node_);
    environment_.checker.snapshot_installed(node_, process->store->mark(), process->store->state_hash());
    ++environment_.installed_at_start;
  }
  process->flushes_seen = process->store->flush_count();
  environment_.saboteur.restored(node_, *restored);
  process->replica = std::make_unique<node::Replica>(genesis, environment_.population.checkpoint_keys[node_ - 1],
                                                     replica_options(node_, chance_.next(), chance_), std::move(*restored));
  process->replica->set_time(times());
  process_ = std::move(process);
  found_out_ = false;
  why_down_.clear();
  ++incarnation_;
  environment_.network.forget(node_);
  ++environment_.restarts;
  environment_.trace.mix(trace_start, node_);
  environment_.trace.tell("node " + std::to_string(node_) + " starts at height " + std::to_string(height()) + ", log to " + std::to_string(process_->log->last()));
  later(chance_.below(tick_ms), [this] { tick(); });
  connected_(node_);
  return true;
}

void Machine::crash(End end) {
  process_.reset();
  failing_ = false;
  ++incarnation_;
  paused_until_ = slow_until_ = hung_until_ = 0;
  if (end == End::process)
    log_disk_.process_died(chance_);
  else if (log_disk_.power_cut(chance_, end == End::torn_power) && end == End::torn_power)
    environment_.counts.add(Fault::torn);
  if (state_disk_.flushed) environment_.saboteur.reopened(node_, *state_disk_.flushed, state_disk_.newest);
  state_disk_.crash();
  why_down_ = "crashed";
  environment_.trace.mix(trace_end, node_);
}

void Machine::halt(const std::string& why) {
  environment_.trace.tell("node " + std::to_string(node_) + " stops itself: " + why);
  crash(End::process);
  why_down_ = why;
}

void Machine::retire(const std::string& why) {
  environment_.trace.tell("node " + std::to_string(node_) + " stops for good: " + why);
  if (process_) crash(End::process);
  retired_ = true;
  why_down_ = why;
}

void Machine::fail_disk(bool log) {
  failing_ = true;
  if (log)
    process_->log->fail(true);
  else
    process_->store->fail(true);
}

void Machine::heal() {
  paused_until_ = slow_until_ = hung_until_ = 0;
  clock_offset_ms_ = 0;
  failing_ = false;
  if (!process_) return;
  if (!process_->after_pause.empty()) wake(incarnation_);
  process_->log->fail(false);
  process_->store->fail(false);
}

// ---------------------------------------------------------------------------------------------- time

/// After `delay`, unless the process has died by then; not before a pause is over.
void Machine::later(Millis delay, std::function<void()> work) {
  environment_.schedule.after(delay, [this, incarnation = incarnation_, work = std::move(work)] { run_guarded(incarnation, work); });
}

void Machine::run_guarded(std::uint64_t incarnation, const std::function<void()>& work) {
  if (incarnation != incarnation_) return;
  auto& waiting = process_->after_pause;
  if (environment_.schedule.now() >= paused_until_ && waiting.empty()) return work();
  waiting.push_back(work);
  if (waiting.size() == 1) wake(incarnation);
}

/// When the pause is over, and was not prolonged: what has waited, in its order.
void Machine::wake(std::uint64_t incarnation) {
  const Millis now = environment_.schedule.now();
  environment_.schedule.after(paused_until_ > now ? paused_until_ - now : 0, [this, incarnation] {
    if (incarnation != incarnation_) return;
    if (environment_.schedule.now() < paused_until_) return wake(incarnation);
    while (incarnation == incarnation_ && !process_->after_pause.empty()) {
      const auto work = std::move(process_->after_pause.front());
      process_->after_pause.pop_front();
      work();
    }
  });
}

void Machine::tick() {
  later(tick_ms + (chance_.one_in(10) ? chance_.below(4) : 0), [this] { tick(); });
  step([this](node::Replica& replica) { replica.tick(times()); });
}

void Machine::step(const std::function<void(node::Replica&)>& input) {
  process_->replica->set_time(times());
  input(*process_->replica);
  carry_out(process_->replica->take_output());
}

// ---------------------------------------------------------------------------------------------- input and output

void Machine::receive(std::uint64_t from, const Network::Bytes& bytes) {
  if (!process_) return;
  later(0, [this, from, bytes] {
    auto message = node::decode_peer_message(*bytes);
    if (!message) throw Violation("peer codec", message.error());
    environment_.trace.mix(trace_receive, *bytes);
    std::vector<node::Replica::Send> replies;
    const bool taken = environment_.saboteur.receiving(node_, from, *message, replies);
    for (auto& reply : replies) send(std::move(reply));
    if (auto* clock = std::get_if<node::ClockReply>(&*message)) environment_.saboteur.hears_clock(times().wall_ms, *clock);
    auto imagined = environment_.saboteur.imagines(node_, from, *message);
    if (taken) step([&](node::Replica& replica) { replica.receive(from, std::move(*message)); });
    for (auto& [who, what] : imagined) step([&, from = who](node::Replica& replica) { replica.receive(from, std::move(what)); });
  });
}

void Machine::peer_connected(std::uint64_t node, std::uint64_t process) {
  if (!process_) return;
  if (environment_.saboteur.greets_anew(node)) later(0, [this, node, process] { step([&](node::Replica& replica) { replica.peer_greeted(node, process); }); });
  later(1, [this, node] { step([node](node::Replica& replica) { replica.peer_connected(node); }); });
}

void Machine::send(node::Replica::Send send) {
  environment_.saboteur.sending(node_, send.to, send.message);
  if (const auto* message = std::get_if<consensus::Message>(&send.message)) {
    if (environment_.trace.tells()) {
      const auto* append = std::get_if<consensus::AppendRequest>(message);
      const auto* reply = std::get_if<consensus::AppendReply>(message);
      if (!(append && append->entries.empty()) && !(reply && reply->success))   // heartbeats and their echoes tell nothing
        environment_.trace.tell(consensus::describe(consensus::Envelope{{node_}, {send.to}, *message}));
    }
    environment_.checker.sent(node_, send.to, *message);
  } else if (const auto* line = std::get_if<node::CheckpointLine>(&send.message)) {
    environment_.checker.sent(node_, *line);
  }
  environment_.network.send(node_, send.to, node::encode_peer_message(send.message));
}

void Machine::carry_out(node::Replica::Output output) {
  if (!output.divergence.empty()) throw Violation("one ledger", "node " + std::to_string(node_) + " stops: " + output.divergence);
  for (const auto& news : output.news) environment_.trace.tell("node " + std::to_string(node_) + " says: " + news);
  for (const auto& warning : output.warnings) environment_.trace.tell("node " + std::to_string(node_) + " warns: " + warning);
  if (set_back_) watch_repair(output);
  for (const auto& write : output.log_writes) environment_.checker.write_issued(node_, write);
  for (auto& message : output.send) send(std::move(message));
  if (output.memory)
    if (auto written = process_->log->write_memory(*output.memory); !written) return halt(written.error().text());
  const bool vouches = environment_.saboteur.vouches_early() && !output.log_writes.empty();
  const auto newest = output.log_writes.empty() ? consensus::BatchId{} : output.log_writes.back().batch;
  for (auto& write : output.log_writes) process_->log_queue.push_back(std::move(write));
  for (const auto& read : output.log_reads) process_->log_reads.push_back(read);
  if (output.compact) process_->compaction = output.compact;
  for (auto& read : output.snapshot_reads) process_->transfers.emplace_back(std::move(read));
  for (auto& arrival : output.snapshot_arrivals) process_->transfers.emplace_back(std::move(arrival));
  for (const auto& check : output.block_checks) later(pool_time(), [this, check] { check_blocks(check); });
  for (const auto& check : output.forward_checks) later(pool_time(), [this, check] { check_forward(check); });
  for (auto& task : output.execute) {
    environment_.checker.handed_to_execution(node_, task);
    process_->execute_queue.push_back(std::move(task));
  }
  for (const auto& certificate : output.certificates) {
    environment_.checker.certified(node_, certificate.size, certificate.note);
    later(1, [this, certificate] {
      if (auto stored = process_->store->put_certificate(certificate.size, certificate.note); !stored) return halt(stored.error().text());
      step([&](node::Replica& replica) { replica.certificate_stored(certificate.size); });
    });
  }
  for (const auto& a : output.answers) {
    const auto client = process_->clients.extract(a.client);
    if (client) answer(client.mapped(), a.reply);
  }
  for (const auto& a : output.read_answers)
    if (const auto reader = process_->readers.extract(a.client)) reader.mapped()(a.confirmed);
  if (!output.removed.empty()) {
    environment_.removals_told += 1;
    return retire(output.removed);
  }
  for (const auto& id : output.lookups)
    if (auto reply = first_outcome(id)) process_->replica->found(*reply);
  execute_next();
  transfer_next();
  work_on_log();
  if (vouches) step([newest](node::Replica& replica) { replica.log_written(newest); });
  else if (process_->replica->has_output()) carry_out(process_->replica->take_output());
}

}  // namespace daftar::simulation
