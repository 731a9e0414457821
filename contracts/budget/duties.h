// Who enters, approves, certifies and pays public money are different people (DOMAIN §6.8), and so different keys. Where the genesis says so (Genesis.duties):
//   enterer    keys of the spending unit by which a payment came to be owed: those of its own act, or of its last act on the contract when another's act or a
//              deadline brought it
//   approver   keys of the spending unit that order the payment: one of them at least has not entered it
//   certifier  keys of the treasury that last acted on the contract: they registered it
//   payer      keys of the treasury that pay: one of them at least has not certified it
// Spending unit and treasury are different members, and a key has one member for ever, so the four are different keys. Above an amount of its currency a payment
// is ordered and paid by two keys each. What a member's own signing rules ask for (signatories.h) comes on top. A dry run without signatures judges none of this.
#pragma once
#include <vector>

#include "contracts/context.h"

namespace daftar::contracts::budget {

/// Of this transaction; none of a deadline.
std::vector<ledger::PublicKey> signing_keys(const Context& c);

/// May these signatures take a step after others took `earlier`? `step` names what those did, for people. Refusals: duties_conflict.
Outcome judge_duty(const Context& c, const std::vector<ledger::PublicKey>& earlier, std::string_view step);
/// Refusals: two_persons_needed.
Outcome judge_two_persons(const Context& c, std::string_view currency, ledger::MinorUnits amount);

}  // namespace daftar::contracts::budget
