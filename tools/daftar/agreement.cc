// Contracts of templates: offered from a file, read, acted on.
#include <iostream>

#include "ledger/receipt.h"
#include "tools/agreement_file.h"
#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
namespace proto = ledger::proto;
namespace agreements = contracts::agreements;
using nlohmann::json;

namespace {

struct AgreementArguments {
  std::string file, id, act, language;
  std::uint32_t entry = 0;
  std::vector<std::string> with;
};

constexpr const char* agreement_example = R"(Example of a file:
  template = "rental/1"             # daftar template list
  currency = "UZS"
  [parties]                         # as the template names them
  landlord = "chinor-trade"
  tenant = "sarbon-soft"
  [accounts]                        # where somebody's money comes from and goes to; default: the main account
  [terms]
  premises = "Flat 12, Navoi street 5"
  deposit = "3000000.00"
  offer_until = "+5d"               # or 2026-12-31, or 2026-12-31T10:00:00Z
  moves_out = "+100d"
  inspection = "10d"
  [[months]]                        # an entry of the list of that name
  label = "December"
  rent = "1120000.00"
  due = "+10d"
Then each party: daftar agreement act ID sign --as MEMBER)";

/// The templates of this ledger, from its genesis: no node is asked, so none can show another text.
Result<agreements::Library> library(Session& session) {
  auto genesis = session.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  auto found = agreements::Library::from_genesis((*genesis)->content());
  if (!found) return failure(Exit::usage, "genesis", "The genesis has a template that does not hold: " + found.error());
  return std::move(*found);
}

/// The draft as the receipt of the transaction that made it proves it.
Result<AgreementFile> proved(Session& session, const std::string& id, const agreements::Library& known) {
  auto transaction = session.proved_transaction(id);
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  for (const auto& operation : (*transaction)->body().operations())
    if (operation.has_draft_agreement()) return open_draft(operation.draft_agreement(), known);
  return failure(Exit::usage, "contract_unknown", "Transaction " + id + " drafts no contract of a template.", "An agreement's id is that of the transaction that drafted it.");
}

Result<Report> draft(Session& session, const AgreementArguments& a) {
  auto known = library(session);
  if (!known) return Unexpected<ToolError>(known.error());
  auto agreement = read_agreement_file(a.file, *known);
  if (!agreement) return Unexpected<ToolError>(agreement.error());
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : words_of(*agreement, a.language)) std::cerr << line << "\n";
  proto::Operation operation;
  *operation.mutable_draft_agreement() = agreement->draft;
  auto report = session.transact({operation});
  if (report && report->exit == Exit::ok && session.options.out.empty()) {
    report->data["agreement"] = report->data["id"];
    report->data["digest"] = ledger::to_hex(agreement->draft.digest());
    report->lines.push_back("Agreement " + json_text(report->data, "id") + ". Now its parties act on it: daftar agreement act ID ACT --as MEMBER");
  }
  return report;
}

/// Of all acts of that name: what each parameter is. Acts of one name give one parameter one kind.
const contracts::language::Program::Slot* parameter_of(const contracts::language::Program& program, const std::string& act, const std::string& name) {
  for (const auto& one : program.acts)
    if (one.name == act)
      for (const auto& slot : one.parameters)
        if (slot.name == name) return &slot;
  return nullptr;
}

Result<Report> act(Session& session, const AgreementArguments& a) {
  auto id = parse_hex32("agreement id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  auto known = library(session);
  if (!known) return Unexpected<ToolError>(known.error());
  auto agreement = proved(session, a.id, *known);
  if (!agreement) return Unexpected<ToolError>(agreement.error());
  proto::Operation operation;
  auto& o = *operation.mutable_act_on_agreement();
  o.set_agreement(*id);
  o.set_digest(agreement->draft.digest());
  o.set_act(a.act);
  o.set_entry(a.entry);
  for (const std::string& given : a.with) {
    const auto equals = given.find('=');
    const auto* slot = equals == std::string::npos ? nullptr : parameter_of(agreement->known->program, a.act, given.substr(0, equals));
    if (slot == nullptr) return failure(Exit::usage, "parameter", "'" + given + "' is no parameter of " + a.act + ".", "Write --with NAME=VALUE; daftar template show NAME/VERSION says what an act takes.");
    auto value = read_value(*slot, given.substr(equals + 1), agreement->draft.currency());
    if (!value) return Unexpected<ToolError>(value.error());
    *o.add_parameters() = std::move(*value);
  }
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : words_of(*agreement, a.language)) std::cerr << line << "\n";
  return session.transact({operation});
}

}  // namespace

void add_agreement_commands(Command app, Session& session) {
  Command agreement = app.add_subcommand("agreement", "Contracts made of templates (daftar template list)");
  agreement.require_subcommand(1);
  auto a = arguments<AgreementArguments>();

  Command offer = agreement.add_subcommand("draft", "Offer a contract of a template, written in a TOML file (by one of its parties)");
  offer.add_option("file", a->file, "TOML file").required();
  offer.add_option("--language", a->language, "Of the words shown before signing; default: the one that prevails");
  add_transaction_options(offer, session);
  offer.footer(agreement_example);
  offer.callback([&session, a] { session.action = [&session, a] { return draft(session, *a); }; });

  Command show = agreement.add_subcommand("show", "The words, the terms, where everything stands, and what falls due next");
  show.add_option("id", a->id, "Agreement id").required();
  show.add_option("--language", a->language, "Default: the one that prevails");
  show.footer("Example:\n  daftar agreement show ID --language en --as sarbon-soft");
  show.callback([&session, a] {
    session.action = [&session, a] {
      return session.show("/v1/agreements/" + url_part(a->id) + (a->language.empty() ? "" : "?language=" + url_part(a->language)), agreement_view);
    };
  });

  Command put = agreement.add_subcommand("act", "Do what the template lets a party do: sign, deliver, accept, ... ");
  put.add_option("id", a->id, "Agreement id").required();
  put.add_option("act", a->act, "As the template names it").required();
  put.add_option("--entry", a->entry, "Of the list, from 1, for acts on an entry");
  put.add_option("--with", a->with, "NAME=VALUE of a parameter; may be repeated");
  put.add_option("--language", a->language, "Of the words shown before signing");
  add_transaction_options(put, session);
  put.footer("Examples:\n  daftar agreement act ID sign --as sarbon-soft\n  daftar agreement act ID pay_rent --entry 1 --as sarbon-soft\n"
             "  daftar agreement act ID inspect --with damage=120000 --with report=file:report.pdf --as chinor-trade");
  put.callback([&session, a] { session.action = [&session, a] { return act(session, *a); }; });
}

}  // namespace daftar::tools
