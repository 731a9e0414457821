#include "node/executor.h"

#include "contracts/governance/governed.h"
#include "contracts/replay.h"
#include "contracts/result.h"
#include "contracts/state_keys.h"
#include "ledger/check.h"

namespace daftar::node {

MemberLimits member_limits_of(const contracts::Engine& engine, const ledger::StateView& state) {
  const auto in_force = engine.governed()->at(state);
  return {in_force->limits.member_pending_max, in_force->limits.member_rate_per_s};
}

Executor::Executor(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store, std::uint32_t protocol_known)
    : genesis_(std::move(genesis)), store_(store), engine_(genesis_, protocol_known) {
  reload();
}

void Executor::reload() {
  auto frontier = ledger::MerkleFrontier::restore(store_.mark().entries, store_.mark().frontier);
  DAFTAR_CHECK(frontier);
  frontier_ = std::move(*frontier);
}

Expected<std::shared_ptr<const ledger::Block>, ExecutionHalt> Executor::admit(const ExecuteTask& task) const {
  auto block = task.block;
  if (!block) {
    auto parsed = ledger::Block::parse(task.payload, {}, ledger::transaction_ceiling);
    if (!parsed) return tl::make_unexpected(ExecutionHalt{.sentence = "a committed block cannot be read: " + parsed.error().detail});
    block = *parsed;
  }
  const auto& mark = store_.mark();
  if (block->height() != mark.height + 1 || block->previous_hash().view() != mark.block_hash || block->time_ms() <= mark.block_time_ms)
    return tl::make_unexpected(ExecutionHalt{.sentence = "committed block " + std::to_string(block->height()) + " does not follow block " +
                                                        std::to_string(mark.height)});
  return block;
}

std::optional<ExecutionHalt> Executor::unknown_protocol() const {
  const auto version = engine_.unknown_protocol(store_.latest());
  if (!version) return std::nullopt;
  return ExecutionHalt{.disk = false,
                       .sentence = "from block " + std::to_string(store_.mark().height + 1) + " on the ledger is executed by protocol version " + std::to_string(*version) +
                                   ", and this program knows versions up to " + std::to_string(engine_.protocol_known()) +
                                   ". Nothing is lost: install the program that knows it and start the node again",
                       .protocol = true};
}

Expected<ExecutedBlock, ExecutionHalt> Executor::execute(const ExecuteTask& task) {
  if (auto halt = unknown_protocol()) return tl::make_unexpected(std::move(*halt));
  auto admitted = admit(task);
  if (!admitted) return tl::make_unexpected(admitted.error());
  const ledger::Block& block = **admitted;

  contracts::BlockOutcome outcome = engine_.execute(block, store_.latest());
  ExecutedBlock done;
  storage::BlockCommit commit;
  const bool limits_changed = outcome.changes.find(contracts::keys::limits) != nullptr;
  commit.changes = std::move(outcome.changes);
  std::uint64_t next_index = frontier_.size();
  commit.entries.reserve(outcome.entries.size());
  commit.leaf_hashes.reserve(outcome.entries.size());
  for (auto& executed : outcome.entries) {
    TransactionOutcome told{executed.id, std::nullopt, {}, std::move(executed.result)};
    if (!executed.accepted) {
      auto result = contracts::decode_result(told.result);
      DAFTAR_CHECK(result);
      told.rejection = std::move(result->rejection);
    }
    const bool recorded = contracts::leaves_entry(told.rejection);
    if (recorded) {
      told.entry_index = next_index;
      ledger::Entry entry{next_index, block.height(), block.time_ms(), executed.kind, executed.id, std::move(executed.nonce),
                          executed.transaction ? executed.transaction->envelope() : std::string{}, told.result};
      const ledger::Digest leaf = ledger::leaf_hash(ledger::leaf_record(entry));
      frontier_.append(leaf);
      commit.leaf_hashes.emplace_back(leaf.view());
      for (auto& row : executed.index_rows)
        commit.index_rows.push_back({static_cast<std::uint8_t>(row.kind), std::move(row.id), next_index});
      commit.entries.push_back(std::move(entry));
      ++next_index;
    }
    if (executed.kind != ledger::EntryKind::transaction) continue;
    ++(executed.accepted ? done.accepted : done.rejected);
    done.transactions.push_back(std::move(told));
  }

  commit.mark = {task.raft_index, task.raft_term, block.height(), block.time_ms(), std::string(block.hash().view()), frontier_.size(),
                 frontier_.subtrees(), task.membership};
  if (auto written = store_.commit(commit); !written) return tl::make_unexpected(ExecutionHalt{.disk = true, .sentence = written.error().text()});
  if (auto error = store_.background_error()) return tl::make_unexpected(ExecutionHalt{.disk = true, .sentence = error->text()});

  // What left no entry now may have left one before, and expired since: whoever waits for it is to hear that first outcome.
  std::shared_ptr<const storage::StateSnapshot> state;
  for (auto& told : done.transactions) {
    if (told.entry_index || told.rejection.code == ledger::RejectionCode::replayed) continue;
    if (!state) state = store_.snapshot();
    if (state->find_entry(told.id)) told.rejection = {ledger::RejectionCode::replayed, {}};
  }

  done.raft_index = task.raft_index;
  done.raft_term = task.raft_term;
  done.height = block.height();
  done.time_ms = block.time_ms();
  done.hash = std::string(block.hash().view());
  done.checkpoint = block.checkpoint() || outcome.validators_changed;   // the set that leaves signs the tree that ends its time
  done.size = frontier_.size();
  done.root = frontier_.root();
  done.next_deadline_ms = engine_.next_deadline_ms(store_.latest());
  if (outcome.nodes_changed) done.registry = read_registry(*store_.snapshot());
  if (limits_changed) done.member_limits = member_limits_of(engine_, store_.latest());
  return done;
}

Expected<void, std::string> initialise_store(const ledger::Genesis& genesis, storage::StateStore& store) {
  auto state = contracts::genesis_state(genesis);
  if (!state) return tl::make_unexpected("the genesis does not make a ledger: " + state.error());
  storage::AppliedMark mark;
  mark.block_time_ms = genesis.content().time_ms();
  mark.block_hash = std::string(genesis.ledger_id().view());
  if (auto written = store.initialise(genesis.ledger_id().view(), *state, mark); !written)
    return tl::make_unexpected(written.error().text());
  return {};
}

}  // namespace daftar::node
