#include <iostream>

#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

constexpr const char* draft_example = R"(Example of a file:
  template = "service/1"            # or supply/1
  title = "Office repair"
  customer = "acme-build"
  provider = "baraka-soft"
  arbiter = "arbiter"               # may be left out: then no disputes
  currency = "UZS"
  category = "services"             # income type for tax
  customer_account = "acme-build/UZS"   # money is held from it; or budget_line = "2026.edu.09.22"
  offer_until = "+7d"               # or 2026-12-31, or 2026-12-31T10:00:00Z
  late_penalty_per_day = "0.5"      # percent of the price
  late_penalty_cap = "50"
  acceptance_days = 10              # silence accepts; 0: never
  delivery_grace_days = 60          # undelivered so long after due: the milestone lapses
  arbitration_days = 30             # a dispute undecided so long refunds the customer
  text_file = "contract.pdf"        # its SHA-256 is part of the terms; or text_digest = "..."
  [[milestones]]
  title = "Walls"
  price = "56000000.00"             # gross
  due = "2026-12-24"                # or +30d
Then:
  daftar contract draft repair.toml --as acme-build
  daftar contract sign ID --as acme-build; daftar contract sign ID --as baraka-soft)";

struct ContractArguments {
  std::string file, id, reason, document, document_digest, to_provider, to_customer, currency, terms;
  std::uint32_t milestone = 0;
};

Result<Report> draft(Session& session, const ContractArguments& a) {
  auto contract = read_contract_file(a.file);
  if (!contract) return Unexpected<ToolError>(contract.error());
  proto::Operation operation;
  *operation.mutable_draft_contract() = std::move(*contract);
  auto report = session.transact({operation});
  if (report && report->exit == Exit::ok && session.options.out.empty()) {
    report->data["contract"] = report->data["id"];
    report->lines.push_back("Contract " + json_text(report->data, "id") + ". Now both parties sign it: daftar contract sign ID --as MEMBER");
  }
  return report;
}

/// The digest of the terms, computed here from the bytes of the drafting transaction as its receipt proves them: no single node can show one
/// contract and have another signed. With --terms the digest is what the caller says (offline).
Result<std::string> terms_of(Session& session, const ContractArguments& a, std::vector<std::string>& lines) {
  if (!a.terms.empty()) return parse_hex32("terms digest", a.terms);
  auto transaction = session.proved_transaction(a.id);
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  const auto digest = drafted_terms_digest((*transaction)->body_bytes());
  if (!digest) return failure(Exit::usage, "contract_unknown", "Transaction " + a.id + " drafts no contract.", "A contract's id is that of the transaction that drafted it.");
  for (const std::string& line : describe_transaction(**transaction)) lines.push_back(line);
  return std::string(digest->view());
}

Result<Report> sign(Session& session, const ContractArguments& a, bool by_treasury) {
  auto id = parse_hex32("contract id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  std::vector<std::string> lines;
  auto digest = terms_of(session, a, lines);
  if (!digest) return Unexpected<ToolError>(digest.error());
  proto::Operation operation;
  if (by_treasury) {
    operation.mutable_register_contract()->set_contract(*id);
    operation.mutable_register_contract()->set_terms_digest(*digest);
  } else {
    operation.mutable_sign_contract()->set_contract(*id);
    operation.mutable_sign_contract()->set_terms_digest(*digest);
  }
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : lines) std::cerr << line << "\n";
  auto report = session.transact({operation});
  if (report) report->data["terms_digest"] = ledger::to_hex(*digest);
  return report;
}

Result<std::string> document_of(const ContractArguments& a) {
  if (a.document.empty() == a.document_digest.empty())
    return failure(Exit::usage, "document", "What was delivered? Give --document FILE or --document-digest HEX.");
  return a.document.empty() ? parse_hex32("SHA-256 digest", a.document_digest) : file_digest(a.document);
}

Result<Report> act(Session& session, const ContractArguments& a, const std::string& what) {
  auto id = parse_hex32("contract id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  proto::Operation operation;
  if (what == "deliver") {
    auto digest = document_of(a);
    if (!digest) return Unexpected<ToolError>(digest.error());
    auto& o = *operation.mutable_deliver_milestone();
    o.set_contract(*id);
    o.set_milestone(a.milestone);
    o.set_document_digest(*digest);
  } else if (what == "accept") {
    operation.mutable_accept_milestone()->set_contract(*id);
    operation.mutable_accept_milestone()->set_milestone(a.milestone);
  } else if (what == "reject") {
    auto& o = *operation.mutable_reject_milestone();
    o.set_contract(*id);
    o.set_milestone(a.milestone);
    o.set_reason(a.reason);
  } else if (what == "dispute") {
    auto& o = *operation.mutable_dispute_milestone();
    o.set_contract(*id);
    o.set_milestone(a.milestone);
    o.set_reason(a.reason);
  } else if (what == "award") {
    const std::string currency = a.currency.empty() ? session.currency_lookup()(a.id) : a.currency;
    auto provider = parse_amount(a.to_provider, currency), customer = parse_amount(a.to_customer, currency);
    if (!provider) return Unexpected<ToolError>(provider.error());
    if (!customer) return Unexpected<ToolError>(customer.error());
    auto& o = *operation.mutable_award_milestone();
    o.set_contract(*id);
    o.set_milestone(a.milestone);
    o.set_to_provider(*provider);
    o.set_to_customer(*customer);
    o.set_reason(a.reason);
  } else {
    operation.mutable_terminate_contract()->set_contract(*id);
    operation.mutable_terminate_contract()->set_reason(a.reason);
  }
  return session.transact({operation});
}

}  // namespace

void add_contract_commands(Command app, Session& session) {
  Command contract = app.add_subcommand("contract", "Contracts for services and supplies, with milestones");
  contract.require_subcommand(1);
  auto a = arguments<ContractArguments>();

  Command offer = contract.add_subcommand("draft", "Offer a contract written in a TOML file (by the customer or the provider); drafting is not signing");
  offer.add_option("file", a->file, "TOML file").required();
  add_transaction_options(offer, session);
  offer.footer(draft_example);
  offer.callback([&session, a] { session.action = [&session, a] { return draft(session, *a); }; });

  Command show = contract.add_subcommand("show", "Terms, parties, milestones and where each stands");
  show.add_option("id", a->id, "Contract id").required();
  show.footer("Example:\n  daftar contract show ID --as acme-build");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      return session.show("/v1/contracts/" + url_part(a->id), contract_view);
    };
  });

  for (const bool by_treasury : {false, true}) {
    Command put = contract.add_subcommand(by_treasury ? "register" : "sign",
                                             by_treasury ? "Register a contract paid from a budget line (by the treasury): commits its total"
                                                         : "Sign the terms (each party); the last signature puts it in force or, with public money, before the treasury");
    put.add_option("id", a->id, "Contract id").required();
    put.add_option("--terms", a->terms, "Terms digest in hex, known from elsewhere; default: computed from the draft's bytes");
    add_transaction_options(put, session);
    put.footer(by_treasury ? "Example:\n  daftar contract register ID --as treasury" : "Example:\n  daftar contract sign ID --as baraka-soft");
    put.callback([&session, a, by_treasury] { session.action = [&session, a, by_treasury] { return sign(session, *a, by_treasury); }; });
  }

  struct Kind { const char* name; const char* what; bool milestone, reason; const char* example; };
  for (const Kind kind : {Kind{"deliver", "Say that a milestone is done (by the provider)", true, false, "daftar contract deliver ID 1 --document act.pdf --as baraka-soft"},
                          Kind{"accept", "Accept a delivered milestone (by the customer); private money is paid at once", true, false, "daftar contract accept ID 1 --as acme-build"},
                          Kind{"reject", "Send a delivered milestone back (by the customer)", true, true, "daftar contract reject ID 1 --reason 'door missing' --as acme-build"},
                          Kind{"dispute", "Bring a milestone before the arbiter (by either party)", true, true, "daftar contract dispute ID 2 --reason 'quality' --as acme-build"},
                          Kind{"award", "Split a disputed milestone's money (by the arbiter)", true, true,
                               "daftar contract award ID 2 --to-provider 30000000 --to-customer 26000000 --reason 'half done' --as arbiter"},
                          Kind{"terminate", "End by consent: each party sends it; a draft can be taken back by one", false, true,
                               "daftar contract terminate ID --reason 'site closed' --as acme-build"}}) {
    const std::string name = kind.name;
    Command command = contract.add_subcommand(name, kind.what);
    command.add_option("id", a->id, "Contract id").required();
    if (kind.milestone) command.add_option("milestone", a->milestone, "Its number, from 1").required();
    if (kind.reason) command.add_option("--reason", a->reason, "Why, in words").required();
    if (name == "deliver") {
      command.add_option("--document", a->document, "The act or product; its SHA-256 goes into the ledger");
      command.add_option("--document-digest", a->document_digest, "SHA-256 in hex, instead of the file");
    }
    if (name == "award") {
      command.add_option("--to-provider", a->to_provider, "Amount").required();
      command.add_option("--to-customer", a->to_customer, "Amount; both together are the milestone's price").required();
      command.add_option("--currency", a->currency, "The contract's currency; default: asked of the network");
    }
    add_transaction_options(command, session);
    command.footer(std::string("Example:\n  ") + kind.example);
    command.callback([&session, a, name] { session.action = [&session, a, name] { return act(session, *a, name); }; });
  }
}

}  // namespace daftar::tools
