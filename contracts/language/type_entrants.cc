// Open lists, who makes their entries, and contracts by an award.
#include <algorithm>

#include "contracts/language/type_faults.h"

namespace daftar::contracts::language {
namespace {

std::string as_code(std::string_view name) { return "`" + std::string(name) + "`"; }

}  // namespace

void check_entrants(const Template& text, FaultList& faults) {
  for (const Entrant& entrant : text.entrants) {
    const Term* list = text.term(entrant.list);
    if (list == nullptr || !list->open) faults.add(entrant.place, as_code(entrant.list) + " is no open list");
  }
  if (text.entrants.size() > 1) faults.add(text.entrants[1].place, "one open list at most has an entrant");
  for (const Term& term : text.terms) {
    if (!term.open) continue;
    if (text.entrants.empty() || text.entrants.front().list != term.name) faults.add(term.place, "an `entrant` says who makes the entries of " + as_code(term.name));
    if (text.stages_of(term.name) == nullptr) faults.add(term.place, "an open list has stages");
  }
}

void check_origin(const Field& field, bool in_open_list, const Template& text, FaultList& faults) {
  const std::string& copied = field.type.copy_of;
  if (!in_open_list) {
    if (!copied.empty()) faults.add(field.place, as_code(field.name) + ": only a field of an open list is a copy of a term");
    return;
  }
  if (field.type.later) return;
  const Term* term = text.term(copied);
  if (copied.empty()) faults.add(field.place, as_code(field.name) + ": a field of an open list is set `later`, or is a copy of a term: `money = " + field.name + "`");
  else if (term == nullptr || term->is_list || term->type.later || term->type.kind != TypeKind::money || field.type.kind != TypeKind::money)
    faults.add(field.place, as_code(field.name) + ": what is copied is a term of money");
}

void check_entrant_acts(const Action& action, const Template& text, FaultList& faults) {
  const auto entrant = std::find_if(action.actors.begin(), action.actors.end(), [&](const std::string& actor) { return text.entrant(actor) != nullptr; });
  if (entrant == action.actors.end()) {
    if (action.scope.joins) faults.add(action.place, "an entry is made by its entrant");
    return;
  }
  if (action.actors.size() > 1 && !action.award) faults.add(action.place, as_code(*entrant) + " acts alone");
  if (!action.scope.on || action.scope.on->list != text.entrant(*entrant)->list) faults.add(action.place, as_code(*entrant) + " acts on an entry of " + as_code(text.entrant(*entrant)->list));
}

void check_award(const Action& action, const Template& text, const Names& names, const Pots& pots, FaultList& faults) {
  const Award& award = *action.award;
  const Party* buyer = text.party(award.buyer);
  if (buyer == nullptr || buyer->optional) faults.add(action.place, "who awards is a party that is always there");
  if (text.entrant(award.winner) == nullptr) faults.add(action.place, "who wins is an entrant");
  if (!action.parameters.empty() || action.scope.joins) faults.add(action.place, "nobody sends this act, so it is given no parameters and joins nothing");
  if (award.price.form != Expression::Form::field || !action.scope.on || award.price.name != action.scope.on->variable) faults.add(award.price.place, "the awarded amount is a field of the entry");
  else expect_kind(award.price, TypeKind::money, names, pots, faults);
  const auto same_name = std::count_if(text.actions.begin(), text.actions.end(), [&](const Action& one) { return one.name == action.name; });
  const auto awards = std::count_if(text.actions.begin(), text.actions.end(), [](const Action& one) { return one.award.has_value(); });
  if (same_name > 1) faults.add(action.place, as_code(action.name) + " is declared more than once");
  if (awards > 1) faults.add(action.place, "one act at most is done by a contract");
}

}  // namespace daftar::contracts::language
