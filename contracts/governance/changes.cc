#include "contracts/governance/changes.h"

#include <algorithm>

#include "contracts/governance/effect.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/words.h"
#include "contracts/members.h"
#include "contracts/tax/read_rule.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

constexpr std::uint64_t open_ms_max = 30ull * 86'400'000;   // how long approvals can be waited for
constexpr std::size_t reason_bytes_max = 500, title_bytes_max = 200, basis_bytes_max = 1'000;
constexpr int rule_list_max = 64;

Outcome judge_texts(const ledger::proto::TaxRule& rule) {
  if (auto text = require_text(rule.title(), title_bytes_max, true, "tax_rule.title"); !text) return text;
  if (auto text = require_text(rule.legal_basis(), basis_bytes_max, true, "tax_rule.legal_basis"); !text) return text;
  if (!rule.country().empty() && !is_country(rule.country())) return refuse(RejectionCode::field_invalid, "tax_rule.country: two capital letters");
  for (const int size : {rule.categories_size(), rule.payer_kinds_size(), rule.payee_kinds_size(), rule.payee_statuses_size(), rule.replaces_size(), rule.brackets_size()})
    if (size > rule_list_max) return refuse(RejectionCode::field_invalid, "tax_rule: at most 64 in a list");
  return {};
}

Expected<std::string, ledger::Rejection> read_new_rule(const Context& c, const ledger::proto::TaxRule& from) {
  if (auto judged = judge_texts(from); !judged) return Unexpected<ledger::Rejection>(judged.error());
  const auto rule = tax::read_rule(from, {.knows_currency = [&](std::string_view code) { return c.fixed.knows_currency(code); },
                                          .takes_revenue =
                                              [&](std::string_view id) {
                                                const auto member = c.store.load<Member>(keys::member(id));
                                                return member && (member->has(Role::tax_authority) || member->has(Role::treasury));
                                              }});
  if (!rule) return refuse(RejectionCode::tax_rule_invalid, rule.error());
  return new_rule_content(*rule);
}

Expected<std::string, ledger::Rejection> read_new_template(const Context& c, const ledger::proto::Template& from) {
  const auto program = ledger::Digest::from_bytes(from.program());
  if (!program) return refuse(RejectionCode::field_invalid, "template.program: 32 bytes");
  const auto known = c.fixed.governed->judged(from.source());
  if (!known) return refuse(RejectionCode::template_refused, known.error());
  return encode_record(NewTemplate{(*known)->program.name, (*known)->program.version, from.source(), *program});
}

/// Kind and content of a proposal.
Outcome read_change(const Context& c, const ledger::proto::ProposeChange& o, Proposal& proposal) {
  const auto take = [&](ChangeKind kind, Expected<std::string, ledger::Rejection> content) -> Outcome {
    if (!content) return Unexpected<ledger::Rejection>(content.error());
    proposal.kind = kind;
    proposal.content = std::move(*content);
    return {};
  };
  using Change = ledger::proto::ProposeChange;
  switch (o.change_case()) {
    case Change::kTaxRule: return take(ChangeKind::tax_rule, read_new_rule(c, o.tax_rule()));
    case Change::kEndTaxRule:
      return take(ChangeKind::end_tax_rule, encode_record(RuleEnd{o.end_tax_rule().code(), o.end_tax_rule().version(), o.end_tax_rule().effective_to_ms()}));
    case Change::kTemplate: return take(ChangeKind::contract_template, read_new_template(c, o.template_()));
    case Change::kStopTemplate: return take(ChangeKind::stop_template, encode_record(NamedTemplate{o.stop_template().name(), o.stop_template().version()}));
    case Change::kResumeTemplate: return take(ChangeKind::resume_template, encode_record(NamedTemplate{o.resume_template().name(), o.resume_template().version()}));
    case Change::CHANGE_NOT_SET: break;
  }
  return refuse(RejectionCode::field_invalid, "change");
}

std::optional<ChangeKind> kind_of(const ledger::proto::ProposeChange& o) {
  using Change = ledger::proto::ProposeChange;
  switch (o.change_case()) {
    case Change::kTaxRule: return ChangeKind::tax_rule;
    case Change::kEndTaxRule: return ChangeKind::end_tax_rule;
    case Change::kTemplate: return ChangeKind::contract_template;
    case Change::kStopTemplate: return ChangeKind::stop_template;
    case Change::kResumeTemplate: return ChangeKind::resume_template;
    case Change::CHANGE_NOT_SET: break;
  }
  return std::nullopt;
}

/// Everybody concerned finds the entry.
void index_change(Context& c, const Proposal& proposal) {
  c.index(IndexKind::proposal, proposal.id.view());
  c.index(IndexKind::member, proposal.proposer);
  for (const std::string& member : proposal.approvals) c.index(IndexKind::member, member);
  const NumberedName subject = subject_of(proposal);
  if (changes_rules(proposal.kind)) c.index(IndexKind::tax_rule, subject.name);
  else c.index(IndexKind::contract_template, subject.name + "/" + std::to_string(subject.version));
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

void count_approval(Context& c, Proposal& proposal, const Policy& policy) {
  proposal.approvals.push_back(c.sender.id);
  c.event("change_approved", proposal.id.hex(), 0, 0, c.sender.id);
  if (proposal.approvals.size() >= policy.approvals) schedule_change(c, proposal, policy);
}

Expected<Proposal, ledger::Rejection> require_proposal(const Context& c, const std::string& raw_id) {
  const auto id = ledger::Digest::from_bytes(raw_id);
  if (!id) return refuse(RejectionCode::field_invalid, "proposal: 32 bytes");
  auto proposal = c.store.load<Proposal>(keys::proposal(*id));
  if (!proposal) return refuse(RejectionCode::proposal_unknown, id->hex());
  if (proposal->stage == ChangeStage::open && proposal->until_ms < c.now_ms) return refuse(RejectionCode::proposal_closed, "expired");
  return std::move(*proposal);
}

std::string roles_text(std::uint32_t bits) {
  std::string text;
  for (const std::string& role : role_names(bits)) text += (text.empty() ? "" : " or ") + role;
  return text;
}

}  // namespace

Outcome propose(Context& c, const ledger::proto::ProposeChange& o) {
  const auto kind = kind_of(o);
  if (!kind) return refuse(RejectionCode::field_invalid, "change");
  const Policy& policy = c.fixed.policies->of(*kind);
  if (!policy.may_propose(c.sender)) return refuse(RejectionCode::role_missing, roles_text(policy.proposers));   // before anything costly
  if (c.proposed_change) return refuse(RejectionCode::field_invalid, "one proposal per transaction: its id names the proposal");
  if (o.until_ms() <= c.now_ms || o.until_ms() - c.now_ms > open_ms_max) return refuse(RejectionCode::field_invalid, "until_ms: after now, at most 30 days ahead");
  const bool switches = *kind == ChangeKind::stop_template || *kind == ChangeKind::resume_template;
  if (auto text = require_text(o.reason(), reason_bytes_max, switches, "reason"); !text) return text;
  Proposal proposal{.id = c.id, .nonce = std::string(c.nonce), .proposer = c.sender.id, .kind = *kind, .content = {}, .reason = o.reason(), .proposed_ms = c.now_ms,
                    .until_ms = o.until_ms(), .approvals = {}, .stage = ChangeStage::open, .due_ms = 0, .closed_ms = 0, .refusal = 0, .refusal_detail = {}};
  if (auto read = read_change(c, o, proposal); !read) return read;
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
  const Policy& policy = c.fixed.policies->of(proposal->kind);
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
  if (proposal->proposer != c.sender.id) return refuse(RejectionCode::not_a_party, "sender");
  if (proposal->stage != ChangeStage::open && proposal->stage != ChangeStage::approved) return refuse(RejectionCode::proposal_closed, std::string(name(proposal->stage)));
  if (proposal->stage == ChangeStage::approved) c.store.erase(keys::deadline(due_of(*proposal)));
  proposal->stage = ChangeStage::withdrawn;
  proposal->closed_ms = c.now_ms;
  c.event("change_withdrawn", proposal->id.hex());
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
