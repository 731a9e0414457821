// Delivery and its judgement.
#include "contracts/budget/lines.h"
#include "contracts/service/contract.h"
#include "contracts/service/lifecycle.h"

namespace daftar::contracts::service {

using budget::Stage;
using ledger::RejectionCode;

namespace {

auto wrong_stage(const Milestone& milestone) { return refuse(RejectionCode::milestone_wrong_stage, std::string(name(milestone.stage))); }

/// The contract in force with `acting` as the sender, and one of its milestones.
struct Place {
  Contract contract;
  std::uint32_t number = 0;
  Milestone& milestone() { return contract.milestones[number - 1]; }
};

template <class Acting>
Expected<Place, ledger::Rejection> require_place(const Context& c, std::string_view id, std::uint32_t number, const Acting& acting) {
  auto contract = require_contract(c, id);
  if (!contract) return Unexpected<ledger::Rejection>(contract.error());
  if (!acting(*contract)) return refuse(RejectionCode::not_a_party, c.sender.id);
  if (auto active = require_active(*contract); !active) return Unexpected<ledger::Rejection>(active.error());
  if (auto milestone = require_milestone(*contract, number); !milestone) return Unexpected<ledger::Rejection>(milestone.error());
  return Place{std::move(*contract), number};
}

}  // namespace

Outcome deliver(Context& c, const ledger::proto::DeliverMilestone& operation) {
  auto place = require_place(c, operation.contract(), operation.milestone(), [&](const Contract& k) { return k.provider == c.sender.id; });
  if (!place) return Unexpected<ledger::Rejection>(place.error());
  Milestone& milestone = place->milestone();
  if (!milestone.open()) return wrong_stage(milestone);
  if (operation.document_digest().size() != 32) return refuse(RejectionCode::field_invalid, "document_digest: 32 bytes");
  milestone.stage = MilestoneStage::submitted;
  milestone.delivered_ms = c.now_ms;
  milestone.deliveries += 1;
  milestone.document_digest = operation.document_digest();
  if (place->contract.acceptance_days == 0) unschedule(c, place->contract, place->number, milestone);
  else
    schedule(c, place->contract, place->number, milestone, DeadlineKind::acceptance, c.now_ms + place->contract.acceptance_days * day_ms);
  c.event("milestone_delivered", place->contract.id.hex(), place->number, 0, ledger::to_hex(milestone.document_digest));
  store(c, place->contract);
  return {};
}

Outcome accept(Context& c, const ledger::proto::AcceptMilestone& operation) {
  auto place = require_place(c, operation.contract(), operation.milestone(), [&](const Contract& k) { return k.customer == c.sender.id; });
  if (!place) return Unexpected<ledger::Rejection>(place.error());
  if (place->milestone().stage != MilestoneStage::submitted) return wrong_stage(place->milestone());
  if (auto accepted = accept_delivery(c, place->contract, place->number, place->milestone(), "milestone_accepted"); !accepted) return accepted;
  close_if_complete(c, place->contract);
  store(c, place->contract);
  return {};
}

Outcome reject(Context& c, const ledger::proto::RejectMilestone& operation) {
  auto place = require_place(c, operation.contract(), operation.milestone(), [&](const Contract& k) { return k.customer == c.sender.id; });
  if (!place) return Unexpected<ledger::Rejection>(place.error());
  Milestone& milestone = place->milestone();
  if (milestone.stage != MilestoneStage::submitted) return wrong_stage(milestone);
  if (auto text = require_text(operation.reason(), 500, true, "reason"); !text) return text;
  milestone.stage = MilestoneStage::rejected;
  // Time for rework: the grace counts anew from the rejection, so that a late rejection cannot make the milestone lapse.
  schedule_delivery(c, place->contract, place->number, milestone, c.now_ms);
  c.event("milestone_rejected", place->contract.id.hex(), place->number, 0, operation.reason());
  store(c, place->contract);
  return {};
}

Outcome dispute(Context& c, const ledger::proto::DisputeMilestone& operation) {
  auto place = require_place(c, operation.contract(), operation.milestone(), [&](const Contract& k) { return k.is_party(c.sender.id); });
  if (!place) return Unexpected<ledger::Rejection>(place.error());
  Milestone& milestone = place->milestone();
  if (place->contract.arbiter.empty()) return refuse(RejectionCode::no_arbiter, place->contract.id.hex());
  const bool late = milestone.stage == MilestoneStage::pending && c.now_ms > milestone.due_ms;
  if (milestone.stage != MilestoneStage::submitted && milestone.stage != MilestoneStage::rejected && !late) return wrong_stage(milestone);
  if (auto text = require_text(operation.reason(), 500, true, "reason"); !text) return text;
  milestone.stage = MilestoneStage::disputed;
  schedule(c, place->contract, place->number, milestone, DeadlineKind::arbitration, c.now_ms + place->contract.arbitration_days * day_ms);
  c.event("milestone_disputed", place->contract.id.hex(), place->number, 0, operation.reason());
  c.index(IndexKind::member, place->contract.arbiter);
  store(c, place->contract);
  return {};
}

Outcome award(Context& c, const ledger::proto::AwardMilestone& operation) {
  auto place = require_place(c, operation.contract(), operation.milestone(), [&](const Contract& k) { return k.arbiter == c.sender.id; });
  if (!place) return Unexpected<ledger::Rejection>(place.error());
  Contract& contract = place->contract;
  Milestone& milestone = place->milestone();
  if (milestone.stage != MilestoneStage::disputed) return wrong_stage(milestone);
  const auto sum = ledger::checked_add(operation.to_provider(), operation.to_customer());
  if (operation.to_provider() < 0 || operation.to_customer() < 0 || sum != milestone.price)
    return refuse(RejectionCode::award_does_not_sum, std::to_string(milestone.price));
  if (auto text = require_text(operation.reason(), 500, true, "reason"); !text) return text;

  unschedule(c, contract, place->number, milestone);
  milestone.stage = MilestoneStage::awarded;
  milestone.decided_ms = c.now_ms;
  milestone.payable = operation.to_provider();
  c.event("milestone_awarded", contract.id.hex(), place->number, milestone.payable, operation.reason());
  if (auto given = give_back(c, contract, operation.to_customer(), "refund"); !given) return given;
  if (milestone.payable > 0 && contract.is_public()) {
    milestone.payment = PaymentStage::due;
    if (auto accrued = budget::change_line(c, contract.budget_line, {{Stage::accrued, milestone.payable}}, "budget_accrued", milestone.payable);
        !accrued)
      return accrued;
  } else if (milestone.payable > 0) {
    if (auto paid = pay_provider(c, contract, fund_of(contract).hold_account, milestone.payable); !paid) return paid;
    milestone.payment = PaymentStage::paid;
  }
  close_if_complete(c, contract);
  store(c, contract);
  return {};
}

}  // namespace daftar::contracts::service
