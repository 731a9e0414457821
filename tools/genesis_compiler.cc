#include "tools/genesis_compiler.h"

#include <chrono>
#include <set>

#include "contracts/agreements/library.h"
#include "contracts/budget/rules.h"
#include "contracts/governance/policy.h"
#include "ledger/calendar.h"
#include "ledger/money.h"
#include "tools/classification_file.h"
#include "tools/clock.h"
#include "tools/files.h"
#include "tools/toml_table.h"

namespace daftar::tools {
namespace fs = std::filesystem;
namespace proto = ledger::proto;

namespace {

std::uint32_t percent(Table& table, std::string_view key, std::uint32_t otherwise) {
  const std::string text = table.text(key);
  if (text.empty()) return otherwise;
  const auto ppm = percent_to_ppm(text);
  if (!ppm) table.wrong(key, "is no percentage: " + ppm.error().sentence);
  return *ppm;
}
std::uint64_t date(Table& table, std::string_view key) {
  const toml::node* node = table.find(key);
  if (node == nullptr) return 0;
  const std::string text = table.text(key);
  if (text.empty()) return 0;
  const auto ms = utc_to_ms(text);
  if (!ms) table.wrong(key, "is no date: " + ms.error().sentence);
  return *ms;
}

std::uint32_t rounding(Table& table, std::string_view key) {
  const std::string text = table.text(key);
  using ledger::Rounding;
  if (text.empty()) return static_cast<std::uint32_t>(Rounding::half_away);
  for (const auto one : {Rounding::half_away, Rounding::floor, Rounding::ceiling, Rounding::half_even})
    if (text == ledger::name(one)) return static_cast<std::uint32_t>(one);
  table.wrong(key, "must be half_away, floor, ceiling or half_even");
}

proto::TaxRule read_rule(Table& table, const std::string& country) {
  proto::TaxRule rule;
  rule.set_code(table.text("code", true));
  rule.set_version(static_cast<std::uint32_t>(table.number("version", 1, 1, 1'000'000)));
  rule.set_kind(table.text("kind", true));
  rule.set_title(table.text("title"));
  table.text("rate", true);
  rule.set_rate_ppm(percent(table, "rate", 0));
  rule.set_base(table.text("base", true));
  rule.set_withheld_share_ppm(percent(table, "withheld_share", 1'000'000));
  for (auto& value : table.texts("categories")) rule.add_categories(std::move(value));
  for (auto& value : table.texts("payer_kinds")) rule.add_payer_kinds(std::move(value));
  for (auto& value : table.texts("payee_kinds")) rule.add_payee_kinds(std::move(value));
  rule.set_payee_residence(table.text("payee_residence"));
  for (Table& from : table.tables("brackets")) {
    auto& bracket = *rule.add_brackets();
    bracket.set_above(from.number("above", 0, 1, INT64_MAX));
    from.text("rate", true);
    bracket.set_rate_ppm(percent(from, "rate", 0));
    from.finish();
  }
  rule.set_treaty(table.text("treaty"));
  for (auto& value : table.texts("replaces")) rule.add_replaces(std::move(value));
  for (auto& value : table.texts("payee_statuses")) rule.add_payee_statuses(std::move(value));
  rule.set_threshold(table.number("threshold", 0, 0, INT64_MAX));
  rule.set_rounding(rounding(table, "rounding"));
  rule.set_rounding_unit(static_cast<std::uint32_t>(table.number("rounding_unit", 0, 0, 1'000'000'000)));
  rule.set_vat_route(table.text("vat_route"));
  rule.set_revenue_account(table.text("revenue_account"));
  rule.set_remittance(table.text("remittance"));
  rule.set_remittance_day(static_cast<std::uint32_t>(table.number("remittance_day", 0, 0, 28)));
  rule.set_accumulate(table.text("accumulate"));
  rule.set_accumulate_by(table.text("accumulate_by"));
  rule.set_effective_from_ms(date(table, "effective_from"));
  rule.set_effective_to_ms(date(table, "effective_to"));
  rule.set_legal_basis(table.text("legal_basis"));
  rule.set_status(table.text("status", true));
  rule.set_currency(table.text("currency"));
  const std::string own = table.text("country");
  rule.set_country(own.empty() ? country : own);
  table.finish();
  return rule;
}

proto::RegisterMember read_member(Table& table) {
  proto::RegisterMember member;
  member.set_id(table.text("id", true));
  member.set_name(table.text("name", true));
  member.set_kind(table.text("kind", true));
  member.set_tax_id(table.text("tax_id"));
  member.set_country(table.text("country"));
  member.set_tax_status(table.text("tax_status"));
  for (auto& role : table.texts("roles")) member.add_roles(std::move(role));
  member.set_signatures_required(static_cast<std::uint32_t>(table.number("signatures_required", 1, 1, 16)));
  table.finish();
  return member;
}

void read_profile(const fs::path& file, proto::Genesis& genesis) {
  const toml::table parsed = parse_toml(file);
  Table table(file.string(), "", parsed);
  const std::string country = table.text("country", true);
  table.text("title");
  table.text("note");
  for (Table& rule : table.tables("tax_rules")) *genesis.add_tax_rules() = read_rule(rule, country);
  table.finish();
  const std::string name = file.stem().string();
  genesis.set_country_profile(genesis.country_profile().empty() ? name : genesis.country_profile() + "," + name);
}

/// The text of a template, and the program that this build makes of it: nodes compile it again, and compare.
void read_template(const fs::path& file, Table& table, proto::Genesis& genesis) {
  const auto source = read_file(file, contracts::language::limits::source_bytes);
  if (!source) table.wrong("templates", source.error().sentence);
  auto known = contracts::agreements::known_of(*source);
  if (!known) table.wrong("templates", "names " + file.string() + ", which does not hold: " + known.error());
  auto& one = *genesis.add_templates();
  one.set_source(*source);
  one.set_program(std::string(known->digest.view()));
}

void read_classification(const fs::path& file, Table& table, proto::Genesis& genesis) {
  const auto read = read_classification_file(file);
  if (!read) throw Fault{read.error().sentence};
  if (!read->end().empty()) table.wrong("classifications", "names " + file.string() + ", which ends codes: a genesis only has some");
  for (const auto& row : read->add()) *genesis.add_classification() = row;
}

void read_limits(Table& table, proto::Limits& limits) {
  constexpr std::int64_t day_ms = 86'400'000;
  limits.set_valid_until_horizon_ms(static_cast<std::uint64_t>(table.number("valid_until_horizon_ms", 0, 0, 366 * day_ms)));
  limits.set_operations_max(static_cast<std::uint32_t>(table.number("operations_max", 0, 0, ledger::transaction_ceiling.operations_max)));
  limits.set_transaction_bytes_max(static_cast<std::uint32_t>(table.number("transaction_bytes_max", 0, 0, ledger::transaction_ceiling.bytes_max)));
  limits.set_member_pending_max(static_cast<std::uint32_t>(table.number("member_pending_max", 0, 0, 10'000'000)));
  limits.set_member_rate_per_s(static_cast<std::uint32_t>(table.number("member_rate_per_s", 0, 0, 10'000'000)));
  limits.set_clock_skew_ms(static_cast<std::uint32_t>(table.number("clock_skew_ms", 0, 0, day_ms)));
  limits.set_node_change_approvals(static_cast<std::uint32_t>(table.number("node_change_approvals", 0, 0, 31)));
  table.finish();
}

/// Above `above` of a currency two keys order and two pay.
void read_two_persons(Table& table, proto::Duties& duties) {
  auto& one = *duties.add_two_persons();
  one.set_currency(table.text("currency", true));
  const auto decimals = ledger::currency_decimals(one.currency());
  if (!decimals) table.wrong("currency", "is no ISO 4217 currency");
  const auto above = ledger::parse_decimal(table.text("above", true), *decimals);
  if (!above) table.wrong("above", std::string(ledger::describe(above.error())));
  one.set_above(*above);
  table.finish();
}

void read_virement_rule(Table& table, proto::VirementRule& rule) {
  rule.set_from_economic(table.text("from_economic"));
  rule.set_to_economic(table.text("to_economic"));
  rule.set_to_outside(table.truth("to_outside", false));
  rule.set_same_programme(table.truth("same_programme", false));
  rule.set_share_ppm(percent(table, "share", 1'000'000));
  rule.set_legal_basis(table.text("legal_basis"));
  table.finish();
}

void read_budget(Table& table, proto::Genesis& genesis) {
  if (!table.text("virement").empty()) genesis.mutable_virement_limit()->set_share_ppm(percent(table, "virement", 0));
  if (genesis.virement_limit().share_ppm() > 1'000'000) table.wrong("virement", "is more than the whole line");
  for (Table& rule : table.tables("virement_rules")) read_virement_rule(rule, *genesis.add_virement_rules());
  const std::string advance = table.text("advance");
  const auto categories = table.texts("advance_categories");
  if (!advance.empty()) genesis.mutable_advance_limit()->set_share_ppm(percent(table, "advance", 0));
  else if (!categories.empty()) table.wrong("advance_categories", "says of which payments, and 'advance' does not say how much");
  for (const std::string& category : categories) genesis.mutable_advance_limit()->add_categories(category);
  auto two_persons = table.tables("two_persons");
  if (table.truth("part_duties", false)) genesis.mutable_duties();
  else if (!two_persons.empty()) table.wrong("two_persons", "is of parted duties: write part_duties = true");
  for (Table& one : two_persons) read_two_persons(one, *genesis.mutable_duties());
  table.finish();
}

void read_policy(Table& table, proto::ChangePolicy& policy) {
  for (auto& role : table.texts("proposers")) policy.add_proposers(std::move(role));
  for (auto& role : table.texts("approvers")) policy.add_approvers(std::move(role));
  policy.set_approvals(static_cast<std::uint32_t>(table.number("approvals", 0, 0, contracts::governance::approvals_max)));
  policy.set_delay_ms(static_cast<std::uint64_t>(table.number("delay_ms", 0, 0, static_cast<std::int64_t>(contracts::governance::delay_ms_max))));
  policy.set_proposer_approves(table.truth("proposer_approves", false));
  table.finish();
}

void read_governance(Table& table, proto::Governance& governance) {
  if (auto one = table.table("tax_rule")) read_policy(*one, *governance.mutable_tax_rule());
  if (auto one = table.table("end_tax_rule")) read_policy(*one, *governance.mutable_end_tax_rule());
  if (auto one = table.table("template")) read_policy(*one, *governance.mutable_template_());
  if (auto one = table.table("stop_template")) read_policy(*one, *governance.mutable_stop_template());
  if (auto one = table.table("resume_template")) read_policy(*one, *governance.mutable_resume_template());
  if (auto one = table.table("member")) read_policy(*one, *governance.mutable_member());
  if (auto one = table.table("deciding_roles")) read_policy(*one, *governance.mutable_deciding_roles());
  if (auto one = table.table("suspend_member")) read_policy(*one, *governance.mutable_suspend_member());
  if (auto one = table.table("reinstate_member")) read_policy(*one, *governance.mutable_reinstate_member());
  if (auto one = table.table("recover_keys")) read_policy(*one, *governance.mutable_recover_keys());
  if (auto one = table.table("limits")) read_policy(*one, *governance.mutable_limits());
  if (auto one = table.table("virement_limit")) read_policy(*one, *governance.mutable_virement_limit());
  if (auto one = table.table("policy")) read_policy(*one, *governance.mutable_policy());
  if (auto one = table.table("protocol_version")) read_policy(*one, *governance.mutable_protocol_version());
  if (auto one = table.table("classification")) read_policy(*one, *governance.mutable_classification());
  if (auto floor = table.table("policy_floor")) {
    auto& out = *governance.mutable_policy_floor();
    out.set_approvals(static_cast<std::uint32_t>(floor->number("approvals", 0, 1, contracts::governance::approvals_max)));
    out.set_delay_ms(static_cast<std::uint64_t>(floor->number("delay_ms", 0, 1, static_cast<std::int64_t>(contracts::governance::delay_ms_max))));
    floor->finish();
  }
  table.finish();
}

NetworkPlan read_plan(const fs::path& file) {
  const toml::table parsed = parse_toml(file);
  Table table(file.string(), "", parsed);
  NetworkPlan plan;
  plan.genesis.set_name(table.text("name", true));
  table.text("title");
  table.text("note");
  for (const std::string& currency : table.texts("currencies")) {
    if (!ledger::currency_decimals(currency)) table.wrong("currencies", "names '" + currency + "', which is no ISO 4217 currency");
    plan.genesis.add_currencies(currency);
  }
  if (plan.genesis.currencies().empty()) throw Fault{file.string() + ": 'currencies' names none."};
  if (auto limits = table.table("limits")) read_limits(*limits, *plan.genesis.mutable_limits());
  if (auto governance = table.table("governance")) {
    read_governance(*governance, *plan.genesis.mutable_governance());
    if (const auto policies = contracts::governance::policies_of(plan.genesis); !policies) throw Fault{file.string() + ": " + policies.error() + "."};
  }
  if (auto budget = table.table("budget")) {
    read_budget(*budget, plan.genesis);
    if (const auto rules = contracts::budget::rules_of(plan.genesis); !rules) throw Fault{file.string() + ": " + rules.error() + "."};
  }
  std::set<std::string> members;
  for (Table& member : table.tables("members")) {
    *plan.genesis.add_members() = read_member(member);
    const std::string& id = plan.genesis.members().rbegin()->id();
    if (!members.insert(id).second) member.wrong("id", "'" + id + "' stands here twice");
  }
  for (Table& validator : table.tables("validators")) {
    std::string operator_id = validator.text("operator", true);
    validator.finish();
    if (!members.contains(operator_id)) validator.wrong("operator", "'" + operator_id + "' is no member");
    plan.validator_operators.push_back(std::move(operator_id));
  }
  if (plan.validator_operators.empty()) throw Fault{file.string() + ": there is no [[validators]]."};
  for (const std::string& profile : table.texts("profiles")) read_profile(file.parent_path() / profile, plan.genesis);
  for (const std::string& one : table.texts("classifications")) read_classification(file.parent_path() / one, table, plan.genesis);
  for (const std::string& one : table.texts("templates")) read_template(file.parent_path() / one, table, plan.genesis);
  table.finish();
  return plan;
}

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::uint32_t> percent_to_ppm(std::string_view text) {
  const auto ppm = ledger::parse_decimal(text, 4);
  if (!ppm) return failure(Exit::usage, "percent", "'" + std::string(text) + "' " + std::string(ledger::describe(ppm.error())));
  if (*ppm < 0 || *ppm > 10'000'000) return failure(Exit::usage, "percent", "'" + std::string(text) + "' is not from 0 to 1000");
  return static_cast<std::uint32_t>(*ppm);
}

Result<std::uint64_t> utc_to_ms(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return failure(Exit::usage, "date", "'" + std::string(text) + "' " + why, "Write 2026-01-31 or 2026-01-31T10:00:00Z (UTC).");
  };
  const bool with_time = text.size() == 20;
  if ((text.size() != 10 && !with_time) || text[4] != '-' || text[7] != '-' || !digits(text.substr(0, 4)) || !digits(text.substr(5, 2)) ||
      !digits(text.substr(8, 2)))
    return wrong("is not written as 2026-01-31 or 2026-01-31T10:00:00Z");
  const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(std::string(text.substr(at, size))); };
  namespace ch = std::chrono;
  const ch::year_month_day day{ch::year(number(0, 4)), ch::month(static_cast<unsigned>(number(5, 2))), ch::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok() || number(0, 4) < 1970) return wrong("is no day of the calendar from 1970 on");
  auto ms = static_cast<std::uint64_t>(ch::duration_cast<ch::milliseconds>(ch::sys_days(day).time_since_epoch()).count());
  if (with_time) {
    if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z' || !digits(text.substr(11, 2)) ||
        !digits(text.substr(14, 2)) || !digits(text.substr(17, 2)) || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59)
      return wrong("has no time of day like T10:00:00Z");
    ms += static_cast<std::uint64_t>(number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2)) * 1000;
  }
  return ms;
}

std::string ms_to_utc(std::uint64_t ms) {
  namespace ch = std::chrono;
  if (ms >= ledger::year_10000_ms) return std::to_string(ms) + " ms";  // beyond the year 9999
  const auto seconds = static_cast<std::int64_t>(ms / 1000);
  const ch::sys_days days(ch::days(seconds / 86400));
  const ch::year_month_day day(days);
  const auto rest = seconds % 86400;
  char out[32];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()), static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return out;
}

Result<NetworkPlan> read_network(const fs::path& network_toml) {
  try {
    return read_plan(network_toml);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "genesis_source", fault.sentence, "genesis/README.md describes every field.");
  }
}

Result<proto::TaxRule> read_rule_file(const fs::path& file) {
  proto::Genesis found;
  try {
    read_profile(file, found);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "rule_file", fault.sentence, "It is written as a profile with one [[tax_rules]]: genesis/README.md describes every field.");
  }
  if (found.tax_rules_size() != 1)
    return failure(Exit::usage, "rule_file", file.string() + " has " + std::to_string(found.tax_rules_size()) + " tax rules, not one.", "Propose each in a transaction of its own.");
  return found.tax_rules(0);
}

Result<CompiledGenesis> compile_genesis(const NetworkPlan& plan, const CompileOptions& options) {
  CompiledGenesis compiled;
  proto::Genesis genesis = plan.genesis;
  genesis.set_time_ms(options.time_ms != 0 ? options.time_ms : now_ms());
  for (auto& member : *genesis.mutable_members()) {
    ledger::SigningKey key = ledger::SigningKey::generate();
    member.add_keys(std::string(key.public_key().view()));
    compiled.member_keys.emplace(member.id(), std::move(key));
  }
  const unsigned validators = options.validators != 0 ? options.validators : static_cast<unsigned>(plan.validator_operators.size());
  for (unsigned node = 1; node <= validators; ++node) {
    ValidatorKeys keys{ledger::SigningKey::generate(), ledger::SigningKey::generate()};
    auto& validator = *genesis.add_validators();
    validator.set_node(node);
    validator.set_operator_(plan.validator_operators[(node - 1) % plan.validator_operators.size()]);
    validator.set_link_key(std::string(keys.link.public_key().view()));
    validator.set_checkpoint_key(std::string(keys.checkpoint.public_key().view()));
    compiled.validators.push_back(std::move(keys));
  }
  if (options.edit) options.edit(genesis);
  auto parsed = ledger::Genesis::parse(ledger::encode_genesis(genesis));
  if (!parsed) return failure(Exit::usage, "genesis", "The genesis is refused: " + parsed.error());
  compiled.genesis = std::move(*parsed);
  return compiled;
}

}  // namespace daftar::tools
