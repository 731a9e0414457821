#include "contracts/governance/effect.h"

#include <algorithm>

#include "contracts/governance/deciders.h"
#include "contracts/governance/member_changes.h"
#include "contracts/governance/words.h"
#include "contracts/nodes.h"
#include "contracts/state_keys.h"
#include "ledger/ids.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

using Rules = std::vector<tax::TaxRule>;

std::string numbered(const std::string& name, std::uint32_t version) { return name + "/" + std::to_string(version); }

/// Whether all rules can stand beside each other.
Outcome judge_together(Rules rules) {
  const auto book = tax::RuleBook::of(std::move(rules));
  if (book) return {};
  return refuse(book.error().overlap ? RejectionCode::tax_rules_overlap : RejectionCode::tax_rule_invalid, book.error().sentence);
}

Expected<Effect, ledger::Rejection> effect_of_rule(const Context& c, const tax::TaxRule& rule, std::uint64_t at_ms) {
  Rules rules = c.rules->rules();
  tax::TaxRule* before = nullptr;
  for (tax::TaxRule& other : rules)
    if (other.code == rule.code && (before == nullptr || before->version < other.version)) before = &other;
  const std::uint32_t next = before == nullptr ? 1 : before->version + 1;
  if (rule.version != next) return refuse(RejectionCode::tax_rule_version, rule.code + ": the next is " + std::to_string(next));
  if (rule.effective_from_ms <= at_ms) return refuse(RejectionCode::effect_in_the_past, "effective_from: later than " + utc_text(at_ms));
  if (rule.vat_route == tax::VatRoute::supplier_vat_account && !c.rules->has_vat_accounts())
    return refuse(RejectionCode::tax_rule_invalid, "vat_route: accounts of suppliers for VAT must have been there from the genesis on");   // members may have accounts of that name
  if (const auto account = ledger::parse_account(rule.revenue_account)) {   // its owner may have lost the office since this was proposed
    const auto owner = c.store.load<Member>(keys::member(account->member));
    if (!owner || !(owner->has(Role::tax_authority) || owner->has(Role::treasury))) return refuse(RejectionCode::role_missing, "revenue_account: " + rule.revenue_account);
  }
  if (rules.size() >= rules_max) return refuse(RejectionCode::tax_rule_invalid, "a ledger has at most " + std::to_string(rules_max) + " rules");
  Effect effect;
  if (before != nullptr && before->effective_to_ms == 0) {   // an open version ends where the next begins
    if (before->effective_from_ms >= rule.effective_from_ms) return refuse(RejectionCode::tax_rules_overlap, "effective_from: later than that of " + numbered(before->code, before->version));
    before->effective_to_ms = rule.effective_from_ms;
    effect.rules.push_back(*before);
  }
  rules.push_back(rule);
  if (auto judged = judge_together(std::move(rules)); !judged) return Unexpected<ledger::Rejection>(judged.error());
  effect.rules.push_back(rule);
  effect.new_rule = {rule.code, rule.version};
  return effect;
}

Expected<Effect, ledger::Rejection> effect_of_end(const Context& c, const RuleEnd& end, std::uint64_t at_ms) {
  Rules rules = c.rules->rules();
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const tax::TaxRule& one) { return one.code == end.code && one.version == end.version; });
  if (rule == rules.end()) return refuse(RejectionCode::tax_rule_unknown, numbered(end.code, end.version));
  if (rule->effective_to_ms != 0 && rule->effective_to_ms <= at_ms) return refuse(RejectionCode::tax_rule_over, numbered(end.code, end.version) + ": since " + utc_text(rule->effective_to_ms));
  if (end.effective_to_ms <= at_ms) return refuse(RejectionCode::effect_in_the_past, "effective_to: later than " + utc_text(at_ms));
  // At its beginning: it is never in force.
  if (end.effective_to_ms < rule->effective_from_ms) return refuse(RejectionCode::tax_rule_invalid, "effective_to: not before effective_from, " + utc_text(rule->effective_from_ms));
  rule->effective_to_ms = end.effective_to_ms;
  Effect effect;
  effect.rules.push_back(*rule);
  if (auto judged = judge_together(std::move(rules)); !judged) return Unexpected<ledger::Rejection>(judged.error());
  return effect;
}

Expected<Effect, ledger::Rejection> effect_of_template(const Context& c, const Proposal& proposal, const NewTemplate& given) {
  const auto known = c.fixed.governed->judged(given.source);
  if (!known) return refuse(RejectionCode::template_refused, known.error());
  if ((*known)->digest != given.program) return refuse(RejectionCode::template_other_program, (*known)->digest.hex());
  if (c.templates->find(given.name, given.version) != nullptr) return refuse(RejectionCode::template_exists, numbered(given.name, given.version));
  if (c.templates->all().size() >= templates_max) return refuse(RejectionCode::field_invalid, "template: a ledger has at most " + std::to_string(templates_max));
  Effect effect;
  effect.contract_template = TemplateRecord{.name = given.name, .version = given.version, .source = given.source, .program = given.program, .proposal = proposal.id,
                                            .in_force_ms = c.now_ms, .stopped_ms = 0, .stopped_because = {}};
  effect.new_template = {given.name, given.version};
  return effect;
}

Expected<Effect, ledger::Rejection> effect_of_switch(const Context& c, const Proposal& proposal) {
  const auto given = content_of<NamedTemplate>(proposal);
  const std::string which = numbered(given.name, given.version);
  if (c.templates->find(given.name, given.version) == nullptr) return refuse(RejectionCode::template_unknown, which);
  const bool stop = proposal.kind == ChangeKind::stop_template, stopped = c.templates->is_stopped(given.name, given.version);
  if (stop && stopped) return refuse(RejectionCode::template_stopped, which);
  if (!stop && !stopped) return refuse(RejectionCode::template_not_stopped, which);
  Effect effect;
  effect.contract_template = c.store.load<TemplateRecord>(keys::contract_template(given.name, given.version));
  DAFTAR_CHECK(effect.contract_template.has_value());
  effect.contract_template->stopped_ms = stop ? c.now_ms : 0;
  effect.contract_template->stopped_because = stop ? proposal.reason : std::string();
  return effect;
}

Expected<Effect, ledger::Rejection> effect_on_member(const Context& c, const Proposal& proposal) {
  auto after = member_after(c, proposal);
  if (!after) return Unexpected<ledger::Rejection>(after.error());
  Effect effect;
  effect.member = std::move(*after);
  return effect;
}

/// More approvals than there are operators would be no more than all of them (approvals_needed), so such a limit says what it does not do.
std::size_t operators_present(const Context& c) {
  std::vector<NodeRecord> registry;
  while (auto node = c.store.load<NodeRecord>(keys::node(static_cast<std::uint32_t>(registry.size()) + 1))) registry.push_back(std::move(*node));
  return validator_operators(registry).size();
}

Expected<Effect, ledger::Rejection> effect_on_limits(const Context& c, const Proposal& proposal) {
  Limits after = *c.limits;
  if (proposal.kind == ChangeKind::virement_limit) {
    const auto setting = content_of<VirementSetting>(proposal);
    after.virement_limited = !setting.no_limit;
    after.virement_share_ppm = setting.share_ppm;
  } else {
    for (const LimitSetting& setting : content_of<LimitSettings>(proposal).settings)
      if (const auto set = set_limit(after, setting); !set) return refuse(RejectionCode::limit_out_of_range, set.error());
    const std::size_t operators = operators_present(c);
    if (after.node_change_approvals > operators && after.node_change_approvals != c.limits->node_change_approvals)
      return refuse(RejectionCode::limit_out_of_range, "node_change_approvals: at most the " + std::to_string(operators) + " operators that there are");
  }
  if (after == *c.limits) return refuse(RejectionCode::nothing_changes, std::string(name(proposal.kind)));
  Effect effect;
  effect.limits = after;
  return effect;
}

Expected<Effect, ledger::Rejection> effect_on_policies(const Context& c, const PolicySetting& setting) {
  if (const auto judged = judge_policy(setting.kind, setting.policy, *c.fixed.policy_floor); !judged) return refuse(RejectionCode::policy_refused, judged.error());
  if (c.policies->of(setting.kind) == setting.policy) return refuse(RejectionCode::nothing_changes, std::string(name(setting.kind)));
  Effect effect;
  effect.policies = *c.policies;
  effect.policies->of(setting.kind) = setting.policy;
  if (auto decided = judge_deciders(c, *effect.policies, nullptr); !decided) return Unexpected<ledger::Rejection>(decided.error());
  return effect;
}

Expected<Effect, ledger::Rejection> effect_on_protocol(const Context& c, const VersionSetting& setting) {
  if (setting.version != c.protocol_version + 1) return refuse(RejectionCode::protocol_version_not_next, "the next is " + std::to_string(c.protocol_version + 1));
  Effect effect;
  effect.protocol_version = setting.version;
  return effect;
}

Expected<Effect, ledger::Rejection> effect_on_classification(const Context& c, const ClassificationSetting& setting, std::uint64_t at_ms) {
  auto codes = codes_after([&](const std::string& list, const std::string& code) { return c.store.load<ClassificationCode>(keys::classification(list, code)); }, setting, at_ms);
  if (!codes) return Unexpected<ledger::Rejection>(codes.error());
  Effect effect;
  effect.codes = std::move(*codes);
  return effect;
}

/// Those that were changed: of all kinds in their order, so that the record stands for itself.
PolicyList list_of(const Policies& policies) { return {{policies.by_kind.begin(), policies.by_kind.end()}}; }

void put_settings(Context& c, const Proposal& proposal, const Effect& effect) {
  if (effect.limits) {
    c.store.save(keys::limits, *effect.limits);
    if (effect.limits->virement() != c.limits->virement()) c.event("limit_changed", "virement_limit", 0, 0, virement_text(effect.limits->virement()));
    for (const std::string_view limit : limit_names())
      if (const auto value = limit_value(*effect.limits, limit); value != limit_value(*c.limits, limit)) c.event("limit_changed", std::string(limit), 0, 0, limit_text(limit, value));
  }
  if (effect.policies) {
    c.store.save(keys::policies, list_of(*effect.policies));
    const auto setting = content_of<PolicySetting>(proposal);
    c.event("policy_changed", std::string(name(setting.kind)), 0, 0, policy_text(setting.policy));
  }
  if (effect.protocol_version) {
    c.store.save(keys::protocol_version, VersionSetting{*effect.protocol_version});
    c.event("protocol_version_in_force", std::to_string(*effect.protocol_version), 0, 0, "from the next block on");
  }
  for (const ClassificationCode& code : effect.codes) {
    c.store.save(keys::classification(code.list, code.code), code);
    c.event("classification_changed", code.list + " " + code.code);
  }
}

void tell_of_rule(Context& c, const Proposal& proposal, const Effect& effect) {
  for (const tax::TaxRule& rule : effect.rules) {
    const bool begins = effect.new_rule && effect.new_rule->version == rule.version;
    c.event(begins ? "tax_rule_in_force" : "tax_rule_ends", numbered(rule.code, rule.version), 0, 0,
            begins ? "from " + utc_text(rule.effective_from_ms) : "at " + utc_text(rule.effective_to_ms));
  }
  if (effect.rules.empty()) DAFTAR_CHECK(!changes_rules(proposal.kind));
}

}  // namespace

Expected<Effect, ledger::Rejection> effect_of(const Context& c, const Proposal& proposal, std::uint64_t at_ms) {
  switch (proposal.kind) {
    case ChangeKind::tax_rule: return effect_of_rule(c, new_rule_of(proposal), at_ms);
    case ChangeKind::end_tax_rule: return effect_of_end(c, content_of<RuleEnd>(proposal), at_ms);
    case ChangeKind::contract_template: return effect_of_template(c, proposal, content_of<NewTemplate>(proposal));
    case ChangeKind::stop_template:
    case ChangeKind::resume_template: return effect_of_switch(c, proposal);
    case ChangeKind::member:
    case ChangeKind::deciding_roles:
    case ChangeKind::suspend_member:
    case ChangeKind::reinstate_member:
    case ChangeKind::recover_keys: return effect_on_member(c, proposal);
    case ChangeKind::limits:
    case ChangeKind::virement_limit: return effect_on_limits(c, proposal);
    case ChangeKind::policy: return effect_on_policies(c, content_of<PolicySetting>(proposal));
    case ChangeKind::protocol_version: return effect_on_protocol(c, content_of<VersionSetting>(proposal));
    case ChangeKind::classification: return effect_on_classification(c, content_of<ClassificationSetting>(proposal), at_ms);
  }
  DAFTAR_CHECK(false && "a kind that exists");
  return Effect{};
}

void take_effect(Context& c, const Proposal& proposal, const Effect& effect) {
  for (const tax::TaxRule& rule : effect.rules) {
    ledger::ChangeSet writes;
    put_rule(writes, rule);
    for (const auto& [key, value] : writes.writes()) c.store.put(key, *value);
    if (!rule.revenue_account.empty() && !c.store.has(keys::account(rule.revenue_account))) c.store.save(keys::account(rule.revenue_account), Account{});
  }
  if (const auto& one = effect.contract_template) c.store.save(keys::contract_template(one->name, one->version), *one);
  auto edition = c.store.load<Edition>(keys::edition);
  DAFTAR_CHECK(edition.has_value());
  ++edition->number;
  edition->proposal = proposal.id;
  if (effect.new_rule) edition->rules.push_back(*effect.new_rule);
  if (effect.new_template) edition->templates.push_back(*effect.new_template);
  c.store.save(keys::edition, *edition);
  tell_of_rule(c, proposal, effect);
  if (effect.member) put_member(c, proposal, *effect.member);
  put_settings(c, proposal, effect);
  if (const auto& one = effect.contract_template)
    c.event(effect.new_template ? "template_in_force" : one->stopped_ms != 0 ? "template_stopped" : "template_resumed", numbered(one->name, one->version), 0, 0,
            effect.new_template ? one->program.hex() : proposal.reason);
}

}  // namespace daftar::contracts::governance
