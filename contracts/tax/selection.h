// Whether a tax rule takes part in a payment, and if not, why. The one place where rules are selected: pay() asks it, and so does whoever
// explains a payment afterwards.
#pragma once
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "contracts/records.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

/// What a rule that accumulates has looked at before a payment, as the version that is asked sees it (sums.h).
struct SoFar {
  ledger::MinorUnits base = 0;    // of the period
  ledger::MinorUnits start = 0;   // of it, before this version began
  ledger::MinorUnits tax = 0;     // reckoned by this version
  bool operator==(const SoFar&) const = default;
};

struct Question {
  const Member& payer;
  const Member& payee;
  std::string_view category, currency;   // category: not "none"
  ledger::MinorUnits gross = 0;
  std::uint64_t time_ms = 0;
  std::span<const Certificate> certificates;   // of the payee
  std::function<SoFar(const TaxRule&)> so_far = {};   // asked of rules that accumulate; without it nothing came before
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
  treaty_country,    // the payee is not of the treaty's country
  no_certificate,    // it is, and holds no certificate of it that covers the payment
  not_yet_in_force,
  no_longer_in_force,
  below_threshold,
  replaced,          // all is as the rule asks, but another applies in its place
};
std::string_view name(Ground ground);

struct Selected {
  Ground ground = Ground::applies;         // `applies`, or the first on which the rule does not
  const TaxRule* replaced_by = nullptr;    // of the ground `replaced`
};
/// One for each rule, in their order.
std::vector<Selected> select(const std::vector<TaxRule>& rules, const Question& question);
/// As the rule's country sees the payee; `any` for a rule of no country.
Residence residence_of(const Member& payee, const TaxRule& rule);

}  // namespace daftar::contracts::tax
