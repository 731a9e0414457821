// Limits, policies, the protocol version, classifications: proposed, and shown as they are in force.
#include <charconv>

#include "contracts/governance/limits.h"
#include "contracts/governance/setting_words.h"
#include "tools/classification_file.h"
#include "tools/daftar/governance.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
namespace proto = ledger::proto;
namespace governance = contracts::governance;
using nlohmann::json;

namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// NAME=VALUE
Result<Report> propose_limits(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  for (const std::string& text : a.settings) {
    const auto equals = text.find('=');
    const auto value = equals == std::string::npos ? std::nullopt : whole_number(std::string_view(text).substr(equals + 1));
    if (!value) return failure(Exit::usage, "limit", "'" + text + "' sets no limit.", "Write NAME=NUMBER; daftar governance limits shows the names.");
    auto& one = *change.mutable_limits()->add_changes();
    one.set_name(text.substr(0, equals));
    one.set_value(*value);
  }
  return propose(session, a, std::move(change));
}

Result<Report> propose_virement(Session& session, const GovernanceArguments& a) {
  if (a.no_limit == !a.share.empty()) return failure(Exit::usage, "virement", "A share or --no-limit, one of them.", "Write a share in percent, as in 12.5.");
  proto::ProposeChange change;
  auto& virement = *change.mutable_virement_limit();
  virement.set_no_limit(a.no_limit);
  if (!a.share.empty()) {
    auto ppm = percent_to_ppm(a.share);
    if (!ppm) return Unexpected<ToolError>(ppm.error());
    virement.set_share_ppm(*ppm);
  }
  return propose(session, a, std::move(change));
}

/// 7d, 12h, 90s, 250ms or 0
Result<std::uint64_t> duration(const std::string& text) {
  constexpr std::pair<std::string_view, std::uint64_t> units[] = {{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  if (text.empty() || text == "0") return 0;
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = whole_number(std::string_view(text).substr(0, digits));
  for (const auto& [name, ms] : units)
    if (number && digits != std::string::npos && text.substr(digits) == name && *number <= governance::delay_ms_max / ms) return *number * ms;
  return failure(Exit::usage, "delay", "'" + text + "' is no time to wait of at most 366 days.", "Write 7d, 12h, 30min, 90s or 250ms.");
}

Result<Report> propose_policy(Session& session, const GovernanceArguments& a) {
  auto delay_ms = duration(a.delay);
  if (!delay_ms) return Unexpected<ToolError>(delay_ms.error());
  proto::ProposeChange change;
  auto& policy = *change.mutable_policy();
  policy.set_kind(a.kind);
  auto& how = *policy.mutable_policy();
  for (const std::string& role : a.proposers) how.add_proposers(role);
  for (const std::string& role : a.approvers) how.add_approvers(role);
  how.set_approvals(a.approvals);
  how.set_delay_ms(*delay_ms);
  how.set_proposer_approves(a.proposer_approves);
  return propose(session, a, std::move(change));
}

Result<Report> propose_protocol(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  change.mutable_protocol_version()->set_version(a.version);
  return propose(session, a, std::move(change));
}

Result<Report> propose_classification(Session& session, const GovernanceArguments& a) {
  auto read = read_classification_file(a.file);
  if (!read) return Unexpected<ToolError>(read.error());
  proto::ProposeChange change;
  *change.mutable_classification() = std::move(*read);
  return propose(session, a, std::move(change));
}

std::vector<std::string> limits_view(const json& answer) {
  std::vector<std::vector<std::string>> rows = {{"limit", "value", "changed by"}};
  for (const std::string_view one : governance::limit_names()) rows.push_back({std::string(one), governance::limit_text(one, answer.value(std::string(one), std::uint64_t{0})), "propose-limits"});
  rows.push_back({"clock_skew_ms", std::to_string(answer.value("clock_skew_ms", std::uint64_t{0})) + " ms", "(the genesis alone)"});
  const json share = answer.value("virement_share_ppm", json());
  rows.push_back({"virement_limit", governance::virement_text(share.is_number() ? std::optional(share.get<std::uint32_t>()) : std::nullopt), "propose-virement"});
  return table(rows);
}

std::vector<std::string> policies_view(const json& answer) {
  std::vector<std::vector<std::string>> rows = {{"change", "decided"}};
  for (const json& one : answer.value("policies", json::array())) rows.push_back({json_text(one, "kind"), json_text(one, "words")});
  auto lines = table(rows);
  const json floor = answer.value("policy_floor", json::object());
  lines.push_back("Changes of policies never need fewer than " + std::to_string(floor.value("approvals", 0u)) + " approvals, nor wait shorter than " +
                  governance::duration_text(floor.value("delay_ms", std::uint64_t{0})) + ": the genesis says so.");
  return lines;
}

std::vector<std::string> protocol_view(const json& answer) {
  const auto in_force = answer.value("in_force", 0u), known = answer.value("known", 0u);
  return {"Protocol version " + std::to_string(in_force) + " is in force.", "The program of this node knows versions up to " + std::to_string(known) + "."};
}

void add_view(Command governance, Session& session, const char* name, const char* help, const char* footer, const char* target, std::vector<std::string> (*view)(const json&)) {
  Command command = governance.add_subcommand(name, help);
  command.footer(footer);
  command.callback([&session, target, view] { session.action = [&session, target, view] { return session.show(target, view); }; });
}

}  // namespace

void add_setting_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a) {
  const auto reason = [a](Command& c) { c.add_option("--reason", a->reason, "For people"); };
  add_proposing_command(governance, session, a, "propose-limits", "Propose limits of the ledger; those that are not named stay",
                        "Example:\n  daftar governance propose-limits operations_max=500 member_rate_per_s=200 --as operator-1", propose_limits, [a, reason](Command& c) {
                          c.add_option("limits", a->settings, "NAME=NUMBER, one or more: daftar governance limits shows the names").required();
                          reason(c);
                        });
  add_proposing_command(governance, session, a, "propose-virement", "Propose how much of a budget line virements may move out of it in all",
                        "Example:\n  daftar governance propose-virement 12.5 --reason \"budget law of 2027, article 9\" --as treasury", propose_virement, [a, reason](Command& c) {
                          c.add_option("share", a->share, "Percent of what a line was approved with");
                          c.add_flag("--no-limit", a->no_limit, "Any amount");
                          reason(c);
                        });
  add_proposing_command(governance, session, a, "propose-policy", "Propose who decides changes of a kind from now on",
                        "Example:\n  daftar governance propose-policy limits --proposer operator --approver treasury --approver registrar --approvals 2 --delay 3d --as registrar", propose_policy,
                        [a, reason](Command& c) {
                          c.add_option("kind", a->kind, "Kind of changes: daftar governance policies shows them").required();
                          c.add_option("--proposer", a->proposers, "Role that may propose; may be repeated").required();
                          c.add_option("--approver", a->approvers, "Role that may approve; may be repeated");
                          c.add_option("--approvals", a->approvals, "Of so many different members; 0 (default): proposing decides");
                          c.add_option("--delay", a->delay, "From the last approval: 7d, 12h, 30min, 90s; default: none");
                          c.add_flag("--proposer-approves", a->proposer_approves, "The proposer counts as an approver when it has the role of one");
                          reason(c);
                        });
  add_proposing_command(governance, session, a, "propose-protocol", "Propose the next version of the protocol: nodes whose program does not know it stop before its first block",
                        "Example:\n  daftar governance propose-protocol 2 --as operator-1", propose_protocol, [a, reason](Command& c) {
                          c.add_option("version", a->version, "The next number").required();
                          reason(c);
                        });
  add_proposing_command(governance, session, a, "propose-classification", "Propose codes of budget classifications and where national codes belong, or their ends",
                        "Example:\n  daftar governance propose-classification codes-of-2027.csv --as treasury", propose_classification, [a, reason](Command& c) {
                          c.add_option("file", a->file, "CSV with the headings verb, list, code, title, maps_to, from, to (genesis/README.md)").required();
                          reason(c);
                        });
  add_view(governance, session, "limits", "The limits in force", "Example:\n  daftar governance limits", "/v1/limits", limits_view);
  add_view(governance, session, "policies", "Who decides changes of which kind", "Example:\n  daftar governance policies", "/v1/policies", policies_view);
  add_view(governance, session, "protocol", "The protocol version in force, and the newest that the node's program knows", "Example:\n  daftar governance protocol", "/v1/protocol", protocol_view);
}

}  // namespace daftar::tools
