#include <algorithm>

#include "contracts/language/type_faults.h"

namespace daftar::contracts::language {
namespace {

using Form = Expression::Form;
using Kind = std::optional<TypeKind>;

std::string with_article(TypeKind kind) { return kind == TypeKind::money ? "an amount" : "a " + std::string(name(kind)); }

std::string quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

Kind kind_of_name(const Expression& e, const Names& names, FaultList& faults) {
  if (const Names::Let* let = names.let(e.name)) return let->kind;
  if (const Field* parameter = names.parameter(e.name)) return parameter->type.kind;
  if (const Term* term = names.text().term(e.name); term != nullptr && !term->is_list) return term->type.kind;
  if (names.list_of(e.name) != nullptr) faults.add(e.place, quoted(e.name) + " is an entry: name one of its fields, as in " + e.name + ".title");
  else if (names.text().term(e.name) != nullptr) faults.add(e.place, quoted(e.name) + " is a list: its entries are reached with `on` or `each`");
  else if (names.text().party(e.name) != nullptr || names.text().entrant(e.name) != nullptr || e.name == treasury_party) faults.add(e.place, quoted(e.name) + " is a party, not a value");
  else faults.add(e.place, "nothing is called " + quoted(e.name) + " here");
  return std::nullopt;
}

Kind kind_of_field(const Expression& e, const Names& names, FaultList& faults) {
  const Term* list = names.list_of(e.name);
  if (list == nullptr) {
    faults.add(e.place, quoted(e.name) + " is no entry of a list here");
    return std::nullopt;
  }
  const Field* field = field_of(*list, e.member);
  if (field != nullptr) return field->type.kind;
  faults.add(e.place, "an entry of " + quoted(list->name) + " has no field " + quoted(e.member));
  return std::nullopt;
}

/// amount ± amount, date ± duration, duration ± duration
Kind kind_of_sum(const Expression& e, const Names& names, const Pots& pots, FaultList& faults) {
  const Kind left = kind_of(e.parts[0], names, pots, faults), right = kind_of(e.parts[1], names, pots, faults);
  if (!left || !right) return std::nullopt;
  if (*left == TypeKind::money && *right == TypeKind::money) return left;
  if ((*left == TypeKind::date || *left == TypeKind::duration) && *right == TypeKind::duration) return left;
  faults.add(e.place, with_article(*right) + " cannot be " + (e.form == Form::sum ? "added to " : "taken from ") + with_article(*left));
  return std::nullopt;
}

Kind kind_of_comparison(const Expression& e, const Names& names, const Pots& pots, FaultList& faults) {
  const Kind left = kind_of(e.parts[0], names, pots, faults), right = kind_of(e.parts[1], names, pots, faults);
  if (!left || !right) return std::nullopt;
  if (*left != *right) {
    faults.add(e.place, with_article(*left) + " cannot be compared with " + with_article(*right));
    return std::nullopt;
  }
  const bool ordered = *left == TypeKind::money || *left == TypeKind::date || *left == TypeKind::duration || *left == TypeKind::rate;
  if (!ordered) {
    faults.add(e.place, with_article(*left) + " has no order and is not compared" + (*left == TypeKind::choice ? "; write `is`" : ""));
    return std::nullopt;
  }
  return TypeKind::condition;
}

void check_given(const Expression& e, const Names& names, FaultList& faults) {
  const Expression& what = e.parts[0];
  if (what.form == Form::name) {
    if (const Party* party = names.text().party(what.name)) {
      if (!party->optional) faults.add(e.place, quoted(what.name) + " is not optional, so it is always given");
      return;
    }
    if (const Term* term = names.text().term(what.name); term != nullptr && !term->is_list) {
      if (!term->type.optional) faults.add(e.place, quoted(what.name) + " is not optional, so it is always given");
      return;
    }
  }
  faults.add(e.place, "before `given` stands the name of an optional party or term");
}

void check_is(const Expression& e, const Names& names, FaultList& faults) {
  if (const Term* list = names.list_of(e.name)) {
    const Stages* stages = names.text().stages_of(list->name);
    if (stages == nullptr || step_of(stages->steps, e.names[0]) == nullptr) faults.add(e.place, quoted(list->name) + " has no stage " + quoted(e.names[0]));
    return;
  }
  const Term* term = names.text().term(e.name);
  const Field* parameter = names.parameter(e.name);
  const Type* type = parameter != nullptr ? &parameter->type : term != nullptr && !term->is_list ? &term->type : nullptr;
  if (type == nullptr || type->kind != TypeKind::choice) faults.add(e.place, quoted(e.name) + " is neither an entry nor a choice");
  else if (std::find(type->choices.begin(), type->choices.end(), e.names[0]) == type->choices.end())
    faults.add(e.place, quoted(e.names[0]) + " is not among the choices of " + quoted(e.name));
}

void check_quantified(const Expression& e, const Names& names, FaultList& faults) {
  const Stages* stages = names.text().stages_of(e.name);
  if (stages == nullptr) return faults.add(e.place, quoted(e.name) + " is no list with stages");
  for (const std::string& stage : e.names)
    if (step_of(stages->steps, stage) == nullptr) faults.add(e.place, quoted(e.name) + " has no stage " + quoted(stage));
}

/// Who could try all values would open a seal without a salt; and there is a member to whom an entry of an open list belongs.
void check_seals(const Expression& e, const Names& names, const Pots& pots, FaultList& faults) {
  expect_kind(e.parts[0], TypeKind::digest, names, pots, faults);
  const Term* list = e.parts[0].form == Form::field ? names.list_of(e.parts[0].name) : nullptr;
  if (list == nullptr || !list->open) faults.add(e.place, "before `seals` stands a digest of an entry of an open list");
  for (const std::string& name : e.names)
    if (names.parameter(name) == nullptr) faults.add(e.place, quoted(name) + " is no parameter: what is revealed is handed over with the act");
  const Field* salt = names.parameter(e.names.back());
  if (e.names.size() < 2 || salt == nullptr || salt->type.kind != TypeKind::digest) faults.add(e.place, "the last of what is sealed is a digest: the salt, without which a seal can be guessed");
}

void check_first(const Expression& e, const Names& names, const Pots& pots, FaultList& faults) {
  const Term* list = names.list_of(e.name);
  const Stages* stages = list == nullptr ? nullptr : names.text().stages_of(list->name);
  if (stages == nullptr) return faults.add(e.place, quoted(e.name) + " is no entry of a list with stages");
  for (const std::string& stage : e.names)
    if (step_of(stages->steps, stage) == nullptr) faults.add(e.place, quoted(list->name) + " has no stage " + quoted(stage));
  for (const Expression& field : e.parts) {
    const Kind kind = kind_of(field, names, pots, faults);
    if (kind && *kind != TypeKind::money && *kind != TypeKind::date) faults.add(e.place, "entries are put in order by amounts and dates, and " + quoted(field.member) + " is " + with_article(*kind));
  }
}

}  // namespace

void FaultList::add(Place place, std::string sentence) {
  for (const Fault& fault : faults_)
    if (fault.place == place && fault.sentence == sentence) return;
  if (faults_.size() < limits::faults) faults_.push_back({place, std::move(sentence)});
}

std::vector<Fault> FaultList::take() {
  std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) { return a.place < b.place; });
  return std::move(faults_);
}

Kind kind_of(const Expression& e, const Names& names, const Pots& pots, FaultList& faults) {
  switch (e.form) {
    case Form::number:
      if (e.number != 0) faults.add(e.place, "a bare number is no amount: amounts come from the terms, only 0 can be written");
      return TypeKind::money;
    case Form::rate: return TypeKind::rate;
    case Form::duration: return TypeKind::duration;
    case Form::date:
    case Form::now: return TypeKind::date;
    case Form::name: return kind_of_name(e, names, faults);
    case Form::field: return kind_of_field(e, names, faults);
    case Form::rest:
      if (!names.pot_at(e.parts[0], pots)) faults.add(e.place, "behind `rest of` stands a term that is held");
      return TypeKind::money;
    case Form::sum:
    case Form::difference: return kind_of_sum(e, names, pots, faults);
    case Form::share:
      expect_kind(e.parts[0], TypeKind::rate, names, pots, faults);
      expect_kind(e.parts[1], TypeKind::money, names, pots, faults);
      return TypeKind::money;
    case Form::daily:
      expect_kind(e.parts[0], TypeKind::rate, names, pots, faults);
      expect_kind(e.parts[1], TypeKind::money, names, pots, faults);
      expect_kind(e.parts[2], TypeKind::date, names, pots, faults);
      expect_kind(e.parts[3], TypeKind::date, names, pots, faults);
      expect_kind(e.parts[4], TypeKind::rate, names, pots, faults);
      return TypeKind::money;
    case Form::max:
    case Form::min:
      for (const Expression& part : e.parts) expect_kind(part, TypeKind::date, names, pots, faults);
      return TypeKind::date;
    case Form::compare: return kind_of_comparison(e, names, pots, faults);
    case Form::both:
    case Form::either:
    case Form::negation:
      for (const Expression& part : e.parts) expect_kind(part, TypeKind::condition, names, pots, faults);
      return TypeKind::condition;
    case Form::given: check_given(e, names, faults); return TypeKind::condition;
    case Form::is_public:
      if (!names.text().knows_budget_lines()) faults.add(e.place, "no `fund` is a budget line, so nothing is public");
      return TypeKind::condition;
    case Form::is_stage: check_is(e, names, faults); return TypeKind::condition;
    case Form::all:
    case Form::no:
    case Form::any: check_quantified(e, names, faults); return TypeKind::condition;
    case Form::seals: check_seals(e, names, pots, faults); return TypeKind::condition;
    case Form::first: check_first(e, names, pots, faults); return TypeKind::condition;
  }
  return std::nullopt;
}

void expect_kind(const Expression& e, TypeKind kind, const Names& names, const Pots& pots, FaultList& faults) {
  const Kind found = kind_of(e, names, pots, faults);
  if (found && *found != kind) faults.add(e.place, "expected " + with_article(kind) + ", and this is " + with_article(*found));
}

bool is_settled_by_terms(const Expression& condition) {
  switch (condition.form) {
    case Form::given:
    case Form::is_public: return true;
    case Form::both:
    case Form::either:
    case Form::negation: return std::all_of(condition.parts.begin(), condition.parts.end(), is_settled_by_terms);
    default: return false;
  }
}

bool is_known_beforehand(const Expression& e, const Names& names) {
  if (e.form == Form::now || e.form == Form::rest) return false;
  if (e.form == Form::name && (names.let(e.name) != nullptr || names.parameter(e.name) != nullptr)) return false;
  return std::all_of(e.parts.begin(), e.parts.end(), [&](const Expression& part) { return is_known_beforehand(part, names); });
}

}  // namespace daftar::contracts::language
