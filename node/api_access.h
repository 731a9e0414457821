// Who may read what. Public: budget lines, accounts of public bodies, of the treasury and those that tax rules pay into, contracts paid from
// the budget, contracts with an open list, the public part of members, tax rules. Private: everything else; its owner or a party reads it, and members with the role
// tax_authority, operator or auditor.
#pragma once
#include <optional>
#include <string>

#include "contracts/query.h"
#include "contracts/result.h"
#include "ledger/entry.h"

namespace daftar::node {

/// What of an entry is shown.
enum class Sight {
  none,
  partial,   // only the lines on public accounts: somebody's private payment that touches, say, a revenue account
  open,      // all lines, because public money or a public contract moves; balances of private accounts stay hidden
  whole,     // of the draft of a contract whose entries anybody may make; and to sender, parties and those who read everything: the transaction itself and its receipt too
};

/// One reader over one state. Holds a reference to the state; not for longer than one request.
class Access {
 public:
  /// `reader` empty: nobody signed.
  Access(const ledger::StateView& state, std::optional<contracts::Member> reader) : state_(state), reader_(std::move(reader)) {}

  bool anonymous() const { return !reader_.has_value(); }
  bool is(std::string_view member) const { return reader_ && reader_->id == member; }
  bool reads_everything() const;
  bool reads_registers() const;                                  // tax authority, auditor
  bool member_private_part(const contracts::Member& member) const;
  /// Everything of this member is public: a public body or a treasury.
  bool member_is_public(std::string_view id) const;
  bool account_is_public(const std::string& account) const;
  bool account(const std::string& account) const;                // balance and entries
  bool contract(const contracts::agreements::Agreement& contract) const;
  Sight entry(std::string_view sender, const contracts::ExecutionResult& result) const;

 private:
  bool party_of(const contracts::agreements::Agreement& contract) const;
  /// Members who are no parties may make entries: they read what for.
  bool takes_entries(const contracts::agreements::Agreement& contract) const;
  /// Paid from a budget line, or taking entries.
  bool is_open(const contracts::agreements::Agreement& contract) const;
  /// Nothing happened but in contracts that take entries, and no money moved. `drafts`: nothing but that they were drafted.
  bool concerns_open_contracts_only(const contracts::ExecutionResult& result, bool drafts) const;
  bool concerns_reader(std::string_view sender, const contracts::ExecutionResult& result) const;

  const ledger::StateView& state_;
  std::optional<contracts::Member> reader_;
};

}  // namespace daftar::node
