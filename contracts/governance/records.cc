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

tax::TaxRule rule_of(const NewRule& content) {
  tax::TaxRule rule = content.rule;
  rule.treaty = content.further.treaty;
  rule.replaces = content.further.replaces;
  rule.brackets = content.further.brackets;
  return rule;
}

void put_rule(ledger::ChangeSet& state, const tax::TaxRule& rule) {
  state.put(keys::tax_rule(rule.code, rule.version), encode_record(rule));
  if (rule.has_further_terms())
    state.put(keys::further_terms(rule.code, rule.version), encode_record(tax::FurtherTerms{rule.treaty, rule.replaces, rule.brackets}));
}

}  // namespace daftar::contracts::governance
