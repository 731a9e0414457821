#include "tools/change_words.h"

#include <charconv>

#include "contracts/governance/reading.h"
#include "contracts/language/parser.h"
#include "ledger/ids.h"

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
  const auto form = governance::form_of(change);
  if (!form) return tl::make_unexpected(std::string("a change of no known kind: do not sign"));
  const governance::ReadingFacts facts{.knows_currency = [](std::string_view) { return true; },
                                       .takes_revenue = [](std::string_view) { return true; },
                                       .name_of_template = [](const std::string& source) -> Expected<governance::NumberedName, ledger::Rejection> {
                                         const auto parsed = contracts::language::parse(source);
                                         if (!parsed) return tl::make_unexpected(ledger::Rejection{ledger::RejectionCode::template_refused, {}});
                                         return governance::NumberedName{parsed->tree.name, parsed->tree.version};
                                       }};
  auto content = form->read(facts, change);
  if (!content)
    return tl::make_unexpected("a change that no ledger takes: " + std::string(ledger::name(content.error().code)) + (content.error().detail.empty() ? "" : ", " + content.error().detail));
  governance::Proposal proposal;
  proposal.kind = form->kind;
  proposal.content = std::move(*content);
  proposal.reason = change.reason();
  return proposal;
}

std::uint32_t role_bits(const json& roles) {
  std::uint32_t bits = 0;
  for (const json& one : roles) {
    const auto role = contracts::role_named(one.get<std::string>());
    if (!role) throw std::invalid_argument("unknown role");
    bits |= static_cast<std::uint32_t>(*role);
  }
  return bits;
}

contracts::Member member_of_json(const json& m) {
  contracts::Member member;
  member.id = m.at("id").get<std::string>();
  member.name = m.value("name", "");   // of a person it may not be ours to read
  member.tax_id = m.value("tax_id", "");
  member.tax_status = m.value("tax_status", "");
  member.country = m.at("country").get<std::string>();
  member.roles = role_bits(m.at("roles"));
  member.signatures_required = m.at("signatures_required").get<std::uint32_t>();
  for (const json& one : m.at("keys")) {
    const auto key = ledger::PublicKey::from_hex(one.at("public_key").get<std::string>());
    if (!key) throw std::invalid_argument("no key");
    member.keys.push_back({.key = *key, .added_ms = 0, .revoked_ms = one.at("in_force").get<bool>() ? 0u : 1u, .office = one.value("office", ""), .from_ms = 0, .until_ms = 0});
  }
  return member;
}

governance::Limits limits_of_json(const json& l) {
  governance::Limits limits;
  for (const std::string_view one : governance::limit_names()) governance::put_limit(limits, one, l.at(std::string(one)).get<std::uint64_t>());
  const json& share = l.at("virement_share_ppm");
  limits.virement_limited = !share.is_null();
  if (limits.virement_limited) limits.virement_share_ppm = share.get<std::uint32_t>();
  return limits;
}

governance::Policies policies_of_json(const json& answer) {
  governance::Policies policies;
  for (const json& one : answer.at("policies")) {
    const auto kind = governance::kind_named(one.at("kind").get<std::string>());
    if (!kind) continue;   // of a newer node
    policies.of(*kind) = {role_bits(one.at("proposers")), role_bits(one.at("approvers")), one.at("approvals").get<std::uint32_t>(), one.at("delay_ms").get<std::uint64_t>(),
                          one.at("proposer_approves").get<bool>()};
  }
  return policies;
}

}  // namespace

std::vector<std::string> beside_targets(const proto::ProposeChange& change) {
  const auto proposal = proposal_of(change);
  if (!proposal) return {};
  if (governance::changes_rules(proposal->kind)) return {"/v1/tax/rules"};
  if (governance::concerns_member(proposal->kind)) {
    const std::string member = governance::subject_member(*proposal);
    return ledger::is_member_id(member) ? std::vector{"/v1/members/" + member} : std::vector<std::string>();
  }
  switch (proposal->kind) {
    case governance::ChangeKind::limits:
    case governance::ChangeKind::virement_limit: return {"/v1/limits"};
    case governance::ChangeKind::policy: return {"/v1/policies"};
    case governance::ChangeKind::protocol_version: return {"/v1/protocol"};
    default: return {};
  }
}

Result<void> put_beside(governance::Beside& beside, const std::string& target, const json& answer) {
  try {
    if (target == "/v1/tax/rules") {
      for (const json& one : answer.at("rules")) beside.rules.push_back(rule_of_json(one));
    } else if (target == "/v1/limits") {
      beside.limits = limits_of_json(answer);
    } else if (target == "/v1/policies") {
      beside.policies = policies_of_json(answer);
    } else if (target == "/v1/protocol") {
      beside.protocol_version = answer.at("in_force").get<std::uint32_t>();
    } else {
      beside.member = member_of_json(answer);
    }
  } catch (const std::exception&) {
    return failure(Exit::unreachable, "malformed_answer", "What the node answers to " + target + " is not as it should be.", "Ask another node.");
  }
  return {};
}

std::vector<std::string> words_of_change(const proto::ProposeChange& change, const governance::Beside& beside) {
  const auto proposal = proposal_of(change);
  if (!proposal) return {proposal.error()};
  return governance::change_in_words(*proposal, beside);
}

}  // namespace daftar::tools
