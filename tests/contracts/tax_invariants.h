// What must hold of tax that payers hold, and of the sums of rules that accumulate, in any state.
#pragma once
#include "world.h"

namespace daftar::contracts::test {

/// withheld − given back = remitted + liability; liabilities lie on the payers' accounts and nothing else does; a deadline waits exactly where something is held; and the register has
/// what was withheld and has not gone back (DOMAIN §3.7: it must tie, per tax and period).
void check_held_tax(const ledger::StateView& state, const std::vector<tax::TaxRule>& rules);
/// Each sum is what the register has as base of that payee and period, over all versions.
void check_tax_sums(const ledger::StateView& state, const std::vector<tax::TaxRule>& rules);

}  // namespace daftar::contracts::test
