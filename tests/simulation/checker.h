// What must hold after every step, whatever the faults. The checker watches the nodes' boundary only: what they write, what is durable, what
// leaves on a wire, what they execute and answer. It keeps its own account of all that and throws Violation at the first contradiction.
//
// Memberships come and go: every rule that speaks of a quorum means one of the membership in force there, of both configurations of a joint one.
//
// election safety       one leader in a term, elected by a quorum of its own log's newest membership    its first AppendRequest
// who votes             nobody who was never to vote; nobody campaigns whom its log does not let vote   each vote sent
// one vote a term       a node votes for one candidate in a term, over its crashes     each vote sent
// promise after sync    votes, terms and acknowledged entries are durable first        each vote and append reply sent
// log matching          same index and term: same bytes, same term before              each log write
// leader append-only    a leader replaces nothing in its own log                       each log write
// leader completeness   a new leader's log has all that was ever committed             its first AppendRequest
// commit rule           committed: durable on a quorum, the last of them of the leader's term, and for ever (3.6.2)     each AppendRequest
// state machine safety  one history: index, term and bytes; applied only if durable here                               each execution
// one ledger            per height the same block, root, outcomes and state on all nodes                               each execution
// exactly once          an id is in the history at most once, with the outcome of an independent model                 each new height
// money conserved       counted from the state: accounts sum to zero, none of a member is below zero, all as in the model
// acknowledged stays    what a client was told is in the history, as it was told; what was refused for good never is   each answer
// linearizable reads    a read sees all that was answered, or read, before it began: the model's balance at that length            each read (checker_reads.cc)
// certificates agree    one root per certified size, that of the history, signed by a quorum of the set in force there  each certificate
// who signs             a checkpoint line is of a validator in force at its size, over the history's root               each line sent
// snapshots             one that was taken in is the history's state at its place, with the membership in force there   each installation
// one membership        the registry is what a model makes of the history, and in the end Raft's membership too         the end (world.cc)
// block time            no committed block is further ahead of a right clock than the ledger allows                     each execution (machine_disk.cc)
// old disks             who comes back with less than the others remember of it finds out, and campaigns only when it is whole again (machine.cc)
// durable log           a node that starts finds exactly what was durable, or refuses                                   each start
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "node/executor.h"
#include "node/replica.h"
#include "tests/simulation/log_view.h"
#include "tests/simulation/nodes_model.h"
#include "tests/simulation/state_disk.h"
#include "tests/simulation/violation.h"

namespace daftar::simulation {

class Checker {
 public:
  /// `machines`: as many as there are, in the genesis or not.
  Checker(const ledger::Genesis& genesis, std::uint64_t machines);

  // The log. Nodes are numbered from 1.
  void write_issued(std::uint64_t node, const node::Replica::LogWrite& write);
  void write_begun(std::uint64_t node, const std::optional<storage::StoredHardState>& hard_state, const std::vector<storage::LogRecord>& records);
  void write_durable(std::uint64_t node);
  void started(std::uint64_t node, const storage::RaftLog& log, const storage::AppliedMark& mark, std::uint64_t state_hash);
  /// The log is to go on after the installed snapshot: write_durable() follows.
  void restart_begun(std::uint64_t node, std::uint64_t index);
  /// The replica is told, or finds out at its start, that state and log are those of a snapshot.
  void snapshot_installed(std::uint64_t node, const storage::AppliedMark& mark, std::uint64_t state_hash);

  /// What a node's disks hold of what it has promised.
  struct Promised {
    LogView log;
    storage::StoredHardState hard_state;
    consensus::LogPosition last() const { return {{log.back().term}, {log.size() - 1}}; }
  };
  const Promised& durable(std::uint64_t node) const { return of(node).disk; }
  /// What a new disk holds.
  Promised nothing() const { return {LogView(genesis_), {}}; }
  /// The disks of the node, which is down, hold this again. Votes that reached nobody may be given again.
  void put_back(std::uint64_t node, const Promised& older);
  /// The disks hold all again that they held before they were put back.
  bool lacks_nothing(std::uint64_t node) const;
  /// Since this was on a disk nobody has become a voter, or ceased to be one.
  bool voters_unchanged_since(const Promised& older) const;
  /// A core takes this message.
  void heard(const consensus::Envelope& envelope);

  void sent(std::uint64_t from, std::uint64_t to, const consensus::Message& message);
  void sent(std::uint64_t from, const node::CheckpointLine& line);

  void handed_to_execution(std::uint64_t node, const node::ExecuteTask& task);
  void executed(std::uint64_t node, const node::ExecuteTask& task, const node::ExecutedBlock& block, const SimStateStore& store);
  void certified(std::uint64_t node, std::uint64_t size, const std::string& note);
  void answered(std::uint64_t node, const node::SubmitReply& reply);

  /// How many entries somebody has been told of, by an answer or a read.
  std::uint64_t told() const { return told_; }
  /// A linearizable read that began when told() was `told_before`; `entries` are in the state that was read.
  void read(std::uint64_t node, std::uint64_t told_before, const std::string& account, std::int64_t balance, std::uint64_t entries);

  /// At the end: `store` holds the whole history.
  void holds_everything(std::uint64_t node, const SimStateStore& store) const;

  std::uint64_t height() const { return blocks_.size() - 1; }
  std::uint64_t committed_index() const { return committed_.size() - 1; }
  std::uint64_t committed_transactions() const { return history_.size(); }
  std::uint64_t leaders() const { return leaders_.size(); }
  std::uint64_t certificates() const { return certified_.size(); }
  std::uint64_t membership_changes() const { return membership_changes_; }   // carried to their end
  std::uint64_t snapshots() const { return snapshots_; }
  std::uint64_t observers() const { return observers_.size(); }              // nodes that ever were

  /// The nodes as the history has them.
  const NodesModel& registry() const { return registry_; }
  /// Raft's, the newest that is committed; and the newest in a node's log.
  const consensus::Membership& membership() const { return *committed_.membership(); }
  const consensus::Membership& membership_of(std::uint64_t node) const { return *nodes_[node - 1].core.membership(); }
  /// Those by which something may be decided at this moment.
  std::vector<consensus::Membership> memberships_in_force() const;
  std::uint64_t reads() const { return reads_; }

 private:
  struct Begun { std::optional<storage::StoredHardState> hard_state; std::uint64_t first = 0; std::vector<Placed> entries; std::optional<std::uint64_t> restart; };
  struct Node {
    explicit Node(const SharedMembership& genesis) : core(genesis), disk{LogView(genesis), {}} {}
    LogView core;
    Promised disk;                         // durable
    std::vector<Promised> lost;            // what older disks took the place of
    std::optional<Begun> begun;
    std::uint64_t leads_term = 0;
    struct { std::uint64_t term = 0; bool allowed = false; } votes_for_itself;   // the newest: as a voter of its log of that moment
  };
  struct Block { std::uint64_t raft_index = 0, raft_term = 0, hash = 0, size = 0, state_hash = 0; ledger::Digest root; };
  struct Outcome { std::uint64_t entry_index = 0; bool accepted = false; };

  [[noreturn]] static void broken(const char* rule, const std::string& detail) { throw Violation(rule, detail); }
  void apply(LogView& view, const Begun& write) const;
  static Begun begun(const std::optional<storage::StoredHardState>& hard_state, const std::vector<storage::LogRecord>& records);
  Node& of(std::uint64_t node) { return nodes_[node - 1]; }
  const Node& of(std::uint64_t node) const { return nodes_[node - 1]; }

  // checker_raft.cc
  void check_matching(std::uint64_t node, std::uint64_t index, Place place, std::uint64_t term_before);
  void check_vote(std::uint64_t node, consensus::Term term, std::uint64_t candidate);
  bool may_campaign(std::uint64_t node) const;
  void check_campaign(std::uint64_t node, std::uint64_t term) const;
  void check_append(std::uint64_t from, std::uint64_t to, const consensus::AppendRequest& request);
  void check_new_leader(std::uint64_t node, std::uint64_t term);
  void check_commit(std::uint64_t leader, std::uint64_t term, std::uint64_t commit);
  void note_committed(const LogView& log, std::uint64_t index);
  void check_leaders_commit(std::uint64_t node, std::uint64_t index);
  void check_append_reply(std::uint64_t from, const consensus::AppendReply& reply);
  // checker_ledger.cc
  void add_to_history(std::uint64_t node, const ledger::Block& block, const node::ExecutedBlock& executed);
  bool model_accepts(const ledger::Transaction& transaction, std::uint64_t now_ms);
  void check_money(std::uint64_t node, const SimStateStore& store) const;

  void check_registry(std::uint64_t node, const SimStateStore& store) const;

  struct Matching { std::uint64_t hash = 0, term_before = 0; };
  const ledger::Genesis& ledger_genesis_;
  const SharedMembership genesis_;
  std::vector<Node> nodes_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Matching> entries_;         // (index, term)
  std::map<std::uint64_t, std::uint64_t> leaders_;                              // term → node
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> votes_;      // (node, term) → candidate
  std::set<std::pair<std::uint64_t, std::uint64_t>> votes_heard_;               // (node, term): it reached somebody
  std::map<std::uint64_t, std::map<std::uint64_t, std::uint64_t>> claimed_;     // term → index → term of the entry there, as its leader said
  std::set<std::uint64_t> voters_ever_;                                         // of any membership in any log
  LogView committed_;
  std::vector<std::uint64_t> committed_by_;                                     // by index: the term whose leader committed it; never falls
  std::vector<Block> blocks_;                                                   // by height; [0] is the genesis
  std::map<std::uint64_t, ledger::Digest> roots_;                               // by size, of blocks
  std::map<ledger::Digest, Outcome> history_;
  std::map<std::string, std::int64_t> balances_;                                // of the model
  std::vector<std::map<std::string, std::int64_t>> balances_at_{{}};            // by length of the history
  std::uint64_t told_ = 0, reads_ = 0;
  std::set<ledger::Digest> refused_;                                            // for good, without an entry
  std::map<std::uint64_t, ledger::Digest> certified_;
  NodesModel registry_;
  std::set<std::uint64_t> observers_;
  std::uint64_t membership_changes_ = 0, snapshots_ = 0;
};

}  // namespace daftar::simulation
