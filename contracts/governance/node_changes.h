// Changing the nodes (docs/contracts.md, "Nodes"): operators propose, operators of present validators approve, and in the transaction that
// brings the last approval needed all steps take effect, or none. Every step is judged when it is proposed and again at each approval, by
// the registry as it is then.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts::governance {

inline constexpr int steps_max = 16;                          // of one proposal
inline constexpr std::uint64_t proposal_ms_max = 30ull * 86'400'000;   // how long approvals can be waited for

Outcome propose(Context& c, const ledger::proto::ProposeNodeChange& operation);
Outcome approve(Context& c, const ledger::proto::ApproveNodeChange& operation);
Outcome withdraw(Context& c, const ledger::proto::WithdrawNodeChange& operation);

}  // namespace daftar::contracts::governance
