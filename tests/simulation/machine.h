// One node: a machine with two disks and a clock, and on it a process that drives the real node::Replica and node::Executor as
// node/replica_loop.h does. Where that has threads, here each piece of work takes a while of simulated time: the log's writes, execution, the
// pool's checks, the bytes of snapshots. A crash takes the process with all that was under way; the disks stay. A node that was removed from the
// network stops for good.
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "node/executor.h"
#include "node/replica.h"
#include "tests/simulation/environment.h"
#include "tests/simulation/log_disk.h"
#include "tests/simulation/state_disk.h"

namespace daftar::simulation {

class Machine {
 public:
  using Transaction = std::shared_ptr<const ledger::Transaction>;
  using Done = std::function<void(const node::SubmitReply&)>;
  /// The links between two running nodes are up again: tell them.
  using Connected = std::function<void(std::uint64_t node)>;

  /// `node` from 1.
  Machine(Environment& environment, std::uint64_t node, Connected connected);
  ~Machine();

  std::uint64_t node() const { return node_; }
  bool up() const { return process_ != nullptr; }
  /// Its operator runs it: it was started once, and has not stopped for good.
  bool in_use() const { return incarnation_ > 0 && !retired_; }
  bool retired() const { return retired_; }
  /// Its operator switches it off for good: it was removed.
  void retire(const std::string& why);
  /// Starts the process on what the disks hold. False: it refuses to, rightly, because the log is damaged.
  bool start();
  enum class End { process, power, torn_power };
  void crash(End end);

  // Old disks (machine_old_disk.cc).
  /// Both disks as they were, together, as a power cut at that moment would have left them.
  struct Copy { LogDisk::Copy log; StateDisk state; Checker::Promised promised; std::uint64_t number = 0; };
  void keep_copy();
  /// One of those kept, or an empty one; nothing when none was kept yet.
  std::shared_ptr<const Copy> draw_copy(Chance& chance) const;
  /// The machine is down, and its disks become the copy.
  void put_back(const Copy& copy);
  /// Whether the process that starts now must be told by others that it lacks something.
  void must_find_out(bool must) { must_find_out_ = must; }
  /// Its disks were put back, and it has not said yet that it is whole again.
  bool set_back() const { return set_back_; }

  // From the network and from clients.
  void receive(std::uint64_t from, const Network::Bytes& bytes);
  /// The link between this node and `node` is up, whose process is `process`.
  void peer_connected(std::uint64_t node, std::uint64_t process);
  std::uint64_t process() const { return incarnation_; }
  /// `done` may be called once, or never: then the process has died.
  void submit(Transaction transaction, node::WaitFor wait, Millis timeout, Done done);

  /// A linearizable read of a balance. `done` may be called once, or never: then the process has died.
  void read(const std::string& account, Millis timeout, std::function<void(bool confirmed)> done);

  // Faults that are not crashes.
  void pause(Millis duration) { paused_until_ = std::max(paused_until_, environment_.schedule.now() + duration); }
  void slow_syncs(Millis duration) { slow_until_ = environment_.schedule.now() + duration; }
  void hang_syncs(Millis duration) { hung_until_ = environment_.schedule.now() + duration; }
  void fail_disk(bool log);
  void set_clock(std::int64_t offset_ms) { clock_offset_ms_ = offset_ms; }
  LogDisk& log_disk() { return log_disk_; }
  /// Its process does its work: it does not stand still, and its disks do not fail.
  bool well() const { return process_ && !failing_ && paused_until_ <= environment_.schedule.now(); }
  /// Pauses, slow, hung and failing disks and wrong clocks end.
  void heal();

  const std::string& why_down() const { return why_down_; }
  std::uint64_t height() const { return state_disk_.newest.mark.height; }
  const SimStateStore* store() const;
  node::NodeStatus status() const;      // up() only
  consensus::Status core() const;       // likewise

 private:
  struct Process;
  struct Group { std::optional<storage::StoredHardState> hard_state; std::vector<storage::LogRecord> records; consensus::BatchId batch; };

  // machine.cc
  void later(Millis delay, std::function<void()> work);
  void run_guarded(std::uint64_t incarnation, const std::function<void()>& work);
  void wake(std::uint64_t incarnation);
  void tick();
  node::Times times() const;
  void step(const std::function<void(node::Replica&)>& input);
  void carry_out(node::Replica::Output output);
  void send(node::Replica::Send send);
  void halt(const std::string& why);
  void watch_repair(const node::Replica::Output& output);
  // machine_disk.cc
  void work_on_log();
  void write_groups(std::shared_ptr<std::deque<Group>> groups, std::shared_ptr<std::vector<consensus::LogRead>> reads);
  void finish_group(const std::shared_ptr<std::deque<Group>>& groups, const std::shared_ptr<std::vector<consensus::LogRead>>& reads);
  void read_log(const consensus::LogRead& read);
  void execute_next();
  Millis sync_time();
  void sync_log(std::function<void()> then);
  void restart_or_compact();
  void tell_executed(std::function<void(node::Replica&)> input);
  // machine_snapshot.cc
  void transfer_next();
  void send_piece(const consensus::SnapshotRead& read);
  void read_piece(const consensus::SnapshotRead& read);
  void let_picture_go(Millis delay);
  void take_piece(const consensus::SnapshotArrival& arrival);
  void check_snapshot(const consensus::SnapshotArrival& arrival);
  void transfer_done();
  bool refuse_snapshot(const storage::StorageError& error);
  void install_next();
  // machine_pool.cc
  Millis pool_time();
  void check_blocks(const node::Replica::BlockCheck& check);
  void check_forward(const node::Replica::ForwardCheck& check);
  ledger::Rejection precheck(const ledger::Transaction& transaction) const;
  std::optional<node::SubmitReply> first_outcome(const ledger::Digest& id) const;
  void admit(Transaction transaction, node::WaitFor wait, Millis timeout, Done done, ledger::Rejection rejection, bool last_try);
  void take(Transaction transaction, node::WaitFor wait, Millis timeout, Done done);
  void finish_read(bool confirmed, std::uint64_t told_before, const std::string& account, const std::function<void(bool)>& done);
  void answer(const Done& done, const node::SubmitReply& reply);

  Environment& environment_;
  const std::uint64_t node_;
  const Connected connected_;
  Chance chance_;
  LogDisk log_disk_;
  StateDisk state_disk_;
  std::unique_ptr<Process> process_;
  std::uint64_t incarnation_ = 0;
  bool retired_ = false, failing_ = false;
  std::deque<std::shared_ptr<const Copy>> copies_;
  bool set_back_ = false, must_find_out_ = false, found_out_ = false;
  std::string why_down_;
  Millis paused_until_ = 0, slow_until_ = 0, hung_until_ = 0;
  std::int64_t clock_offset_ms_ = 0;
};

}  // namespace daftar::simulation
