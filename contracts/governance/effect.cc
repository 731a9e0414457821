#include "contracts/governance/effect.h"

#include <algorithm>

#include "contracts/governance/words.h"
#include "contracts/state_keys.h"

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
  if (const auto& one = effect.contract_template)
    c.event(effect.new_template ? "template_in_force" : one->stopped_ms != 0 ? "template_stopped" : "template_resumed", numbered(one->name, one->version), 0, 0,
            effect.new_template ? one->program.hex() : proposal.reason);
}

}  // namespace daftar::contracts::governance
