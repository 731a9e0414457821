// Tax that its payer holds until it is due: rules with `remittance`. What such a rule withholds lies on an account of the payer from which nobody else takes, and which the payer
// cannot spend: <payer>/<CUR>/tax.<rule code>. Of each payer, version of the rule and period (month or quarter, UTC) the state keeps a HeldTax.
//
// The payer remits what it likes before the due date, in parts or whole. What is left then, the ledger itself sends to the revenue account: a deadline, fired in the first block at or
// after the end of the due day. So nobody is late, and there is no interest to reckon. If the revenue account would overflow, the deadline is refused and comes again a day later.
//
// withheld − given back by the payer = remitted + liability, of each HeldTax; all liabilities of a payer by one rule are the balance of its account; over all payers, withheld − given
// back − refunded by the authority is what the register has as withheld of payees in the months of the period.
//
// Refusals of RemitTax: amount_must_be_positive, tax_not_held, over_liability, field_invalid (a hundred remittances of one period), overflow.
#pragma once
#include "contracts/context.h"
#include "contracts/state_keys.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

inline constexpr std::size_t remittances_max = 100;   // of one period by the payer; the ledger's own always has room

/// What the last tax line of the result withheld, by a rule that is held. Its account has been credited.
void hold(Context& c, const TaxRule& rule);

Outcome remit(Context& c, const ledger::proto::RemitTax& operation);

/// The row of a tax line whose rule is held.
std::string held_key(const TaxRule& rule, std::string_view payer, std::string_view currency, std::uint64_t time_ms);
/// Keeps a row and has its deadline wait as long as something is held.
void keep(Context& c, const std::string& key, HeldTax& held);

/// Whose deadline it is, by the key that stands with it.
HeldTax held_of(const Store& store, const keys::Deadline& deadline);
/// What is left goes to the revenue account.
Outcome fire(Context& c, const keys::Deadline& deadline);
/// To the next day.
void postpone(Context& c, const keys::Deadline& deadline);

}  // namespace daftar::contracts::tax
