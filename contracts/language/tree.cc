#include "contracts/language/tree.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::contracts::language {
namespace {

template <class T>
const T* named(const std::vector<T>& all, std::string_view wanted) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == wanted; });
  return found == all.end() ? nullptr : &*found;
}

std::string duration_written(std::int64_t ms) {
  return ms % day_ms == 0 ? std::to_string(ms / day_ms) + " days" : std::to_string(ms / hour_ms) + " hours";
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::string rate_written(std::int64_t ppm) {
  std::string decimals = std::to_string(ppm % 10'000);
  decimals.insert(0, 4 - decimals.size(), '0');
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  return std::to_string(ppm / 10'000) + (decimals.empty() ? "" : "." + decimals) + "%";
}

std::string written(const Expression& e) {
  using Form = Expression::Form;
  const auto part = [&](std::size_t i) { return written(e.parts.at(i)); };
  switch (e.form) {
    case Form::number: return std::to_string(e.number);
    case Form::rate: return rate_written(e.number);
    case Form::duration: return duration_written(e.number);
    case Form::date: return "date " + std::to_string(e.number);
    case Form::name: return e.name;
    case Form::field: return e.name + "." + e.member;
    case Form::now: return "now";
    case Form::rest: return "rest of " + part(0);
    case Form::sum: return part(0) + " + " + part(1);
    case Form::difference: return part(0) + " - (" + part(1) + ")";
    case Form::share: return part(0) + " of (" + part(1) + ")";
    case Form::daily: return part(0) + " per day of (" + part(1) + ") from " + part(2) + " to " + part(3) + " up to " + part(4);
    case Form::max: return "max(" + part(0) + ", " + part(1) + ")";
    case Form::min: return "min(" + part(0) + ", " + part(1) + ")";
    case Form::compare: return part(0) + " " + e.name + " " + part(1);
    case Form::both: return "(" + part(0) + " and " + part(1) + ")";
    case Form::either: return "(" + part(0) + " or " + part(1) + ")";
    case Form::negation: return "not " + part(0);
    case Form::given: return part(0) + " given";
    case Form::is_public: return "public";
    case Form::is_stage: return e.name + " is " + e.names.at(0);
    case Form::all: return "all " + e.name + (e.names.empty() ? " ended" : " in " + listed(e.names));
    case Form::no: return "no " + e.name + (e.names.empty() ? " ended" : " in " + listed(e.names));
    case Form::any: return "any " + e.name + (e.names.empty() ? " ended" : " in " + listed(e.names));
    case Form::seals: return part(0) + " seals " + listed(e.names);
    case Form::first: {
      std::vector<std::string> fields;
      for (const Expression& field : e.parts) fields.push_back(field.member);
      return e.name + " first by " + listed(fields) + " in " + listed(e.names);
    }
  }
  return {};
}

std::string_view name(TypeKind kind) {
  switch (kind) {
    case TypeKind::money: return "money";
    case TypeKind::rate: return "rate";
    case TypeKind::date: return "date";
    case TypeKind::duration: return "duration";
    case TypeKind::text: return "text";
    case TypeKind::digest: return "digest";
    case TypeKind::category: return "category";
    case TypeKind::choice: return "choice";
    case TypeKind::condition: return "condition";
  }
  return {};
}

const Term* Template::term(std::string_view wanted) const { return named(terms, wanted); }
const Party* Template::party(std::string_view wanted) const { return named(parties, wanted); }
const Entrant* Template::entrant(std::string_view wanted) const { return named(entrants, wanted); }
const Step* Template::phase(std::string_view wanted) const { return named(phases, wanted); }
const Action* Template::action(std::string_view wanted) const { return named(actions, wanted); }
const Fund* Template::fund(std::string_view wanted) const {
  const auto found = std::find_if(funds.begin(), funds.end(), [&](const Fund& one) { return one.party == wanted; });
  return found == funds.end() ? nullptr : &*found;
}
const Stages* Template::stages_of(std::string_view list) const {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const Stages& one) { return one.list == list; });
  return found == stages.end() ? nullptr : &*found;
}
bool Template::knows_budget_lines() const {
  return std::any_of(funds.begin(), funds.end(), [](const Fund& fund) { return fund.budget_line; });
}

const Field* field_of(const Term& list, std::string_view wanted) { return named(list.fields, wanted); }
const Step* step_of(const std::vector<Step>& steps, std::string_view wanted) { return named(steps, wanted); }

const std::vector<Statement>& effects(const Template& text, const Deadline& deadline) {
  if (deadline.does.empty()) return deadline.body;
  const Action* action = text.action(deadline.does);
  DAFTAR_CHECK(action != nullptr);   // the type checker has seen to it
  return action->body;
}

}  // namespace daftar::contracts::language
