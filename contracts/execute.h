// Deterministic execution: blocks over a state view give a change set and results. Nothing here knows disks, threads, clocks or networks;
// time is the block's. Same genesis and same blocks ⇒ same bytes, on every machine.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contracts/governance/protocol.h"
#include "contracts/result.h"
#include "ledger/block.h"
#include "ledger/change_set.h"
#include "ledger/entry.h"
#include "ledger/genesis.h"
#include "ledger/state_view.h"

namespace daftar::contracts {

namespace governance {
class Governed;
struct InForce;
}
namespace keys {
struct Deadline;
}

/// A place where an entry must be found again. storage keeps rows (kind, id, entry index); the meaning is ours.
enum class IndexKind : std::uint8_t { account = 1, contract = 2, budget_line = 3, member = 4, tax_payee = 5, tax_rule = 6, node = 7, proposal = 8, contract_template = 9 };
struct IndexRow {
  IndexKind kind;
  std::string id;   // account id | contract id, 32 raw bytes | budget line | member id | payee member id | rule code |
                    // node number in decimal; "validators": entries that changed who validates | proposal id, 32 raw bytes | name/version
  auto operator<=>(const IndexRow&) const = default;
};

/// An entry without its place in the log (index is given by whoever appends it).
struct ExecutedEntry {
  ledger::EntryKind kind = ledger::EntryKind::transaction;
  ledger::Digest id;
  std::string nonce;                                         // 16 bytes
  std::shared_ptr<const ledger::Transaction> transaction;    // null for a deadline
  std::string result;                                        // encode_result(...)
  bool accepted = false;
  std::vector<IndexRow> index_rows;                          // sorted, distinct
};

struct BlockOutcome {
  ledger::ChangeSet changes;
  std::vector<ExecutedEntry> entries;   // due deadlines first (in order of time, then contract), then transactions in block order
  bool nodes_changed = false;           // a NodeRecord was written (contracts/nodes.h)
  bool validators_changed = false;      // a new ValidatorSet is in force for trees larger than the one after this block
};

/// State at height 0: members, keys, nodes, accounts of the treasury for revenue, tax rules, limits. The sentence says what is wrong with a genesis.
Expected<ledger::ChangeSet, std::string> genesis_state(const ledger::Genesis& genesis);

/// The id of the entry that a deadline makes. The same deadline fires at most once at one time, so it names one entry.
ledger::Digest deadline_entry_id(const keys::Deadline& deadline);

class Engine {
 public:
  /// `protocol_known`: the newest protocol version that it executes (governance/protocol.h); another one than this program's is for tests.
  explicit Engine(std::shared_ptr<const ledger::Genesis> genesis, std::uint32_t protocol_known = governance::protocol_version_known);
  ~Engine();
  /// The rules and templates of the states it executes on: for readers of the same.
  std::shared_ptr<const governance::Governed> governed() const;
  /// The protocol version that the next block on `state` asks for, when this engine does not know it: then nothing may be executed on it here.
  std::optional<std::uint32_t> unknown_protocol(const ledger::StateView& state) const;
  std::uint32_t protocol_known() const;
  /// Executes `block` on `state` (the state after the block before). Transactions have been parsed and their signatures verified;
  /// everything that depends on state is judged here. Never fails: a refused transaction is an entry with its reason.
  /// Bounded: at most `deadlines_per_block_max` (1000) deadlines fire per block; the rest fire in the next.
  BlockOutcome execute(const ledger::Block& block, const ledger::StateView& state) const;

  /// The same engine, one transaction, nothing written: what would happen at `time_ms`. Signatures are not required; with none,
  /// keys are not judged.
  ExecutionResult dry_run(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state) const;

  /// A cheap look before the mempool: sender known, keys the sender's, not expired, not a replay. Saves blocks from rubbish; never final.
  ledger::Rejection precheck(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state) const;
  /// The same, of one of many: `in_force` is governed()->at(state), asked for once.
  ledger::Rejection precheck(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state, const governance::InForce& in_force) const;

  /// When the next deadline falls due; nothing if none is waiting. An idle leader proposes a block without transactions then.
  std::optional<std::uint64_t> next_deadline_ms(const ledger::StateView& state) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daftar::contracts
