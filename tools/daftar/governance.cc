// Changes of what the ledger goes by: proposed, approved, withdrawn, and what became of them. Here those of tax rules and templates; others: governance_members.cc, governance_settings.cc.
#include <algorithm>
#include <iostream>

#include "contracts/agreements/library.h"
#include "tools/change_words.h"
#include "tools/clock.h"
#include "tools/daftar/governance.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

constexpr std::uint64_t approvals_ms = 14ull * 86'400'000;   // how long approvals count when --until does not say

/// What is about to be decided, beside the rules in force: on the terminal before anybody is asked, in the report otherwise.
Result<std::vector<std::string>> shown_change(Session& session, const proto::ProposeChange& change) {
  contracts::governance::Beside beside;
  for (const std::string& target : beside_targets(change)) {
    auto told = session.get(target);
    if (!told) return Unexpected<ToolError>(told.error());
    if (auto put = put_beside(beside, target, *told); !put) return Unexpected<ToolError>(put.error());
  }
  std::vector<std::string> lines = {"The change:"};
  for (const std::string& line : words_of_change(change, beside)) lines.push_back("  " + line);
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : lines) std::cerr << line << "\n";
  return lines;
}

Result<Report> sent(Session& session, const proto::ProposeChange& change, const proto::Operation& operation) {
  std::vector<std::string> lines;
  if (session.options.out.empty()) {   // a file is made without a node, and shown in words of its own
    auto shown = shown_change(session, change);
    if (!shown) return Unexpected<ToolError>(shown.error());
    lines = std::move(*shown);
  }
  auto report = session.transact({operation});
  if (report && session.options.yes) report->lines.insert(report->lines.begin(), lines.begin(), lines.end());
  return report;
}

}  // namespace

Result<Report> propose(Session& session, const GovernanceArguments& a, proto::ProposeChange change) {
  change.set_reason(a.reason);
  change.set_until_ms(now_ms() + approvals_ms);
  if (!a.until.empty()) {
    auto until = utc_to_ms(a.until);
    if (!until) return Unexpected<ToolError>(until.error());
    change.set_until_ms(*until);
  }
  proto::Operation operation;
  *operation.mutable_propose_change() = change;
  auto report = sent(session, change, operation);
  if (report && report->exit == Exit::ok && session.options.out.empty()) {
    report->data["proposal"] = report->data["id"];
    report->lines.push_back("Proposal " + json_text(report->data, "id") + ". Now: daftar governance show " + json_text(report->data, "id"));
  }
  return report;
}

namespace {

Result<Report> propose_rule(Session& session, const GovernanceArguments& a) {
  auto rule = read_rule_file(a.file);
  if (!rule) return Unexpected<ToolError>(rule.error());
  proto::ProposeChange change;
  *change.mutable_tax_rule() = std::move(*rule);
  return propose(session, a, std::move(change));
}

Result<Report> end_rule(Session& session, const GovernanceArguments& a) {
  auto on = utc_to_ms(a.on);
  if (!on) return Unexpected<ToolError>(on.error());
  proto::ProposeChange change;
  change.mutable_end_tax_rule()->set_code(a.code);
  change.mutable_end_tax_rule()->set_version(a.version);
  change.mutable_end_tax_rule()->set_effective_to_ms(*on);
  return propose(session, a, std::move(change));
}

Result<Report> propose_template(Session& session, const GovernanceArguments& a) {
  auto source = read_file(a.file, contracts::language::limits::source_bytes);
  if (!source) return Unexpected<ToolError>(source.error());
  const auto known = contracts::agreements::known_of(*source);
  if (!known) return failure(Exit::refused, "template", known.error(), "daftar template check tells the story.");
  proto::ProposeChange change;
  change.mutable_template_()->set_source(*source);
  change.mutable_template_()->set_program(std::string(known->digest.view()));
  return propose(session, a, std::move(change));
}

Result<Report> switch_template(Session& session, const GovernanceArguments& a, bool stop) {
  const auto slash = a.id.find('/');
  const std::string version = slash == std::string::npos ? "" : a.id.substr(slash + 1);
  if (version.empty() || version.size() > 9 || version.find_first_not_of("0123456789") != std::string::npos)
    return failure(Exit::usage, "template", "'" + a.id + "' is no template's name and version.", "Write NAME/VERSION, as in rental/1.");
  proto::ProposeChange change;
  auto& named = stop ? *change.mutable_stop_template() : *change.mutable_resume_template();
  named.set_name(a.id.substr(0, slash));
  named.set_version(static_cast<std::uint32_t>(std::stoul(version)));
  return propose(session, a, std::move(change));
}

/// What it changes as the receipt of the transaction that proposed it proves it: no node can show one change and have another approved.
Result<Report> approve(Session& session, const GovernanceArguments& a) {
  auto id = parse_hex32("proposal", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  auto transaction = session.proved_transaction(a.id);
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  proto::Operation operation;
  operation.mutable_approve_change()->set_proposal(*id);
  for (const auto& one : (*transaction)->body().operations())
    if (one.has_propose_change()) return sent(session, one.propose_change(), operation);
  return failure(Exit::usage, "proposal_unknown", "Transaction " + a.id + " proposes no change of what the ledger goes by.", "A proposal's id is that of the transaction that proposed it.");
}

Result<Report> withdraw(Session& session, const GovernanceArguments& a) {
  auto id = parse_hex32("proposal", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  proto::Operation operation;
  operation.mutable_withdraw_change()->set_proposal(*id);
  return session.transact({operation});
}

std::string texts(const json& object, const char* key) {
  std::string out;
  for (const json& one : object.value(key, json::array())) out += (out.empty() ? "" : ", ") + one.get<std::string>();
  return out;
}

std::vector<std::string> proposals_view(const json& answer) {
  auto proposals = answer.value("proposals", std::vector<json>());
  std::stable_sort(proposals.begin(), proposals.end(), [](const json& a, const json& b) { return json_amount(a, "proposed_ms") < json_amount(b, "proposed_ms"); });
  std::vector<std::vector<std::string>> rows = {{"proposal", "change", "stage", "by", "approved by", "in force"}};
  for (const json& one : proposals) {
    const std::string stage = json_text(one, "stage");
    rows.push_back({json_text(one, "id"), json_text(one, "title"), stage, json_text(one, "proposer"), texts(one, "approvals"),
                    stage == "approved" ? "at " + json_text(one, "due") : stage == "in_force" ? "since " + json_text(one, "closed") : ""});
  }
  if (rows.size() == 1) return {"No proposed change is there."};
  return table(rows);
}

std::vector<std::string> proposal_view(const json& one) {
  std::vector<std::string> lines = {json_text(one, "title") + ": " + json_text(one, "stage")};
  for (const json& line : one.value("words", json::array())) lines.push_back("  " + line.get<std::string>());
  const auto needed = one.value("approvals_needed", std::uint64_t{0});
  std::vector<std::vector<std::string>> facts = {{"proposal", json_text(one, "id")}, {"proposed", "by " + json_text(one, "proposer") + " at " + json_text(one, "proposed")}};
  if (needed != 0)
    facts.push_back({"approvals", std::to_string(needed) + " needed, of " + texts(one, "approver_roles") + "; given by " + (texts(one, "approvals").empty() ? "nobody" : texts(one, "approvals"))});
  if (json_text(one, "stage") == "open") facts.push_back({"open until", json_text(one, "until")});
  if (one.contains("due")) facts.push_back({"in force", (json_text(one, "stage") == "approved" ? "at " : "was due at ") + json_text(one, "due")});
  if (one.contains("closed")) facts.push_back({json_text(one, "stage"), json_text(one, "closed")});
  if (one.contains("refusal")) facts.push_back({"because", json_text(one["refusal"], "code") + ": " + json_text(one["refusal"], "sentence") + " " + json_text(one["refusal"], "detail")});
  if (one.contains("template") && one["template"].contains("check")) facts.push_back({"check", json_text(one["template"], "check")});
  for (const std::string& line : table(facts)) lines.push_back("  " + line);
  return lines;
}

}  // namespace

void add_proposing_command(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a, const char* name, const char* help, const char* footer, Made made,
                           const std::function<void(Command&)>& options) {
  Command command = governance.add_subcommand(name, help);
  options(command);
  command.add_option("--until", a->until, "Approvals count until this day or moment (UTC); default: 14 days from now, at most 30");
  add_transaction_options(command, session);
  command.footer(footer);
  command.callback([&session, a, made] { session.action = [&session, a, made] { return made(session, *a); }; });
}

namespace {

void add_rule_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a) {
  add_proposing_command(governance, session, a, "propose-rule", "Propose a tax rule of a new code, or the next version of one",
                        "The file is written as a country profile with one [[tax_rules]] (genesis/README.md).\n"
                        "Example:\n  daftar governance propose-rule vat-15.toml --as tax-authority",
                        propose_rule, [&](Command& c) {
                          c.add_option("file", a->file, "TOML file").required();
                          c.add_option("--reason", a->reason, "For people");
                        });
  add_proposing_command(governance, session, a, "end-rule", "Propose that a version of a tax rule ends",
                        "Example:\n  daftar governance end-rule uz-vat 2 --on 2027-01-01 --as tax-authority", end_rule, [&](Command& c) {
                          c.add_option("code", a->code, "Code of the rule").required();
                          c.add_option("version", a->version, "Version that ends").required();
                          c.add_option("--on", a->on, "First moment at which it is not in force any more: 2027-01-01 or 2027-01-01T10:00:00Z (UTC)").required();
                          c.add_option("--reason", a->reason, "For people");
                        });
}

void add_template_change_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a) {
  add_proposing_command(governance, session, a, "propose-template", "Propose a contract template, or another version of one; it is checked and compiled here first",
                        "Example:\n  daftar governance propose-template rental-2.template --as registrar", propose_template, [&](Command& c) {
                          c.add_option("file", a->file, "Template file").required();
                          c.add_option("--reason", a->reason, "For people");
                        });
  add_proposing_command(governance, session, a, "stop-template", "Stop a template: no new contracts of it, those there are go on to their end",
                        "Example:\n  daftar governance stop-template rental/1 --reason \"the deposit is reckoned wrongly\" --as registrar",
                        [](Session& s, const GovernanceArguments& given) { return switch_template(s, given, true); }, [&](Command& c) {
                          c.add_option("template", a->id, "NAME/VERSION").required();
                          c.add_option("--reason", a->reason, "For people").required();
                        });
  add_proposing_command(governance, session, a, "resume-template", "Propose that contracts are made of a stopped template again",
                        "Example:\n  daftar governance resume-template rental/1 --reason \"it was right after all\" --as registrar",
                        [](Session& s, const GovernanceArguments& given) { return switch_template(s, given, false); }, [&](Command& c) {
                          c.add_option("template", a->id, "NAME/VERSION").required();
                          c.add_option("--reason", a->reason, "For people").required();
                        });
}

}  // namespace

void add_governance_commands(Command app, Session& session) {
  Command governance = app.add_subcommand("governance", "Changes of what the ledger goes by: propose, approve, look");
  governance.require_subcommand(1);
  auto a = arguments<GovernanceArguments>();
  add_rule_commands(governance, session, a);
  add_template_change_commands(governance, session, a);
  add_member_change_commands(governance, session, a);
  add_setting_commands(governance, session, a);

  Command say_yes = governance.add_subcommand("approve", "Approve a proposed change, which is shown as its receipt proves it");
  say_yes.add_option("proposal", a->id, "Id of the transaction that proposed").required();
  add_transaction_options(say_yes, session);
  say_yes.footer("Example:\n  daftar governance approve ID --as treasury");
  say_yes.callback([&session, a] { session.action = [&session, a] { return approve(session, *a); }; });

  Command take_back = governance.add_subcommand("withdraw", "Take a proposed change back, until it is in force (by who proposed it; new keys also by the member whose keys they would be)");
  take_back.add_option("proposal", a->id, "Id of the transaction that proposed").required();
  add_transaction_options(take_back, session);
  take_back.footer("Example:\n  daftar governance withdraw ID --as tax-authority");
  take_back.callback([&session, a] { session.action = [&session, a] { return withdraw(session, *a); }; });

  Command list = governance.add_subcommand("list", "Proposed changes and what became of them");
  list.add_option("--stage", a->stage, "Only those").one_of({"open", "expired", "approved", "in_force", "withdrawn", "refused"});
  list.footer("Example:\n  daftar governance list --stage open");
  list.callback([&session, a] {
    session.action = [&session, a] { return session.show("/v1/proposals?limit=1000" + (a->stage.empty() ? "" : "&stage=" + a->stage), proposals_view); };
  });

  Command show = governance.add_subcommand("show", "One of them: what it changes, who approved, when it is in force");
  show.add_option("proposal", a->id, "Id of the transaction that proposed").required();
  show.footer("Example:\n  daftar governance show ID");
  show.callback([&session, a] { session.action = [&session, a] { return session.show("/v1/proposals/" + url_part(a->id), proposal_view); }; });
}

}  // namespace daftar::tools
