// May a contract begin with these terms?
#include <algorithm>

#include "contracts/language/runner.h"
#include "ledger/ids.h"

namespace daftar::contracts::language {

using ledger::RejectionCode;

namespace {

constexpr std::int64_t ten_years_ms = 3'660 * day_ms;

auto out_of_range(const std::string& term, const std::string& why) { return refusal(RejectionCode::term_out_of_range, term + ": " + why); }

Result judge_slot(const Program::Slot& slot, const std::string& name, const Value& value, std::int64_t now) {
  if (slot.type.later) return value.given() ? Result(out_of_range(name, "an act sets it later")) : Result();
  if (!value.given()) return slot.type.optional ? Result() : Result(out_of_range(name, "missing"));
  if (auto fits = judge_value(slot.type, value, now); !fits) return out_of_range(name, fits.error());
  if (slot.type.kind == TypeKind::money && value.number == 0) return out_of_range(name, "an amount is above 0");
  return {};
}

Result judge_slots(const std::vector<Program::Slot>& slots, const std::string& prefix, const std::vector<Value>& values, std::int64_t now) {
  if (values.size() != slots.size()) return out_of_range(prefix, "another number of terms than the template has");
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (auto judged = judge_slot(slots[i], prefix + slots[i].name, values[i], now); !judged) return judged;
  return {};
}

Result judge_list(const Program::List& list, const std::vector<EntryState>& entries, std::int64_t now) {
  if (list.open && !entries.empty()) return out_of_range(list.name, "acts make its entries");
  if (entries.size() < list.least || entries.size() > list.most)
    return out_of_range(list.name, std::to_string(list.least) + " to " + std::to_string(list.most) + " entries");
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (auto judged = judge_slots(list.fields, list.name + " " + std::to_string(i + 1) + ".", entries[i].fields, now); !judged) return judged;
  return {};
}

Result judge_parties(const Program& program, const Instance& instance) {
  if (instance.parties.size() != program.parties.size()) return out_of_range("parties", "another number than the template has");
  for (std::size_t i = 0; i < program.parties.size(); ++i)
    if (!instance.parties[i] && !program.parties[i].optional) return out_of_range(program.parties[i].name, "missing");
  bool accounts = false, lines = false, only_lines = false;
  for (const Program::Funding& fund : program.funds) {
    accounts = accounts || fund.account;
    lines = lines || fund.budget_line;
    only_lines = only_lines || !fund.account;
  }
  if (instance.is_public && !lines) return out_of_range("budget_line", "this template knows none");
  if (!instance.is_public && only_lines) return out_of_range("budget_line", "this template is paid from one");
  return {};
}

/// So that no sum that the template forms of its terms can overflow.
Result judge_sum(const Program& program, const Instance& instance) {
  ledger::Int128 sum = 0;
  const auto add = [&](const std::vector<Program::Slot>& slots, const std::vector<Value>& values) {
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (slots[i].type.kind == TypeKind::money) sum += values[i].number;
  };
  add(program.terms, instance.terms);
  for (std::size_t list = 0; list < program.lists.size(); ++list)
    for (const EntryState& entry : instance.lists[list]) add(program.lists[list].fields, entry.fields);
  if (!ledger::narrow(sum)) return refusal(RejectionCode::overflow, "the sum of all amounts of the terms");
  return {};
}

Result judge_needed(const Program& program, const Instance& instance, const Program::Needed& needed, std::int64_t now) {
  const std::uint32_t entries = needed.list == no_list ? 1 : static_cast<std::uint32_t>(instance.lists[needed.list].size());
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    const auto holds = reckoned(program, instance, needed.code, {now, entry}, needed.list);
    if (!holds || *holds == 0) return refusal(RejectionCode::term_out_of_range, needed.because);   // unreadable: it asks for what these terms leave out
  }
  return {};
}

}  // namespace

bool is_number(TypeKind kind) { return kind != TypeKind::text && kind != TypeKind::digest && kind != TypeKind::category; }

Expected<void, std::string> judge_value(const Type& type, const Value& value, std::int64_t now) {
  const auto wrong = [](std::string why) { return tl::make_unexpected(std::move(why)); };
  if (value.form != (is_number(type.kind) ? Value::Form::number : Value::Form::bytes)) return wrong("is no " + std::string(name(type.kind)));
  const std::int64_t number = value.number;
  const std::size_t size = value.bytes.size();
  switch (type.kind) {
    case TypeKind::money: return number < 0 ? wrong("an amount is not below 0") : Expected<void, std::string>();
    case TypeKind::rate:
    case TypeKind::duration:
      if (number < type.least || number > type.most) return wrong(std::to_string(type.least) + " to " + std::to_string(type.most));
      return {};
    case TypeKind::date:
      if (number < 0 || number < now - ten_years_ms || number > now + ten_years_ms) return wrong("a date lies within ten years");
      return {};
    case TypeKind::choice:
      if (number < 0 || static_cast<std::size_t>(number) >= type.choices.size()) return wrong("not among the choices");
      return {};
    case TypeKind::text:
      if (size == 0 || size > static_cast<std::size_t>(type.most) || !ledger::is_plain_text(value.bytes, size)) return wrong("1 to " + std::to_string(type.most) + " bytes of plain text");
      return {};
    case TypeKind::digest: return size == 32 ? Expected<void, std::string>() : wrong("32 bytes");
    case TypeKind::category: return size != 0 && size <= limits::name_bytes ? Expected<void, std::string>() : wrong("a category of the tax rules");
    case TypeKind::condition: break;
  }
  return wrong("no value");
}

Result Interpreter::judge_terms(const Instance& instance, std::int64_t now) const {
  if (auto judged = judge_parties(program_, instance); !judged) return judged;
  if (auto judged = judge_slots(program_.terms, "", instance.terms, now); !judged) return judged;
  if (instance.lists.size() != program_.lists.size()) return out_of_range("lists", "another number than the template has");
  for (std::size_t i = 0; i < program_.lists.size(); ++i)
    if (auto judged = judge_list(program_.lists[i], instance.lists[i], now); !judged) return judged;
  if (auto judged = judge_sum(program_, instance); !judged) return judged;
  for (const Program::Needed& needed : program_.needed)
    if (auto judged = judge_needed(program_, instance, needed, now); !judged) return judged;
  return {};
}

}  // namespace daftar::contracts::language
