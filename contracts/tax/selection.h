// Whether a tax rule takes part in a payment, and if not, why. The one place where rules are selected: pay() asks it, and so does whoever
// explains a payment afterwards.
#pragma once
#include <string_view>

#include "contracts/records.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

struct Question {
  const Member& payer;
  const Member& payee;
  std::string_view category, currency;   // category: not "none"
  ledger::MinorUnits gross = 0;
  std::uint64_t time_ms = 0;
};

/// What a rule asks for and a payment has not. In the order in which they are judged: what the payment is, who pays, who is paid, when, how much.
enum class Ground : std::uint8_t {
  applies,
  currency,
  category,
  payer_country,     // no agent of this country's tax
  payer_kind,
  payee_residence,
  payee_kind,
  payee_status,
  not_yet_in_force,
  no_longer_in_force,
  below_threshold,
};
std::string_view name(Ground ground);

/// `applies`, or the first ground on which the rule does not.
Ground ground_of(const TaxRule& rule, const Question& question);
/// As the rule's country sees the payee; `any` for a rule of no country.
Residence residence_of(const Member& payee, const TaxRule& rule);

}  // namespace daftar::contracts::tax
