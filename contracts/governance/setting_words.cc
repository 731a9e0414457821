#include "contracts/governance/setting_words.h"

#include <algorithm>

#include "contracts/governance/classification.h"
#include "contracts/governance/member_changes.h"
#include "contracts/governance/protocol.h"

namespace daftar::contracts::governance {
namespace {

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : between) + text;
  return out;
}

std::string roles_or_none(std::uint32_t bits) { return bits == 0 ? "none" : joined(role_names(bits), ", "); }

std::vector<FieldChange> member_setting_changes(const MemberSetting& setting, const Beside& beside) {
  std::vector<FieldChange> changes;
  const auto& member = beside.member;
  const auto add = [&](const char* field, const std::string& after, std::string before) {
    if (!after.empty()) changes.push_back({field, std::move(before), after});
  };
  const auto add_personal = [&](const char* field, const std::string& after, std::string before) {
    if (!after.empty() && beside.hides_person) changes.push_back({field, "", "another, which is not for everybody to read"});
    else add(field, after, std::move(before));
  };
  add_personal("name", setting.name, member ? member->name : "");
  add("tax_id", setting.tax_id, member ? member->tax_id : "");
  add("country", setting.country, member ? member->country : "");
  add_personal("tax_status", setting.tax_status, member ? member->tax_status : "");
  if (setting.give == 0 && setting.take == 0) return changes;
  if (member) changes.push_back({"roles", roles_or_none(member->roles), roles_or_none((member->roles | setting.give) & ~setting.take)});
  if (setting.give != 0) changes.push_back({"given", "", roles_or_none(setting.give)});
  if (setting.take != 0) changes.push_back({"taken", "", roles_or_none(setting.take)});
  return changes;
}

/// Old keys go by themselves; each new one is named.
std::vector<FieldChange> key_changes(const RecoveredKeys& recovered, const Beside& beside) {
  std::vector<FieldChange> changes;
  if (beside.member)
    for (const MemberKey& key : beside.member->keys)
      if (key.revoked_ms == 0) changes.push_back({"key", key.key.hex() + (key.office.empty() ? "" : " (" + key.office + ")"), "revoked"});
  for (const NewKey& key : recovered.keys) changes.push_back({"key", "", key.key.hex() + (key.office.empty() ? "" : " (" + key.office + ")")});
  changes.push_back({"signatures_required", beside.member ? std::to_string(beside.member->signatures_required) : "", std::to_string(recovered.signatures_required)});
  changes.push_back({"signing_rules", "", recovered.keep_signing_rules ? "kept" : "none, until the member sets new ones"});
  return changes;
}

std::vector<FieldChange> limit_changes(const LimitSettings& settings, const Beside& beside) {
  std::vector<FieldChange> changes;
  for (const LimitSetting& one : settings.settings)
    changes.push_back({one.name, beside.limits ? limit_text(one.name, limit_value(*beside.limits, one.name)) : "", limit_text(one.name, one.value)});
  return changes;
}

std::vector<FieldChange> policy_changes(const PolicySetting& setting, const Beside& beside) {
  const auto fields_of = [](const Policy& policy) {
    return std::vector<std::pair<const char*, std::string>>{{"proposers", roles_or_none(policy.proposers)},
                                                            {"approvers", roles_or_none(policy.approvers)},
                                                            {"approvals", std::to_string(policy.approvals)},
                                                            {"delay", duration_text(policy.delay_ms)},
                                                            {"proposer_approves", policy.proposer_approves ? "yes" : "no"}};
  };
  std::vector<FieldChange> changes;
  const auto after = fields_of(setting.policy);
  const auto before = beside.policies ? fields_of(beside.policies->of(setting.kind)) : after;
  for (std::size_t i = 0; i < after.size(); ++i)
    if (!beside.policies || before[i].second != after[i].second) changes.push_back({after[i].first, beside.policies ? before[i].second : "", after[i].second});
  return changes;
}

std::string what_it_means(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::suspend_member: return "it sends nothing any more; payments to it, deadlines and the acts of its counterparties go on";
    case ChangeKind::reinstate_member: return "it acts again as before";
    case ChangeKind::recover_keys: return "the member can object until then: it withdraws the proposal";
    case ChangeKind::protocol_version: return "every node whose program does not know it stops before the first block of it; approve when those of yours know it";
    default: return {};
  }
}

}  // namespace

std::string subject_member(const Proposal& proposal) {
  switch (proposal.kind) {
    case ChangeKind::member:
    case ChangeKind::deciding_roles: return content_of<MemberSetting>(proposal).member;
    case ChangeKind::suspend_member:
    case ChangeKind::reinstate_member: return content_of<NamedMember>(proposal).member;
    case ChangeKind::recover_keys: return content_of<RecoveredKeys>(proposal).member;
    default: return {};
  }
}

std::string duration_text(std::uint64_t ms) {
  if (ms == 0) return "none";
  constexpr std::pair<std::uint64_t, const char*> units[] = {{86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1'000, " s"}};
  for (const auto& [unit, name] : units)
    if (ms % unit == 0) return std::to_string(ms / unit) + name;
  return std::to_string(ms) + " ms";
}

std::string policy_text(const Policy& policy) {
  const std::string approved = policy.approvals == 0 ? "no approval" : "approved by " + std::to_string(policy.approvals) + " of " + roles_or_none(policy.approvers);
  return "proposed by " + roles_or_none(policy.proposers) + "; " + approved + (policy.proposer_approves ? ", the proposer among them" : "") + "; delay " + duration_text(policy.delay_ms);
}

std::string setting_title(const Proposal& proposal) {
  switch (proposal.kind) {
    case ChangeKind::member: return "member " + subject_member(proposal);
    case ChangeKind::deciding_roles: return "deciding roles of " + subject_member(proposal);
    case ChangeKind::suspend_member: return "suspension of " + subject_member(proposal);
    case ChangeKind::reinstate_member: return "reinstatement of " + subject_member(proposal);
    case ChangeKind::recover_keys: return "new keys of " + subject_member(proposal);
    case ChangeKind::limits: {
      std::vector<std::string> names;
      for (const LimitSetting& one : content_of<LimitSettings>(proposal).settings) names.push_back(one.name);
      return "limits " + joined(names, ", ");
    }
    case ChangeKind::virement_limit: return "virement limit";
    case ChangeKind::policy: return "policy of " + std::string(name(content_of<PolicySetting>(proposal).kind));
    case ChangeKind::protocol_version: return "protocol version " + std::to_string(content_of<VersionSetting>(proposal).version);
    case ChangeKind::classification: {
      const auto setting = content_of<ClassificationSetting>(proposal);
      const std::size_t rows = setting.add.size() + setting.end.size();
      return "classification, " + std::to_string(rows) + (rows == 1 ? " row" : " rows");
    }
    default: return {};
  }
}

std::vector<FieldChange> setting_changes(const Proposal& proposal, const Beside& beside) {
  switch (proposal.kind) {
    case ChangeKind::member:
    case ChangeKind::deciding_roles: return member_setting_changes(content_of<MemberSetting>(proposal), beside);
    case ChangeKind::suspend_member: return {{"standing", "acts", "suspended"}};
    case ChangeKind::reinstate_member: return {{"standing", "suspended", "acts"}};
    case ChangeKind::recover_keys: return key_changes(content_of<RecoveredKeys>(proposal), beside);
    case ChangeKind::limits: return limit_changes(content_of<LimitSettings>(proposal), beside);
    case ChangeKind::virement_limit: {
      const auto setting = content_of<VirementSetting>(proposal);
      return {{"virement_limit", beside.limits ? virement_text(beside.limits->virement()) : "", virement_text(setting.no_limit ? std::nullopt : std::optional(setting.share_ppm))}};
    }
    case ChangeKind::policy: return policy_changes(content_of<PolicySetting>(proposal), beside);
    case ChangeKind::protocol_version:
      return {{"protocol_version", beside.protocol_version ? std::to_string(*beside.protocol_version) : "", std::to_string(content_of<VersionSetting>(proposal).version)}};
    default: return {};
  }
}

std::vector<std::string> setting_in_words(const Proposal& proposal, const Beside& beside) {
  std::vector<std::string> lines = {setting_title(proposal)};
  for (const FieldChange& change : setting_changes(proposal, beside))
    lines.push_back(change.field + ": " + (change.before.empty() ? "" : change.before + " → ") + change.after);
  if (proposal.kind == ChangeKind::classification) {
    const auto setting = content_of<ClassificationSetting>(proposal);
    for (const ClassificationEnd& end : setting.end) lines.push_back(end_in_words(end));
    for (const ClassificationRow& row : setting.add) lines.push_back(row_in_words(row));
  }
  if (const std::string meaning = what_it_means(proposal.kind); !meaning.empty()) lines.push_back(meaning);
  return lines;
}

}  // namespace daftar::contracts::governance
