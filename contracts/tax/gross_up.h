// Gross-up (DOMAIN §5.1.6): a payee is to get an amount net of tax, so the payer pays more. Of one rule without rounding that is N / (1 − w); of all rules together, with VAT
// inside the price, brackets, thresholds and rounding, it is searched: in integers, from N upwards, leaving out only amounts that cannot be it.
//
// Why nothing is left out: where the same rules apply, what is withheld falls by at most a slack when the gross rises. It cannot fall but for VAT inside the price that is rounded
// to more than a minor unit, where the base without VAT has steps down; without such a rule the slack is 0. So with W withheld of g, no gross amount from g on below N + W − slack
// leaves N. Thresholds change which rules apply: each is a new beginning. Beyond N + a margin for all roundings what is left does not come back to N, unless rates
// together exceed 100 %.
#pragma once
#include "contracts/tax/rules.h"

namespace daftar::contracts::tax {

inline constexpr int gross_up_attempts_max = 2'000;   // reckonings; beyond them none is found: rates near 100 %, or rounding to large units

/// The smallest gross amount that leaves `net` (> 0) after what is withheld. `question.gross` is not looked at. gross_not_found, overflow.
Expected<ledger::MinorUnits, ledger::Rejection> gross_for(const RuleBook& book, const Question& question, ledger::MinorUnits net);

}  // namespace daftar::contracts::tax
