// pay: money leaves a source for a payee as income of a category. The taxes that rules in force at block time ask for are split off here,
// so that no contract can step around them.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

struct Payment {
  const Member& payer;              // the tax agent; its account need not be the source (a treasury pays for a spending unit)
  const Member& payee;
  std::string_view source;          // account debited with the gross amount
  std::string_view payee_account;   // credited with what is left
  ledger::MinorUnits gross = 0;     // > 0
  std::string_view category;        // an income type; not "none"
};

/// `gross` of the payment is what the payee is to get: what must be paid for that (tax/gross_up.h). gross_not_found, overflow.
Expected<ledger::MinorUnits, ledger::Rejection> gross_for(const Context& c, const Payment& payment);

/// One all-or-nothing group: debit source gross; credit payee net; credit revenue accounts, or the payer's account of what it holds. Writes register rows
/// and tax lines.
Outcome pay(Context& c, const Payment& payment);

}  // namespace daftar::contracts
