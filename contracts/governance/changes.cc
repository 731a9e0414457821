#include "contracts/governance/changes.h"

#include <algorithm>

#include "contracts/governance/effect.h"
#include "contracts/governance/limits.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/reading.h"
#include "contracts/governance/words.h"
#include "contracts/nodes.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

constexpr std::uint64_t open_ms_max = 30ull * 86'400'000;   // how long approvals can be waited for
constexpr std::size_t reason_bytes_max = 500;

/// Everybody concerned finds the entry.
void index_change(Context& c, const Proposal& proposal) {
  c.index(IndexKind::proposal, proposal.id.view());
  c.index(IndexKind::member, proposal.proposer);
  for (const std::string& member : proposal.approvals) c.index(IndexKind::member, member);
  if (changes_rules(proposal.kind)) c.index(IndexKind::tax_rule, subject_of(proposal).name);
  else if (concerns_member(proposal.kind)) c.index(IndexKind::member, subject_member(proposal));
  else if (changes_templates(proposal.kind)) c.index(IndexKind::contract_template, subject_of(proposal).name + "/" + std::to_string(subject_of(proposal).version));
}

keys::Deadline due_of(const Proposal& proposal) {
  return {.time_ms = proposal.due_ms, .contract = proposal.id, .number = 0, .kind = keys::DeadlineKind::change};
}

/// Nobody's word is missing any more.
void schedule_change(Context& c, Proposal& proposal, const Policy& policy) {
  proposal.stage = ChangeStage::approved;
  proposal.due_ms = c.now_ms + policy.delay_ms;
  c.store.put(keys::deadline(due_of(proposal)), {});
  c.event("change_decided", proposal.id.hex(), 0, 0, policy.delay_ms == 0 ? "in force in the next block" : "in force at " + utc_text(proposal.due_ms));
}

/// Of those who approved, those who still may: roles are taken, members suspended and policies changed while a proposal is open.
std::vector<Member> standing_approvers(const Context& c, const Proposal& proposal, const Policy& policy) {
  std::vector<Member> standing;
  for (const std::string& id : proposal.approvals) {
    auto member = c.store.load<Member>(keys::member(id));
    DAFTAR_CHECK(member.has_value());
    if (!member->suspended && policy.may_approve(*member) && (policy.proposer_approves || id != proposal.proposer)) standing.push_back(std::move(*member));
  }
  return standing;
}

/// What nodes run needs as many operators of present validators as a change of the nodes: in force only where a quorum can go on.
bool enough_operators(const Context& c, const std::vector<Member>& approvers) {
  std::vector<NodeRecord> registry;
  while (auto node = c.store.load<NodeRecord>(keys::node(static_cast<std::uint32_t>(registry.size()) + 1))) registry.push_back(std::move(*node));
  const auto operators = validator_operators(registry);
  const auto counted = std::count_if(approvers.begin(), approvers.end(), [&](const Member& one) { return std::binary_search(operators.begin(), operators.end(), one.id); });
  return static_cast<std::size_t>(counted) >= approvals_needed(registry, c.limits->node_change_approvals);
}

void count_approval(Context& c, Proposal& proposal, const Policy& policy) {
  proposal.approvals.push_back(c.sender.id);
  c.event("change_approved", proposal.id.hex(), 0, 0, c.sender.id);
  const std::vector<Member> approvers = standing_approvers(c, proposal, policy);
  if (approvers.size() < policy.approvals) return;
  if (proposal.kind == ChangeKind::protocol_version && !enough_operators(c, approvers)) return;
  schedule_change(c, proposal, policy);
}

Expected<Proposal, ledger::Rejection> require_proposal(const Context& c, const std::string& raw_id) {
  const auto id = ledger::Digest::from_bytes(raw_id);
  if (!id) return refuse(RejectionCode::field_invalid, "proposal: 32 bytes");
  auto proposal = c.store.load<Proposal>(keys::proposal(*id));
  if (!proposal) return refuse(RejectionCode::proposal_unknown, id->hex());
  if (proposal->stage == ChangeStage::open && proposal->until_ms < c.now_ms) return refuse(RejectionCode::proposal_closed, "expired");
  return std::move(*proposal);
}

/// What is done to others is explained to them.
bool needs_reason(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::stop_template:
    case ChangeKind::resume_template:
    case ChangeKind::suspend_member:
    case ChangeKind::reinstate_member:
    case ChangeKind::recover_keys: return true;
    default: return false;
  }
}

std::string roles_text(std::uint32_t bits) {
  std::string text;
  for (const std::string& role : role_names(bits)) text += (text.empty() ? "" : " or ") + role;
  return text;
}

}  // namespace

Outcome propose(Context& c, const ledger::proto::ProposeChange& o) {
  const auto form = form_of(o);
  if (!form) return refuse(RejectionCode::field_invalid, "change");
  const Policy& policy = c.policies->of(form->kind);
  if (!policy.may_propose(c.sender)) return refuse(RejectionCode::role_missing, roles_text(policy.proposers));   // before anything costly
  if (c.proposed_change) return refuse(RejectionCode::field_invalid, "one proposal per transaction: its id names the proposal");
  if (o.until_ms() <= c.now_ms || o.until_ms() - c.now_ms > open_ms_max) return refuse(RejectionCode::field_invalid, "until_ms: after now, at most 30 days ahead");
  if (auto text = require_text(o.reason(), reason_bytes_max, needs_reason(form->kind), "reason"); !text) return text;
  auto content = form->read(facts_of(c), o);
  if (!content) return Unexpected<ledger::Rejection>(content.error());
  Proposal proposal{.id = c.id, .nonce = std::string(c.nonce), .proposer = c.sender.id, .kind = form->kind, .content = std::move(*content), .reason = o.reason(), .proposed_ms = c.now_ms,
                    .until_ms = o.until_ms(), .approvals = {}, .stage = ChangeStage::open, .due_ms = 0, .closed_ms = 0, .refusal = 0, .refusal_detail = {}};
  if (const auto effect = effect_of(c, proposal, c.now_ms + policy.delay_ms); !effect) return Unexpected<ledger::Rejection>(effect.error());
  c.proposed_change = true;
  c.event("change_proposed", c.id.hex(), 0, 0, title_of(proposal));
  if (policy.approvals == 0) schedule_change(c, proposal, policy);
  else if (policy.proposer_approves && policy.may_approve(c.sender)) count_approval(c, proposal, policy);
  index_change(c, proposal);
  c.store.save(keys::proposal(c.id), proposal);
  return {};
}

Outcome approve(Context& c, const ledger::proto::ApproveChange& o) {
  auto proposal = require_proposal(c, o.proposal());
  if (!proposal) return Unexpected<ledger::Rejection>(proposal.error());
  const Policy& policy = c.policies->of(proposal->kind);
  if (!policy.proposer_approves && proposal->proposer == c.sender.id) return refuse(RejectionCode::own_approval, c.sender.id);
  if (!policy.may_approve(c.sender)) return refuse(RejectionCode::role_missing, roles_text(policy.approvers));
  if (std::find(proposal->approvals.begin(), proposal->approvals.end(), c.sender.id) != proposal->approvals.end())
    return refuse(RejectionCode::already_approved, c.sender.id);
  if (proposal->stage != ChangeStage::open) return refuse(RejectionCode::proposal_closed, std::string(name(proposal->stage)));
  // What is in force may have moved on since it was proposed.
  if (const auto effect = effect_of(c, *proposal, c.now_ms + policy.delay_ms); !effect) return Unexpected<ledger::Rejection>(effect.error());
  count_approval(c, *proposal, policy);
  index_change(c, *proposal);
  c.store.save(keys::proposal(proposal->id), *proposal);
  return {};
}

Outcome withdraw(Context& c, const ledger::proto::WithdrawChange& o) {
  auto proposal = require_proposal(c, o.proposal());
  if (!proposal) return Unexpected<ledger::Rejection>(proposal.error());
  // Whose keys would be replaced can object: nobody who has lost nothing is to be put out of its own name.
  const bool objects = proposal->kind == ChangeKind::recover_keys && subject_member(*proposal) == c.sender.id;
  if (proposal->proposer != c.sender.id && !objects) return refuse(RejectionCode::not_a_party, "sender");
  if (proposal->stage != ChangeStage::open && proposal->stage != ChangeStage::approved) return refuse(RejectionCode::proposal_closed, std::string(name(proposal->stage)));
  if (proposal->stage == ChangeStage::approved) c.store.erase(keys::deadline(due_of(*proposal)));
  proposal->stage = ChangeStage::withdrawn;
  proposal->closed_ms = c.now_ms;
  c.event("change_withdrawn", proposal->id.hex(), 0, 0, objects ? "the member objects" : "");
  index_change(c, *proposal);
  c.store.save(keys::proposal(proposal->id), *proposal);
  return {};
}

void fire(Context& c, const keys::Deadline& deadline) {
  auto proposal = c.store.load<Proposal>(keys::proposal(deadline.contract));
  DAFTAR_CHECK(proposal && proposal->stage == ChangeStage::approved && proposal->due_ms == deadline.time_ms);
  c.store.erase(keys::deadline(deadline));
  proposal->closed_ms = c.now_ms;
  if (const auto effect = effect_of(c, *proposal, c.now_ms); effect) {
    proposal->stage = ChangeStage::in_force;
    c.event("change_in_force", proposal->id.hex(), 0, 0, title_of(*proposal));
    take_effect(c, *proposal, *effect);
  } else {
    proposal->stage = ChangeStage::refused;
    proposal->refusal = static_cast<std::uint16_t>(effect.error().code);
    proposal->refusal_detail = effect.error().detail;
    c.event("change_refused", proposal->id.hex(), 0, 0, std::string(ledger::name(effect.error().code)) + (effect.error().detail.empty() ? "" : ": " + effect.error().detail));
  }
  index_change(c, *proposal);
  c.store.save(keys::proposal(proposal->id), *proposal);
}

}  // namespace daftar::contracts::governance
