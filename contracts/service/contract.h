// The service contract (and supply by items, which has the same life): offered, signed by both, funded, delivered milestone by milestone,
// accepted, paid; disputes freeze one milestone; every waiting phase that holds private money has a deadline or an arbiter.
// docs/contracts.md has the states, who may do what, and every refusal.
#pragma once
#include "contracts/context.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::service {

Outcome draft(Context& c, const ledger::proto::DraftContract& operation);
Outcome sign(Context& c, const ledger::proto::SignContract& operation);
Outcome register_contract(Context& c, const ledger::proto::RegisterContract& operation);
Outcome terminate(Context& c, const ledger::proto::TerminateContract& operation);

Outcome deliver(Context& c, const ledger::proto::DeliverMilestone& operation);
Outcome accept(Context& c, const ledger::proto::AcceptMilestone& operation);
Outcome reject(Context& c, const ledger::proto::RejectMilestone& operation);
Outcome dispute(Context& c, const ledger::proto::DisputeMilestone& operation);
Outcome award(Context& c, const ledger::proto::AwardMilestone& operation);

Outcome order_payment(Context& c, const ledger::proto::OrderPayment& operation);
Outcome pay_order(Context& c, const ledger::proto::PayOrder& operation);

/// What a waiting deadline does when it falls due. The deadline is gone from the state afterwards.
Outcome fire(Context& c, const keys::Deadline& deadline);
/// After fire() was refused (an account would overflow): the deadline falls due again a day after the block's time.
void postpone(Context& c, const keys::Deadline& deadline);

}  // namespace daftar::contracts::service
