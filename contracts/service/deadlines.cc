// What time does by itself, so that nobody's silence freezes money.
#include "contracts/service/contract.h"
#include "contracts/service/lifecycle.h"

namespace daftar::contracts::service {
namespace {

Contract load(const Context& c, const keys::Deadline& deadline) {
  auto contract = c.store.load<Contract>(keys::contract(deadline.contract));
  DAFTAR_CHECK(contract.has_value());
  return std::move(*contract);
}

void expire_offer(Context& c, Contract& contract) {
  DAFTAR_CHECK(contract.phase == Phase::draft);
  unschedule_offer(c, contract);
  contract.phase = Phase::expired;
  contract.closed_ms = c.now_ms;
  c.event("offer_expired", contract.id.hex());
}

Outcome fire_milestone(Context& c, Contract& contract, std::uint32_t number, DeadlineKind kind) {
  DAFTAR_CHECK(contract.phase == Phase::active);
  Milestone& milestone = contract.milestones.at(number - 1);
  switch (kind) {
    case DeadlineKind::acceptance: return accept_delivery(c, contract, number, milestone, "milestone_accepted_by_silence");
    case DeadlineKind::delivery: return lapse(c, contract, number, milestone, "milestone_lapsed");
    case DeadlineKind::arbitration: return lapse(c, contract, number, milestone, "dispute_lapsed");
    case DeadlineKind::offer: break;
  }
  DAFTAR_CHECK(!"a milestone has no offer deadline");
  return {};
}

}  // namespace

Outcome fire(Context& c, const keys::Deadline& deadline) {
  Contract contract = load(c, deadline);
  if (deadline.kind == DeadlineKind::offer) {
    expire_offer(c, contract);
  } else {
    if (auto fired = fire_milestone(c, contract, deadline.milestone, deadline.kind); !fired) return fired;
    close_if_complete(c, contract);
  }
  store(c, contract);
  return {};
}

void postpone(Context& c, const keys::Deadline& deadline) {
  Contract contract = load(c, deadline);
  Milestone& milestone = contract.milestones.at(deadline.milestone - 1);
  schedule(c, contract, deadline.milestone, milestone, deadline.kind, c.now_ms + day_ms);
  store(c, contract);
}

}  // namespace daftar::contracts::service
