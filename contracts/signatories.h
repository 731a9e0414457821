// Whose signatures bind a member to how much. Beside the number of signatures that every transaction of a member needs, the member may set rules: above an
// amount of a currency so many must sign, among them those of named offices (a director and a chief accountant). A key may be in force between two moments
// only: a power of attorney. What a transaction binds its sender to is the money that it moves from the sender or commits for it; the first act on a contract
// binds to all that the contract can hold from the actor.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

inline constexpr int signing_rules_max = 8, offices_max = 4;

/// By the member itself; the signatures must satisfy all its rules of before. Refusals: field_invalid, currency_unknown, signatures_too_few (the member could
/// not satisfy them).
Outcome set_signing_rules(Context& c, const ledger::proto::SetSigningRules& operation);

/// Could the keys that have no end satisfy all rules? A member must not lock itself out.
bool can_sign(const Member& member);

/// What the sender has bound itself to so far, against its rules. Refusal: signatures_too_few.
Outcome judge_bound(const Context& c);

}  // namespace daftar::contracts
