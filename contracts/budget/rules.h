// What the genesis fixes for budget lines (DOMAIN §6.4, §6.7, §6.8). Each part that a genesis leaves out rules nothing.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contracts/budget/records.h"
#include "ledger/expected.h"
#include "ledger/proto/ledger.pb.h"

namespace daftar::contracts::budget {

/// Of virements between lines whose economic codes begin so.
struct VirementRule {
  std::string from_economic, to_economic;     // empty: any
  bool to_outside = false;                    // matches lines whose code does not begin with to_economic
  bool same_programme = false;
  std::uint32_t share_ppm = 0;                // of what the line was approved with, all its virements together; 0: none is allowed
  std::string legal_basis;

  bool matches(const BudgetLine& from, const BudgetLine& to) const;
  /// "rule 2: economic 21 to others, Budget Code art. 150"
  std::string in_words(std::size_t number) const;
};

struct Rules {
  std::optional<std::uint32_t> virement_share_ppm;    // of what a line was approved with, at most so much is moved out of it; nothing: no limit
  std::vector<VirementRule> virements;
  std::optional<std::uint32_t> advance_share_ppm;     // of a price, at most so much is paid to who has not delivered; nothing: no limit
  std::vector<std::string> advance_categories;        // of payments that this limits; empty: any
  bool duties = false;                                // who enters, approves, certifies and pays are different keys (duties.h)
  std::map<std::string, ledger::MinorUnits, std::less<>> two_persons_above;   // by currency; one that is not here: no such amount
};

/// Of a payment of this category: nothing when no limit is set for it.
std::optional<std::uint32_t> advance_share(const Rules& rules, std::string_view category);

/// The sentence says what is wrong with it.
Expected<Rules, std::string> rules_of(const ledger::proto::Genesis& genesis);

/// How much may still be moved out of the line by virements, whatever line gets it; nothing: no limit is set. Never less than 0.
std::optional<ledger::MinorUnits> may_leave(const Rules& rules, const BudgetLine& line);

/// A share of what a line was approved with, rounded down.
ledger::MinorUnits share_of_approved(const BudgetLine& line, std::uint32_t share_ppm);

}  // namespace daftar::contracts::budget
