// Advances on public contracts (DOMAIN §6.7). What a payee's own act alone brings it, before the paying party, an arbiter or a deadline has said a word, is an
// advance, whatever the template calls it: of the works template a part's advance, of the grant template a tranche. It is a receivable of the line
// (BudgetLine::advances) until something else is owed for the same entry, as when the work is accepted, or the paying party's act brings the entry to an end: then
// it is offset. What never is stays to be seen.
// The genesis may cap it (Genesis.advance_limit): of one entry the advances together are at most a share of its price.
#pragma once
#include "contracts/agreements/open_agreement.h"

namespace daftar::contracts::agreements {

/// What the terms say that a held term is, of one entry.
ledger::MinorUnits price_of(const Open& open, std::uint16_t held, std::uint32_t entry);

/// The terms promise no more in advance than may be paid: a rate that the template calls `advance`. Refusals: advance_limit.
Outcome judge_promised_advance(const Context& c, const Open& open);

/// Counts the advance on its line. Refusals: advance_limit.
Outcome count_advance(Context& c, Agreement& agreement, const Claim& claim, ledger::MinorUnits price);
/// Those of an entry, from 1; 0: of none.
void offset_advances(Context& c, Agreement& agreement, std::uint32_t entry);
/// After the paying party's act on an entry, from 1.
void offset_if_ended(Context& c, Open& open, std::uint32_t entry);

}  // namespace daftar::contracts::agreements
