// Corrections: tax that was withheld too much on one payment goes back to the payee. Only refunds: nothing is ever taken afterwards, and the payment's own entry stays as it is. By
// whose word, and from where:
//   what has reached a revenue account: its owner, a tax authority or a treasury, from that account
//   what the payer holds until it is due (held.h): the payer, from what it still holds of that period; afterwards, from what it has remitted, the owner of the revenue account
//   what lies on the payee's own VAT account (route supplier_vat_account): any tax authority, from that account
//
// How much may go back is judged by the state, not by history or by what the authority says: of each tax line by which something was
// withheld, the ledger keeps a Withheld record under the entry's id and the line's number. That is one more write, of about 100 bytes, for a
// line that has written an account and a register row already: an acceptance with two tax lines costs the engine a tenth more (17.4 µs instead of
// 15.9, daftar-contracts-bench, two busy cores). Payments without such a line pay nothing for it.
//
// The revenue account is that of the version of the rule that withheld; the money goes to an account of the payee. Gross, base and
// payments of the register stay; tax and withheld of the row of the payment's own month become less, so that what was reckoned and not withheld
// stays the payee's affair as it was.
//
// Refusals: role_missing, amount_must_be_positive, field_invalid, payment_not_taxed (no such entry, line or rule there), account_not_yours (the
// revenue account is another's), account_unknown and its like (`to`), over_withheld (with what went back before), over_liability (the payer holds less of that period),
// tax_not_remitted (the payer still holds it), overdraft (the money has been passed on).
#pragma once
#include "contracts/context.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

inline constexpr std::size_t corrections_max = 100;   // of one tax line, for as long as the ledger lasts

/// Keeps what the last tax line of the result withheld: more than nothing. Called once a line, after it has entered the register.
void remember_withheld(Context& c);

Outcome correct(Context& c, const ledger::proto::CorrectTax& operation);

}  // namespace daftar::contracts::tax
