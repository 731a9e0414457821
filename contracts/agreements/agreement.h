// Contracts, each made of a template (docs/template-language.md): offered, acted on by their parties, and by time. Money moves through the verbs of holds.h
// and pay.h only, so taxes are withheld whatever the template says. A contract that a party pays from a budget line is public: holding commits the line, what
// is earned accrues (claims.h), and the treasury that pays the line acts where the template says `treasury`.
#pragma once
#include "contracts/context.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::agreements {

Outcome draft(Context& c, const ledger::proto::DraftContract& operation);
Outcome act(Context& c, const ledger::proto::ActOnContract& operation);

/// What the waiting deadline does. The one that waits in its place may be due in the same block: waiting() tells.
Outcome fire(Context& c, const keys::Deadline& deadline);
/// After fire() was refused: it falls due again a day after the block's time.
void postpone(Context& c, const keys::Deadline& deadline);
/// The deadline of an agreement that waits now.
std::optional<keys::Deadline> waiting(const Store& store, const ledger::Digest& agreement);

}  // namespace daftar::contracts::agreements
