// Contracts as people write them, and the values of terms and parameters as people write those:
//   money 1234.5 (in the contract's currency), rate 0.4 or 0.4%, date 2026-12-31, 2026-12-31T10:00:00Z or +30d, duration 10d, 12h, choice by its name,
//   digest 64 hexadecimal digits or file:PATH, category and text as they are.
#pragma once
#include <filesystem>

#include "contracts/agreements/text.h"
#include "tools/error.h"

namespace daftar::tools {

/// The error says what is wrong with it, and how it is written.
Result<ledger::proto::ContractValue> read_value(const contracts::language::Program::Slot& slot, const std::string& text, const std::string& currency);

struct ContractFile {
  ledger::proto::DraftContract draft;                         // its digest is over what stands in it
  const contracts::agreements::Library::Known* known = nullptr;
  contracts::agreements::Described described;
};
/// A TOML file: template, currency, replaces and tender (a contract's id, if any), [parties], [accounts], [budget_lines], [terms], and a table for each entry of a list. Paths in it
/// begin where the file lies. `library` must outlive the result.
Result<ContractFile> read_contract_file(const std::filesystem::path& file, const contracts::agreements::Library& library);
/// The same of a text; `name` is what faults call it, paths begin where the program runs.
Result<ContractFile> read_contract_text(const std::string& text, const std::string& name, const contracts::agreements::Library& library);
/// The same of a draft that is on the ledger; its digest must be that of what it says.
Result<ContractFile> open_draft(const ledger::proto::DraftContract& draft, const contracts::agreements::Library& library);

/// Title, parties, and the prose in a language, line by line; an unknown language is the one that prevails.
std::vector<std::string> words_of(const ContractFile& contract, const std::string& language);

}  // namespace daftar::tools
