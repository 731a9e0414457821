// What one execution (a transaction or a deadline) works with: the state as it sees it, the moment, who acts, and what it has done so far.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/execute.h"
#include "contracts/record_codec.h"
#include "contracts/records.h"
#include "contracts/result.h"
#include "ledger/change_set.h"
#include "ledger/check.h"
#include "ledger/expected.h"
#include "ledger/rejection.h"
#include "ledger/state_view.h"

namespace daftar::contracts {

namespace tax {
class RuleBook;
}
namespace agreements {
class Library;
}
namespace budget {
struct Rules;
}
namespace governance {
class Governed;
struct Policies;
}

/// An operation either happens or is refused for a reason. What it had written before the refusal is thrown away by the caller.
using Outcome = Expected<void, ledger::Rejection>;

inline Unexpected<ledger::Rejection> refuse(ledger::RejectionCode code, std::string detail = {}) {
  return Unexpected<ledger::Rejection>(ledger::Rejection{code, std::move(detail)});
}

/// Reads: this transaction's writes, then the block's, then the state before the block. Writes go to the transaction's set.
class Store {
 public:
  Store(const ledger::StateView& base, ledger::ChangeSet& block) : base_(base), block_(block) {}
  std::optional<std::string> get(std::string_view key) const;
  bool has(std::string_view key) const { return get(key).has_value(); }
  /// The first key that is there from `from` on and before `end`.
  std::optional<std::string> first_key(std::string from, std::string_view end) const;
  void put(std::string_view key, std::string value) { transaction_.put(key, std::move(value)); }
  void erase(std::string_view key) { transaction_.erase(key); }

  template <class R>
  std::optional<R> load(std::string_view key) const {
    if (const auto* value = written(key)) return *value ? read<R>(**value) : std::nullopt;   // read where it lies
    const auto bytes = base_.get(key);
    return bytes ? read<R>(*bytes) : std::nullopt;
  }
  template <class R>
  void save(std::string_view key, const R& record) {
    put(key, encode_record(record));
  }

  /// Hands the transaction's writes to the block, or forgets them.
  void commit();
  void roll_back() { transaction_.clear(); }

 private:
  template <class R>
  static std::optional<R> read(std::string_view bytes) {
    auto record = decode_record<R>(bytes);
    DAFTAR_CHECK(record.has_value());   // we wrote it
    return record;
  }
  /// By this transaction, or before it in the block; nullptr: neither.
  const std::optional<std::string>* written(std::string_view key) const {
    if (const auto* mine = transaction_.find(key)) return mine;
    return block_.find(key);
  }

  const ledger::StateView& base_;
  ledger::ChangeSet& block_;
  ledger::ChangeSet transaction_;
};

/// What the genesis fixes for good.
struct Fixed {
  ledger::Digest ledger_id;
  std::uint64_t epoch = 0;
  std::uint64_t valid_until_horizon_ms = 0;
  std::vector<std::string> currencies;
  std::uint32_t node_change_approvals = 0;    // 0: more than half of the operators
  const budget::Rules* budget = nullptr;
  const governance::Policies* policies = nullptr;
  const governance::Governed* governed = nullptr;
  bool knows_currency(std::string_view code) const;
};

struct Context {
  const Fixed& fixed;
  Store& store;
  std::uint64_t now_ms;                       // block time
  std::uint64_t height;                       // of the block; 0 in a dry run, which knows none: nothing of a result may come from it
  ledger::Digest id;                          // of the transaction or deadline
  std::string_view nonce;
  const ledger::Transaction* transaction = nullptr;   // null for a deadline
  Member sender;                              // empty for a deadline
  // The rules and templates by which this is executed: of the beginning of the block and what deadlines changed since. Null in a precheck, which executes nothing.
  const tax::RuleBook* rules = nullptr;
  const agreements::Library* templates = nullptr;
  ExecutionResult result;
  std::vector<IndexRow> rows;
  // What the transaction binds its sender to, by currency; or to all that there is (signatories.h).
  std::map<std::string, ledger::Int128, std::less<>> bound = {};
  bool bound_wholly = false;
  // Contracts and payments that its closings of budget lines have looked at (agreements/carry_over.h).
  std::size_t looked_at = 0;
  // At most one of each in a transaction: its id names them.
  bool drafted = false, asked_payout = false, proposed_node_change = false, proposed_change = false;

  void event(std::string kind, std::string subject, std::uint32_t number = 0, ledger::MinorUnits amount = 0, std::string text = {}) {
    result.events.push_back({std::move(kind), std::move(subject), number, amount, std::move(text)});
  }
  void bind(std::string_view currency, ledger::Int128 amount) { bound[std::string(currency)] += amount; }
  void bind_wholly() { bound_wholly = true; }
  void index(IndexKind kind, std::string_view row_id) { rows.push_back({kind, std::string(row_id)}); }
};

/// Guards that most operations begin with.
Outcome require_role(const Context& c, Role role);
Outcome require_positive(ledger::MinorUnits amount, std::string_view field);
/// Text for people; `required`: not empty.
Outcome require_text(std::string_view text, std::size_t bytes_max, bool required, std::string_view field);

}  // namespace daftar::contracts
