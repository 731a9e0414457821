// Public money: the owner of the line orders, the treasury pays. They are different members (budget/lines.cc), so different keys act.
#include "contracts/budget/lines.h"
#include "contracts/service/contract.h"
#include "contracts/service/lifecycle.h"

namespace daftar::contracts::service {

using budget::Stage;
using ledger::Int128;
using ledger::RejectionCode;

namespace {

Outcome judge_payment(const Milestone& milestone, PaymentStage wanted) {
  if (milestone.payment == wanted) return {};
  if (milestone.payment == PaymentStage::paid) return refuse(RejectionCode::already_paid);
  const std::string_view state = milestone.payment == PaymentStage::none ? name(milestone.stage) : name(milestone.payment);
  return refuse(RejectionCode::milestone_wrong_stage, std::string(state));
}

struct Claim {
  Contract contract;
  std::uint32_t number = 0;
  Milestone& milestone() { return contract.milestones[number - 1]; }
};

/// A milestone of a public contract whose payment stands at `wanted`.
Expected<Claim, ledger::Rejection> require_claim(const Context& c, std::string_view id, std::uint32_t number, PaymentStage wanted) {
  auto contract = require_contract(c, id);
  if (!contract) return Unexpected<ledger::Rejection>(contract.error());
  if (!contract->is_public()) return refuse(RejectionCode::budget_line_unknown, "the contract is not paid from a budget line");
  const auto milestone = require_milestone(*contract, number);
  if (!milestone) return Unexpected<ledger::Rejection>(milestone.error());
  if ((*milestone)->payment == PaymentStage::paid) return refuse(RejectionCode::already_paid);   // also when the contract is done by now
  if (auto active = require_active(*contract); !active) return Unexpected<ledger::Rejection>(active.error());
  if (auto judged = judge_payment(**milestone, wanted); !judged) return Unexpected<ledger::Rejection>(judged.error());
  return Claim{std::move(*contract), number};
}

}  // namespace

Outcome order_payment(Context& c, const ledger::proto::OrderPayment& operation) {
  auto claim = require_claim(c, operation.contract(), operation.milestone(), PaymentStage::due);
  if (!claim) return Unexpected<ledger::Rejection>(claim.error());
  if (claim->contract.customer != c.sender.id) return refuse(RejectionCode::not_line_owner, claim->contract.budget_line);
  Milestone& milestone = claim->milestone();
  milestone.payment = PaymentStage::ordered;
  c.event("payment_ordered", claim->contract.id.hex(), claim->number, milestone.payable - milestone.penalty);
  if (auto ordered =
          budget::change_line(c, claim->contract.budget_line, {{Stage::ordered, milestone.payable}}, "budget_ordered", milestone.payable);
      !ordered)
    return ordered;
  store(c, claim->contract);
  return {};
}

Outcome pay_order(Context& c, const ledger::proto::PayOrder& operation) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  auto claim = require_claim(c, operation.contract(), operation.milestone(), PaymentStage::ordered);
  if (!claim) return Unexpected<ledger::Rejection>(claim.error());
  Contract& contract = claim->contract;
  Milestone& milestone = claim->milestone();
  const auto line = budget::require_line(c, contract.budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = budget::require_line_treasury(c, *line); !treasury) return treasury;

  const ledger::MinorUnits amount = milestone.payable - milestone.penalty;
  if (auto paid = pay_provider(c, contract, line->source_account, amount); !paid) return paid;
  milestone.payment = PaymentStage::paid;
  c.event("payment_made", contract.id.hex(), claim->number, amount);
  // The penalty is never paid: what was set aside for it leaves every stage it had reached.
  const Int128 penalty = milestone.penalty;
  contract.held -= milestone.penalty;
  if (auto changed = budget::change_line(
          c, line->id, {{Stage::ordered, -penalty}, {Stage::accrued, -penalty}, {Stage::committed, -penalty}, {Stage::paid, amount}},
          "budget_paid", amount);
      !changed)
    return changed;
  close_if_complete(c, contract);
  store(c, contract);
  return {};
}

}  // namespace daftar::contracts::service
