// The verifier pool of a Machine, and what stands between clients and its replica.
#include <algorithm>

#include "contracts/query.h"
#include "contracts/result.h"
#include "ledger/check.h"
#include "tests/simulation/machine_process.h"

namespace daftar::simulation {
namespace {
constexpr Millis precheck_retry_ms = 300;
enum : std::uint64_t { trace_answer = 40, trace_read };
}  // namespace

Millis Machine::pool_time() { return chance_.one_in(30) ? chance_.between(10, 120) : chance_.between(0, 3); }

void Machine::check_blocks(const node::Replica::BlockCheck& check) {
  node::Replica::CheckedBlocks blocks = std::vector<std::shared_ptr<const ledger::Block>>{};
  for (const auto& payload : check.payloads) {
    auto block = ledger::Block::parse(payload, {}, ledger::transaction_ceiling);
    if (!block) throw Violation("blocks are read", "a leader's block cannot be read by node " + std::to_string(node_));
    for (const auto& transaction : (*block)->transactions())
      if (environment_.verify(*transaction).code != ledger::RejectionCode::ok) throw Violation("blocks are verified", "an honest leader's block has a bad signature");
    blocks->push_back(std::move(*block));
  }
  step([&](node::Replica& replica) { replica.blocks_checked(check.ticket, std::move(blocks)); });
}

/// What the state says before a transaction is ordered, at a moment that never makes one expire by this node's clock alone (DESIGN §12.5).
ledger::Rejection Machine::precheck(const ledger::Transaction& transaction) const {
  const std::uint64_t block_time = process_->store->mark().block_time_ms, valid_until = transaction.body().valid_until_ms();
  const std::uint64_t now = std::max(times().wall_ms, block_time);
  return process_->executor->engine().precheck(transaction, valid_until > block_time ? std::min(now, valid_until) : now, *process_->store);
}

void Machine::check_forward(const node::Replica::ForwardCheck& check) {
  std::vector<node::Replica::ForwardVerdict> verdicts;
  for (const auto& item : check.items) {
    auto transaction = ledger::Transaction::parse(item.envelope, ledger::transaction_ceiling);
    if (!transaction) throw Violation("forwards are read", "node " + std::to_string(node_) + " cannot read what an honest node forwarded");
    auto rejection = environment_.verify(**transaction);
    if (rejection.code == ledger::RejectionCode::ok) rejection = precheck(**transaction);
    if (rejection.code != ledger::RejectionCode::ok && process_->store->find_entry((*transaction)->id())) rejection.code = ledger::RejectionCode::replayed;
    if (static_cast<unsigned>(rejection.code) >= 300) rejection = {};
    verdicts.push_back({*transaction, item.certified, (*transaction)->id(), std::move(rejection)});
  }
  later(chance_.below(3), [this, from = check.from, verdicts = std::move(verdicts)]() mutable {
    step([&](node::Replica& replica) { replica.forward_checked(from, verdicts); });
  });
}

std::optional<node::SubmitReply> Machine::first_outcome(const ledger::Digest& id) const {
  const auto index = process_->store->find_entry(id);
  if (!index) return std::nullopt;
  const auto entry = process_->store->entry(*index);
  DAFTAR_CHECK(entry);
  auto result = contracts::decode_result(entry->result);
  DAFTAR_CHECK(result);
  node::SubmitReply reply;
  reply.status = result->ok() ? node::SubmitReply::Status::committed : node::SubmitReply::Status::rejected;
  reply.id = id;
  reply.rejection = std::move(result->rejection);
  reply.entry_index = *index;
  reply.height = entry->height;
  reply.result = entry->result;
  return reply;
}

void Machine::submit(Transaction transaction, node::WaitFor wait, Millis timeout, Done done) {
  if (!process_) return;   // nobody listens: the client's own deadline tells it
  later(1, [=, this] {
    if (auto known = first_outcome(transaction->id())) {
      if (wait != node::WaitFor::certified || known->status != node::SubmitReply::Status::committed) return answer(done, *known);
      const node::ClientToken token = process_->next_client++;
      process_->clients[token] = done;
      return step([&](node::Replica& replica) { replica.await_certificate(token, *known, timeout); });
    }
    later(pool_time(), [=, this] {
      auto rejection = environment_.verify(*transaction);
      if (rejection.code == ledger::RejectionCode::ok) rejection = precheck(*transaction);
      later(chance_.below(3), [=, this] { admit(transaction, wait, timeout, done, rejection, false); });
    });
  });
}

void Machine::admit(Transaction transaction, node::WaitFor wait, Millis timeout, Done done, ledger::Rejection rejection, bool last_try) {
  using Code = ledger::RejectionCode;
  if (rejection.code != Code::ok) {
    if (auto known = first_outcome(transaction->id())) return answer(done, *known);
    if (rejection.code == Code::replayed || process_->replica->awaits(transaction->id())) rejection = {};
  }
  if (rejection.code == Code::ok) return take(transaction, wait, timeout, done);
  const bool may_lag = static_cast<unsigned>(rejection.code) >= 300;
  if (may_lag && !last_try) return later(precheck_retry_ms, [=, this] { admit(transaction, wait, timeout, done, precheck(*transaction), true); });
  if (may_lag && !status().ready) return answer(done, node::SubmitReply::busy(transaction->id(), "this node is behind", 1000));
  node::SubmitReply reply;
  reply.status = node::SubmitReply::Status::rejected;
  reply.id = transaction->id();
  reply.rejection = std::move(rejection);
  answer(done, reply);
}

void Machine::take(Transaction transaction, node::WaitFor wait, Millis timeout, Done done) {
  const node::ClientToken token = process_->next_client++;
  if (environment_.saboteur.answers_early()) {
    node::SubmitReply reply;
    reply.status = node::SubmitReply::Status::committed;
    reply.id = transaction->id();
    reply.entry_index = process_->store->mark().entries;
    return answer(done, reply);
  }
  process_->clients[token] = std::move(done);
  step([&](node::Replica& replica) { replica.submit(token, transaction, wait, timeout); });
}

void Machine::read(const std::string& account, Millis timeout, std::function<void(bool confirmed)> done) {
  if (!process_) return;
  later(1, [=, this] {
    const std::uint64_t told_before = environment_.checker.told();
    if (environment_.saboteur.reads_unconfirmed()) return finish_read(true, told_before, account, done);
    const node::ClientToken token = process_->next_client++;
    process_->readers[token] = [=, this](bool confirmed) { finish_read(confirmed, told_before, account, done); };
    step([&](node::Replica& replica) { replica.request_read(token, timeout); });
  });
}

void Machine::finish_read(bool confirmed, std::uint64_t told_before, const std::string& account, const std::function<void(bool)>& done) {
  environment_.trace.mix(trace_read, confirmed);
  if (confirmed) {
    const std::int64_t balance = contracts::query::balance(*process_->store, account).value_or(0);
    environment_.checker.read(node_, told_before, account, balance, process_->store->mark().entries);
    environment_.trace.tell("node " + std::to_string(node_) + " read " + account + ": " + std::to_string(balance));
  }
  done(confirmed);
}

void Machine::answer(const Done& done, const node::SubmitReply& reply) {
  environment_.checker.answered(node_, reply);
  environment_.trace.mix(trace_answer, reply.id.view());
  environment_.trace.mix(trace_answer, static_cast<std::uint64_t>(reply.status));
  done(reply);
}

}  // namespace daftar::simulation
