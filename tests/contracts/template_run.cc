#include "template_run.h"

#include <algorithm>

#include "ledger/money.h"

namespace daftar::contracts::test {

using Form = language::Expression::Form;
using Verb = language::Statement::Verb;

namespace {

constexpr std::int64_t run_day = 86'400'000;

[[noreturn]] void mistake(std::string why) { throw RunRefusal{std::move(why), true}; }

bool named_in(const std::vector<std::string>& names, const std::string& wanted) { return std::find(names.begin(), names.end(), wanted) != names.end(); }

}  // namespace

std::int64_t plain_seal(const std::vector<std::int64_t>& values) {
  std::uint64_t folded = 17;
  for (const std::int64_t value : values) folded = folded * 1'000'003 + static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(folded >> 2);
}

TemplateRun::TemplateRun(const language::Template& text, RunTerms terms) : text_(text), pots_(language::pots_of(text)), terms_(std::move(terms)) {
  if (!text_.stages.empty()) stages_.resize(terms_.entries.at(text_.stages.front().list).size());
}

TemplateRun::Frame TemplateRun::frame(const language::Scope& scope, std::int64_t now, std::size_t entry) const {
  Frame f{now, {}, {}, language::Names(text_)};
  if (scope.on && !scope.joins) {
    f.entries[scope.on->variable] = {scope.on->list, entry};
    f.names.add_entry(*scope.on);
  }
  return f;
}

bool TemplateRun::in_scope(const language::Scope& scope, std::size_t entry) const {
  if (scope.joins) return named_in(scope.phases, phase()) && !is_full();
  return named_in(scope.phases, phase()) && (!scope.on || entry < stages_.size()) && (!scope.on || scope.on->stages.empty() || named_in(scope.on->stages, stage(entry)));
}

std::size_t TemplateRun::join(const std::string& list) {
  auto& entry = terms_.entries.at(list).emplace_back();
  for (const language::Field& field : text_.term(list)->fields)
    if (const auto copied = terms_.values.find(field.type.copy_of); copied != terms_.values.end()) entry[field.name] = copied->second;
  stages_.push_back(0);
  return stages_.size() - 1;
}

bool TemplateRun::is_first(const Expression& e, const Frame& f) const {
  const auto& [list, own] = f.entries.at(e.name);
  const auto& entries = terms_.entries.at(list);
  const auto rank = [&](std::size_t entry) {
    std::vector<std::int64_t> by;
    for (const Expression& field : e.parts) {
      const auto found = entries[entry].find(field.member);
      if (found == entries[entry].end()) mistake(e.name + "." + field.member + " is read and not there");
      by.push_back(found->second);
    }
    by.push_back(static_cast<std::int64_t>(entry));
    return by;
  };
  for (std::size_t other = 0; other < entries.size(); ++other)
    if (other != own && named_in(e.names, stage(other)) && rank(other) < rank(own)) return false;
  return true;
}

std::string TemplateRun::pot(const Expression& place, const Frame& f) const {
  if (place.form == Form::name) return place.name;
  const auto& [list, index] = f.entries.at(place.name);
  return list + "." + place.member + " " + std::to_string(index + 1);
}

std::int64_t TemplateRun::value(const Expression& e, const Frame& f) const {
  const auto part = [&](std::size_t i) { return value(e.parts[i], f); };
  switch (e.form) {
    case Form::number:
    case Form::rate:
    case Form::duration:
    case Form::date: return e.number;
    case Form::now: return f.now;
    case Form::name: {
      if (const auto local = f.values.find(e.name); local != f.values.end()) return local->second;
      const auto term = terms_.values.find(e.name);
      if (term == terms_.values.end()) mistake(e.name + " is read and not there");
      return term->second;
    }
    case Form::field: {
      const auto& [list, index] = f.entries.at(e.name);
      const auto& entry = terms_.entries.at(list).at(index);
      const auto field = entry.find(e.member);
      if (field == entry.end()) mistake(e.name + "." + e.member + " is read and not there");
      return field->second;
    }
    case Form::rest: {
      const auto found = held_.find(pot(e.parts[0], f));
      return found == held_.end() ? 0 : found->second;
    }
    case Form::sum: return part(0) + part(1);
    case Form::difference: return part(0) - part(1);
    case Form::max: return std::max(part(0), part(1));
    case Form::min: return std::min(part(0), part(1));
    case Form::share: return *ledger::mul_div(part(1), part(0), 1'000'000, ledger::Rounding::floor);
    case Form::daily: {
      const std::int64_t late = part(3) - part(2);
      const std::int64_t days = late <= 0 ? 0 : late / run_day;
      return *ledger::mul_div(part(1), std::min(part(0) * days, part(4)), 1'000'000, ledger::Rounding::floor);
    }
    default: throw std::logic_error("no value: " + language::written(e));
  }
}

bool TemplateRun::holds(const Expression& e, const Frame& f) const {
  const auto among = [&](std::size_t entry) { return e.names.empty() ? steps()[stages_[entry]].end : named_in(e.names, stage(entry)); };
  std::size_t count = 0;
  switch (e.form) {
    case Form::both: return holds(e.parts[0], f) && holds(e.parts[1], f);
    // `a if b` has become `a or not b`: where b fails, a may speak of what the terms leave out.
    case Form::either: return holds(e.parts[1], f) || holds(e.parts[0], f);
    case Form::negation: return !holds(e.parts[0], f);
    case Form::given: return !terms_.left_out.contains(e.parts[0].name);
    case Form::is_public: return terms_.is_public;
    case Form::is_stage: {
      if (const auto entry = f.entries.find(e.name); entry != f.entries.end()) return stage(entry->second.second) == e.names[0];
      const auto& choices = text_.term(e.name)->type.choices;
      return choices.at(static_cast<std::size_t>(terms_.values.at(e.name))) == e.names[0];
    }
    case Form::all:
    case Form::no:
    case Form::any:
      for (std::size_t i = 0; i < stages_.size(); ++i) count += among(i) ? 1 : 0;
      return e.form == Form::all ? count == stages_.size() : e.form == Form::no ? count == 0 : count > 0;
    case Form::compare: {
      const std::int64_t a = value(e.parts[0], f), b = value(e.parts[1], f);
      if (e.name == "<") return a < b;
      if (e.name == "<=") return a <= b;
      if (e.name == ">") return a > b;
      if (e.name == ">=") return a >= b;
      return e.name == "=" ? a == b : a != b;
    }
    case Form::first: return is_first(e, f);
    case Form::seals: {
      std::vector<std::int64_t> revealed;
      for (const std::string& name : e.names) revealed.push_back(f.values.at(name));
      return value(e.parts[0], f) == plain_seal(revealed);
    }
    default: throw std::logic_error("no condition: " + language::written(e));
  }
}

const language::Requirement* TemplateRun::unmet_requirement(std::int64_t now) const {
  for (const language::Requirement& required : text_.requirements) {
    language::Scope scope;
    scope.on = required.each;
    const std::size_t count = required.each ? terms_.entries.at(required.each->list).size() : 1;
    for (std::size_t entry = 0; entry < count; ++entry) {
      try {
        if (!holds(required.condition, frame(scope, now, entry))) return &required;
      } catch (const RunRefusal&) {
        return &required;   // it reads what these terms leave out
      }
    }
  }
  return nullptr;
}

void TemplateRun::act(const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) {
  if (!in_scope(action.scope, entry)) throw RunRefusal{"not now"};
  Frame f = frame(action.scope, now, entry);
  for (const language::Field& parameter : action.parameters) f.names.add_parameter(parameter);
  f.values = parameters;
  if (action.scope.when && !holds(*action.scope.when, f)) throw RunRefusal{"when"};
  if (!action.scope.joins) return all_or_nothing(action.scope, action.body, std::move(f));
  const TemplateRun before = *this;
  f.entries[action.scope.on->variable] = {action.scope.on->list, join(action.scope.on->list)};
  f.names.add_entry(*action.scope.on);
  try {
    all_or_nothing(action.scope, action.body, std::move(f));
  } catch (const RunRefusal&) {
    put_back(before);
    throw;
  }
}

std::int64_t TemplateRun::bound(const language::Action& action, const language::Field& parameter, std::int64_t now, std::size_t entry) {
  return parameter.type.up_to ? value(*parameter.type.up_to, frame(action.scope, now, entry)) : 0;
}

void TemplateRun::all_or_nothing(const language::Scope&, const std::vector<language::Statement>& body, Frame f) {
  const TemplateRun before = *this;
  try {
    run(body, f);
    conclude(f);
    if (ended())
      for (const auto& [name, amount] : held_)
        if (amount != 0) mistake("it ends, and of " + name + " is held " + std::to_string(amount));
  } catch (const RunRefusal&) {
    put_back(before);
    throw;
  }
}

void TemplateRun::put_back(const TemplateRun& before) {
  terms_ = before.terms_;
  phase_ = before.phase_;
  stages_ = before.stages_;
  held_ = before.held_;
  taken_in_ = before.taken_in_;
  received = before.received;
}

void TemplateRun::conclude(const Frame& f) {
  for (const language::Conclusion& conclusion : text_.conclusions) {
    if (phase() != conclusion.from || !holds(conclusion.when, f)) continue;
    phase_ = static_cast<std::size_t>(text_.phase(conclusion.to) - text_.phases.data());
    return;
  }
}

void TemplateRun::run(const std::vector<language::Statement>& body, Frame& f) {
  for (const language::Statement& s : body) run(s, f);
}

void TemplateRun::run(const language::Statement& s, Frame& f) {
  switch (s.verb) {
    case Verb::hold: {
      std::int64_t& held = held_[pot(s.amount, f)];
      if (held != 0) mistake("held again: " + pot(s.amount, f));
      held = value(s.amount, f);
      taken_in_ += held;
      return;
    }
    case Verb::pay:
    case Verb::refund:
    case Verb::release: return let_out(s, f);
    case Verb::let:
      f.values[s.name] = value(s.amount, f);
      f.names.add_let(s.name, language::TypeKind::money, f.names.pots_in(s.amount, pots_));
      return;
    case Verb::set: {
      const std::int64_t set = f.values.contains(s.amount.name) || s.amount.form != Form::name ? value(s.amount, f) : 0;   // a document counts for nothing here
      if (s.member.empty()) terms_.values[s.name] = set;
      else terms_.entries.at(f.entries.at(s.name).first).at(f.entries.at(s.name).second)[s.member] = set;
      return;
    }
    case Verb::become: phase_ = static_cast<std::size_t>(text_.phase(s.name) - text_.phases.data()); return;
    case Verb::entry_becomes:
      stages_.at(f.entries.at(s.name).second) = static_cast<std::size_t>(language::step_of(steps(), s.member) - steps().data());
      return;
    case Verb::if_else: return run(holds(s.amount, f) ? s.body : s.otherwise, f);
    case Verb::each:
      for (std::size_t i = 0; i < terms_.entries.at(s.entry->list).size(); ++i) {
        if (!s.entry->stages.empty() && !named_in(s.entry->stages, stage(i))) continue;
        Frame inside = f;
        inside.entries[s.entry->variable] = {s.entry->list, i};
        inside.names.add_entry(*s.entry);
        run(s.body, inside);
      }
      return;
  }
}

void TemplateRun::let_out(const language::Statement& s, Frame& f) {
  const Expression place = s.from ? *s.from : f.names.pots_in(s.amount, pots_).begin()->second;
  const std::int64_t amount = value(s.amount, f);
  std::int64_t& held = held_[pot(place, f)];
  if (amount < 0) mistake("below nothing: " + language::written(s.amount) + " is " + std::to_string(amount));
  if (amount > held) mistake(language::written(s.amount) + " is " + std::to_string(amount) + ", held " + std::to_string(held));
  if (s.verb == Verb::pay && !s.category) mistake("no category");
  held -= amount;
  received[s.party] += amount;
}

std::optional<TemplateRun::Due> TemplateRun::next_deadline() {
  std::optional<Due> next;
  for (const language::Deadline& deadline : text_.deadlines)
    for (std::size_t entry = 0; entry < (deadline.scope.on ? stages_.size() : 1); ++entry) {
      if (!in_scope(deadline.scope, entry)) continue;
      const Frame f = frame(deadline.scope, 0, entry);
      if (deadline.scope.when && !holds(*deadline.scope.when, f)) continue;
      bool exists = true;   // no optional term of it is left out
      const auto look = [&](const auto& self, const Expression& e) -> void {
        if (e.form == Form::name && terms_.left_out.contains(e.name)) exists = false;
        for (const Expression& inner : e.parts) self(self, inner);
      };
      look(look, deadline.at);
      if (!exists) continue;
      const std::int64_t at = value(deadline.at, f);
      if (!next || at < next->at) next = Due{&deadline, entry, at};
    }
  return next;
}

void TemplateRun::fire(const Due& due, std::int64_t now) {
  all_or_nothing(due.deadline->scope, language::effects(text_, *due.deadline), frame(due.deadline->scope, now, due.entry));
}

}  // namespace daftar::contracts::test
