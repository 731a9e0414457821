// The ledger's promises: one history, each transaction at most once, money conserved, acknowledged stays.
#include "consensus/describe.h"
#include "contracts/nodes.h"
#include "contracts/query.h"
#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "tests/simulation/checker.h"

namespace daftar::simulation {
namespace {

std::string height_of(std::uint64_t node, std::uint64_t at) { return "node " + std::to_string(node) + ", height " + std::to_string(at); }

std::uint64_t first_bytes(std::string_view digest) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<std::uint8_t>(digest[i]);
  return value;
}

}  // namespace

void Checker::handed_to_execution(std::uint64_t node, const node::ExecuteTask& task) {
  const Node& n = of(node);
  const std::uint64_t index = task.raft_index;
  if (index >= committed_.size()) check_leaders_commit(node, index);
  if (index >= committed_.size()) broken("state machine safety", "node " + std::to_string(node) + " executes index " + std::to_string(index) + ", which no leader has committed");
  if (committed_[index].term != task.raft_term) broken("state machine safety", "node " + std::to_string(node) + " executes another entry at index " + std::to_string(index));
  if (index >= n.disk.log.size() || n.disk.log[index] != committed_[index])
    broken("state machine safety", "node " + std::to_string(node) + " executes index " + std::to_string(index) + ", which its own disk does not hold");
}

void Checker::executed(std::uint64_t node, const node::ExecuteTask& task, const node::ExecutedBlock& block, const SimStateStore& store) {
  const Block here{block.raft_index, block.raft_term, first_bytes(block.hash), block.size, store.state_hash(), block.root};
  if (block.height > blocks_.size()) broken("one ledger", height_of(node, block.height) + " is executed before the one below it");
  if (block.height < blocks_.size()) {
    const Block& known = blocks_[block.height];
    if (known.raft_index != here.raft_index || known.raft_term != here.raft_term || known.hash != here.hash)
      broken("one ledger", height_of(node, block.height) + " is another block");
    if (known.root != here.root || known.size != here.size) broken("one ledger", height_of(node, block.height) + " has another root");
    if (known.state_hash != here.state_hash) broken("one ledger", height_of(node, block.height) + " has another state");
    return;
  }
  auto parsed = task.block;
  if (!parsed) parsed = *ledger::Block::parse(task.payload, {}, ledger::transaction_ceiling);
  blocks_.push_back(here);
  roots_[here.size] = here.root;
  add_to_history(node, *parsed, block);
  check_money(node, store);
  registry_.block_ended(block.size);
  check_registry(node, store);
}

/// The outcomes against models that know nothing but balances and nodes.
void Checker::add_to_history(std::uint64_t node, const ledger::Block& block, const node::ExecutedBlock& executed) {
  if (executed.transactions.size() != block.transactions().size()) broken("exactly once", height_of(node, executed.height) + " lacks outcomes");
  for (std::size_t i = 0; i < executed.transactions.size(); ++i) {
    const auto& outcome = executed.transactions[i];
    const auto& transaction = *block.transactions()[i];
    const bool fresh = !history_.contains(outcome.id) && transaction.body().valid_until_ms() >= block.time_ms();
    if (outcome.id != transaction.id() || outcome.entry_index.has_value() != fresh)
      broken("exactly once", height_of(node, executed.height) + ": transaction " + outcome.id.hex().substr(0, 8) + (fresh ? " has no entry" : " has a second entry or came too late"));
    if (!fresh) continue;
    if (refused_.contains(outcome.id)) broken("acknowledged stays", "transaction " + outcome.id.hex().substr(0, 8) + " was refused for good, and is in the ledger now");
    const bool accepted = outcome.rejection.code == ledger::RejectionCode::ok;
    if (accepted != model_accepts(transaction, block.time_ms()))
      broken("exactly once", height_of(node, executed.height) + ": transaction " + outcome.id.hex().substr(0, 8) + " has another outcome than the model's");
    if (*outcome.entry_index != history_.size()) broken("exactly once", height_of(node, executed.height) + ": entries are not numbered in order");
    history_[outcome.id] = {*outcome.entry_index, accepted};
    balances_at_.push_back(balances_);
  }
}

bool Checker::model_accepts(const ledger::Transaction& transaction, std::uint64_t now_ms) {
  if (const auto& first = *transaction.body().operations().begin(); first.has_propose_node_change() || first.has_approve_node_change())
    return registry_.accepts(transaction, now_ms);
  for (const auto& operation : transaction.body().operations()) {
    if (operation.has_issue()) {
      balances_[operation.issue().to()] += operation.issue().amount();
    } else {
      const auto& transfer = operation.transfer();
      if (balances_[transfer.from()] < transfer.amount()) return false;
      balances_[transfer.from()] -= transfer.amount();
      balances_[transfer.to()] += transfer.amount();
    }
  }
  return true;
}

void Checker::check_money(std::uint64_t node, const SimStateStore& store) const {
  std::int64_t sum = 0;
  for (const auto& [account, balance] : contracts::query::all_accounts(store, {}, contracts::query::page_max)) {
    sum += balance;
    const auto known = balances_.find(account);
    if (known != balances_.end() && known->second != balance)
      broken("money conserved", "node " + std::to_string(node) + ": " + account + " has " + std::to_string(balance) + ", the model " + std::to_string(known->second));
    if (known != balances_.end() && balance < 0) broken("money conserved", "node " + std::to_string(node) + ": " + account + " is overdrawn");
  }
  if (sum != 0) broken("money conserved", "node " + std::to_string(node) + ": all accounts together have " + std::to_string(sum));
}

void Checker::check_registry(std::uint64_t node, const SimStateStore& store) const {
  consensus::Membership found;
  for (const auto& record : contracts::nodes(store)) {
    if (record.standing == contracts::NodeStanding::validator) found.voters.push_back({record.number});
    if (record.standing == contracts::NodeStanding::observer) found.learners.push_back({record.number});
  }
  if (found != registry_.membership())
    broken("one membership", "node " + std::to_string(node) + " has the nodes " + consensus::describe(found) + " in its registry, the model " + consensus::describe(registry_.membership()));
}

void Checker::sent(std::uint64_t from, const node::CheckpointLine& line) {
  const std::string what = "node " + std::to_string(from) + " signs a tree of size " + std::to_string(line.size);
  if (!registry_.validators_at(line.size).contains(from)) broken("who signs", what + ", and is no validator there");
  const auto root = roots_.find(line.size);
  if (root == roots_.end() || root->second != line.root) broken("who signs", what + " with another root than the history's");
}

void Checker::certified(std::uint64_t node, std::uint64_t size, const std::string& note) {
  const auto parsed = ledger::parse_note(note);
  std::vector<ledger::PublicKey> keys;
  for (const auto& [number, key] : registry_.validators_at(size)) keys.push_back(key);
  if (!parsed || parsed->checkpoint.size != size || 2 * ledger::count_valid_lines(*parsed, keys) <= keys.size())
    broken("certificates agree", "node " + std::to_string(node) + " made a certificate of size " + std::to_string(size) + " that a quorum of the validators there has not signed");
  const auto root = roots_.find(size);
  if (root == roots_.end() || root->second != parsed->checkpoint.root)
    broken("certificates agree", "node " + std::to_string(node) + " certified another root at size " + std::to_string(size));
  const auto [known, is_new] = certified_.try_emplace(size, parsed->checkpoint.root);
  if (known->second != parsed->checkpoint.root) broken("certificates agree", "two roots are certified at size " + std::to_string(size));
}

void Checker::answered(std::uint64_t node, const node::SubmitReply& reply) {
  using Status = node::SubmitReply::Status;
  if (reply.status == Status::unknown || reply.status == Status::busy) return;
  const auto known = history_.find(reply.id);
  const std::string what = "node " + std::to_string(node) + " said of transaction " + reply.id.hex().substr(0, 8) + ": ";
  if (reply.status == Status::rejected && !reply.entry_index) {
    if (known != history_.end()) broken("acknowledged stays", what + "refused (" + std::string(ledger::name(reply.rejection.code)) + "), but it is in the ledger");
    refused_.insert(reply.id);
    return;
  }
  if (known == history_.end()) broken("acknowledged stays", what + "executed, but it is not in the history");
  told_ = std::max(told_, known->second.entry_index + 1);
  if (known->second.accepted != (reply.status != Status::rejected) || known->second.entry_index != reply.entry_index)
    broken("acknowledged stays", what + "another outcome or place than it has in the history");
  if (reply.status == Status::certified && (certified_.empty() || certified_.rbegin()->first <= *reply.entry_index))
    broken("acknowledged stays", what + "certified, but no certificate covers it");
}

void Checker::holds_everything(std::uint64_t node, const SimStateStore& store) const {
  for (const auto& [id, outcome] : history_)
    if (store.find_entry(id) != outcome.entry_index) broken("acknowledged stays", "node " + std::to_string(node) + " has lost transaction " + id.hex().substr(0, 8));
}

}  // namespace daftar::simulation
