#include "contracts/service/lifecycle.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/budget/lines.h"
#include "contracts/members.h"
#include "contracts/pay.h"

namespace daftar::contracts::service {

using budget::Stage;
using ledger::Int128;
using ledger::MinorUnits;
using ledger::RejectionCode;

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::draft: return "draft";
    case Phase::registrable: return "signed";
    case Phase::active: return "active";
    case Phase::done: return "done";
    case Phase::terminated: return "terminated";
    case Phase::expired: return "expired";
    case Phase::withdrawn: return "withdrawn";
  }
  return "unknown";
}

std::string_view name(MilestoneStage stage) {
  switch (stage) {
    case MilestoneStage::pending: return "pending";
    case MilestoneStage::submitted: return "submitted";
    case MilestoneStage::rejected: return "rejected";
    case MilestoneStage::accepted: return "accepted";
    case MilestoneStage::disputed: return "disputed";
    case MilestoneStage::awarded: return "awarded";
    case MilestoneStage::lapsed: return "lapsed";
  }
  return "unknown";
}

std::string_view name(PaymentStage stage) {
  switch (stage) {
    case PaymentStage::none: return "none";
    case PaymentStage::due: return "due";
    case PaymentStage::ordered: return "ordered";
    case PaymentStage::paid: return "paid";
  }
  return "unknown";
}

Expected<Contract, ledger::Rejection> require_contract(const Context& c, std::string_view id_bytes) {
  const auto id = ledger::Digest::from_bytes(id_bytes);
  if (!id) return refuse(RejectionCode::field_invalid, "contract: 32 bytes");
  auto contract = c.store.load<Contract>(keys::contract(*id));
  if (!contract) return refuse(RejectionCode::contract_unknown, id->hex());
  return std::move(*contract);
}

Expected<Milestone*, ledger::Rejection> require_milestone(Contract& contract, std::uint32_t number) {
  if (number == 0 || number > contract.milestones.size())
    return refuse(RejectionCode::milestone_unknown, std::to_string(number) + " of " + std::to_string(contract.milestones.size()));
  return &contract.milestones[number - 1];
}

Outcome require_active(const Contract& contract) {
  if (contract.phase == Phase::registrable) return refuse(RejectionCode::not_registered, contract.id.hex());
  if (contract.phase != Phase::active) return refuse(RejectionCode::wrong_phase, std::string(name(contract.phase)));
  return {};
}

void store(Context& c, const Contract& contract) {
  c.store.save(keys::contract(contract.id), contract);
  c.index(IndexKind::contract, contract.id.view());
  c.index(IndexKind::member, contract.customer);
  c.index(IndexKind::member, contract.provider);
}

void unschedule(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone) {
  if (milestone.deadline_ms == 0) return;
  c.store.erase(keys::deadline(
      {.time_ms = milestone.deadline_ms, .contract = contract.id, .milestone = number, .kind = milestone.deadline_kind}));
  milestone.deadline_ms = 0;
}

void schedule(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone, DeadlineKind kind, std::uint64_t at_ms) {
  unschedule(c, contract, number, milestone);
  milestone.deadline_ms = at_ms;
  milestone.deadline_kind = kind;
  c.store.put(keys::deadline({.time_ms = at_ms, .contract = contract.id, .milestone = number, .kind = kind}), {});
}

void unschedule_offer(Context& c, const Contract& contract) {
  c.store.erase(
      keys::deadline({.time_ms = contract.offer_until_ms, .contract = contract.id, .milestone = 0, .kind = DeadlineKind::offer}));
}

void schedule_delivery(Context& c, const Contract& contract, std::uint32_t number, Milestone& milestone, std::uint64_t not_before_ms) {
  if (contract.delivery_grace_days == 0) return unschedule(c, contract, number, milestone);
  const std::uint64_t from = std::max(milestone.due_ms, not_before_ms);
  schedule(c, contract, number, milestone, DeadlineKind::delivery, from + contract.delivery_grace_days * day_ms);
}

Fund fund_of(const Contract& contract) {
  if (contract.is_public()) return {.customer_account = {}, .hold_account = {}, .budget_line = contract.budget_line};
  return {.customer_account = contract.customer_account,
          .hold_account = hold_account(contract.customer, contract.currency, contract.id),
          .budget_line = {}};
}

Outcome activate(Context& c, Contract& contract) {
  if (auto held = hold(c, fund_of(contract), contract.total); !held) return held;
  contract.held = contract.total;
  contract.phase = Phase::active;
  contract.active_ms = c.now_ms;
  std::uint32_t number = 0;
  for (Milestone& milestone : contract.milestones) schedule_delivery(c, contract, ++number, milestone, 0);
  c.event("contract_active", contract.id.hex(), 0, contract.total);
  return {};
}

Outcome give_back(Context& c, Contract& contract, MinorUnits amount, std::string_view reason) {
  if (amount == 0) return {};
  const Fund fund = fund_of(contract);
  if (auto given = fund.is_public() ? release(c, fund, amount) : refund(c, fund, amount, reason); !given) return given;
  contract.held -= amount;
  DAFTAR_CHECK(contract.held >= 0);
  return {};
}

Outcome pay_provider(Context& c, Contract& contract, std::string_view source, MinorUnits amount) {
  if (amount == 0) return {};
  const auto customer = require_member(c, contract.customer, "customer");
  const auto provider = require_member(c, contract.provider, "provider");
  DAFTAR_CHECK(customer && provider);   // members are never removed
  if (auto paid = pay(c, {.payer = *customer,
                          .payee = *provider,
                          .source = source,
                          .payee_account = contract.provider_account,
                          .gross = amount,
                          .category = contract.category});
      !paid)
    return paid;
  contract.held -= amount;
  DAFTAR_CHECK(contract.held >= 0);
  return {};
}

Outcome lapse(Context& c, Contract& contract, std::uint32_t number, Milestone& milestone, std::string_view event) {
  unschedule(c, contract, number, milestone);
  if (auto given = give_back(c, contract, milestone.price, "refund"); !given) return given;
  milestone.stage = MilestoneStage::lapsed;
  milestone.decided_ms = c.now_ms;
  c.event(std::string(event), contract.id.hex(), number, milestone.price);
  return {};
}

void close_if_complete(Context& c, Contract& contract) {
  if (!std::all_of(contract.milestones.begin(), contract.milestones.end(), [](const Milestone& m) { return m.closed(); })) return;
  DAFTAR_CHECK(contract.held == 0);
  contract.phase = Phase::done;
  contract.closed_ms = c.now_ms;
  c.event("contract_done", contract.id.hex());
}

MinorUnits late_penalty(const Contract& contract, const Milestone& milestone) {
  if (milestone.delivered_ms <= milestone.due_ms) return 0;
  const std::uint64_t days = (milestone.delivered_ms - milestone.due_ms) / day_ms;
  const Int128 ppm = std::min<Int128>(Int128{contract.late_penalty_ppm_per_day} * days, contract.late_penalty_cap_ppm);
  const auto penalty = ledger::mul_div(milestone.price, static_cast<std::int64_t>(ppm), 1'000'000, ledger::Rounding::floor);
  DAFTAR_CHECK(penalty && *penalty <= milestone.price);   // the cap is at most the whole price
  return *penalty;
}

Outcome accept_delivery(Context& c, Contract& contract, std::uint32_t number, Milestone& milestone, std::string_view event) {
  unschedule(c, contract, number, milestone);
  milestone.stage = MilestoneStage::accepted;
  milestone.decided_ms = c.now_ms;
  milestone.payable = milestone.price;
  milestone.penalty = late_penalty(contract, milestone);
  c.event(std::string(event), contract.id.hex(), number, milestone.payable);
  if (milestone.penalty > 0) c.event("late_penalty", contract.id.hex(), number, milestone.penalty);
  if (contract.is_public()) {
    milestone.payment = PaymentStage::due;
    return budget::change_line(c, contract.budget_line, {{Stage::accrued, milestone.payable}}, "budget_accrued", milestone.payable);
  }
  const std::string source = fund_of(contract).hold_account;
  if (auto paid = pay_provider(c, contract, source, milestone.payable - milestone.penalty); !paid) return paid;
  if (auto given = give_back(c, contract, milestone.penalty, "penalty"); !given) return given;
  milestone.payment = PaymentStage::paid;
  return {};
}

}  // namespace daftar::contracts::service
