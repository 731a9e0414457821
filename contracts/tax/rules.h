// Which tax rules a payment meets, and what they come to. Rules are data (genesis/profiles); the arithmetic is here:
//   VAT inside a gross price:  VAT = P·r / (1 + r), rounded once; net = P − VAT (DOMAIN §5.1.3)
//   withholding:               tax = base·r, base gross or P − VAT
//   contribution:              the same, on top: what is paid is not less for it
//   with `accumulate`:         the tax of the sum of the period so far and this payment, less what was reckoned of that sum (sums.h)
//   withheld part:             tax × share, rounded the same way; the rest is the payee's own affair
// No tax exceeds its base, and what is withheld altogether never exceeds the gross amount (matters only when tiny payments meet coarse
// rounding units): later rules yield.
#pragma once
#include <string>
#include <vector>

#include "contracts/records.h"
#include "contracts/result.h"
#include "contracts/tax/records.h"
#include "contracts/tax/selection.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"
#include "ledger/rejection.h"

namespace daftar::contracts::tax {

/// The category of movements that are no income: never taxed.
inline constexpr std::string_view no_income = "none";

struct Computed {
  const TaxRule* rule = nullptr;   // lives as long as the rule book
  TaxLine line;
  SoFar so_far = {};               // of a rule that accumulates
};

/// The account for what a rule withholds by a line of it; empty when it withholds nothing.
std::string withheld_to(const TaxRule& rule, const TaxLine& line);

/// One rule of the book before one payment.
struct Judged {
  const TaxRule* rule = nullptr;       // lives as long as the rule book
  Ground ground = Ground::applies;     // what stands below `replaced_by` has meaning when the rule applies
  const TaxRule* replaced_by = nullptr;
  ledger::MinorUnits taken_from = 0;   // what the rate was taken of; line.base is the same but for VAT inside a price, where it is without the VAT
  SoFar so_far;                        // of a rule that accumulates
  bool limited = false;                // more was reckoned than there was to take: cut to that
  TaxLine line;
};

/// Why rules cannot stand beside each other.
struct RuleFault {
  bool overlap = false;    // two versions of one code would be in force at one time
  std::string sentence;    // which rule is wrong and how
};

/// All rules that a ledger has had so far, in the order in which they came. Immutable, so it may be shared by threads.
class RuleBook {
 public:
  static Expected<RuleBook, RuleFault> of(std::vector<TaxRule> rules);
  /// The sentence says which rule is wrong and how.
  static Expected<RuleBook, std::string> from_genesis(const ledger::proto::Genesis& genesis);

  const std::vector<TaxRule>& rules() const { return rules_; }
  /// "none", the categories of docs/contracts.md, and those that rules name.
  bool knows_category(std::string_view category) const;
  /// Whether a payee's certificates matter to any rule.
  bool has_treaties() const { return has_treaties_; }
  /// Whether suppliers have VAT accounts, whose label nobody else may use then.
  bool has_vat_accounts() const { return has_vat_accounts_; }
  /// Whether what came before matters to any rule.
  bool has_sums() const { return has_sums_; }
  /// VAT first, then withholdings, each in the order in which they came. One line per rule that applies, also when it comes to zero.
  /// The only refusal is overflow.
  Expected<std::vector<Computed>, ledger::Rejection> compute(const Question& question) const;
  /// The same, with the rules that do not apply and why not.
  Expected<std::vector<Judged>, ledger::Rejection> judge(const Question& question) const;

 private:
  std::vector<TaxRule> rules_;            // VAT first
  bool has_treaties_ = false, has_vat_accounts_ = false, has_sums_ = false;
  std::vector<std::string> categories_;   // sorted
};

}  // namespace daftar::contracts::tax
