// From offer to force, and out of force by consent.
#include <algorithm>

#include "contracts/budget/lines.h"
#include "contracts/service/contract.h"
#include "contracts/service/lifecycle.h"

namespace daftar::contracts::service {

using ledger::RejectionCode;

namespace {

Outcome judge_digest(const Contract& contract, std::string_view digest) {
  if (digest == contract.terms_digest.view()) return {};
  return refuse(RejectionCode::terms_digest_mismatch, contract.terms_digest.hex());
}

/// Before both have signed either side may walk away: nothing binds yet.
Outcome withdraw(Context& c, Contract& contract, const std::string& reason) {
  unschedule_offer(c, contract);
  contract.phase = Phase::withdrawn;
  contract.closed_ms = c.now_ms;
  c.event(c.sender.id == contract.drafted_by ? "contract_withdrawn" : "contract_declined", contract.id.hex(), 0, 0, reason);
  store(c, contract);
  return {};
}

/// Work that waits for a judgement, and public work that waits for its money, must be settled first.
Outcome judge_settled(const Contract& contract) {
  std::uint32_t number = 0;
  for (const Milestone& milestone : contract.milestones) {
    ++number;
    if (milestone.open() || milestone.closed()) continue;
    const std::string_view state = milestone.decided() ? name(milestone.payment) : name(milestone.stage);
    return refuse(RejectionCode::milestone_wrong_stage, std::to_string(number) + " is " + std::string(state));
  }
  return {};
}

Outcome settle(Context& c, Contract& contract) {
  if (auto settled = judge_settled(contract); !settled) return settled;
  std::uint32_t number = 0;
  if (contract.phase == Phase::active)
    for (Milestone& milestone : contract.milestones) {
      ++number;
      if (!milestone.open()) continue;
      if (auto lapsed = lapse(c, contract, number, milestone, "milestone_cancelled"); !lapsed) return lapsed;
    }
  DAFTAR_CHECK(contract.held == 0);
  contract.phase = Phase::terminated;
  contract.closed_ms = c.now_ms;
  c.event("contract_terminated", contract.id.hex());
  return {};
}

}  // namespace

Outcome sign(Context& c, const ledger::proto::SignContract& operation) {
  auto contract = require_contract(c, operation.contract());
  if (!contract) return Unexpected<ledger::Rejection>(contract.error());
  if (!contract->is_party(c.sender.id)) return refuse(RejectionCode::not_a_party, c.sender.id);
  if (contract->phase == Phase::expired || (contract->phase == Phase::draft && contract->offer_until_ms <= c.now_ms))
    return refuse(RejectionCode::offer_expired, std::to_string(contract->offer_until_ms));
  std::uint64_t& mine = c.sender.id == contract->customer ? contract->customer_signed_ms : contract->provider_signed_ms;
  if (mine != 0) return refuse(RejectionCode::already_signed, c.sender.id);
  if (contract->phase != Phase::draft) return refuse(RejectionCode::wrong_phase, std::string(name(contract->phase)));
  if (auto same = judge_digest(*contract, operation.terms_digest()); !same) return same;
  mine = c.now_ms;
  c.event("contract_signed", contract->id.hex(), 0, 0, c.sender.id);
  if (contract->customer_signed_ms != 0 && contract->provider_signed_ms != 0) {
    unschedule_offer(c, *contract);
    if (contract->is_public()) contract->phase = Phase::registrable;
    else if (auto active = activate(c, *contract); !active) return active;
  }
  store(c, *contract);
  return {};
}

Outcome register_contract(Context& c, const ledger::proto::RegisterContract& operation) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  auto contract = require_contract(c, operation.contract());
  if (!contract) return Unexpected<ledger::Rejection>(contract.error());
  if (contract->phase != Phase::registrable) return refuse(RejectionCode::wrong_phase, std::string(name(contract->phase)));
  const auto line = budget::require_line(c, contract->budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = budget::require_line_treasury(c, *line); !treasury) return treasury;
  if (auto same = judge_digest(*contract, operation.terms_digest()); !same) return same;
  c.event("contract_registered", contract->id.hex(), 0, contract->total);
  if (auto active = activate(c, *contract); !active) return active;
  store(c, *contract);
  return {};
}

Outcome terminate(Context& c, const ledger::proto::TerminateContract& operation) {
  auto contract = require_contract(c, operation.contract());
  if (!contract) return Unexpected<ledger::Rejection>(contract.error());
  if (!contract->is_party(c.sender.id)) return refuse(RejectionCode::not_a_party, c.sender.id);
  if (auto text = require_text(operation.reason(), 500, true, "reason"); !text) return text;
  if (contract->phase == Phase::draft) return withdraw(c, *contract, operation.reason());
  if (contract->phase != Phase::registrable && contract->phase != Phase::active)
    return refuse(RejectionCode::wrong_phase, std::string(name(contract->phase)));
  bool& mine = c.sender.id == contract->customer ? contract->customer_terminates : contract->provider_terminates;
  if (mine) return refuse(RejectionCode::already_signed, c.sender.id);
  mine = true;
  c.event("termination_agreed", contract->id.hex(), 0, 0, operation.reason());
  if (contract->customer_terminates && contract->provider_terminates)
    if (auto settled = settle(c, *contract); !settled) return settled;
  store(c, *contract);
  return {};
}

}  // namespace daftar::contracts::service
