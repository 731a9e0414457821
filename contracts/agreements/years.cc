#include "contracts/agreements/years.h"

#include <algorithm>

#include "contracts/budget/ceiling.h"
#include "contracts/budget/lines.h"
#include "ledger/ids.h"

namespace daftar::contracts::agreements {

using language::Program;
using ledger::RejectionCode;

namespace {

/// The field `due` of a list, when the terms always give it.
std::optional<std::size_t> due_slot(const Program::List& list) {
  for (std::size_t i = 0; i < list.fields.size(); ++i) {
    const auto& type = list.fields[i].type;
    if (list.fields[i].name == "due" && type.kind == language::TypeKind::date && !type.later && !type.optional) return i;
  }
  return std::nullopt;
}

std::uint32_t due_year(const language::EntryState& entry, std::size_t slot) {
  return budget::year_of(static_cast<std::uint64_t>(std::max<std::int64_t>(entry.fields[slot].number, 0)));
}

std::string_view treasury_of(const budget::BudgetLine& line) {
  const auto source = ledger::parse_account(line.source_account);
  DAFTAR_CHECK(source.has_value());
  return source->member;
}

Outcome judge_line(const Context& c, const budget::BudgetLine& first, std::uint32_t year_before, LaterLine& later) {
  const auto line = budget::require_line(c, later.line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->owner != first.owner) return refuse(RejectionCode::not_line_owner, later.line);
  if (line->currency != first.currency) return refuse(RejectionCode::currency_mismatch, later.line);
  if (treasury_of(*line) != treasury_of(first)) return refuse(RejectionCode::field_invalid, "later_lines: " + later.line + ": of another treasury");
  if (line->year <= year_before) return refuse(RejectionCode::field_invalid, "later_lines: " + later.line + ": of a year after " + std::to_string(year_before));
  later.year = line->year;
  return budget::require_open(*line);
}

/// Every entry finds the line of its year.
Outcome judge_dates(const Open& open, const AgreementParty& party, std::uint32_t first_year, std::uint16_t list) {
  const Program::List& described = open.program().lists[list];
  const auto slot = due_slot(described);
  if (!slot) return refuse(RejectionCode::field_invalid, "later_lines: the template gives no `due` to each of " + described.name);
  const auto& entries = open.instance.lists[list];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint32_t year = due_year(entries[i], *slot);
    const bool named = std::any_of(party.later_lines.begin(), party.later_lines.end(), [&](const LaterLine& later) { return later.year == year; });
    if (year > first_year && !named) return refuse(RejectionCode::no_line_of_year, described.name + " " + std::to_string(i + 1) + ": " + std::to_string(year));
  }
  return {};
}

}  // namespace

const std::string& line_of(const Program& program, const language::Instance& instance, const AgreementParty& party, std::uint16_t held, std::uint32_t entry) {
  const std::uint16_t list = program.held[held].list;
  if (party.later_lines.empty() || list == language::no_list) return party.budget_line;
  const auto slot = due_slot(program.lists[list]);
  DAFTAR_CHECK(slot.has_value());   // judged when it was drafted
  return party.line_of(due_year(instance.lists[list][entry], *slot));
}

Outcome judge_later_lines(const Context& c, Open& open, std::uint16_t number) {
  AgreementParty& party = open.record.parties[number];
  if (party.later_lines.empty()) return {};
  if (!party.is_public()) return refuse(RejectionCode::field_invalid, "later_lines: without a budget_line");
  if (party.later_lines.size() > later_lines_max) return refuse(RejectionCode::field_invalid, "later_lines: at most 9");
  const auto first = budget::require_line(c, party.budget_line);
  if (!first) return Unexpected<ledger::Rejection>(first.error());
  std::uint32_t year = first->year;
  for (LaterLine& later : party.later_lines) {
    if (auto judged = judge_line(c, *first, year, later); !judged) return judged;
    year = later.year;
  }
  for (const Program::HeldTerm& held : open.program().held)
    if (held.party == number && held.list != language::no_list)
      if (auto judged = judge_dates(open, party, first->year, held.list); !judged) return judged;
  return {};
}

}  // namespace daftar::contracts::agreements
