// Corrections: tax that was withheld too much on one payment goes back to the payee, by word of the tax authority whose account received it.
// Only refunds: nothing is ever taken afterwards, and the payment's own entry stays as it is.
//
// How much may go back is judged by the state, not by history or by what the authority says: of each tax line by which a revenue account was
// credited, the ledger keeps a Withheld record under the entry's id and the line's number. That is one more write, of about 100 bytes, for a
// line that has written an account and a register row already: an acceptance with two tax lines costs the engine a tenth more (17.4 µs instead of
// 15.9, daftar-contracts-bench, two busy cores). Payments without such a line pay nothing for it. What a payee's own VAT account
// received (route supplier_vat_account) has not reached an authority, and is not corrected here.
//
// The money comes from the revenue account of the version of the rule that withheld, and goes to an account of the payee. Gross, base and
// payments of the register stay; tax and withheld of the row of the payment's own month become less, so that what was reckoned and not withheld
// stays the payee's affair as it was.
//
// Refusals: role_missing, amount_must_be_positive, field_invalid, payment_not_taxed (no such entry, line or rule there), account_not_yours (the
// revenue account is another authority's), account_unknown and its like (`to`), over_withheld (with what went back before), overdraft (the
// authority has passed the money on).
#pragma once
#include "contracts/context.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

inline constexpr std::size_t corrections_max = 100;   // of one tax line, for as long as the ledger lasts

/// Keeps what the last tax line of the result withheld. `rule`: of that line. Called once a line, after it has entered the register.
void remember_withheld(Context& c, const TaxRule& rule);

Outcome correct(Context& c, const ledger::proto::CorrectTax& operation);

}  // namespace daftar::contracts::tax
