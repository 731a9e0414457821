// Rules that accumulate: threshold and brackets are for what a payee is paid in a month or a year (UTC), by everybody or by one payer, and not for one payment.
//
// The state keeps one sum for each payee, rule and period (and payer). A payment bears the tax of the sum with it, less what was reckoned before, so that
// what is withheld of parts is what would be withheld of the whole; what a small payment could not bear, the next one does. A version that begins within
// a period taxes what comes from then on, in the brackets in which the sum stands then: what was paid before stays as it was taxed. Corrections leave
// the sums alone: what an authority has given back is not taken again by the next payment.
//
// Each such line leaves an event, tax_sum, with what it found: who explains the payment afterwards reckons from that. Whoever may read a payment so learns what the
// rule had looked at before it. Ledgers without such rules write and read nothing of this.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contracts/context.h"
#include "contracts/tax/selection.h"

namespace daftar::contracts::tax {

inline constexpr std::string_view sum_event = "tax_sum";   // subject: code; number: version; amount: base so far

SoFar so_far(const Context& c, const TaxRule& rule, std::string_view payer, std::string_view payee, std::string_view currency);
/// Adds a line of the rule to its sum, and leaves the event.
void add_to_sum(Context& c, const TaxRule& rule, const TaxLine& line, const SoFar& before);

/// What an event of this kind says.
std::string sum_text(const SoFar& before);
std::optional<SoFar> parse_sum(const Event& event);

}  // namespace daftar::contracts::tax
