// A ledger in memory for tests: a genesis of made-up members, one engine, and blocks that are executed, compared with a second execution,
// and followed by every invariant that must hold of the state.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "contracts/execute.h"
#include "contracts/governance/governed.h"
#include "contracts/query.h"
#include "contracts/tax/explain.h"
#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "ledger/merkle_log.h"

namespace daftar::contracts::test {

namespace proto = ledger::proto;
using ledger::Digest;
using ledger::MinorUnits;
using ledger::RejectionCode;

/// 2026-03-01T00:00:00Z
inline constexpr std::uint64_t start_ms = 1'772'323'200'000;
inline constexpr std::uint64_t day = 86'400'000;

class MemoryState final : public ledger::StateView {
 public:
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void apply(const ledger::ChangeSet& changes);
  bool operator==(const MemoryState& other) const { return values_ == other.values_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

ledger::SigningKey key_of(std::string_view name);
proto::RegisterMember member(std::string id, std::string kind, std::string country, std::string tax_status, std::vector<std::string> roles);
/// Members: dept (spending unit), treasury, tax (authority), bank, registrar, acme, baraka (companies, VAT payers), nordic (company of SE),
/// aziza (individual, citizen), judge (arbiter), operator. Currencies UZS, PYG, KWD. Rules: UZ VAT 12 % inclusive to the treasury, 20 % of
/// non-residents' services, 12 % of individuals'; PY 10 % inclusive of which public bodies withhold 30 %, 3 % of the net.
/// Templates: service.
proto::Genesis test_genesis();
proto::TaxRule vat_rule(std::string code, std::uint32_t version, std::uint32_t rate_ppm);

/// Of contracts/templates, compiled once.
const agreements::Library::Known& shipped_template(const std::string& name);
void add_template(proto::Genesis& genesis, const agreements::Library::Known& known);

/// How often World looks at everything.
enum class Judging : std::uint8_t {
  each_block,   // every invariant after every block, each block executed a second time by another engine
  on_request,   // for long runs: after every block its entries only, the rest when check_invariants() is called; blocks are not kept, but a second
                // ledger executes them all from the genesis on
};

class World {
 public:
  explicit World(const std::function<void(proto::Genesis&)>& edit = {}, Judging judging = Judging::each_block);

  /// A transaction of `sender`, signed with its first key, valid for an hour after the next block.
  std::shared_ptr<const ledger::Transaction> transaction(const std::string& sender, std::vector<proto::Operation> operations);
  std::shared_ptr<const ledger::Transaction> signed_by(const proto::TransactionBody& body, const std::vector<std::string>& key_names);
  proto::TransactionBody body(const std::string& sender, std::vector<proto::Operation> operations);

  /// Executes a block one second later (or at `time_ms`), judges every invariant, keeps the outcome.
  const BlockOutcome& block(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, std::uint64_t time_ms = 0);
  /// One transaction in one block. Compares with a dry run first.
  ExecutionResult run(const std::string& sender, std::vector<proto::Operation> operations);
  ExecutionResult run(const std::string& sender, proto::Operation operation) { return run(sender, std::vector{std::move(operation)}); }
  /// The same, and it must be accepted.
  ExecutionResult must(const std::string& sender, proto::Operation operation);
  /// The code of the refusal, or "ok".
  std::string outcome(const std::string& sender, proto::Operation operation);
  /// The same, signed with these keys instead of the sender's first.
  std::string outcome_by(const std::string& sender, const std::vector<std::string>& keys, proto::Operation operation);
  /// An empty block at `time_ms`; the results of the deadlines that fired.
  std::vector<ExecutionResult> idle_until(std::uint64_t time_ms);

  MinorUnits balance(std::string_view account) const;
  void fund(const std::string& account, MinorUnits amount);
  Digest last_id() const { return last_id_; }
  std::uint64_t now() const { return now_ms_; }
  const MemoryState& state() const { return state_; }
  MemoryState& state() { return state_; }
  const Engine& engine() const { return engine_; }
  const ledger::Genesis& genesis() const { return *genesis_; }
  /// By which the next block is executed; valid until there is one.
  const tax::RuleBook& rules() const { return engine_.governed()->at(state_)->rules; }
  const BlockOutcome& last_block() const { return last_; }
  /// Since the genesis. Not for Judging::on_request.
  const std::vector<std::shared_ptr<const ledger::Block>>& blocks() const { return blocks_; }
  std::shared_ptr<const ledger::Genesis> shared_genesis() const { return genesis_; }
  /// Of an entry of the last block, with the state after it.
  tax::Explanation explained(const ExecutedEntry& entry) const;
  /// Every invariant of the state as it is: money (also against all postings seen), budget lines, holds, deadlines, the register and what may
  /// still be corrected against all tax lines and corrections seen.
  void check_invariants() const;
  /// What one agreement says of itself.
  void check_one(const Digest& agreement) const;
  /// The state after all blocks so far, executed again from the genesis by a new engine. Not for Judging::on_request.
  MemoryState replayed() const;
  /// For Judging::on_request: the root of the log, which the second ledger has, too, and the same state.
  Digest agreed_root() const;

 private:
  /// What a second ledger, which knows the genesis and the blocks, has come to.
  struct Apart {
    MemoryState state;
    ledger::MerkleFrontier log;
  };
  void execute_twice(const ledger::Block& block);
  void append(ledger::MerkleFrontier& log, const BlockOutcome& outcome, const ledger::Block& block) const;
  void judge(const ExecutedEntry& entry);
  void judge_taxes(const ExecutedEntry& entry, const ExecutionResult& result);
  void judge_correction(const contracts::Event& event, const ExecutionResult& result);
  void check_revenue() const;
  void check_years() const;

  const Judging judging_;
  std::shared_ptr<const ledger::Genesis> genesis_;
  Engine engine_, second_;
  std::unique_ptr<Apart> apart_;                                         // Judging::on_request only
  ledger::MerkleFrontier log_;                                           // Judging::on_request only
  MemoryState state_;
  std::uint64_t now_ms_ = start_ms, height_ = 0, nonce_ = 0, references_ = 0;
  Digest last_id_;
  BlockOutcome last_;
  std::map<std::string, ledger::SigningKey> keys_;                       // by name, those used so far
  std::vector<std::shared_ptr<const ledger::Block>> blocks_;             // Judging::each_block only
  std::map<std::string, ledger::Int128> posted_;                         // of all postings seen, by account
  std::map<std::string, std::array<ledger::Int128, 4>> register_sums_;   // of all tax lines and corrections seen, by payee/rule/version/currency/month
  /// A tax line that withheld something, and what has gone back of it.
  struct Revenue {
    TaxLine line;
    std::string register_row;
    MinorUnits corrected = 0;
  };
  std::map<std::pair<Digest, std::uint32_t>, Revenue> revenue_;          // by entry, and number of the line in it
  std::map<std::string, std::array<ledger::Int128, 2>> collected_;               // withheld and given back, by key of the revenue account's year
};

// Operations, short.
proto::Operation record_certificate(std::string payee, const tax::Certificate& certificate);
proto::Operation correct_tax(const Digest& payment, std::uint32_t line, std::string rule, std::string to, MinorUnits amount);
proto::Operation withdraw_certificate(std::string payee, std::string number);
proto::Operation transfer(std::string from, std::string to, MinorUnits amount, std::string category = "none");
/// The payee is to get the amount.
proto::Operation transfer_net(std::string from, std::string to, MinorUnits amount, std::string category);
/// In UZS.
proto::Operation remit_tax(std::string rule, std::uint32_t version, std::uint32_t period, MinorUnits amount);
proto::Operation open(std::string account);
proto::Operation issue(std::string to, MinorUnits amount, std::string reference);
proto::Operation approve_line(std::string line, MinorUnits amount);
proto::Operation adjust_line(std::string line, MinorUnits delta);
proto::Operation move_appropriation(std::string from, std::string to, MinorUnits amount);
proto::Operation stop_commitments(std::string line, std::uint64_t from_ms);
proto::Operation stop_payments(std::string line, std::uint64_t from_ms);
/// Of dept, paid from treasury/UZS.
proto::Operation approve_ceiling(std::string line, MinorUnits amount, std::uint32_t year);
proto::Operation approve_revenue(std::string line, MinorUnits amount, std::uint32_t year = 2026, std::string account = "tax/UZS/revenue.vat");
proto::Operation adjust_revenue(std::string line, MinorUnits delta);
proto::Operation close_line(std::string line, std::string carry_to = {});
proto::Operation allot(std::string line, MinorUnits amount);
proto::Operation record_execution(std::string line, MinorUnits amount, std::string reference = "before the ledger began");
proto::Operation reserve(std::string line, MinorUnits amount, bool release = false);
proto::Operation order_payment(const Digest& contract, std::uint32_t payment);
proto::Operation pay_order(const Digest& contract, std::uint32_t payment);

}  // namespace daftar::contracts::test
