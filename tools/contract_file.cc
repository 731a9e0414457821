#include "tools/contract_file.h"

#include <algorithm>

#include "contracts/language/interpreter.h"
#include "tools/clock.h"
#include "tools/genesis_compiler.h"
#include "tools/toml_table.h"
#include "tools/values.h"

namespace daftar::tools {
namespace fs = std::filesystem;
namespace language = contracts::language;
using contracts::agreements::Library;
using language::Program;
using language::TypeKind;
using ledger::proto::ContractValue;
using ledger::proto::DraftContract;

namespace {

constexpr std::string_view file_mark = "file:";

Result<std::int64_t> number_of(const Program::Slot& slot, const std::string& text, const std::string& currency) {
  switch (slot.type.kind) {
    case TypeKind::money: return parse_amount(text, currency);
    case TypeKind::rate: {
      const auto ppm = percent_to_ppm(text.ends_with("%") ? text.substr(0, text.size() - 1) : text);
      if (!ppm) return Unexpected<ToolError>(ppm.error());
      return *ppm;
    }
    case TypeKind::date: {
      const auto ms = parse_time(text);
      if (!ms) return Unexpected<ToolError>(ms.error());
      return static_cast<std::int64_t>(*ms);
    }
    case TypeKind::duration: {
      const auto span = parse_duration(text);
      if (!span) return Unexpected<ToolError>(span.error());
      return span->count();
    }
    default: break;
  }
  const auto& choices = slot.type.choices;
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) {
    std::string known;
    for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
    return failure(Exit::usage, "value", slot.name + ": '" + text + "' is none of " + known + ".");
  }
  return found - choices.begin();
}

Result<std::string> bytes_of(const Program::Slot& slot, const std::string& text) {
  if (slot.type.kind != TypeKind::digest) return text;
  if (text.starts_with(file_mark)) return file_digest(text.substr(file_mark.size()));
  auto digest = ledger::from_hex(text);
  if (!digest || digest->size() != 32) return failure(Exit::usage, "value", slot.name + ": '" + text + "' is no digest.", "Write 64 hexadecimal digits, or file:PATH to have a file's SHA-256 computed.");
  return *digest;
}

/// What a table says of the slots, in their order. Those that an act sets later are not asked for. `folder`: where the paths of documents begin.
template <class Values>
void read_values(const std::vector<Program::Slot>& slots, Table& table, const std::string& currency, const fs::path& folder, Values& out) {
  for (const Program::Slot& slot : slots) {
    if (slot.type.later || table.find(slot.name) == nullptr) continue;
    std::string text = table.text(slot.name, true);
    if (slot.type.kind == TypeKind::digest && text.starts_with(file_mark)) text = std::string(file_mark) + (folder / text.substr(file_mark.size())).string();
    auto value = read_value(slot, text, currency);
    if (!value) table.wrong(slot.name, "cannot be read: " + value.error().sentence);
    *out.Add() = std::move(*value);
  }
}

const Library::Known& template_of(Table& table, const Library& library) {
  const std::string name = table.text("template", true);
  const auto slash = name.find('/');
  for (const auto& [key, known] : library.all())
    if (key.first == name.substr(0, slash) && slash != std::string::npos && std::to_string(key.second) == name.substr(slash + 1)) return *known;
  table.wrong("template", "is none that this ledger knows (daftar template list)");
}

/// One budget line, or a list of them: this year's, then those of later years.
void read_lines(Table& lines, const std::string& party, ledger::proto::ContractParty& one) {
  const toml::node* node = lines.find(party);
  if (node == nullptr || !node->is_array()) return one.set_budget_line(lines.text(party));
  const std::vector<std::string> names = lines.texts(party);
  if (names.empty()) lines.wrong(party, "names no budget line");
  one.set_budget_line(names.front());
  for (std::size_t i = 1; i < names.size(); ++i) one.add_later_lines(names[i]);
}

DraftContract read_toml(const std::string& name, const toml::table& parsed, const fs::path& folder, const Library& library) {
  Table table(name, "", parsed);
  const Library::Known& known = template_of(table, library);
  DraftContract draft;
  draft.set_template_(known.program.name);
  draft.set_version(known.program.version);
  draft.set_currency(table.text("currency", true));
  if (!ledger::currency_decimals(draft.currency())) table.wrong("currency", "is no ISO 4217 currency");
  if (const std::string replaced = table.text("replaces"); !replaced.empty()) {
    const auto id = ledger::from_hex(replaced);
    if (!id || id->size() != 32) table.wrong("replaces", "is no contract's id: write its 64 hexadecimal digits");
    draft.set_replaces(*id);
  }
  if (const std::string tender = table.text("tender"); !tender.empty()) {
    const auto id = ledger::from_hex(tender);
    if (!id || id->size() != 32) table.wrong("tender", "is no contract's id: write its 64 hexadecimal digits");
    draft.set_tender(*id);
  }
  auto parties = table.table("parties"), accounts = table.table("accounts"), lines = table.table("budget_lines"), terms = table.table("terms");
  for (const language::Party& party : known.program.parties) {
    if (!parties || parties->find(party.name) == nullptr) continue;
    auto& one = *draft.add_parties();
    one.set_name(party.name);
    one.set_member(parties->text(party.name, true));
    if (accounts) one.set_account(accounts->text(party.name));
    if (lines) read_lines(*lines, party.name, one);
  }
  if (terms) read_values(known.program.terms, *terms, draft.currency(), folder, *draft.mutable_terms());
  for (const Program::List& list : known.program.lists) {
    std::vector<Table> entries = table.tables(list.name);
    if (entries.empty()) continue;
    auto& described = *draft.add_lists();
    described.set_name(list.name);
    for (Table& entry : entries) {
      read_values(list.fields, entry, draft.currency(), folder, *described.add_entries()->mutable_fields());
      entry.finish();
    }
  }
  for (auto* inner : {&parties, &accounts, &lines, &terms})
    if (*inner) (*inner)->finish();
  table.finish();
  return draft;
}

Result<ContractFile> opened(DraftContract draft, const Library& library) {
  ContractFile out;
  out.known = library.find(draft.template_(), draft.version());
  if (out.known == nullptr) return failure(Exit::usage, "template_unknown", "The ledger knows no template " + draft.template_() + "/" + std::to_string(draft.version()) + ".");
  auto described = contracts::agreements::read_draft(out.known->program, draft);
  if (!described) return failure(Exit::usage, std::string(ledger::name(described.error().code)), described.error().detail + ".");
  out.described = std::move(*described);
  if (auto judged = language::Interpreter(out.known->program).judge_terms(out.described.instance, static_cast<std::int64_t>(now_ms())); !judged && draft.digest().empty())
    return failure(Exit::usage, std::string(ledger::name(judged.error().code)), judged.error().detail + ".", "Look at what the template requires of its terms.");
  const auto digest = contracts::agreements::digest_of(*out.known, out.described.parties, draft.currency(), out.described.instance, draft.replaces(), draft.tender());
  if (!draft.digest().empty() && draft.digest() != digest.view())
    return failure(Exit::refused, "terms_digest_mismatch", "The draft's digest is not that of what it says.", "Do not sign.");
  draft.set_digest(std::string(digest.view()));
  out.draft = std::move(draft);
  return out;
}

}  // namespace

Result<ContractValue> read_value(const Program::Slot& slot, const std::string& text, const std::string& currency) {
  ContractValue value;
  value.set_name(slot.name);
  if (language::is_number(slot.type.kind)) {
    const auto number = number_of(slot, text, currency);
    if (!number) return Unexpected<ToolError>(number.error());
    value.set_number(*number);
  } else {
    auto bytes = bytes_of(slot, text);
    if (!bytes) return Unexpected<ToolError>(bytes.error());
    value.set_bytes(std::move(*bytes));
  }
  return value;
}

Result<ContractFile> read_contract_file(const fs::path& file, const Library& library) {
  try {
    return opened(read_toml(file.string(), parse_toml(file), file.parent_path(), library), library);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "contract_file", fault.sentence, "`daftar contract draft --help` shows a whole file.");
  }
}

Result<ContractFile> read_contract_text(const std::string& text, const std::string& name, const Library& library) {
  try {
    return opened(read_toml(name, parse_toml(text, name), {}, library), library);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "contract_file", fault.sentence);
  }
}

Result<ContractFile> open_draft(const DraftContract& draft, const Library& library) {
  if (draft.digest().empty()) return failure(Exit::refused, "terms_digest_mismatch", "The draft has no digest.");
  return opened(draft, library);
}

std::vector<std::string> words_of(const ContractFile& contract, const std::string& language) {
  const Program& program = contract.known->program;
  std::vector<std::string> lines;
  if (!contract.draft.replaces().empty()) lines.push_back("(takes the place of contract " + ledger::to_hex(contract.draft.replaces()) + ")");
  if (!contract.draft.tender().empty()) lines.push_back("(by the award of tender " + ledger::to_hex(contract.draft.tender()) + ")");
  if (!program.prose) return lines;
  const auto& languages = program.prose->languages;
  const std::string& chosen = std::find(languages.begin(), languages.end(), language) == languages.end() ? program.prose->prevails : language;
  const auto filling = contracts::agreements::filling_of(contract.described.parties, contract.draft.currency());
  for (const language::Paragraph& paragraph : language::render(program, contract.described.instance, filling, chosen)) lines.push_back(paragraph.text);
  return lines;
}

}  // namespace daftar::tools
