// Where things stand in the state. The first byte of a key is the kind; numbers inside keys are big-endian, so that byte order is numeric
// order; variable parts that are not last end with a zero byte, which no id contains. Never renumber: replicas compare states.
//
//   a <account id>                                              Account
//   b <budget line id>                                          BudgetLine
//   c <contract id, 32>                                         Awarding: of a contract with an open list, or by an award
//   d <time ms, 8> <contract id, 32> <number, 4> <kind, 1>      a waiting deadline, of a contract or a proposal: empty value; of held tax: the key of its HeldTax
//   e <member id>                                               tax::Certificates of a payee
//   f <budget line> 0 <contract id, 32>                         that it is paid from the line; empty value
//   g <contract id, 32>                                         Agreement: a contract
//   h <proposal id, 32>                                         governance::Proposal
//   k <public key, 32>                                          member id; a revoked key stays here, so that it cannot come back
//   l <template> 0 <version, 4>                                 governance::TemplateRecord
//   m <member id>                                               Member
//   n <node, 4>                                                  NodeRecord
//   o <contract id, 32> <number, 4>                             Claim of a public contract
//   p <payout id, 32>                                           Payout
//   q <proposal id, 32>                                         NodeProposal
//   r <payee> 0 <rule code> 0 <currency> 0 <version, 4> <yyyymm, 4>   RegisterRow
//   s <bank> 0 <statement reference>                            id of the transaction that used it
//   t <rule code> 0 <version, 4>                                TaxRule
//   u <valid until ms, 8> <transaction id, 32>                  the replay set; empty value
//   v <height, 8>                                               ValidatorSet, from the tree after that block on
//   w <entry id, 32> <number of the tax line, from 1, 4>        tax::Withheld, of a line that brought money to a revenue account
//   x <rule code> 0 <version, 4>                                FurtherTerms of a TaxRule that has any
//   B <revenue line id>                                         budget::RevenueLine
//   R <revenue account> 0 <year, 4>                             budget::YearRevenue: what the year brought to it
//   C <list> 0 <code>                                           governance::ClassificationCode
//   D                                                           governance::Deciders; when a change gave a role that decides
//   H <payer> 0 <rule code> 0 <currency> 0 <version, 4> <yyyymm, 4>   tax::HeldTax
//   T <rule code> 0 <version, 4>                                tax::PeriodTerms of a TaxRule that has any
//   S <payee> 0 <rule code> 0 <currency> 0 <payer, or nothing> 0 <yyyymm or yyyy00, 4>   tax::TaxSum
//   E                                                           governance::Edition: what the ledger goes by
//   L                                                           governance::Limits, once they have been changed; before: the genesis's
//   P                                                           governance::PolicyList, the same
//   U                                                           valid-until up to which the replay set has been pruned, 8
//   V                                                           governance::VersionSetting of the protocol, once it is not 1
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/hash.h"
#include "ledger/keys.h"

namespace daftar::contracts::keys {

std::string account(std::string_view id);
std::string budget_line(std::string_view id);
std::string agreement(const ledger::Digest& id);
std::string revenue_line(std::string_view id);
std::string year_revenue(std::string_view account, std::uint32_t year);
std::string awarding(const ledger::Digest& contract);
std::string claim(const ledger::Digest& contract, std::uint32_t number);
std::string line_contract(std::string_view line, const ledger::Digest& contract);
std::string line_contracts(std::string_view line);   // what the keys of all of them begin with
std::string public_key(const ledger::PublicKey& key);
std::string member(std::string_view id);
std::string node(std::uint32_t number);
std::string node_proposal(const ledger::Digest& id);
std::string proposal(const ledger::Digest& id);
std::string contract_template(std::string_view name, std::uint32_t version);
inline constexpr std::string_view edition = "E", limits = "L", policies = "P", protocol_version = "V", deciders = "D";
std::string classification_list(std::string_view list);   // what the keys of all its codes begin with
std::string classification(std::string_view list, std::string_view code);
std::string payout(const ledger::Digest& id);
std::string register_row(std::string_view payee, std::string_view rule, std::string_view currency, std::uint32_t version,
                         std::uint32_t period);
std::string statement_reference(std::string_view bank, std::string_view reference);
std::string tax_certificates(std::string_view payee);
std::string tax_rule(std::string_view code, std::uint32_t version);
std::string further_terms(std::string_view code, std::uint32_t version);
std::string period_terms(std::string_view code, std::uint32_t version);
std::string held_tax(std::string_view payer, std::string_view rule, std::string_view currency, std::uint32_t version, std::uint32_t period);
std::string tax_sum(std::string_view payee, std::string_view rule, std::string_view currency, std::string_view payer, std::uint32_t period);
std::string validator_set(std::uint64_t height);
std::string withheld(const ledger::Digest& entry, std::uint32_t line);
std::string replay(std::uint64_t valid_until_ms, const ledger::Digest& id);
inline constexpr std::string_view replay_pruned = "U";

enum class DeadlineKind : std::uint8_t { agreement = 5, change = 6, remittance = 7 };
struct Deadline {
  std::uint64_t time_ms = 0;
  ledger::Digest contract;       // of a change: the proposal; of a remittance: the hash of the HeldTax's key (tag::tax_due)
  std::uint32_t number = 0;      // how many the contract has set; otherwise 0
  DeadlineKind kind = DeadlineKind::agreement;
};
std::string deadline(const Deadline& deadline);
std::optional<Deadline> parse_deadline(std::string_view key);

/// The first key of deadlines due after `time_ms`, and of replay entries valid until `time_ms` or later.
std::string deadlines_from(std::uint64_t time_ms);
std::string replay_from(std::uint64_t valid_until_ms);
/// The time inside a replay key.
std::uint64_t replay_time(std::string_view key);
/// The first key after all keys that begin with `prefix` (whose last byte is below 0xff).
std::string after_prefix(std::string_view prefix);

}  // namespace daftar::contracts::keys
