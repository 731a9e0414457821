// Contracts: offered from a file, read, acted on. An act says what its template lets a party do; those that most templates share have commands of their own.
#include <iostream>

#include "contracts/agreements/library.h"
#include "tools/contract_file.h"
#include "tools/daftar/commands.h"
#include "tools/daftar/contract_acts.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using contracts::agreements::Library;
using contracts::language::Program;
using nlohmann::json;

namespace {

constexpr const char* draft_example = R"(Example of a file:
  template = "service/1"            # daftar template list
  currency = "UZS"
  [parties]                         # as the template names them; optional ones may be left out
  customer = "acme-build"
  provider = "baraka-soft"
  arbiter = "arbiter"
  [accounts]                        # where somebody's money comes from and goes to; default: the main account
  customer = "acme-build/UZS"
  # [budget_lines]                  # where it comes from instead: public money
  # customer = "2026.edu.09.22"     # or ["2026.edu.09.22", "2027.edu.09.22"]: what is due in a later year is paid from that year's line
  [terms]
  subject = "Office repair"
  income = "services"               # income type for tax
  offer_until = "+7d"               # or 2026-12-31, or 2026-12-31T10:00:00Z
  late_rate = "0.5%"                # of the price, for each full day
  late_cap = "50%"
  acceptance = "10d"                # silence accepts
  grace = "60d"                     # undelivered so long after due: the money goes back
  arbitration = "30d"               # a dispute undecided so long refunds the customer
  annex = "file:contract.pdf"       # its SHA-256 is part of the terms
  [[milestones]]                    # an entry of the list of that name
  title = "Walls"
  price = "56000000.00"             # gross
  due = "2026-12-24"                # or +30d
Then:
  daftar contract draft repair.toml --as acme-build
  daftar contract sign ID --as acme-build; daftar contract sign ID --as baraka-soft)";

Result<Report> draft(Session& session, const ContractArguments& a) {
  auto known = session.templates();
  if (!known) return Unexpected<ToolError>(known.error());
  auto contract = read_contract_file(a.file, **known);
  if (!contract) return Unexpected<ToolError>(contract.error());
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : words_of(*contract, a.language)) std::cerr << line << "\n";
  proto::Operation operation;
  *operation.mutable_draft_contract() = contract->draft;
  auto report = session.transact({operation});
  if (report && report->exit == Exit::ok && session.options.out.empty()) {
    report->data["contract"] = report->data["id"];
    report->data["digest"] = ledger::to_hex(contract->draft.digest());
    report->lines.push_back("Contract " + json_text(report->data, "id") + ". Now its parties act on it: daftar contract sign ID --as MEMBER");
  }
  return report;
}

/// An act of most templates as a command of its own.
struct Shortcut {
  const char* name;
  const char* what;
  bool entry, reason;
  const char* example;
};
constexpr Shortcut shortcuts[] = {
    {"sign", "Sign the terms (each party); the last signature puts it in force or, with public money, before the treasury", false, false, "daftar contract sign ID --as baraka-soft"},
    {"register", "Register a contract paid from a budget line (by the treasury): commits its total", false, false, "daftar contract register ID --as treasury"},
    {"deliver", "Say that a milestone is done (by the provider)", true, false, "daftar contract deliver ID 1 --document act.pdf --as baraka-soft"},
    {"accept", "Accept a delivered milestone (by the customer); private money is paid at once", true, false, "daftar contract accept ID 1 --as acme-build"},
    {"reject", "Send a delivered milestone back (by the customer)", true, true, "daftar contract reject ID 1 --reason 'door missing' --as acme-build"},
    {"dispute", "Bring a milestone before the arbiter (by either party)", true, true, "daftar contract dispute ID 2 --reason 'quality' --as acme-build"},
    {"award", "Split a disputed milestone's money (by the arbiter): the rest goes back to the customer", true, true,
     "daftar contract award ID 2 --to-provider 30000000 --reason 'half done' --as arbiter"},
    {"terminate", "End by consent: each party sends it; an offer can be taken back by one", false, true, "daftar contract terminate ID --reason 'site closed' --as acme-build"}};

Result<std::vector<std::string>> parameters_of(const ContractArguments& a, const Shortcut& shortcut) {
  std::vector<std::string> with;
  if (shortcut.name == std::string_view("deliver")) {
    if (a.document.empty() == a.document_digest.empty()) return failure(Exit::usage, "document", "What was delivered? Give --document FILE or --document-digest HEX.");
    with.push_back("file=" + (a.document.empty() ? a.document_digest : "file:" + a.document));
  }
  if (!a.to_provider.empty()) with.push_back("to_provider=" + a.to_provider);
  if (shortcut.reason) with.push_back("reason=" + a.reason);
  return with;
}

void add_shortcut(Command contract, Session& session, std::shared_ptr<ContractArguments> a, const Shortcut& shortcut) {
  const std::string_view name = shortcut.name;
  Command put = contract.add_subcommand(shortcut.name, shortcut.what);
  add_act_options(put, session, *a);
  if (shortcut.entry) put.add_option("milestone", a->entry, "Its number, from 1").required();
  if (shortcut.reason) put.add_option("--reason", a->reason, "Why, in words").required();
  if (name == "deliver") {
    put.add_option("--document", a->document, "The act or product; its SHA-256 goes into the ledger");
    put.add_option("--document-digest", a->document_digest, "SHA-256 in hex, instead of the file");
  }
  if (name == "award") put.add_option("--to-provider", a->to_provider, "Amount; the rest of the milestone's price goes back to the customer").required();
  put.footer(std::string("Example:\n  ") + shortcut.example);
  put.callback([&session, a, &shortcut] {
    session.action = [&session, a, &shortcut]() -> Result<Report> {
      auto with = parameters_of(*a, shortcut);
      if (!with) return Unexpected<ToolError>(with.error());
      return act(session, *a, shortcut.name, *with);
    };
  });
}

}  // namespace

void add_contract_commands(Command app, Session& session) {
  Command contract = app.add_subcommand("contract", "Contracts, each made of a template (daftar template list)");
  contract.require_subcommand(1);
  auto a = arguments<ContractArguments>();

  Command offer = contract.add_subcommand("draft", "Offer a contract written in a TOML file (by one of its parties); drafting is not signing");
  offer.add_option("file", a->file, "TOML file").required();
  offer.add_option("--language", a->language, "Of the words shown before signing; default: the one that prevails");
  add_transaction_options(offer, session);
  offer.footer(draft_example);
  offer.callback([&session, a] { session.action = [&session, a] { return draft(session, *a); }; });

  Command show = contract.add_subcommand("show", "The words, the terms, where everything stands, and what falls due next");
  show.add_option("id", a->id, "Contract id").required();
  show.add_option("--language", a->language, "Default: the one that prevails");
  show.footer("Example:\n  daftar contract show ID --language en --as acme-build");
  show.callback([&session, a] {
    session.action = [&session, a] {
      return session.show("/v1/contracts/" + url_part(a->id) + (a->language.empty() ? "" : "?language=" + url_part(a->language)), contract_view);
    };
  });

  for (const Shortcut& shortcut : shortcuts) add_shortcut(contract, session, a, shortcut);

  Command put = contract.add_subcommand("act", "Do what the template lets a party do, by the name that the template gives it");
  add_act_options(put, session, *a);
  put.add_option("act", a->act, "As the template names it").required();
  put.add_option("--entry", a->entry, "Of the list, from 1, for acts on an entry");
  put.add_option("--with", a->with, "NAME=VALUE of a parameter; may be repeated");
  put.footer("Examples:\n  daftar contract act ID secure --entry 1 --as copaco\n  daftar contract act ID pay_rent --entry 1 --as sarbon-soft\n"
             "  daftar contract act ID inspect --with damage=120000 --with report=file:report.pdf --as chinor-trade");
  put.callback([&session, a] { session.action = [&session, a] { return act(session, *a, a->act, a->with); }; });
}

}  // namespace daftar::tools
