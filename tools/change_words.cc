#include "tools/change_words.h"

#include <charconv>

#include "contracts/governance/words.h"
#include "contracts/language/parser.h"
#include "contracts/tax/read_rule.h"

namespace daftar::tools {
namespace governance = contracts::governance;
namespace proto = ledger::proto;
using contracts::tax::TaxRule;
using nlohmann::json;

namespace {

std::int64_t number_text(const json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const auto text = value.get<std::string>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw std::invalid_argument("no number");
  return number;
}

template <class E>
E enum_named(const std::string& text, std::initializer_list<E> all) {
  for (const E one : all)
    if (name(one) == text) return one;
  throw std::invalid_argument("unknown word");
}

TaxRule rule_of_json(const json& r) {
  using namespace contracts::tax;
  TaxRule rule;
  rule.code = r.at("code").get<std::string>();
  rule.version = r.at("version").get<std::uint32_t>();
  rule.kind = enum_named(r.at("kind").get<std::string>(), {Kind::vat, Kind::withholding, Kind::contribution});
  rule.title = r.at("title").get<std::string>();
  rule.rate_ppm = r.at("rate_ppm").get<std::uint32_t>();
  rule.base = enum_named(r.at("base").get<std::string>(), {Base::inclusive, Base::exclusive, Base::gross, Base::net_of_vat});
  rule.withheld_share_ppm = r.at("withheld_share_ppm").get<std::uint32_t>();
  rule.categories = r.at("categories").get<std::vector<std::string>>();
  rule.payer_kinds = r.at("payer_kinds").get<std::vector<std::string>>();
  rule.payee_kinds = r.at("payee_kinds").get<std::vector<std::string>>();
  rule.payee_residence = enum_named(r.at("payee_residence").get<std::string>(), {Residence::any, Residence::resident, Residence::non_resident});
  rule.payee_statuses = r.at("payee_statuses").get<std::vector<std::string>>();
  rule.threshold = number_text(r.at("threshold"));
  rule.rounding = enum_named(r.at("rounding").get<std::string>(),
                             {ledger::Rounding::half_away, ledger::Rounding::floor, ledger::Rounding::ceiling, ledger::Rounding::half_even});
  rule.rounding_unit = r.at("rounding_unit").get<std::uint32_t>();
  rule.vat_route = enum_named(r.at("vat_route").get<std::string>(), {VatRoute::supplier, VatRoute::treasury, VatRoute::supplier_vat_account});
  rule.revenue_account = r.at("revenue_account").get<std::string>();
  rule.effective_from_ms = r.value("effective_from_ms", std::uint64_t{0});
  rule.effective_to_ms = r.value("effective_to_ms", std::uint64_t{0});
  for (const char* key : {"legal_basis", "status", "currency", "country", "treaty"}) (void)r.at(key).get_ref<const std::string&>();
  rule.legal_basis = r["legal_basis"].get<std::string>();
  rule.status = r["status"].get<std::string>();
  rule.currency = r["currency"].get<std::string>();
  rule.country = r["country"].get<std::string>();
  rule.treaty = r["treaty"].get<std::string>();
  rule.replaces = r.at("replaces").get<std::vector<std::string>>();
  for (const json& bracket : r.at("brackets")) rule.brackets.push_back({number_text(bracket.at("above")), bracket.at("rate_ppm").get<std::uint32_t>()});
  rule.remittance = enum_named(r.at("remittance").get<std::string>(), {Remittance::at_payment, Remittance::month, Remittance::quarter});
  rule.remittance_day = r.at("remittance_day").get<std::uint32_t>();
  rule.accumulation = enum_named(r.at("accumulate").get<std::string>(), {Accumulation::none, Accumulation::month, Accumulation::year});
  if (rule.accumulates()) rule.accumulated_by = enum_named(r.at("accumulate_by").get<std::string>(), {AccumulatedBy::payee, AccumulatedBy::agent_payee});
  return rule;
}

/// As the ledger would keep it; nothing when it would not. What a rule may name is the ledger's to judge.
Expected<governance::Proposal, std::string> proposal_of(const proto::ProposeChange& change) {
  using Change = proto::ProposeChange;
  governance::Proposal proposal;
  proposal.reason = change.reason();
  switch (change.change_case()) {
    case Change::kTaxRule: {
      const auto rule = contracts::tax::read_rule(change.tax_rule(), {.knows_currency = [](std::string_view) { return true; }, .takes_revenue = [](std::string_view) { return true; }});
      if (!rule) return tl::make_unexpected("a tax rule that no ledger takes: " + rule.error());
      proposal.kind = governance::ChangeKind::tax_rule;
      proposal.content = governance::new_rule_content(*rule);
      return proposal;
    }
    case Change::kEndTaxRule:
      proposal.kind = governance::ChangeKind::end_tax_rule;
      proposal.content = contracts::encode_record(
          governance::RuleEnd{change.end_tax_rule().code(), change.end_tax_rule().version(), change.end_tax_rule().effective_to_ms()});
      return proposal;
    case Change::kTemplate: {
      const auto parsed = contracts::language::parse(change.template_().source());
      const auto program = ledger::Digest::from_bytes(change.template_().program());
      if (!parsed || !program) return tl::make_unexpected(std::string("a template that no ledger takes"));
      proposal.kind = governance::ChangeKind::contract_template;
      proposal.content = contracts::encode_record(governance::NewTemplate{parsed->tree.name, parsed->tree.version, change.template_().source(), *program});
      return proposal;
    }
    case Change::kStopTemplate:
    case Change::kResumeTemplate: {
      const bool stop = change.has_stop_template();
      const auto& named = stop ? change.stop_template() : change.resume_template();
      proposal.kind = stop ? governance::ChangeKind::stop_template : governance::ChangeKind::resume_template;
      proposal.content = contracts::encode_record(governance::NamedTemplate{named.name(), named.version()});
      return proposal;
    }
    case Change::CHANGE_NOT_SET: break;
  }
  return tl::make_unexpected(std::string("a change of no known kind: do not sign"));
}

}  // namespace

Result<std::vector<TaxRule>> parse_tax_rules(const json& answer) {
  std::vector<TaxRule> rules;
  try {
    for (const json& one : answer.at("rules")) rules.push_back(rule_of_json(one));
  } catch (const std::exception&) {
    return failure(Exit::unreachable, "malformed_answer", "The node's list of tax rules is not as it should be.", "Ask another node.");
  }
  return rules;
}

std::vector<std::string> words_of_change(const proto::ProposeChange& change, const std::vector<TaxRule>& rules) {
  const auto proposal = proposal_of(change);
  if (!proposal) return {proposal.error()};
  return governance::change_in_words(*proposal, rules);
}

}  // namespace daftar::tools
