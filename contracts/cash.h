// Where the ledger's money meets banks: it enters against a statement line, and leaves in two steps.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

Outcome issue(Context& c, const ledger::proto::Issue& operation);
Outcome request_payout(Context& c, const ledger::proto::RequestPayout& operation);
Outcome settle_payout(Context& c, const ledger::proto::SettlePayout& operation);

}  // namespace daftar::contracts
