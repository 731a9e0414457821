#include "contracts/governance/records.h"

#include "contracts/state_keys.h"

namespace daftar::contracts::governance {

std::string_view name(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::tax_rule: return "tax_rule";
    case ChangeKind::end_tax_rule: return "end_tax_rule";
    case ChangeKind::contract_template: return "template";
    case ChangeKind::stop_template: return "stop_template";
    case ChangeKind::resume_template: return "resume_template";
    case ChangeKind::member: return "member";
    case ChangeKind::deciding_roles: return "deciding_roles";
    case ChangeKind::suspend_member: return "suspend_member";
    case ChangeKind::reinstate_member: return "reinstate_member";
    case ChangeKind::recover_keys: return "recover_keys";
    case ChangeKind::limits: return "limits";
    case ChangeKind::virement_limit: return "virement_limit";
    case ChangeKind::policy: return "policy";
    case ChangeKind::protocol_version: return "protocol_version";
    case ChangeKind::classification: return "classification";
  }
  return "unknown";
}

std::optional<ChangeKind> kind_named(std::string_view text) {
  for (const ChangeKind kind : all_kinds)
    if (name(kind) == text) return kind;
  return std::nullopt;
}

std::string_view name(ChangeStage stage) {
  switch (stage) {
    case ChangeStage::open: return "open";
    case ChangeStage::approved: return "approved";
    case ChangeStage::in_force: return "in_force";
    case ChangeStage::withdrawn: return "withdrawn";
    case ChangeStage::refused: return "refused";
  }
  return "unknown";
}

std::string new_rule_content(const tax::TaxRule& rule) {
  const NewRule content{rule, tax::further_terms(rule)};
  return rule.has_period_terms() ? encode_record(NewPeriodRule{content, tax::period_terms(rule)}) : encode_record(content);
}

tax::TaxRule new_rule_of(const Proposal& proposal) {
  NewPeriodRule content;
  if (auto without = decode_record<NewRule>(proposal.content)) content.rule = std::move(*without);
  else content = content_of<NewPeriodRule>(proposal);
  tax::TaxRule rule = std::move(content.rule.rule);
  tax::set_terms(rule, std::move(content.rule.further));
  tax::set_terms(rule, content.periods);
  return rule;
}

void put_rule(ledger::ChangeSet& state, const tax::TaxRule& rule) {
  state.put(keys::tax_rule(rule.code, rule.version), encode_record(rule));
  if (rule.has_further_terms())
    state.put(keys::further_terms(rule.code, rule.version), encode_record(tax::further_terms(rule)));
  if (rule.has_period_terms()) state.put(keys::period_terms(rule.code, rule.version), encode_record(tax::period_terms(rule)));
}

}  // namespace daftar::contracts::governance
