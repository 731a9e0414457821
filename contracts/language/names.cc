#include "contracts/language/names.h"

namespace daftar::contracts::language {
namespace {

void find_holds(const std::vector<Statement>& body, Names names, Pots& out) {
  for (const Statement& s : body) {
    if (s.verb == Statement::Verb::each && s.entry) {
      Names inside = names;
      inside.add_entry(*s.entry);
      find_holds(s.body, inside, out);
    } else if (s.verb == Statement::Verb::if_else) {
      find_holds(s.body, names, out);
      find_holds(s.otherwise, names, out);
    } else if (s.verb == Statement::Verb::hold) {
      if (s.amount.form == Expression::Form::name) out.emplace(Pot{{}, s.amount.name}, s.party);
      else if (const Term* list = names.list_of(s.amount.name)) out.emplace(Pot{list->name, s.amount.member}, s.party);
    }
  }
}

}  // namespace

std::string name(const Pot& pot) { return pot.list.empty() ? pot.term : pot.list + "." + pot.term; }

Pots pots_of(const Template& text) {
  Pots out;
  const auto find = [&](const Scope& scope, const std::vector<Statement>& body) {
    Names names(text);
    if (scope.on) names.add_entry(*scope.on);
    find_holds(body, names, out);
  };
  for (const Action& action : text.actions) find(action.scope, action.body);
  for (const Deadline& deadline : text.deadlines) find(deadline.scope, deadline.body);
  return out;
}

bool Names::knows(const std::string& name) const {
  return entries_.contains(name) || parameters_.contains(name) || lets_.contains(name) || text_->term(name) != nullptr ||
         text_->party(name) != nullptr || text_->entrant(name) != nullptr || name == treasury_party;
}

const Term* Names::list_of(const std::string& variable) const {
  const auto found = entries_.find(variable);
  return found == entries_.end() ? nullptr : text_->term(found->second);
}

const Field* Names::parameter(const std::string& name) const {
  const auto found = parameters_.find(name);
  return found == parameters_.end() ? nullptr : found->second;
}

const Names::Let* Names::let(const std::string& name) const {
  const auto found = lets_.find(name);
  return found == lets_.end() ? nullptr : &found->second;
}

std::optional<Pot> Names::pot_at(const Expression& place, const Pots& pots) const {
  Pot pot;
  if (place.form == Expression::Form::name) {
    pot.term = place.name;
  } else if (place.form == Expression::Form::field) {
    const Term* list = list_of(place.name);
    if (list == nullptr) return std::nullopt;
    pot = {list->name, place.member};
  }
  if (!pots.contains(pot)) return std::nullopt;
  return pot;
}

std::map<Pot, Expression> Names::pots_in(const Expression& amount, const Pots& pots) const {
  std::map<Pot, Expression> out;
  if (const auto pot = pot_at(amount, pots)) out.emplace(*pot, amount);
  if (amount.form == Expression::Form::name) {
    if (const Let* known = let(amount.name)) {
      for (const auto& [pot, place] : known->pots) out.emplace(pot, place);
    } else if (const Field* given = parameter(amount.name); given != nullptr && given->type.up_to) {
      out.merge(pots_in(*given->type.up_to, pots));
    }
  }
  for (const Expression& part : amount.parts) out.merge(pots_in(part, pots));
  return out;
}

}  // namespace daftar::contracts::language
