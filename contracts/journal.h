// The journal: every change of a balance is a line of a group that sums to zero. Nothing else in contracts writes balances.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

/// Moves `amount` > 0 between accounts of one currency that the caller knows to exist. Refusals: overdraft (of `from`, unless it is an
/// issuing account), overflow.
Outcome move(Context& c, std::string_view from, std::string_view to, ledger::MinorUnits amount, std::string_view reason);

/// One side of a group; the caller owes the other sides, and check_balanced() collects the debt.
Outcome debit(Context& c, std::string_view account, ledger::MinorUnits amount, std::string_view reason);
Outcome credit(Context& c, std::string_view account, ledger::MinorUnits amount, std::string_view reason, std::string_view rule = {});

ledger::MinorUnits balance(const Context& c, std::string_view account);

/// Aborts unless the postings sum to zero in every currency.
void check_balanced(const std::vector<Posting>& postings);

}  // namespace daftar::contracts
