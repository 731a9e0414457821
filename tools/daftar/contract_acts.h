// Acts on contracts, for the commands that send them.
#pragma once
#include <memory>

#include "contracts/language/program.h"
#include "tools/contract_file.h"
#include "tools/daftar/command.h"
#include "tools/daftar/session.h"

namespace daftar::tools {

struct ContractArguments {
  std::string file, id, act, language;
  std::uint32_t entry = 0;
  std::vector<std::string> with;
  std::string document, document_digest, reason, to_provider;
  std::string terms, contract_template, currency;   // offline
};

/// What an act needs to know of its contract.
struct Acted {
  std::string digest, currency;
  const contracts::language::Program* program = nullptr;      // null: not known, so no parameters can be read
  std::vector<std::string> words;
};

/// The digest is computed here from the bytes of the drafting transaction as its receipt proves them: no single node can show one contract and have another
/// acted on. With --terms it is what the caller says (offline).
Result<Acted> acted_on(Session& session, const ContractArguments& arguments);

/// Sends the act `what` with parameters NAME=VALUE.
Result<Report> act(Session& session, const ContractArguments& arguments, const std::string& what, const std::vector<std::string>& with);
/// The same of parameters that have been read, on a contract that is known; the words are shown before signing.
Result<Report> send_act(Session& session, const ContractArguments& arguments, const Acted& acted, ledger::proto::ActOnContract operation);

void add_act_options(Command put, Session& session, ContractArguments& arguments);

}  // namespace daftar::tools
