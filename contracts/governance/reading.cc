#include "contracts/governance/reading.h"

#include <algorithm>
#include <set>

#include "contracts/governance/classification.h"
#include "contracts/governance/governed.h"
#include "contracts/governance/limits.h"
#include "contracts/governance/member_changes.h"
#include "contracts/governance/protocol.h"
#include "contracts/members.h"
#include "contracts/state_keys.h"
#include "contracts/tax/read_rule.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

using Change = ledger::proto::ProposeChange;
using Content = Expected<std::string, ledger::Rejection>;

constexpr std::size_t rule_title_bytes_max = 200, basis_bytes_max = 1'000;
constexpr int rule_list_max = 64;

Outcome judge_texts(const ledger::proto::TaxRule& rule) {
  if (auto text = require_text(rule.title(), rule_title_bytes_max, true, "tax_rule.title"); !text) return text;
  if (auto text = require_text(rule.legal_basis(), basis_bytes_max, true, "tax_rule.legal_basis"); !text) return text;
  if (!rule.country().empty() && !is_country(rule.country())) return refuse(RejectionCode::field_invalid, "tax_rule.country: two capital letters");
  for (const int size : {rule.categories_size(), rule.payer_kinds_size(), rule.payee_kinds_size(), rule.payee_statuses_size(), rule.replaces_size(), rule.brackets_size()})
    if (size > rule_list_max) return refuse(RejectionCode::field_invalid, "tax_rule: at most 64 in a list");
  return {};
}

Content read_new_rule(const ReadingFacts& facts, const Change& o) {
  if (auto judged = judge_texts(o.tax_rule()); !judged) return Unexpected<ledger::Rejection>(judged.error());
  const auto rule = tax::read_rule(o.tax_rule(), {.knows_currency = facts.knows_currency, .takes_revenue = facts.takes_revenue});
  if (!rule) return refuse(RejectionCode::tax_rule_invalid, rule.error());
  return new_rule_content(*rule);
}

Content read_new_template(const ReadingFacts& facts, const Change& o) {
  const auto& from = o.template_();
  const auto program = ledger::Digest::from_bytes(from.program());
  if (!program) return refuse(RejectionCode::field_invalid, "template.program: 32 bytes");
  const auto named = facts.name_of_template(from.source());
  if (!named) return Unexpected<ledger::Rejection>(named.error());
  return encode_record(NewTemplate{named->name, named->version, from.source(), *program});
}

template <class R>
Content encoded(const Expected<R, ledger::Rejection>& read) {
  if (!read) return Unexpected<ledger::Rejection>(read.error());
  return encode_record(*read);
}

Content read_limits(const ReadingFacts&, const Change& o) {
  LimitSettings settings;
  std::set<std::string> met;
  Limits nothing;
  for (const auto& one : o.limits().changes()) {
    settings.settings.push_back({one.name(), one.value()});
    if (const auto set = set_limit(nothing, settings.settings.back()); !set) return refuse(RejectionCode::limit_out_of_range, set.error());
    if (!met.insert(one.name()).second) return refuse(RejectionCode::field_invalid, "limits: " + one.name() + " stands twice");
  }
  if (met.empty()) return refuse(RejectionCode::field_invalid, "limits: names none");
  return encode_record(settings);
}

Content read_virement(const ReadingFacts&, const Change& o) {
  const auto& from = o.virement_limit();
  if (from.no_limit() && from.share_ppm() != 0) return refuse(RejectionCode::field_invalid, "virement_limit: a share, or no_limit");
  if (from.share_ppm() > 1'000'000) return refuse(RejectionCode::limit_out_of_range, "virement_limit: 0 to 1000000");
  return encode_record(VirementSetting{from.no_limit(), from.share_ppm()});
}

Content read_policy_change(const ReadingFacts&, const Change& o) {
  const auto kind = kind_named(o.policy().kind());
  if (!kind) return refuse(RejectionCode::field_invalid, "policy.kind: there is no kind of change " + o.policy().kind());
  const auto policy = read_policy(o.policy().policy());
  if (!policy) return refuse(RejectionCode::policy_refused, policy.error());
  return encode_record(PolicySetting{*kind, *policy});
}

}  // namespace

ReadingFacts facts_of(const Context& c) {
  return {.knows_currency = [&c](std::string_view code) { return c.fixed.knows_currency(code); },
          .takes_revenue =
              [&c](std::string_view id) {
                const auto member = c.store.load<Member>(keys::member(id));
                return member && (member->has(Role::tax_authority) || member->has(Role::treasury));
              },
          .name_of_template = [&c](const std::string& source) -> Expected<NumberedName, ledger::Rejection> {
            const auto known = c.fixed.governed->judged(source);
            if (!known) return refuse(RejectionCode::template_refused, known.error());
            return NumberedName{(*known)->program.name, (*known)->program.version};
          }};
}

std::optional<ChangeForm> form_of(const Change& change) {
  switch (change.change_case()) {
    case Change::kTaxRule: return ChangeForm{ChangeKind::tax_rule, read_new_rule};
    case Change::kEndTaxRule:
      return ChangeForm{ChangeKind::end_tax_rule, [](const ReadingFacts&, const Change& o) -> Content {
                          return encode_record(RuleEnd{o.end_tax_rule().code(), o.end_tax_rule().version(), o.end_tax_rule().effective_to_ms()});
                        }};
    case Change::kTemplate: return ChangeForm{ChangeKind::contract_template, read_new_template};
    case Change::kStopTemplate:
      return ChangeForm{ChangeKind::stop_template, [](const ReadingFacts&, const Change& o) -> Content { return encode_record(NamedTemplate{o.stop_template().name(), o.stop_template().version()}); }};
    case Change::kResumeTemplate:
      return ChangeForm{ChangeKind::resume_template, [](const ReadingFacts&, const Change& o) -> Content { return encode_record(NamedTemplate{o.resume_template().name(), o.resume_template().version()}); }};
    case Change::kMember: return ChangeForm{ChangeKind::member, [](const ReadingFacts&, const Change& o) { return encoded(read_member_change(o.member())); }};
    case Change::kDecidingRoles: return ChangeForm{ChangeKind::deciding_roles, [](const ReadingFacts&, const Change& o) { return encoded(read_deciding_roles(o.deciding_roles())); }};
    case Change::kSuspendMember: return ChangeForm{ChangeKind::suspend_member, [](const ReadingFacts&, const Change& o) -> Content { return encode_record(NamedMember{o.suspend_member().member()}); }};
    case Change::kReinstateMember: return ChangeForm{ChangeKind::reinstate_member, [](const ReadingFacts&, const Change& o) -> Content { return encode_record(NamedMember{o.reinstate_member().member()}); }};
    case Change::kRecoverKeys: return ChangeForm{ChangeKind::recover_keys, [](const ReadingFacts&, const Change& o) { return encoded(read_recovery(o.recover_keys())); }};
    case Change::kLimits: return ChangeForm{ChangeKind::limits, read_limits};
    case Change::kVirementLimit: return ChangeForm{ChangeKind::virement_limit, read_virement};
    case Change::kPolicy: return ChangeForm{ChangeKind::policy, read_policy_change};
    case Change::kProtocolVersion:
      return ChangeForm{ChangeKind::protocol_version, [](const ReadingFacts&, const Change& o) -> Content { return encode_record(VersionSetting{o.protocol_version().version()}); }};
    case Change::kClassification: return ChangeForm{ChangeKind::classification, [](const ReadingFacts&, const Change& o) { return encoded(read_classification(o.classification())); }};
    case Change::CHANGE_NOT_SET: break;
  }
  return std::nullopt;
}

}  // namespace daftar::contracts::governance
