// Dispatch only: the order of checks, the deadlines, the replay set. What operations do is in the files of their trades.
#include "contracts/execute.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/agreements/agreement.h"
#include "contracts/agreements/carry_over.h"
#include "contracts/agreements/claims.h"
#include "contracts/agreements/records.h"
#include "contracts/budget/lines.h"
#include "contracts/budget/revenue.h"
#include "contracts/budget/rules.h"
#include "contracts/budget/virement.h"
#include "contracts/cash.h"
#include "contracts/context.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/governed.h"
#include "contracts/governance/member_changes.h"
#include "contracts/governance/node_changes.h"
#include "contracts/governance/policy.h"
#include "contracts/journal.h"
#include "contracts/members.h"
#include "contracts/signatories.h"
#include "contracts/state_keys.h"
#include "contracts/tax/certificates.h"
#include "contracts/tax/correction.h"
#include "contracts/tax/held.h"

namespace daftar::contracts {

using ledger::Rejection;
using ledger::RejectionCode;
using ledger::proto::Operation;

namespace {

constexpr std::size_t deadlines_per_block_max = 1'000;
constexpr std::size_t replay_pruned_per_block_max = 20'000;   // more than a block can add, so that pruning keeps up

Outcome perform(Context& c, const Operation& operation) {
  switch (operation.kind_case()) {
    case Operation::kTransfer: return transfer(c, operation.transfer());
    case Operation::kRegisterMember: return register_member(c, operation.register_member());
    case Operation::kOpenAccount: return open_account(c, operation.open_account());
    case Operation::kIssue: return issue(c, operation.issue());
    case Operation::kRequestPayout: return request_payout(c, operation.request_payout());
    case Operation::kSettlePayout: return settle_payout(c, operation.settle_payout());
    case Operation::kChangeKey: return change_key(c, operation.change_key());
    case Operation::kApproveBudgetLine: return budget::approve(c, operation.approve_budget_line());
    case Operation::kAdjustBudgetLine: return budget::adjust(c, operation.adjust_budget_line());
    case Operation::kAllotBudgetLine: return budget::allot(c, operation.allot_budget_line());
    case Operation::kReserveBudgetLine: return budget::reserve(c, operation.reserve_budget_line());
    case Operation::kSetSigningRules: return set_signing_rules(c, operation.set_signing_rules());
    case Operation::kRecordExecution: return budget::record_execution(c, operation.record_execution());
    case Operation::kMoveAppropriation: return budget::move_appropriation(c, operation.move_appropriation());
    case Operation::kApproveRevenueLine: return budget::approve_revenue(c, operation.approve_revenue_line());
    case Operation::kAdjustRevenueLine: return budget::adjust_revenue(c, operation.adjust_revenue_line());
    case Operation::kCloseBudgetYear: return agreements::close_budget_year(c, operation.close_budget_year());
    case Operation::kOrderPayment: return agreements::order_payment(c, operation.order_payment());
    case Operation::kPayOrder: return agreements::pay_order(c, operation.pay_order());
    case Operation::kProposeNodeChange: return governance::propose(c, operation.propose_node_change());
    case Operation::kApproveNodeChange: return governance::approve(c, operation.approve_node_change());
    case Operation::kWithdrawNodeChange: return governance::withdraw(c, operation.withdraw_node_change());
    case Operation::kDraftContract: return agreements::draft(c, operation.draft_contract());
    case Operation::kActOnContract: return agreements::act(c, operation.act_on_contract());
    case Operation::kChangeTaxCertificate: return tax::change_certificate(c, operation.change_tax_certificate());
    case Operation::kCorrectTax: return tax::correct(c, operation.correct_tax());
    case Operation::kRemitTax: return tax::remit(c, operation.remit_tax());
    case Operation::kProposeChange: return governance::propose(c, operation.propose_change());
    case Operation::kApproveChange: return governance::approve(c, operation.approve_change());
    case Operation::kWithdrawChange: return governance::withdraw(c, operation.withdraw_change());
    case Operation::KIND_NOT_SET: break;
  }
  return refuse(RejectionCode::field_invalid, "operation");
}

enum class JudgeKeys : bool { no, yes };

/// May this transaction be executed here and now? Fills the sender. `remember`: the id must enter the replay set whatever comes after.
Outcome judge_transaction(Context& c, JudgeKeys judge_keys, bool& remember) {
  const auto& body = c.transaction->body();
  remember = false;
  if (const auto size = c.transaction->envelope().size(); size > c.limits->transaction_bytes_max)
    return refuse(RejectionCode::too_large, std::to_string(size) + " bytes, allowed are " + std::to_string(c.limits->transaction_bytes_max));
  if (const auto count = static_cast<std::uint32_t>(body.operations_size()); count > c.limits->operations_max)
    return refuse(RejectionCode::operations_count, std::to_string(count) + " operations, allowed are 1 to " + std::to_string(c.limits->operations_max));
  if (body.ledger_id() != c.fixed.ledger_id.view()) return refuse(RejectionCode::other_ledger);
  if (body.epoch() != c.fixed.epoch) return refuse(RejectionCode::other_epoch, std::to_string(body.epoch()));
  if (body.valid_until_ms() < c.now_ms) return refuse(RejectionCode::expired, std::to_string(body.valid_until_ms()));
  if (body.valid_until_ms() - c.now_ms > c.limits->valid_until_horizon_ms)
    return refuse(RejectionCode::valid_until_too_far, std::to_string(body.valid_until_ms()));
  if (c.store.has(keys::replay(body.valid_until_ms(), c.id))) return refuse(RejectionCode::replayed);
  remember = true;
  auto sender = c.store.load<Member>(keys::member(body.sender()));
  if (!sender) return refuse(RejectionCode::sender_unknown, body.sender());
  if (sender->suspended && !governance::frees_others_only(body)) return refuse(RejectionCode::member_suspended, body.sender());
  if (judge_keys == JudgeKeys::yes)
    if (auto judged = judge_signatures(*sender, c.transaction->signatures(), c.now_ms); !judged) return judged;
  c.sender = std::move(*sender);
  return {};
}

/// All operations in order, then what they bound the sender to. A refusal leaves nothing but its reason and the sender's index row.
void perform_all(Context& c) {
  c.index(IndexKind::member, c.sender.id);
  const auto refused = [&](ledger::Rejection why, std::uint32_t number) {
    c.store.roll_back();
    c.result = {};
    c.result.rejection = std::move(why);
    c.result.failed_operation = number;
    c.rows.assign(1, {IndexKind::member, c.sender.id});
  };
  std::uint32_t number = 0;
  for (const Operation& operation : c.transaction->body().operations()) {
    if (auto done = perform(c, operation); !done) return refused(std::move(done.error()), number);
    ++number;
  }
  if (auto judged = judge_bound(c); !judged) return refused(std::move(judged.error()), number - 1);
  check_balanced(c.result.postings);
}

ExecutedEntry finish(Context& c, ledger::EntryKind kind, std::shared_ptr<const ledger::Transaction> transaction) {
  std::sort(c.rows.begin(), c.rows.end());
  c.rows.erase(std::unique(c.rows.begin(), c.rows.end()), c.rows.end());
  return {.kind = kind,
          .id = c.id,
          .nonce = std::string(c.nonce),
          .transaction = std::move(transaction),
          .result = encode_result(c.result),
          .accepted = c.result.ok(),
          .index_rows = std::move(c.rows)};
}

std::vector<keys::Deadline> due_deadlines(const ledger::StateView& state, std::uint64_t now_ms) {
  std::vector<keys::Deadline> due;
  state.scan("d", keys::deadlines_from(now_ms + 1), [&](std::string_view key, std::string_view) {
    const auto deadline = keys::parse_deadline(key);
    DAFTAR_CHECK(deadline.has_value());
    due.push_back(*deadline);
    return due.size() < deadlines_per_block_max;
  });
  return due;
}

/// One that cannot be executed (an account would overflow) is recorded as refused and tried again a day later: never lost, never stuck.
void fire_deadline(Context& c, const keys::Deadline& deadline) {
  if (deadline.kind == keys::DeadlineKind::change) return governance::fire(c, deadline);
  const bool of_tax = deadline.kind == keys::DeadlineKind::remittance;
  if (auto fired = of_tax ? tax::fire(c, deadline) : agreements::fire(c, deadline); !fired) {
    c.store.roll_back();
    c.result = {};
    c.rows.clear();
    c.result.rejection = std::move(fired.error());
    of_tax ? tax::postpone(c, deadline) : agreements::postpone(c, deadline);
  }
  check_balanced(c.result.postings);
}

/// Of the transaction that drafted the contract, proposed the change, or made the first payment of which the tax is held.
std::string nonce_of(const Store& store, const keys::Deadline& deadline) {
  if (deadline.kind == keys::DeadlineKind::remittance) return tax::held_of(store, deadline).nonce;
  if (deadline.kind == keys::DeadlineKind::change) {
    const auto proposal = store.load<governance::Proposal>(keys::proposal(deadline.contract));
    DAFTAR_CHECK(proposal.has_value());
    return proposal->nonce;
  }
  const auto agreement = store.load<agreements::Agreement>(keys::agreement(deadline.contract));
  DAFTAR_CHECK(agreement.has_value());
  return agreement->nonce;
}

void prune_replay_set(const ledger::StateView& state, std::uint64_t now_ms, ledger::ChangeSet& changes) {
  std::uint64_t from = 0;
  if (const auto mark = state.get(keys::replay_pruned)) from = ledger::Reader(*mark).u64();
  std::size_t pruned = 0;
  std::uint64_t reached = from;
  state.scan(keys::replay_from(from), keys::replay_from(now_ms), [&](std::string_view key, std::string_view) {
    changes.erase(key);
    reached = keys::replay_time(key);
    return ++pruned < replay_pruned_per_block_max;
  });
  if (reached == from) return;
  ledger::Writer mark;
  mark.u64(reached);
  changes.put(keys::replay_pruned, mark.take());
}

bool wrote_any(const ledger::ChangeSet& changes, std::string_view prefix) { return changes.first_key(prefix, keys::after_prefix(prefix)).has_value(); }

/// What every transaction of the block reads, and every transfer.
std::vector<std::string> keys_to_read(const ledger::Block& block) {
  std::vector<std::string> out;
  out.reserve(4 * block.transactions().size());
  for (const auto& transaction : block.transactions()) {
    const auto& body = transaction->body();
    out.push_back(keys::replay(body.valid_until_ms(), transaction->id()));
    out.push_back(keys::member(body.sender()));
    for (const Operation& operation : body.operations()) {
      if (!operation.has_transfer()) continue;
      out.push_back(keys::account(operation.transfer().from()));
      out.push_back(keys::account(operation.transfer().to()));
    }
  }
  return out;
}

/// `transaction`: null for a deadline.
Context context_of(const Fixed& fixed, Store& store, std::uint64_t now_ms, std::uint64_t height, const ledger::Digest& id, std::string_view nonce, const ledger::Transaction* transaction,
                   const governance::InForce& in_force) {
  return {.fixed = fixed,
          .store = store,
          .now_ms = now_ms,
          .height = height,
          .id = id,
          .nonce = nonce,
          .transaction = transaction,
          .sender = {},
          .rules = &in_force.rules,
          .templates = &in_force.templates,
          .limits = &in_force.limits,
          .policies = &in_force.policies,
          .protocol_version = in_force.protocol_version,
          .result = {},
          .rows = {}};
}

Context context_of(const Fixed& fixed, Store& store, std::uint64_t now_ms, std::uint64_t height, const ledger::Transaction& transaction, const governance::InForce& in_force) {
  return context_of(fixed, store, now_ms, height, transaction.id(), transaction.body().nonce(), &transaction, in_force);
}

/// Ascending.
std::vector<std::string> deciders_of(const ledger::proto::Genesis& genesis) {
  std::vector<std::string> deciders;
  for (const auto& member : genesis.members())
    if (std::any_of(member.roles().begin(), member.roles().end(), [](const std::string& text) {
          const auto role = role_named(text);
          return role && is_deciding(*role);
        })) deciders.push_back(member.id());
  std::sort(deciders.begin(), deciders.end());
  return deciders;
}

}  // namespace

ledger::Digest deadline_entry_id(const keys::Deadline& deadline) { return ledger::tagged_hash(ledger::tag::deadline_id, keys::deadline(deadline)); }

struct Engine::Impl {
  Impl(std::shared_ptr<const ledger::Genesis> from, std::uint32_t known)
      : genesis(std::move(from)),
        budget_rules(*budget::rules_of(genesis->content())),   // genesis_state has judged them
        policy_floor(governance::policy_floor_of(genesis->content())),
        deciders(deciders_of(genesis->content())),
        governed(std::make_shared<governance::Governed>(genesis->content())),
        protocol_known(known),
        fixed{.ledger_id = genesis->ledger_id(),
              .epoch = 0,
              .currencies = {genesis->content().currencies().begin(), genesis->content().currencies().end()},
              .budget = &budget_rules,
              .policy_floor = &policy_floor,
              .genesis_deciders = &deciders,
              .governed = governed.get()} {}
  const std::shared_ptr<const ledger::Genesis> genesis;
  const budget::Rules budget_rules;
  const governance::PolicyFloor policy_floor;
  const std::vector<std::string> deciders;
  const std::shared_ptr<const governance::Governed> governed;
  const std::uint32_t protocol_known;
  const Fixed fixed;
};

Engine::Engine(std::shared_ptr<const ledger::Genesis> genesis, std::uint32_t protocol_known) : impl_(std::make_unique<Impl>(std::move(genesis), protocol_known)) {}

Engine::~Engine() = default;

std::shared_ptr<const governance::Governed> Engine::governed() const { return impl_->governed; }

std::uint32_t Engine::protocol_known() const { return impl_->protocol_known; }

std::optional<std::uint32_t> Engine::unknown_protocol(const ledger::StateView& state) const {
  const auto bytes = state.get(keys::protocol_version);   // not by Governed, which reads what a newer program may have written otherwise
  if (!bytes) return std::nullopt;
  const auto setting = decode_record<governance::VersionSetting>(*bytes);
  DAFTAR_CHECK(setting.has_value());
  return setting->version > impl_->protocol_known ? std::optional(setting->version) : std::nullopt;
}

BlockOutcome Engine::execute(const ledger::Block& block, const ledger::StateView& state) const {
  DAFTAR_CHECK(!unknown_protocol(state));   // the caller has asked
  BlockOutcome outcome;
  state.expect(keys_to_read(block));
  Store store(state, outcome.changes);
  prune_replay_set(state, block.time_ms(), outcome.changes);
  outcome.entries.reserve(block.transactions().size());
  std::vector<keys::Deadline> due = due_deadlines(state, block.time_ms());
  auto in_force = impl_->governed->at(state);
  for (std::size_t i = 0; i < due.size(); ++i) {
    const keys::Deadline deadline = due[i];
    if (!store.has(keys::deadline(deadline))) continue;   // one before it in this block has ended what it was of: the tender of a contract that came into force, say
    const std::string nonce = nonce_of(store, deadline);
    Context c = context_of(impl_->fixed, store, block.time_ms(), block.height(), deadline_entry_id(deadline), nonce, nullptr, *in_force);
    fire_deadline(c, deadline);
    store.commit();
    outcome.entries.push_back(finish(c, ledger::EntryKind::deadline, nullptr));
    if (deadline.kind == keys::DeadlineKind::change) {
      in_force = impl_->governed->at(store);
      continue;
    }
    // One deadline of a contract waits at a time: the next of the same moment follows it in this block.
    if (due.size() >= deadlines_per_block_max) continue;
    if (const auto next = agreements::waiting(store, deadline.contract); next && next->time_ms <= block.time_ms()) due.push_back(*next);
  }
  for (const auto& transaction : block.transactions()) {
    Context c = context_of(impl_->fixed, store, block.time_ms(), block.height(), *transaction, *in_force);
    bool remember = false;
    if (auto judged = judge_transaction(c, JudgeKeys::yes, remember); judged) perform_all(c);
    else c.result.rejection = std::move(judged.error());
    if (remember) store.put(keys::replay(transaction->body().valid_until_ms(), c.id), {});
    store.commit();
    outcome.entries.push_back(finish(c, ledger::EntryKind::transaction, transaction));
  }
  outcome.nodes_changed = wrote_any(outcome.changes, "n");
  outcome.validators_changed = wrote_any(outcome.changes, "v");
  return outcome;
}

ExecutionResult Engine::dry_run(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state) const {
  ledger::ChangeSet nothing;
  Store store(state, nothing);
  const auto in_force = impl_->governed->at(state);
  Context c = context_of(impl_->fixed, store, time_ms, 0, transaction, *in_force);
  bool remember = false;
  const auto judge_keys = transaction.signatures().empty() ? JudgeKeys::no : JudgeKeys::yes;
  if (auto judged = judge_transaction(c, judge_keys, remember); judged) perform_all(c);
  else c.result.rejection = std::move(judged.error());
  return std::move(c.result);
}

Rejection Engine::precheck(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state) const {
  return precheck(transaction, time_ms, state, *impl_->governed->at(state));
}

Rejection Engine::precheck(const ledger::Transaction& transaction, std::uint64_t time_ms, const ledger::StateView& state, const governance::InForce& in_force) const {
  ledger::ChangeSet nothing;
  Store store(state, nothing);
  Context c = context_of(impl_->fixed, store, time_ms, 0, transaction, in_force);
  bool remember = false;
  if (auto judged = judge_transaction(c, JudgeKeys::yes, remember); !judged) return judged.error();
  return {};
}

std::optional<std::uint64_t> Engine::next_deadline_ms(const ledger::StateView& state) const {
  std::optional<std::uint64_t> next;
  state.scan("d", keys::after_prefix("d"), [&](std::string_view key, std::string_view) {
    const auto deadline = keys::parse_deadline(key);
    DAFTAR_CHECK(deadline.has_value());
    next = deadline->time_ms;
    return false;
  });
  return next;
}

}  // namespace daftar::contracts
