// Committed log entries → executed blocks: checks the chain, runs the engine, appends leaves, commits to the store. Runs on one thread (the
// simulator calls it inline); knows no Raft beyond positions.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contracts/execute.h"
#include "ledger/block.h"
#include "node/mempool.h"
#include "node/registry.h"
#include "storage/state_store.h"

namespace daftar::node {

/// One committed block with its place in the Raft log.
struct ExecuteTask {
  std::uint64_t raft_index = 0;
  std::uint64_t raft_term = 0;
  std::shared_ptr<const std::string> payload;
  std::shared_ptr<const ledger::Block> block;  // parsed already, or null: parsed here (after a restart)
  std::string membership;                      // consensus::encode_membership() of the one in force at raft_index: stored with the mark
};

/// What became of one transaction of a block.
struct TransactionOutcome {
  ledger::Digest id;
  std::optional<std::uint64_t> entry_index;  // none: not recorded (see execute())
  ledger::Rejection rejection;               // code ok: accepted
  std::string result;
};

struct ExecutedBlock {
  std::uint64_t raft_index = 0, raft_term = 0;
  std::uint64_t height = 0;
  std::uint64_t time_ms = 0;
  std::string hash;                          // 32 bytes
  bool checkpoint = false;                   // a tree to sign: the block asks for it, or it changed the validators
  std::uint64_t size = 0;                    // of the Merkle log after it
  ledger::Digest root;
  std::vector<TransactionOutcome> transactions;
  std::uint64_t accepted = 0, rejected = 0;
  std::optional<std::uint64_t> next_deadline_ms;
  std::optional<Registry> registry;          // the nodes, when this block changed any
  std::optional<MemberLimits> member_limits; // when it changed any limits
};

struct ExecutionHalt {
  bool disk = false;      // otherwise: the log itself cannot be executed here
  std::string sentence;
  bool protocol = false;  // by this program, as it does not know the protocol version in force: nothing of the block was done, and another program can
};

MemberLimits member_limits_of(const contracts::Engine& engine, const ledger::StateView& state);

class Executor {
 public:
  /// `protocol_known`: as for contracts::Engine.
  Executor(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store,
           std::uint32_t protocol_known = contracts::governance::protocol_version_known);

  /// Transactions that a block should not have carried (already executed, expired, of another ledger) change nothing and are not recorded:
  /// an id has one entry at most, for ever.
  Expected<ExecutedBlock, ExecutionHalt> execute(const ExecuteTask& task);
  /// Why nothing can be executed on the state as it is, if so: the protocol version in force is newer than the program.
  std::optional<ExecutionHalt> unknown_protocol() const;
  const contracts::Engine& engine() const { return engine_; }
  /// The store's state was replaced by a snapshot: execution goes on from there.
  void reload();

 private:
  Expected<std::shared_ptr<const ledger::Block>, ExecutionHalt> admit(const ExecuteTask& task) const;

  std::shared_ptr<const ledger::Genesis> genesis_;
  storage::StateStore& store_;
  contracts::Engine engine_;
  ledger::MerkleFrontier frontier_;
};

/// Opens nothing: writes the genesis state into a fresh store. The sentence says what is wrong with the genesis or the disk.
Expected<void, std::string> initialise_store(const ledger::Genesis& genesis, storage::StateStore& store);

}  // namespace daftar::node
