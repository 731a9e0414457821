#include "ledger/money.h"
#include "tools/contract_file.h"
#include "tools/daftar/commands.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"
#include "tools/ocds.h"

namespace daftar::tools {
namespace fs = std::filesystem;
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

struct ImportArguments {
  std::vector<std::string> files;
  std::string contract_id, difference, out_dir, line, due, offer_until = "+14d";
  std::string country = "PY", buyer, supplier, supplier_tax_status = "vat_payer", function_code = "unclassified", economic_code = "unclassified";
  std::string registrar = "registrar", treasury = "treasury", source;
  bool live = false;
};

json plan_json(const OcdsPlan& plan) {
  const auto amount = [](std::int64_t value) { return std::to_string(value); };
  json out = {{"ocid", plan.ocid},
              {"contract", plan.contract_id},
              {"title", plan.title},
              {"currency", plan.currency},
              {"buyer", {{"member", plan.buyer.member_id}, {"name", plan.buyer.name}, {"identifier", plan.buyer.identifier}}},
              {"supplier", {{"member", plan.supplier.member_id}, {"name", plan.supplier.name}, {"identifier", plan.supplier.identifier}}},
              {"value", amount(plan.value)},
              {"items_sum", amount(plan.items_sum)},
              {"difference", amount(plan.difference())},
              {"text_digest", ledger::to_hex(plan.text_digest)},
              {"year", plan.year},
              {"milestones", json::array()},
              {"compared", json::array()}};
  if (plan.due_ms != 0) out["period_end"] = ms_to_utc(plan.due_ms);
  if (plan.budget) out["budget"] = {{"amount", amount(*plan.budget)}, {"title", plan.budget_title}, {"field", plan.budget_field}};
  for (const auto& m : plan.milestones) out["milestones"].push_back({{"title", m.title}, {"price", amount(m.price)}, {"field", m.field}});
  for (const auto& c : plan.compared) out["compared"].push_back({{"field", c.field}, {"amount", amount(c.amount)}});
  return out;
}

std::vector<std::string> plan_lines(const OcdsPlan& plan) {
  std::vector<std::string> lines = {"Process " + plan.ocid + ", contract " + plan.contract_id + ": " + plan.title,
                                    "Buyer    " + plan.buyer.member_id + " (" + plan.buyer.name + ")",
                                    "Supplier " + plan.supplier.member_id + " (" + plan.supplier.name + (plan.supplier.identifier.empty() ? "" : ", " + plan.supplier.identifier) + ")"};
  if (plan.budget) lines.push_back("Budget   " + money_text(*plan.budget, plan.currency) + " (" + plan.budget_field + ")");
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < plan.milestones.size(); ++i)
    rows.push_back({std::to_string(i + 1) + ".", plan.milestones[i].title, money_text(plan.milestones[i].price, plan.currency)});
  for (const std::string& line : table(rows, {false, false, true})) lines.push_back("  " + line);
  for (const auto& c : plan.compared) lines.push_back(money_text(c.amount, plan.currency) + "  " + c.field);
  return lines;
}

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\"'\"'") : std::string(1, c);
  return out + "'";
}

proto::Operation registration(const OcdsParty& party, const ImportArguments& a, bool is_buyer, const ledger::PublicKey& key) {
  proto::Operation operation;
  auto& member = *operation.mutable_register_member();
  member.set_id(party.member_id);
  member.set_name(party.name);
  member.set_kind(is_buyer ? "public_body" : "company");
  member.set_tax_id(party.identifier);
  member.set_country(a.country);
  member.set_tax_status(is_buyer ? "none" : a.supplier_tax_status);
  member.add_roles(is_buyer ? "spending_unit" : "enterprise");
  member.add_keys(std::string(key.view()));
  member.set_signatures_required(1);
  return operation;
}

/// A fresh development key in the network's keystores; one made by an earlier attempt is used again.
Result<ledger::PublicKey> development_key(Session& session, const std::string& member) {
  const fs::path file = session.keystore_file(member);
  std::error_code ec;
  if (fs::exists(file, ec)) {
    auto info = inspect_keystore(file);
    if (!info) return Unexpected<ToolError>(info.error());
    return info->public_key;
  }
  auto secret = session.passphrase(member, "New passphrase for " + member + ": ", true);
  if (!secret) return Unexpected<ToolError>(secret.error());
  const auto made = ledger::SigningKey::generate();
  if (auto wrote = write_keystore(file, member, made, *secret); !wrote) return Unexpected<ToolError>(wrote.error());
  return made.public_key();
}

/// Registers the parties, approves and allots the line, drafts the contract: each by the member whose right it is.
Result<Report> go_live(Session& session, const ImportArguments& a, const OcdsPlan& plan, const std::string& budget_line, const std::string& contract, Report report) {
  auto templates = session.templates();
  if (!templates) return Unexpected<ToolError>(templates.error());
  const auto offered = read_contract_text(contract, "contract.toml", **templates);
  if (!offered) return Unexpected<ToolError>(offered.error());
  const auto step = [&](const std::string& member, proto::Operation operation, const std::string& what) -> Result<std::string> {
    session.options.as = member;
    auto done = session.transact({std::move(operation)});
    if (!done) return Unexpected<ToolError>(done.error());
    if (done->exit != Exit::ok)
      return failure(done->exit, json_text(done->data.value("error", json::object()), "code"), what + ": " + (done->lines.empty() ? std::string("refused") : done->lines.back()),
                     json_text(done->data.value("error", json::object()), "advice"));
    report.data["steps"].push_back({{"what", what}, {"id", done->data["id"]}});
    report.lines.push_back(what + ": " + json_text(done->data, "id"));
    return json_text(done->data, "id");
  };
  for (const auto& [party, is_buyer] : {std::pair{&plan.buyer, true}, std::pair{&plan.supplier, false}}) {
    session.options.as.clear();
    if (session.get("/v1/members/" + party->member_id)) {
      report.lines.push_back("Member " + party->member_id + " is registered already");
      continue;
    }
    auto key = development_key(session, party->member_id);
    if (!key) return Unexpected<ToolError>(key.error());
    if (auto done = step(a.registrar, registration(*party, a, is_buyer, *key), "Registered " + party->member_id); !done) return Unexpected<ToolError>(done.error());
  }
  session.options.as.clear();
  if (session.get("/v1/budget/lines/" + url_part(budget_line))) {
    report.lines.push_back("Budget line " + budget_line + " is there already");
  } else {
    if (!plan.budget) return failure(Exit::usage, "ocds_field", "planning.budget.amount: is missing, so there is nothing to approve the budget line with.");
    proto::Operation approve, allot;
    auto& line = *approve.mutable_approve_budget_line();
    line.set_line(budget_line);
    line.set_owner(plan.buyer.member_id);
    line.set_title(plan.budget_title);
    line.set_currency(plan.currency);
    line.set_amount(*plan.budget);
    line.set_year(plan.year != 0 ? plan.year : static_cast<std::uint32_t>(std::stoul(ms_to_utc(now_ms()).substr(0, 4))));
    line.set_function_code(a.function_code);
    line.set_economic_code(a.economic_code);
    line.set_source_account(full_account(a.source.empty() ? a.treasury : a.source, plan.currency));
    allot.mutable_allot_budget_line()->set_line(budget_line);
    allot.mutable_allot_budget_line()->set_amount(*plan.budget);
    if (auto done = step(a.treasury, approve, "Approved budget line " + budget_line); !done) return Unexpected<ToolError>(done.error());
    if (auto done = step(a.treasury, allot, "Allotted " + money_text(*plan.budget, plan.currency)); !done) return Unexpected<ToolError>(done.error());
  }
  proto::Operation offer;
  *offer.mutable_draft_contract() = offered->draft;
  auto id = step(plan.buyer.member_id, offer, "Drafted the contract");
  if (!id) return Unexpected<ToolError>(id.error());
  report.data["contract_id"] = *id;
  report.lines.push_back("Contract " + *id + ". Now both parties sign it and the treasury registers it.");
  return report;
}

Result<Report> import_ocds(Session& session, const ImportArguments& a) {
  auto plan = read_ocds({a.files.begin(), a.files.end()}, a.contract_id);
  if (!plan) return Unexpected<ToolError>(plan.error());
  if (!a.buyer.empty()) plan->buyer.member_id = a.buyer;
  if (!a.supplier.empty()) plan->supplier.member_id = a.supplier;
  Report report;
  report.data = plan_json(*plan);
  report.lines = plan_lines(*plan);
  const Difference difference = a.difference == "last-item" ? Difference::last_item : a.difference == "separate-milestone" ? Difference::separate_milestone : Difference::refuse;
  if (auto settled = settle_difference(*plan, difference); !settled) {
    const ToolError& error = settled.error();
    report.data["error"] = {{"code", error.code}, {"sentence", error.sentence}, {"advice", error.advice}};
    report.lines.push_back(error.code + ": " + error.sentence);
    report.lines.push_back(error.advice);
    report.exit = error.exit;
    return report;
  }
  if (report.data["difference"] != "0") {
    report.lines = plan_lines(*plan);
    report.lines.push_back("The difference of " + money_text(std::stoll(report.data["difference"].get<std::string>()), plan->currency) + " was settled as " + a.difference + ".");
    const json before = report.data["difference"];
    report.data = plan_json(*plan);
    report.data["difference_settled"] = {{"amount", before}, {"as", a.difference}};
  }
  OcdsTerms terms;
  terms.budget_line = a.line.empty() ? std::to_string(plan->year) + "." + plan->ocid : a.line;
  auto offer_until = parse_time(a.offer_until);
  if (!offer_until) return Unexpected<ToolError>(offer_until.error());
  terms.offer_until_ms = *offer_until;
  if (!a.due.empty()) {
    auto due = parse_time(a.due);
    if (!due) return Unexpected<ToolError>(due.error());
    terms.due_ms = *due;
  }
  const auto contract = contract_text(*plan, terms);
  if (!contract) return Unexpected<ToolError>(contract.error());
  report.data["budget_line"] = terms.budget_line;
  if (!a.out_dir.empty()) {
    if (auto made = make_private_dir(a.out_dir); !made) return Unexpected<ToolError>(made.error());
    const fs::path dir = a.out_dir;
    if (auto wrote = write_file(dir / "plan.json", report.data.dump(2) + "\n"); !wrote) return Unexpected<ToolError>(wrote.error());
    if (auto wrote = write_file(dir / "contract.toml", *contract); !wrote) return Unexpected<ToolError>(wrote.error());
    std::string commands = "# For daftar batch: what --live would do\n";
    const auto member = [&](const OcdsParty& party, bool is_buyer) {
      commands += "member register " + party.member_id + " --name " + shell_quoted(party.name) + " --kind " + (is_buyer ? "public_body" : "company") +
                  (party.identifier.empty() ? "" : " --tax-id " + shell_quoted(party.identifier)) + " --country " + a.country + " --tax-status " +
                  (is_buyer ? "none" : a.supplier_tax_status) + " --role " + (is_buyer ? "spending_unit" : "enterprise") + " --new-key --as " + a.registrar + "\n";
    };
    member(plan->buyer, true);
    member(plan->supplier, false);
    if (plan->budget) {
      const std::string amount = ledger::format_decimal(*plan->budget, *ledger::currency_decimals(plan->currency));
      commands += "budget approve " + terms.budget_line + " " + amount + " " + plan->currency + " --owner " + plan->buyer.member_id + " --title " +
                  shell_quoted(plan->budget_title) + " --year " + std::to_string(plan->year) + " --function " + a.function_code + " --economic " + a.economic_code +
                  " --as " + a.treasury + "\nbudget allot " + terms.budget_line + " " + amount + " --as " + a.treasury + "\n";
    }
    commands += "contract draft " + shell_quoted(fs::absolute(dir / "contract.toml").string()) + " --as " + plan->buyer.member_id + "\n";
    if (auto wrote = write_file(dir / "commands.txt", commands); !wrote) return Unexpected<ToolError>(wrote.error());
    report.lines.push_back("Written: plan.json, contract.toml and commands.txt in " + a.out_dir);
  }
  if (!a.live) return report;
  return go_live(session, a, *plan, terms.budget_line, *contract, std::move(report));
}

}  // namespace

void add_import_commands(Command app, Session& session) {
  Command import_command = app.add_subcommand("import", "Bring in data of others");
  import_command.require_subcommand(1);
  add_import_budget_command(import_command, session);
  auto a = arguments<ImportArguments>();
  Command ocds = import_command.add_subcommand("ocds", "A process of the Open Contracting Data Standard: budget line, members, draft contract");
  ocds.add_option("files", a->files, "Record package, release package or releases of one process").required();
  ocds.add_option("--contract-id", a->contract_id, "Which contract, when the process has several");
  ocds.add_option("--difference", a->difference, "What a difference between the contract's value and its items is").one_of({"last-item", "separate-milestone"});
  ocds.add_option("--out", a->out_dir, "Write plan.json, contract.toml and commands.txt to this folder");
  ocds.add_flag("--live", a->live, "Do it on the network: register the parties with fresh development keys, approve and allot the line, draft the contract");
  ocds.add_option("--line", a->line, "Budget line id; default: year.ocid");
  ocds.add_option("--due", a->due, "When the items are due, instead of the data's period.endDate: 2026-12-31 or +30d");
  ocds.add_option("--offer-until", a->offer_until, "Until when the draft can be signed (default +14d); before the items are due");
  ocds.add_option("--buyer", a->buyer, "Member id of the buyer; default: made from its name");
  ocds.add_option("--supplier", a->supplier, "Member id of the supplier; default: made from its name");
  ocds.add_option("--country", a->country, "Country of tax residence of the parties (default PY)");
  ocds.add_option("--supplier-tax-status", a->supplier_tax_status, "Default vat_payer");
  ocds.add_option("--function", a->function_code, "Functional code of the line (the data has none)");
  ocds.add_option("--economic", a->economic_code, "Economic code of the line (the data has none)");
  ocds.add_option("--registrar", a->registrar, "Who registers the members (default registrar)");
  ocds.add_option("--treasury", a->treasury, "Who approves and allots the line (default treasury)");
  ocds.add_option("--source", a->source, "Account that pays for the line; default: the treasury's main one");
  ocds.footer("Examples:\n  daftar import ocds 274231.json                                  says what is in it; refuses a difference\n"
               "  daftar import ocds 274231.json --difference last-item --live --yes --network ./daftar-network");
  ocds.callback([&session, a] { session.action = [&session, a] { return import_ocds(session, *a); }; });
}

}  // namespace daftar::tools
