#include "contracts/agreements/text.h"

#include "contracts/language/interpreter.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::contracts::agreements {

using language::Program;
using language::Value;
using ledger::RejectionCode;

namespace {

using Values = google::protobuf::RepeatedPtrField<ledger::proto::ContractValue>;

auto wrong(std::string detail) { return Unexpected<ledger::Rejection>(ledger::Rejection{RejectionCode::field_invalid, std::move(detail)}); }

/// Each of `slots` finds its value in `given`, which has the same order and nothing else.
Expected<std::vector<Value>, ledger::Rejection> values_of(const std::vector<Program::Slot>& slots, const Values& given, const std::string& where) {
  std::vector<Value> out;
  int next = 0;
  for (const Program::Slot& slot : slots) {
    if (next < given.size() && given[next].name() == slot.name) out.push_back(value_of(given[next++]));
    else out.emplace_back();
  }
  if (next < given.size()) return wrong(where + given[next].name() + ": unknown here, or not in the order of the template");
  return out;
}

/// From an account or a budget line: the template says which of them a party may.
bool pays_as_described(const Program& program, std::uint16_t party, bool from_line) {
  for (const Program::Funding& fund : program.funds)
    if (fund.party == party) return from_line ? fund.budget_line : fund.account;
  return !from_line;
}

Expected<std::vector<AgreementParty>, ledger::Rejection> parties_of(const Program& program, const ledger::proto::DraftContract& draft) {
  std::vector<AgreementParty> out;
  int next = 0;
  for (const language::Party& party : program.parties) {
    auto& one = out.emplace_back();
    if (next == draft.parties_size() || draft.parties(next).name() != party.name) continue;
    const auto& described = draft.parties(next++);
    one.member = described.member();
    one.account = described.account().empty() ? ledger::account_id(described.member(), draft.currency()) : described.account();
    one.budget_line = described.budget_line();
    for (const std::string& line : described.later_lines()) one.later_lines.push_back({.year = 0, .line = line});   // the years are the ledger's to say
    if (!pays_as_described(program, static_cast<std::uint16_t>(out.size() - 1), one.is_public()))
      return wrong("parties: " + party.name + (one.is_public() ? ": the template lets it pay from no budget line" : ": the template has it pay from a budget line"));
  }
  if (next < draft.parties_size()) return wrong("parties: " + draft.parties(next).name() + ": unknown, or not in the order of the template");
  return out;
}

}  // namespace

Value value_of(const ledger::proto::ContractValue& value) {
  if (value.has_number()) return Value::of(value.number());
  if (value.has_bytes()) return Value::of(value.bytes());
  return {};
}

Expected<Described, ledger::Rejection> read_draft(const Program& program, const ledger::proto::DraftContract& draft) {
  auto parties = parties_of(program, draft);
  if (!parties) return Unexpected<ledger::Rejection>(parties.error());
  std::vector<bool> given;
  bool is_public = false;
  for (const AgreementParty& party : *parties) {
    given.push_back(!party.member.empty());
    if (party.is_public() && is_public) return wrong("parties: more than one pays from a budget line");
    is_public = is_public || party.is_public();
  }
  auto terms = values_of(program.terms, draft.terms(), "terms: ");
  if (!terms) return Unexpected<ledger::Rejection>(terms.error());
  std::vector<std::vector<language::EntryState>> lists;
  int next = 0;
  for (const Program::List& list : program.lists) {
    auto& entries = lists.emplace_back();
    if (next == draft.lists_size() || draft.lists(next).name() != list.name) continue;   // an empty one; judge_terms says whether it may be
    const auto& described = draft.lists(next++);
    if (static_cast<std::size_t>(described.entries_size()) > language::limits::list_entries) return wrong(list.name + ": too many entries");
    for (const auto& entry : described.entries()) {
      auto values = values_of(list.fields, entry.fields(), list.name + " " + std::to_string(entries.size() + 1) + ": ");
      if (!values) return Unexpected<ledger::Rejection>(values.error());
      entries.push_back({0, std::move(*values)});
    }
  }
  if (next < draft.lists_size()) return wrong("lists: " + draft.lists(next).name() + ": unknown, or not in the order of the template");
  return Described{std::move(*parties), language::begin(program, is_public, std::move(given), std::move(*terms), std::move(lists))};
}

AgreementParty entrant_of(const language::EntryState& entry, const std::string& currency) {
  return {entry.member, ledger::account_id(entry.member, currency), {}};
}

language::Filling filling_of(const std::vector<AgreementParty>& parties, const std::string& currency) {
  language::Filling filling{{}, currency, ledger::currency_decimals(currency).value_or(0)};
  for (const AgreementParty& party : parties) filling.parties.push_back(party.member);
  return filling;
}

ledger::Digest digest_of(const Library::Known& known, const std::vector<AgreementParty>& parties, const std::string& currency, const language::Instance& instance,
                         std::string_view replaces, std::string_view tender) {
  ledger::Writer out;
  out.raw(known.digest.view());
  out.bytes(currency);
  out.u32(static_cast<std::uint32_t>(parties.size()));
  for (const AgreementParty& party : parties) {
    out.bytes(party.member);
    out.bytes(party.account);
    // Lines of later years come after a zero byte, which no line's name contains.
    std::string lines = party.budget_line;
    for (const LaterLine& later : party.later_lines) lines += '\0' + later.line;
    out.bytes(lines);
  }
  out.bytes(language::encode(instance));
  if (known.program.prose) {
    const language::Filling filling = filling_of(parties, currency);
    for (const std::string& language : known.program.prose->languages) {
      out.bytes(language);
      const auto paragraphs = language::render(known.program, instance, filling, language);
      out.u32(static_cast<std::uint32_t>(paragraphs.size()));
      for (const language::Paragraph& paragraph : paragraphs) out.bytes(paragraph.text);
    }
    out.bytes(known.program.prose->prevails);
  }
  out.bytes(replaces);
  if (!tender.empty()) out.bytes(tender);   // behind all that a contract without one has
  return ledger::tagged_hash(ledger::tag::contract, out.str());
}

}  // namespace daftar::contracts::agreements
