#include "tools/daftar/contract_acts.h"

#include <iostream>

namespace daftar::tools {
namespace proto = ledger::proto;
using contracts::agreements::Library;
using contracts::language::Program;

namespace {

/// The draft as the receipt of the transaction that made it proves it.
Result<ContractFile> proved(Session& session, const std::string& id, const Library& known) {
  auto transaction = session.proved_transaction(id);
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  for (const auto& operation : (*transaction)->body().operations())
    if (operation.has_draft_contract()) return open_draft(operation.draft_contract(), known);
  return failure(Exit::usage, "contract_unknown", "Transaction " + id + " drafts no contract.", "A contract's id is that of the transaction that drafted it.");
}

}  // namespace

Result<Acted> acted_on(Session& session, const ContractArguments& a) {
  if (a.terms.empty()) {
    auto known = session.templates();
    if (!known) return Unexpected<ToolError>(known.error());
    auto contract = proved(session, a.id, **known);
    if (!contract) return Unexpected<ToolError>(contract.error());
    return Acted{contract->draft.digest(), contract->draft.currency(), &contract->known->program, words_of(*contract, a.language)};
  }
  auto digest = parse_hex32("terms digest", a.terms);
  if (!digest) return Unexpected<ToolError>(digest.error());
  Acted acted{*digest, a.currency, nullptr, {}};
  if (a.contract_template.empty()) return acted;
  auto known = session.templates();
  if (!known) return Unexpected<ToolError>(known.error());
  for (const auto& [key, one] : (*known)->all())
    if (key.first + "/" + std::to_string(key.second) == a.contract_template) acted.program = &one->program;
  if (acted.program == nullptr) return failure(Exit::usage, "template_unknown", "'" + a.contract_template + "' is no template of this ledger (daftar template list).");
  return acted;
}

namespace {

/// Of all acts of that name: what each parameter is. Acts of one name give one parameter one kind.
const Program::Slot* parameter_of(const Program& program, const std::string& act, const std::string& name) {
  for (const auto& one : program.acts)
    if (one.name == act)
      for (const auto& slot : one.parameters)
        if (slot.name == name) return &slot;
  return nullptr;
}

}  // namespace

Result<Report> act(Session& session, const ContractArguments& a, const std::string& what, const std::vector<std::string>& with) {
  auto id = parse_hex32("contract id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  auto acted = acted_on(session, a);
  if (!acted) return Unexpected<ToolError>(acted.error());
  proto::ActOnContract o;
  o.set_contract(*id);
  o.set_act(what);
  if (!with.empty() && acted->program == nullptr) return failure(Exit::usage, "template", "What " + what + " takes is the template's to say.", "Name it: --template NAME/VERSION, and --currency where it takes an amount.");
  for (const std::string& given : with) {
    const auto equals = given.find('=');
    const auto* slot = equals == std::string::npos ? nullptr : parameter_of(*acted->program, what, given.substr(0, equals));
    if (slot == nullptr) return failure(Exit::usage, "parameter", "'" + given + "' is no parameter of " + what + ".", "Write --with NAME=VALUE; daftar template show NAME/VERSION says what an act takes.");
    auto value = read_value(*slot, given.substr(equals + 1), acted->currency);
    if (!value) return Unexpected<ToolError>(value.error());
    *o.add_parameters() = std::move(*value);
  }
  return send_act(session, a, *acted, std::move(o));
}

Result<Report> send_act(Session& session, const ContractArguments& a, const Acted& acted, proto::ActOnContract act) {
  act.set_digest(acted.digest);
  act.set_entry(a.entry);
  if (!session.options.yes && !session.options.no_preview)
    for (const std::string& line : acted.words) std::cerr << line << "\n";
  proto::Operation operation;
  *operation.mutable_act_on_contract() = std::move(act);
  auto report = session.transact({operation});
  if (report) report->data["digest"] = ledger::to_hex(acted.digest);
  return report;
}

void add_act_options(Command put, Session& session, ContractArguments& a) {
  put.add_option("id", a.id, "Contract id").required();
  put.add_option("--language", a.language, "Of the words shown before signing; default: the one that prevails");
  put.add_option("--terms", a.terms, "Digest of the terms in hex, known from elsewhere; default: computed from the draft's bytes as their receipt proves them");
  put.add_option("--template", a.contract_template, "NAME/VERSION, beside --terms, for acts that take something");
  put.add_option("--currency", a.currency, "Of the contract, beside --terms, for acts that take an amount");
  add_transaction_options(put, session);
}

}  // namespace daftar::tools
