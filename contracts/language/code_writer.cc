#include "contracts/language/code_writer.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::contracts::language {
namespace {

using Form = Expression::Form;

template <class Named>
std::uint16_t number_in(const std::vector<Named>& all, std::string_view wanted) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == wanted; });
  DAFTAR_CHECK(found != all.end());   // the type checker has seen to it
  return static_cast<std::uint16_t>(found - all.begin());
}

StepSet set_of(const std::vector<Step>& steps, const std::vector<std::string>& names) {
  StepSet out = 0;
  for (const std::string& name : names) out |= StepSet{1} << number_in(steps, name);
  return out;
}

Op op_of_comparison(const std::string& sign) {
  if (sign == "<") return Op::less;
  if (sign == "<=") return Op::at_most;
  if (sign == ">") return Op::more;
  if (sign == ">=") return Op::at_least;
  return sign == "=" ? Op::equal : Op::differs;
}

}  // namespace

Numbers::Numbers(const Template& text) : text_(text), pots_(pots_of(text)), stages_(text.stages.empty() ? nullptr : &text.stages.front().steps) {}

std::uint16_t Numbers::party(std::string_view name) const {
  if (name == treasury_party) return treasury_number;
  return text_.entrant(name) != nullptr ? entrant_number : number_in(text_.parties, name);
}
std::uint16_t Numbers::phase(std::string_view name) const { return number_in(text_.phases, name); }
std::uint16_t Numbers::stage(std::string_view name) const {
  DAFTAR_CHECK(stages_ != nullptr);
  return number_in(*stages_, name);
}

/// Lists have numbers of their own, and so have the terms that are none.
std::uint16_t Numbers::among_terms(std::string_view name, bool lists) const {
  std::uint16_t number = 0;
  for (const Term& term : text_.terms) {
    if (term.is_list != lists) continue;
    if (term.name == name) return number;
    ++number;
  }
  DAFTAR_CHECK(!"a term of this name");
  return 0;
}

std::uint16_t Numbers::field(std::string_view list, std::string_view name) const { return number_in(text_.term(list)->fields, name); }

std::uint16_t Numbers::pot(const Pot& pot) const {
  const auto found = pots_.find(pot);
  DAFTAR_CHECK(found != pots_.end());
  return static_cast<std::uint16_t>(std::distance(pots_.begin(), found));
}

StepSet Numbers::phases(const std::vector<std::string>& names) const { return set_of(text_.phases, names); }

StepSet Numbers::stages(const std::vector<std::string>& names) const {
  return names.empty() || stages_ == nullptr ? ~StepSet{0} : set_of(*stages_, names);
}

StepSet Numbers::ended_stages() const {
  StepSet out = 0;
  for (std::size_t i = 0; stages_ != nullptr && i < stages_->size(); ++i)
    if ((*stages_)[i].end) out |= StepSet{1} << i;
  return out;
}

// ---- a piece of code

std::uint32_t CodeWriter::begin() {
  names_.emplace(numbers_.text());
  registers_.clear();
  locals_.clear();
  depth_ = 0;
  return static_cast<std::uint32_t>(code_.size());
}

void CodeWriter::end() { code_.push_back({}); }

void CodeWriter::know_entry(const Entry& entry, std::uint8_t at) {
  names_->add_entry(entry);
  registers_[entry.variable] = at;
}

void CodeWriter::know_parameter(const Field& parameter) {
  names_->add_parameter(parameter);
  locals_.emplace(parameter.name, static_cast<std::uint16_t>(locals_.size()));
}

void CodeWriter::put(Op op, int change, std::uint8_t a, std::uint16_t b, std::uint32_t c) {
  code_.push_back({op, a, b, c});
  depth_ = static_cast<std::size_t>(static_cast<int>(depth_) + change);
  deepest_ = std::max(deepest_, depth_);
}

std::size_t CodeWriter::leap(Op op, int change) {
  put(op, change);
  return code_.size() - 1;
}

std::uint32_t CodeWriter::constant(std::int64_t value) {
  const auto [known, added] = known_constants_.emplace(value, static_cast<std::uint32_t>(constants_.size()));
  if (added) constants_.push_back(value);
  return known->second;
}

std::uint8_t CodeWriter::register_of(const Expression& place) const {
  return place.form == Form::field ? registers_.at(place.name) : entry_register::whole;
}

std::uint16_t CodeWriter::slot_of(const Expression& field) const { return number_in(names_->list_of(field.name)->fields, field.member); }

std::uint16_t CodeWriter::local(const std::string& name) const { return locals_.at(name); }

Source CodeWriter::source_of(const Expression& e) const {
  if (e.form == Form::field)
    return {registers_.at(e.name) == entry_register::on ? Source::Kind::on_field : Source::Kind::each_field, slot_of(e)};
  if (names_->parameter(e.name) != nullptr) return {Source::Kind::parameter, local(e.name)};
  return {Source::Kind::term, numbers_.term(e.name)};
}

// ---- expressions

void CodeWriter::expression(const Expression& e) {
  if (e.form == Form::both || e.form == Form::either) {
    // `a if b` is `a or not b`: whether b holds comes first, for a may speak of what is not there without it.
    const bool right_first = e.form == Form::either;
    expression(e.parts[right_first ? 1 : 0]);
    const std::size_t settled = leap(right_first ? Op::or_else : Op::and_then, -1);
    expression(e.parts[right_first ? 0 : 1]);
    return land(settled);
  }
  if (e.form == Form::given) return given(e);
  if (e.form == Form::rest) {
    const Expression& place = e.parts[0];
    return put(Op::rest, 1, register_of(place), numbers_.pot(*names_->pot_at(place, numbers_.pots())));
  }
  if (e.form == Form::seals) return seals(e);
  if (e.form == Form::first) return first(e);
  for (const Expression& part : e.parts) expression(part);
  switch (e.form) {
    case Form::number:
    case Form::rate:
    case Form::duration:
    case Form::date: return put(Op::push, 1, 0, 0, constant(e.number));
    case Form::name: return name_value(e);
    case Form::field: return put(Op::field, 1, register_of(e), slot_of(e));
    case Form::now: return put(Op::now, 1);
    case Form::sum: return put(Op::add, -1);
    case Form::difference: return put(Op::subtract, -1);
    case Form::share: return put(Op::share, -1);
    case Form::daily: return put(Op::daily, -4);
    case Form::max: return put(Op::later, -1);
    case Form::min: return put(Op::earlier, -1);
    case Form::compare: return put(op_of_comparison(e.name), -1);
    case Form::negation: return put(Op::negate, 0);
    case Form::is_public: return put(Op::is_public, 1);
    case Form::is_stage: return is_stage(e);
    case Form::all:
    case Form::no:
    case Form::any: return quantified(e);
    case Form::both:
    case Form::either:
    case Form::given:
    case Form::seals:
    case Form::first:
    case Form::rest: break;   // above
  }
}

void CodeWriter::name_value(const Expression& e) {
  if (locals_.contains(e.name)) put(Op::local, 1, 0, local(e.name));
  else put(Op::term, 1, 0, numbers_.term(e.name));
}

void CodeWriter::given(const Expression& e) {
  const std::string& name = e.parts[0].name;
  if (numbers_.text().party(name) != nullptr) put(Op::party_given, 1, 0, numbers_.party(name));
  else put(Op::term_given, 1, 0, numbers_.term(name));
}

void CodeWriter::seals(const Expression& e) {
  Program::Sealed sealed;
  for (const std::string& name : e.names) {
    sealed.locals.push_back(local(name));
    sealed.names.push_back(name);
  }
  sealed_.push_back(std::move(sealed));
  put(Op::seals, 1, register_of(e.parts[0]), slot_of(e.parts[0]), static_cast<std::uint32_t>(sealed_.size() - 1));
}

void CodeWriter::first(const Expression& e) {
  Program::Ranking ranking;
  for (const Expression& field : e.parts) ranking.fields.push_back(slot_of(field));
  ranking.stages = numbers_.stages(e.names);
  rankings_.push_back(std::move(ranking));
  put(Op::is_first, 1, registers_.at(e.name), 0, static_cast<std::uint32_t>(rankings_.size() - 1));
}

void CodeWriter::is_stage(const Expression& e) {
  if (const auto entry = registers_.find(e.name); entry != registers_.end())
    return put(Op::in_stages, 1, entry->second, 0, constant(static_cast<std::int64_t>(numbers_.stages(e.names))));
  const Field* parameter = names_->parameter(e.name);
  const auto& choices = parameter != nullptr ? parameter->type.choices : numbers_.text().term(e.name)->type.choices;
  name_value(e);
  put(Op::push, 1, 0, 0, constant(std::find(choices.begin(), choices.end(), e.names[0]) - choices.begin()));
  put(Op::equal, -1);
}

void CodeWriter::quantified(const Expression& e) {
  const StepSet stages = e.names.empty() ? numbers_.ended_stages() : numbers_.stages(e.names);
  const Op op = e.form == Form::all ? Op::all_in : e.form == Form::no ? Op::none_in : Op::any_in;
  put(op, 1, 0, 0, constant(static_cast<std::int64_t>(stages)));
}

// ---- statements

void CodeWriter::body(const std::vector<Statement>& body) {
  for (const Statement& s : body) statement(s);
}

void CodeWriter::statement(const Statement& s) {
  using Verb = Statement::Verb;
  switch (s.verb) {
    case Verb::hold:
      expression(s.amount);
      return put(Op::hold, -1, register_of(s.amount), numbers_.pot(*names_->pot_at(s.amount, numbers_.pots())));
    case Verb::pay:
    case Verb::refund:
    case Verb::release: return outflow(s);
    case Verb::let: {
      expression(s.amount);
      names_->add_let(s.name, TypeKind::money, names_->pots_in(s.amount, numbers_.pots()));
      const auto number = static_cast<std::uint16_t>(locals_.size());
      locals_.emplace(s.name, number);   // names in an act are distinct, in its branches, too
      return put(Op::let, -1, 0, number);
    }
    case Verb::set: return set(s);
    case Verb::become: return put(Op::become, 0, 0, numbers_.phase(s.name));
    case Verb::entry_becomes: return put(Op::entry_becomes, 0, registers_.at(s.name), numbers_.stage(s.member));
    case Verb::if_else: return if_else(s);
    case Verb::each: return each(s);
  }
}

void CodeWriter::outflow(const Statement& s) {
  const Expression place = s.from ? *s.from : names_->pots_in(s.amount, numbers_.pots()).begin()->second;
  const std::uint16_t pot = numbers_.pot(*names_->pot_at(place, numbers_.pots()));
  expression(s.amount);
  if (s.verb != Statement::Verb::pay) return put(Op::give_back, -1, register_of(place), pot);
  Program::Payment payment{.to = numbers_.party(s.party), .category = {}, .source = 0};
  const bool written_out = s.category && s.category->form == Form::name && !names_->knows(s.category->name);
  if (written_out) payment.category = s.category->name;
  else if (s.category) payment.source = source_of(*s.category).packed();
  payments_.push_back(std::move(payment));
  put(Op::pay, -1, register_of(place), pot, static_cast<std::uint32_t>(payments_.size() - 1));
}

void CodeWriter::set(const Statement& s) {
  const bool of_entry = !s.member.empty();
  const std::uint8_t entry = of_entry ? registers_.at(s.name) : entry_register::whole;
  const Term* list = of_entry ? names_->list_of(s.name) : nullptr;
  const std::uint16_t slot = of_entry ? number_in(list->fields, s.member) : numbers_.term(s.name);
  const TypeKind kind = of_entry ? list->fields[slot].type.kind : numbers_.text().term(s.name)->type.kind;
  if (!is_number(kind)) return put(of_entry ? Op::copy_to_field : Op::copy_to_term, 0, entry, slot, source_of(s.amount).packed());
  expression(s.amount);
  put(of_entry ? Op::set_field : Op::set_term, -1, entry, slot);
}

void CodeWriter::if_else(const Statement& s) {
  expression(s.amount);
  const std::size_t to_otherwise = leap(Op::unless, -1);
  body(s.body);
  if (s.otherwise.empty()) return land(to_otherwise);
  const std::size_t to_end = leap(Op::jump, 0);
  land(to_otherwise);
  body(s.otherwise);
  land(to_end);
}

/// Entries in other stages are passed over when their turn comes: what happens to one entry may change the stage of none but itself.
void CodeWriter::each(const Statement& s) {
  const Entry& entry = *s.entry;
  know_entry(entry, entry_register::each);
  put(Op::first, 0, entry_register::each, numbers_.list(entry.list));
  const std::size_t to_end = code_.size() - 1;
  const auto again = static_cast<std::uint32_t>(code_.size());
  std::optional<std::size_t> to_next;
  if (!entry.stages.empty()) {
    put(Op::in_stages, 1, entry_register::each, 0, constant(static_cast<std::int64_t>(numbers_.stages(entry.stages))));
    to_next = leap(Op::unless, -1);
  }
  body(s.body);
  if (to_next) land(*to_next);
  put(Op::next, 0, entry_register::each, 0, again);
  land(to_end);
  registers_.erase(entry.variable);
}

}  // namespace daftar::contracts::language
