#include "contracts/governance/words.h"

#include "contracts/governance/setting_words.h"

#include <array>
#include <chrono>

#include "ledger/calendar.h"
#include "ledger/money.h"

namespace daftar::contracts::governance {
namespace {

std::string two_digits(std::uint64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// 120000 → "12 %"
std::string percent(std::uint32_t ppm) {
  std::string text = ledger::format_decimal(ppm, 4);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::string money_in_words(ledger::MinorUnits amount, const std::string& currency) {
  const auto decimals = ledger::currency_decimals(currency);
  return decimals ? ledger::format_decimal(amount, *decimals, true) + " " + currency : std::to_string(amount) + " minor units";
}

std::string brackets_text(const tax::TaxRule& rule) {
  std::string out;
  for (const tax::Bracket& bracket : rule.brackets) out += (out.empty() ? "" : "; ") + percent(bracket.rate_ppm) + " above " + money_in_words(bracket.above, rule.currency);
  return out;
}

std::string remittance_text(const tax::TaxRule& rule) {
  return rule.held() ? "day " + std::to_string(rule.remittance_day) + " after each " + std::string(name(rule.remittance)) : std::string();
}

struct FieldText {
  const char* field;
  std::string text;
};

std::vector<FieldText> fields_in_words(const tax::TaxRule& r) {
  return {{"kind", std::string(name(r.kind))},
          {"title", r.title},
          {"rate", percent(r.rate_ppm)},
          {"base", std::string(name(r.base))},
          {"withheld_share", percent(r.withheld_share_ppm)},
          {"categories", r.categories.empty() ? "any" : list_text(r.categories)},
          {"payer_kinds", r.payer_kinds.empty() ? "any" : list_text(r.payer_kinds)},
          {"payee_kinds", r.payee_kinds.empty() ? "any" : list_text(r.payee_kinds)},
          {"payee_statuses", r.payee_statuses.empty() ? "any" : list_text(r.payee_statuses)},
          {"payee_residence", std::string(name(r.payee_residence))},
          {"brackets", brackets_text(r)},
          {"treaty", r.treaty},
          {"replaces", list_text(r.replaces)},
          {"threshold", r.threshold == 0 ? std::string() : money_in_words(r.threshold, r.currency)},
          {"rounding", std::string(ledger::name(r.rounding))},
          {"rounding_unit", r.rounding_unit == 1 ? std::string() : money_in_words(r.rounding_unit, r.currency)},
          {"vat_route", r.kind == tax::Kind::vat ? std::string(name(r.vat_route)) : std::string()},
          {"revenue_account", r.revenue_account},
          {"remittance", remittance_text(r)},
          {"accumulate", r.accumulates() ? std::string(name(r.accumulation)) + " by " + std::string(name(r.accumulated_by)) : std::string()},
          {"effective_from", r.effective_from_ms == 0 ? "the beginning" : utc_text(r.effective_from_ms)},
          {"effective_to", utc_text(r.effective_to_ms)},
          {"currency", r.currency.empty() ? "any" : r.currency},
          {"country", r.country.empty() ? "any" : r.country},
          {"status", r.status},
          {"legal_basis", r.legal_basis}};
}

}  // namespace

std::string utc_text(std::uint64_t ms) {
  if (ms == 0) return "open";
  constexpr std::uint64_t day_ms = 86'400'000;
  if (ms >= ledger::year_10000_ms) return std::to_string(ms) + " ms";
  const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{static_cast<int>(ms / day_ms)}}};
  const std::uint64_t rest = ms % day_ms, seconds = rest / 1'000 % 60, thousandths = rest % 1'000;
  std::string text = std::to_string(static_cast<int>(day.year())) + "-" + two_digits(static_cast<unsigned>(day.month())) + "-" + two_digits(static_cast<unsigned>(day.day())) + " " +
                     two_digits(rest / 3'600'000) + ":" + two_digits(rest / 60'000 % 60);
  if (seconds != 0 || thousandths != 0) text += ":" + two_digits(seconds);
  if (thousandths != 0) text += "." + std::string(thousandths < 100 ? "0" : "") + two_digits(thousandths);
  return text + " UTC";
}

bool changes_rules(ChangeKind kind) { return kind == ChangeKind::tax_rule || kind == ChangeKind::end_tax_rule; }
bool changes_templates(ChangeKind kind) { return kind == ChangeKind::contract_template || kind == ChangeKind::stop_template || kind == ChangeKind::resume_template; }

NumberedName subject_of(const Proposal& proposal) {
  switch (proposal.kind) {
    case ChangeKind::tax_rule: {
      const auto rule = new_rule_of(proposal);
      return {rule.code, rule.version};
    }
    case ChangeKind::end_tax_rule: {
      const auto content = content_of<RuleEnd>(proposal);
      return {content.code, content.version};
    }
    case ChangeKind::contract_template: {
      const auto content = content_of<NewTemplate>(proposal);
      return {content.name, content.version};
    }
    case ChangeKind::stop_template:
    case ChangeKind::resume_template: {
      const auto content = content_of<NamedTemplate>(proposal);
      return {content.name, content.version};
    }
    default: return {};
  }
}

std::string title_of(const Proposal& proposal) {
  const NumberedName subject = subject_of(proposal);
  const std::string which = subject.name + "/" + std::to_string(subject.version);
  switch (proposal.kind) {
    case ChangeKind::tax_rule: return "tax rule " + which;
    case ChangeKind::end_tax_rule: return "end of tax rule " + which;
    case ChangeKind::contract_template: return "template " + which;
    case ChangeKind::stop_template: return "stop of template " + which;
    case ChangeKind::resume_template: return "resumption of template " + which;
    default: return setting_title(proposal);
  }
}

std::vector<FieldChange> rule_changes(const std::optional<tax::TaxRule>& before, const tax::TaxRule& after) {
  std::vector<FieldChange> changes;
  const auto now = fields_in_words(after);
  const auto was = before ? fields_in_words(*before) : std::vector<FieldText>();
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::string old = before ? was[i].text : std::string();
    if (old != now[i].text) changes.push_back({now[i].field, old, now[i].text});
  }
  return changes;
}

namespace {

std::vector<std::string> rule_in_words(const tax::TaxRule& rule, const std::vector<tax::TaxRule>& rules) {
  const auto before = version_before(rules, rule);
  std::vector<std::string> lines;
  const std::string old = before ? before->code + "/" + std::to_string(before->version) : std::string();
  lines.push_back(before ? "tax rule " + rule.code + "/" + std::to_string(rule.version) + ", after " + old : "a new tax rule, " + rule.code + "/" + std::to_string(rule.version));
  for (const FieldChange& change : rule_changes(before, rule)) {
    if (before) lines.push_back(change.field + ": " + (change.before.empty() ? "—" : change.before) + " → " + (change.after.empty() ? "—" : change.after));
    else if (!change.after.empty()) lines.push_back(change.field + ": " + change.after);
  }
  if (before && before->effective_to_ms == 0) lines.push_back(old + " ends where it begins: " + utc_text(rule.effective_from_ms));
  return lines;
}

std::vector<std::string> end_in_words(const RuleEnd& end, const std::vector<tax::TaxRule>& rules) {
  std::string line = "tax rule " + end.code + "/" + std::to_string(end.version) + " ends at " + utc_text(end.effective_to_ms);
  for (const tax::TaxRule& rule : rules) {
    if (rule.code != end.code || rule.version != end.version) continue;
    if (rule.effective_to_ms != end.effective_to_ms) line += ", until now: " + utc_text(rule.effective_to_ms);
    if (end.effective_to_ms == rule.effective_from_ms) line += "; it is never in force then";
  }
  return {line};
}

}  // namespace

std::vector<std::string> change_in_words(const Proposal& proposal, const Beside& beside) {
  std::vector<std::string> lines;
  switch (proposal.kind) {
    case ChangeKind::tax_rule: lines = rule_in_words(new_rule_of(proposal), beside.rules); break;
    case ChangeKind::end_tax_rule: lines = end_in_words(content_of<RuleEnd>(proposal), beside.rules); break;
    case ChangeKind::contract_template: {
      const auto content = content_of<NewTemplate>(proposal);
      lines = {"template " + content.name + "/" + std::to_string(content.version) + ", program " + content.program.hex(), "its text has " + std::to_string(content.source.size()) + " bytes"};
      break;
    }
    case ChangeKind::stop_template: lines = {title_of(proposal), "no new contracts are made of it; those there are go on to their end"}; break;
    case ChangeKind::resume_template: lines = {title_of(proposal), "contracts can be made of it again"}; break;
    default: lines = setting_in_words(proposal, beside);
  }
  if (!proposal.reason.empty()) lines.push_back("reason: " + proposal.reason);
  return lines;
}

std::optional<tax::TaxRule> version_before(const std::vector<tax::TaxRule>& rules, const tax::TaxRule& rule) {
  std::optional<tax::TaxRule> before;
  for (const tax::TaxRule& other : rules)
    if (other.code == rule.code && other.version < rule.version && (!before || before->version < other.version)) before = other;
  if (before && before->effective_to_ms == rule.effective_from_ms) before->effective_to_ms = 0;
  return before;
}

}  // namespace daftar::contracts::governance
