#include "node/executor.h"

#include "contracts/replay.h"
#include "contracts/result.h"
#include "ledger/check.h"

namespace daftar::node {

Executor::Executor(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store)
    : genesis_(std::move(genesis)), store_(store), engine_(genesis_) {
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
    auto parsed = ledger::Block::parse(task.payload, {}, genesis_->transaction_limits());
    if (!parsed) return tl::make_unexpected(ExecutionHalt{false, "a committed block cannot be read: " + parsed.error().detail});
    block = *parsed;
  }
  const auto& mark = store_.mark();
  if (block->height() != mark.height + 1 || block->previous_hash().view() != mark.block_hash || block->time_ms() <= mark.block_time_ms)
    return tl::make_unexpected(ExecutionHalt{false, "committed block " + std::to_string(block->height()) + " does not follow block " +
                                                        std::to_string(mark.height)});
  return block;
}

Expected<ExecutedBlock, ExecutionHalt> Executor::execute(const ExecuteTask& task) {
  auto admitted = admit(task);
  if (!admitted) return tl::make_unexpected(admitted.error());
  const ledger::Block& block = **admitted;

  contracts::BlockOutcome outcome = engine_.execute(block, store_.latest());
  ExecutedBlock done;
  storage::BlockCommit commit;
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
  if (auto written = store_.commit(commit); !written) return tl::make_unexpected(ExecutionHalt{true, written.error().text()});
  if (auto error = store_.background_error()) return tl::make_unexpected(ExecutionHalt{true, error->text()});

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
