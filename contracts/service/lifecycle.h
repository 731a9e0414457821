// What the operations of a service contract share: finding it, its waiting deadlines, its money.
#pragma once
#include "contracts/context.h"
#include "contracts/holds.h"
#include "contracts/service/records.h"

namespace daftar::contracts::service {

inline constexpr std::uint64_t day_ms = 86'400'000;

Expected<Contract, ledger::Rejection> require_contract(const Context& c, std::string_view id_bytes);
/// Milestones count from 1.
Expected<Milestone*, ledger::Rejection> require_milestone(Contract& contract, std::uint32_t number);
/// In force: refusals not_registered, wrong_phase.
Outcome require_active(const Contract& contract);
/// Stores it, and has the entry found under it and its parties.
void store(Context& c, const Contract& contract);

/// One deadline waits per milestone; scheduling replaces it.
void schedule(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone, DeadlineKind kind, std::uint64_t at_ms);
void unschedule(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone);
void unschedule_offer(Context& c, const Contract& contract);
/// The moment after which an undelivered milestone lapses; nothing when it never does.
void schedule_delivery(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone, std::uint64_t not_before_ms);

Fund fund_of(const Contract& contract);
/// Sets the total aside and brings the contract into force.
Outcome activate(Context& c, Contract& contract);
/// Money that will not be earned: refunded, or released from the commitment. `amount` may be 0.
Outcome give_back(Context& c, Contract& contract, ledger::MinorUnits amount, std::string_view reason);
/// Pays `amount` with taxes from `source`, the customer being the tax agent. `amount` may be 0.
Outcome pay_provider(Context& c, Contract& contract, std::string_view source, ledger::MinorUnits amount);
/// The milestone's price goes back and it is closed.
Outcome lapse(Context& c, Contract& contract, std::uint32_t number, Milestone& milestone, std::string_view event);
/// Done when every milestone is decided and paid.
void close_if_complete(Context& c, Contract& contract);

/// Full days late × rate × price, capped, rounded down; counted to the delivery that is judged (DOMAIN §7.6).
ledger::MinorUnits late_penalty(const Contract& contract, const Milestone& milestone);
/// The customer has accepted, or the term for it has passed.
Outcome accept_delivery(Context& c, Contract& contract, std::uint32_t number, Milestone& milestone, std::string_view event);

}  // namespace daftar::contracts::service
