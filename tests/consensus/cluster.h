// A whole cluster in one thread, from one seed: real cores; network, disks and crashes are played. After every event the safety
// properties of the thesis (figure 3.2) are checked; a violation throws Broken.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

#include "consensus/random.h"
#include "tests/consensus/test_node.h"
#include "tests/consensus/trace.h"

namespace daftar::consensus::test {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Planted mistakes of a caller, to see that the checks see.
enum class Sabotage { none, promise_before_sync, forgotten_vote, lying_disk, trusted_old_disk, unnoticed_restart, round_of_a_majority };

/// Starts a node now and then from an older copy of its disk, or an empty one: never a second one before the first is whole again.
enum class OldDisks { no, yes };

class Cluster {
 public:
  /// `spares`: nodes outside the membership at the beginning. With any, members come and go all the time, logs are compacted, and
  /// snapshots are sent.
  Cluster(std::uint64_t seed, std::uint64_t voters, std::uint64_t learners, Sabotage sabotage = Sabotage::none, std::uint64_t spares = 0,
          TraceSink trace = {}, OldDisks old_disks = OldDisks::no);

  /// Ticks with faults: loss, delay, reordering, duplication, partitions (also one-way), crashes that lose what was not synced.
  void run(int ticks);
  /// No more faults: everything must be committed and applied by every member within `ticks`. Returns the ticks it took.
  int converge(int ticks);

  /// Chained over all outputs of all nodes: equal runs have equal hashes.
  std::uint64_t trace() const { return trace_; }
  std::size_t committed() const { return history_.size(); }
  std::size_t elections() const { return leaders_.size(); }
  std::size_t reads_served() const { return reads_served_; }
  std::size_t disk_reads() const { return disk_reads_; }
  std::size_t changes() const { return changes_; }      ///< membership entries applied
  std::size_t snapshots() const { return snapshots_; }  ///< installed
  std::size_t old_disks() const { return old_disks_used_; }
  std::size_t doubts() const { return doubts_; }        ///< nodes started that were told they had forgotten something
  std::size_t given_up() const { return given_up_; }    ///< times one went on without some of it, which nobody has

 private:
  struct Claim {
    Envelope envelope;
    Term term_at_match;  // of a success reply: what the log holds at `match`
  };
  struct Write {
    Output output;
    std::vector<Claim> claims;
  };
  struct Member {
    NodeId id;
    std::unique_ptr<TracedRaft> raft;  // null: down
    Disk disk;                   // synced; what is compacted stays, for the checks, but is not read any more
    LogPosition compacted;       // the log begins after it; what a snapshot of this node holds
    std::string manifest;        // of the snapshot that `stored` is a part of
    std::string stored;
    std::vector<SnapshotArrival> arrivals;
    Disk truly_synced;           // what a lying disk really holds
    std::vector<Entry> log;      // as the core sees it
    std::deque<Write> writes;
    Index applied;               // volatile
    Index applied_saved;         // on disk
    std::map<ReadId, std::uint64_t> reads;
    std::vector<std::pair<int, LogRead>> log_reads;
    // OldDisks::yes
    struct Copy {
      Disk disk;
      Index applied;
      std::size_t number;
    };
    std::deque<Copy> copies;
    std::vector<Recollection> memory;  // on disk
    std::set<NodeId> unheard;          // asked what they remember, not answered yet
    bool set_back = false;             // runs on an older disk, and is not whole again
    int started = 0;
  };

  void tick();
  void make_faults();
  void make_work();
  void change_membership(Member& member);
  void compact(Member& member);
  void serve_snapshot(Member& member, const SnapshotRead& read);
  void store_snapshots(Member& member);
  Membership membership_at(const std::vector<Entry>& log, std::uint64_t index) const;
  std::string state_at(std::uint64_t index) const;
  void start(Member& member);
  void put_back_old_disk(Member& member);
  void ask_others(Member& member);
  void crash(Member& member);
  void pump(Member& member);
  void take(Member& member);
  void write(Member& member, std::size_t count);
  void send(Member& from, const Claim& claim);
  void deliver();
  bool cut(NodeId from, NodeId to) const { return cuts_.count({from, to}) != 0; }
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  void check_entries(Member& member, const std::vector<Entry>& entries);
  void check_leader(const Member& member, Term term);
  void check_promise(const Member& from, const Claim& claim);
  void check_applied(Member& member, const std::vector<Entry>& entries);
  [[noreturn]] void broken(const std::string& what) const;

  const std::uint64_t seed_;
  const Sabotage sabotage_;
  const TraceSink trace_sink_;
  Random random_;
  bool faults_ = true;
  std::uint64_t loss_percent_ = 0;
  int delay_max_ = 1;
  int now_ = 0;
  std::vector<Member> members_;
  std::map<int, std::vector<Envelope>> network_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
  std::uint64_t proposals_ = 0;
  std::size_t reads_served_ = 0;
  std::size_t disk_reads_ = 0;
  std::size_t changes_ = 0;
  std::size_t snapshots_ = 0;
  bool churn_;
  const OldDisks old_disks_;
  std::size_t old_disks_used_ = 0, copies_ = 0;
  std::size_t doubts_ = 0;
  std::size_t given_up_ = 0;
  Membership first_;
  std::uint64_t trace_ = 1469598103934665603u;

  struct Written {
    std::string payload;
    Term term_before;
  };
  std::map<LogPosition, Written> entries_;                 // log matching
  std::map<Term, NodeId> leaders_;                         // election safety
  std::map<std::pair<NodeId, Term>, NodeId> votes_;        // one vote per term
  std::set<std::pair<NodeId, Term>> votes_arrived_;
  std::vector<Entry> history_;                             // state machine safety: the one order of applied entries
};

}  // namespace daftar::consensus::test
