#include "contracts/language/machine.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::contracts::language {
namespace {

constexpr std::size_t optional_parts_max = 10;

bool among(const std::vector<std::string>& names, const std::string& wanted) { return std::find(names.begin(), names.end(), wanted) != names.end(); }

/// Does an expression of the template name this term?
class Mentions {
 public:
  Mentions(const Template& text, const std::string& term) : term_(term) {
    for (const Term& one : text.terms) {
      type(one.type);
      for (const Field& field : one.fields) type(field.type);
    }
    for (const Requirement& required : text.requirements) expression(required.condition);
    for (const Action& action : text.actions) {
      for (const Field& parameter : action.parameters) type(parameter.type);
      scope(action.scope);
      statements(action.body);
    }
    for (const Deadline& deadline : text.deadlines) {
      expression(deadline.at);
      scope(deadline.scope);
      statements(deadline.body);
    }
    for (const Conclusion& conclusion : text.conclusions) expression(conclusion.when);
  }
  bool any() const { return any_; }

 private:
  void expression(const Expression& e) {
    any_ = any_ || e.name == term_;
    for (const Expression& part : e.parts) expression(part);
  }
  void type(const Type& type) {
    any_ = any_ || type.copy_of == term_;
    if (type.up_to) expression(*type.up_to);
  }
  void scope(const Scope& scope) {
    if (scope.when) expression(*scope.when);
  }
  void statements(const std::vector<Statement>& body) {
    for (const Statement& s : body) {
      any_ = any_ || s.name == term_;
      expression(s.amount);
      if (s.from) expression(*s.from);
      if (s.category) expression(*s.category);
      statements(s.body);
      statements(s.otherwise);
    }
  }

  const std::string& term_;
  bool any_ = false;
};

/// A term that stands in the words only changes nothing that can happen: it need not be left out to be looked at.
std::vector<std::string> optional_parts(const Template& text) {
  std::vector<std::string> out;
  for (const Party& party : text.parties)
    if (party.optional) out.push_back(party.name);
  for (const Term& term : text.terms)
    if (!term.is_list && term.type.optional && Mentions(text, term.name).any()) out.push_back(term.name);
  return out;
}

/// Every optional term that an expression names is given.
bool is_settled(const Expression& e, const Arrangement& arrangement) {
  if (e.form == Expression::Form::name && !arrangement.given(e.name)) return false;
  return std::all_of(e.parts.begin(), e.parts.end(), [&](const Expression& part) { return is_settled(part, arrangement); });
}

bool holds_money(const std::vector<Statement>& body) {
  return std::any_of(body.begin(), body.end(),
                     [](const Statement& s) { return s.verb == Statement::Verb::hold || holds_money(s.body) || holds_money(s.otherwise); });
}

}  // namespace

std::string_view name(Property property) {
  switch (property) {
    case Property::conservation: return "conservation";
    case Property::consent: return "consent";
    case Property::way_out: return "way-out";
    case Property::tax_category: return "tax-category";
    case Property::reachable: return "reachable";
    case Property::one_reading: return "one-reading";
    case Property::set_before_read: return "set-before-read";
    case Property::cost: return "cost";
    case Property::size: return "size";
  }
  return {};
}

std::optional<std::vector<Arrangement>> arrangements_of(const Template& text) {
  const std::vector<std::string> parts = optional_parts(text);
  if (parts.size() > optional_parts_max) return std::nullopt;
  std::vector<bool> publics;
  const bool any_account = std::any_of(text.funds.begin(), text.funds.end(), [](const Fund& fund) { return fund.budget_line && fund.account; });
  if (any_account || !text.knows_budget_lines()) publics.push_back(false);
  if (text.knows_budget_lines()) publics.push_back(true);

  const Machine machine(text);
  std::vector<Arrangement> out;
  for (const bool is_public : publics)
    for (std::size_t left = 0; left < (std::size_t{1} << parts.size()); ++left) {
      Arrangement arrangement{is_public, {}};
      for (std::size_t i = 0; i < parts.size(); ++i)
        if (left >> i & 1) arrangement.left_out.insert(parts[i]);
      const bool possible = std::all_of(text.requirements.begin(), text.requirements.end(), [&](const Requirement& required) {
        return machine.truth(required.condition, machine.first_state(), arrangement, {}).can_hold;
      });
      if (possible) out.push_back(std::move(arrangement));
    }
  return out;
}

std::string in_words(const Template& text, const Arrangement& arrangement) {
  std::string out;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
  if (text.knows_budget_lines()) add(arrangement.is_public ? "paid from a budget line" : "paid from an account");
  for (const std::string& part : optional_parts(text)) add((arrangement.given(part) ? "" : "no ") + part);
  return out;
}

std::string in_words(const Event& event) {
  if (event.deadline != nullptr) return "the deadline " + event.deadline->name + " falls due" + (event.on_followed ? "" : " for another entry");
  std::string who;
  const char* joined = event.action->jointly ? " and " : " or ";
  for (const std::string& actor : event.actors) who += (who.empty() ? "" : joined) + actor;
  return who + ": " + event.action->name + (event.on_followed ? "" : " (another entry)");
}

Machine::Machine(const Template& text) : text_(text), pots_(pots_of(text)) {}

const std::vector<Step>& Machine::stages() const {
  static const std::vector<Step> none;
  return text_.stages.empty() ? none : text_.stages.front().steps;
}

State Machine::first_state() const {
  State state;
  if (!text_.entrants.empty()) state.stage = absent;
  return state;
}

bool Machine::is_in(const State& state, const std::vector<std::string>& wanted) const {
  return state.stage != absent && (wanted.empty() || stages().empty() || among(wanted, stages()[state.stage].name));
}

std::vector<Event> Machine::events(const State& state, const Arrangement& arrangement) const {
  std::vector<Event> out;
  if (ended(state)) return out;
  const std::string& phase = text_.phases[state.phase].name;

  /// Adds the event for the followed entry, and for another.
  const auto add = [&](Event event) {
    const Scope& scope = event.scope();
    if (!among(scope.phases, phase)) return;
    for (const bool followed : {true, false}) {
      if (!followed && (!scope.on || text_.term(scope.on->list)->most == 1)) continue;
      std::map<std::string, bool> entries;
      if (scope.on && !scope.joins) entries[scope.on->variable] = followed;
      if (scope.joins && followed && state.stage != absent) continue;   // it is made once
      if (scope.on && followed && !scope.joins && !is_in(state, scope.on->stages)) continue;
      if (scope.when && !truth(*scope.when, state, arrangement, entries).can_hold) continue;
      event.on_followed = followed;
      event.help = Help::no;
      const std::vector<Statement>& body = event.action != nullptr ? event.action->body : effects(text_, *event.deadline);
      // A contract by an award brings money in, so nobody is relied on to make it.
      const bool relied_on = event.action == nullptr || !event.action->award;
      if (followed && relied_on && !holds_money(body)) {
        if (event.deadline != nullptr) event.help = Help::after_waiting;
        else event.help = scope.when ? help(*scope.when, state, arrangement, entries) : Help::now;
      }
      out.push_back(event);
    }
  };

  for (const Action& action : text_.actions) {
    Event event;
    event.action = &action;
    for (const std::string& actor : action.actors)
      if (arrangement.given(actor) && (actor != treasury_party || arrangement.is_public)) event.actors.push_back(actor);
    if (event.actors.empty() || (action.jointly && event.actors.size() != action.actors.size())) continue;
    add(std::move(event));
  }
  for (const Deadline& deadline : text_.deadlines) {
    if (!is_settled(deadline.at, arrangement)) continue;   // its term is not given: it does not exist
    Event event;
    event.deadline = &deadline;
    add(std::move(event));
  }
  return out;
}

}  // namespace daftar::contracts::language
