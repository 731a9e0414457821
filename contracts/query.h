// Reading the state: what nodes and tools show. Plain structs over a StateView; nothing here writes or judges who may read.
// Lists are in order of id, at most `page_max` at a time: `after` is the last id of the page before, empty at the beginning.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/agreements/records.h"
#include "contracts/budget/records.h"
#include "contracts/governance/classification.h"
#include "contracts/governance/records.h"
#include "contracts/records.h"
#include "contracts/tax/records.h"
#include "ledger/state_view.h"

namespace daftar::contracts::query {

inline constexpr std::size_t page_max = 1'000;

std::optional<Member> member(const ledger::StateView& state, std::string_view id);
std::vector<Member> members(const ledger::StateView& state, std::string_view after, std::size_t limit);
/// The member whose key this is or was.
std::optional<std::string> member_of_key(const ledger::StateView& state, const ledger::PublicKey& key);

/// Nothing when there is no such account. A main account nobody has used yet has balance 0; whether its currency is one of the ledger's is
/// the genesis's to say.
std::optional<ledger::MinorUnits> balance(const ledger::StateView& state, std::string_view account);
struct AccountBalance {
  std::string account;
  ledger::MinorUnits balance = 0;
};
/// The accounts of a member that have ever been opened or used, those of the ledger (hold, payout, issued) included.
std::vector<AccountBalance> accounts(const ledger::StateView& state, std::string_view member, std::string_view after, std::size_t limit);
/// All accounts of the ledger: audits and tests.
std::vector<AccountBalance> all_accounts(const ledger::StateView& state, std::string_view after, std::size_t limit);

std::optional<Payout> payout(const ledger::StateView& state, const ledger::Digest& id);
/// The transaction behind which a bank put a statement line.
std::optional<ledger::Digest> statement_reference(const ledger::StateView& state, std::string_view bank, std::string_view reference);

/// Of a contract whose entries members make, or that came about by an award.
std::optional<agreements::Awarding> awarding(const ledger::StateView& state, const ledger::Digest& contract);
std::optional<agreements::Agreement> contract(const ledger::StateView& state, const ledger::Digest& id);
/// `after`: raw 32 bytes of the last id, or empty.
std::vector<agreements::Agreement> contracts(const ledger::StateView& state, std::string_view after, std::size_t limit);
/// What a public contract owes and has been paid, by number. Numbers count from 1.
std::vector<agreements::Claim> claims(const ledger::StateView& state, const ledger::Digest& contract);
std::optional<agreements::Claim> claim(const ledger::StateView& state, const ledger::Digest& contract, std::uint32_t number);

/// Contracts for which the line has been committed, by id. `after`: raw 32 bytes of the last id, or empty.
std::vector<ledger::Digest> contracts_of_line(const ledger::StateView& state, std::string_view line, std::string_view after, std::size_t limit);

std::optional<budget::BudgetLine> budget_line(const ledger::StateView& state, std::string_view id);
std::vector<budget::BudgetLine> budget_lines(const ledger::StateView& state, std::string_view after, std::size_t limit);

/// A revenue line with what its year has brought so far.
struct Revenue {
  budget::RevenueLine line;
  budget::StageSum collected;
};
std::optional<Revenue> revenue_line(const ledger::StateView& state, std::string_view id);
std::vector<Revenue> revenue_lines(const ledger::StateView& state, std::string_view after, std::size_t limit);

/// Changes of what the ledger goes by. `after`: raw 32 bytes of the last id, or empty.
std::optional<governance::Proposal> proposal(const ledger::StateView& state, const ledger::Digest& id);
std::vector<governance::Proposal> proposals(const ledger::StateView& state, std::string_view after, std::size_t limit);
std::optional<governance::TemplateRecord> contract_template(const ledger::StateView& state, std::string_view name, std::uint32_t version);

/// Of one list, by code; `after`: the last code of the page before, or empty.
std::vector<governance::ClassificationCode> classification_codes(const ledger::StateView& state, std::string_view list, std::string_view after, std::size_t limit);
std::optional<governance::ClassificationCode> classification_code(const ledger::StateView& state, std::string_view list, std::string_view code);

/// All rules and versions, by code, then version.
std::vector<tax::TaxRule> tax_rules(const ledger::StateView& state);
std::vector<tax::TaxRule> tax_rules_in_force(const ledger::StateView& state, std::uint64_t time_ms);
/// Also those that are over or withdrawn.
std::vector<tax::Certificate> tax_certificates(const ledger::StateView& state, std::string_view payee);
/// What a tax line of an entry, counted from 1, brought to a revenue account, and what of it has gone back.
std::optional<tax::Withheld> withheld(const ledger::StateView& state, const ledger::Digest& entry, std::uint32_t line);
/// Register rows of one payee, or of everybody when `payee` is empty. `after` and `next` are opaque; an empty `next` ends the list.
struct RegisterPage {
  std::vector<tax::RegisterRow> rows;
  std::string next;
};
RegisterPage register_rows(const ledger::StateView& state, std::string_view payee, std::string_view after, std::size_t limit);
/// What payers have withheld by rules that let them hold it, and what has become of it; of one, or of everybody when `payer` is empty.
struct HeldTaxPage {
  std::vector<tax::HeldTax> rows;
  std::string next;
};
HeldTaxPage held_tax(const ledger::StateView& state, std::string_view payer, std::string_view after, std::size_t limit);
/// The row in which a tax line of this rule stands; nothing for a rule whose tax is not held.
std::optional<tax::HeldTax> held_of_line(const ledger::StateView& state, const tax::TaxRule& rule, std::string_view payer, std::string_view currency, std::uint64_t time_ms);

}  // namespace daftar::contracts::query
