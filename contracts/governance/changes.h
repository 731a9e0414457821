// Changing what the ledger goes by (docs/governance.md: rules, templates, members, limits, policies, the protocol, classifications): proposed, approved by whom the genesis names, and in force after a delay, at the beginning
// of a block. A change is judged when it is proposed, at each approval, and once more when it would come into force: then a refusal closes the proposal.
#pragma once
#include "contracts/context.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::governance {

Outcome propose(Context& c, const ledger::proto::ProposeChange& operation);
Outcome approve(Context& c, const ledger::proto::ApproveChange& operation);
Outcome withdraw(Context& c, const ledger::proto::WithdrawChange& operation);

/// The delay is over: the change comes into force, or is refused for good.
void fire(Context& c, const keys::Deadline& deadline);

}  // namespace daftar::contracts::governance
