#include "contracts/language/type_checker.h"

#include <algorithm>
#include <array>
#include <set>

#include "contracts/language/type_faults.h"

namespace daftar::contracts::language {
namespace {

std::string marked(std::string_view name) { return "`" + std::string(name) + "`"; }

/// The roles of the ledger, and `member`: whoever is one.
constexpr std::array<std::string_view, 11> known_roles = {"member",        "enterprise", "citizen",   "treasury", "spending_unit", "tax_authority",
                                                          "bank",          "registrar",  "arbiter",   "auditor",  "operator"};

class TypeChecker {
 public:
  explicit TypeChecker(const Template& text) : text_(text), pots_(pots_of(text)) {}

  std::vector<Fault> run() {
    check_names();
    check_entrants(text_, faults_);
    check_funds();
    check_terms();
    check_steps();
    for (const Requirement& required : text_.requirements) check_requirement(required);
    check_prose();
    for (const Action& action : text_.actions) check_action(action);
    for (const Deadline& deadline : text_.deadlines) check_deadline(deadline);
    for (const Conclusion& conclusion : text_.conclusions) check_conclusion(conclusion);
    return faults_.take();
  }

 private:
  template <class Named>
  void check_distinct(const std::vector<Named>& all, std::set<std::string>& seen) {
    for (const Named& one : all)
      if (!seen.insert(one.name).second) faults_.add(one.place, marked(one.name) + " is the name of something else already");
  }

  void check_names() {
    std::set<std::string> values = {std::string(treasury_party)}, phases, clauses, deadlines;
    check_distinct(text_.parties, values);
    check_distinct(text_.entrants, values);
    check_distinct(text_.terms, values);
    check_distinct(text_.phases, phases);
    check_distinct(text_.clauses, clauses);
    for (const Action& action : text_.actions) deadlines.insert(action.name);
    check_distinct(text_.deadlines, deadlines);
    if (text_.parties.empty()) faults_.add(text_.place, "a template has at least one party");
    for (const Party& party : text_.parties) check_roles(party.roles, party.place);
    for (const Entrant& entrant : text_.entrants) check_roles(entrant.roles, entrant.place);
  }

  void check_roles(const std::vector<std::string>& roles, Place place) {
    for (const std::string& role : roles)
      if (std::find(known_roles.begin(), known_roles.end(), role) == known_roles.end())
        faults_.add(place, marked(role) + " is no role: member, enterprise, citizen, spending_unit, treasury, tax_authority, bank, registrar, arbiter, auditor, operator");
  }

  void check_funds() {
    std::set<std::string> seen;
    unsigned lines = 0;
    for (const Fund& fund : text_.funds) {
      const Party* party = text_.party(fund.party);
      const bool entrant = text_.entrant(fund.party) != nullptr;
      if (entrant && fund.budget_line) faults_.add(fund.place, "an entrant pays from an account");
      if (party == nullptr && !entrant) faults_.add(fund.place, "there is no party " + marked(fund.party));
      else if (party != nullptr && party->optional) faults_.add(fund.place, "a party whose money is held is not optional");
      if (!seen.insert(fund.party).second) faults_.add(fund.place, marked(fund.party) + " has a fund already");
      if (fund.budget_line && ++lines == 2) faults_.add(fund.place, "one party at most is paid from a budget line");
    }
  }

  void check_type(const std::string& name, Place place, const Type& type, bool in_open_list) {
    if (type.optional && type.kind == TypeKind::rate) faults_.add(place, marked(name) + ": rates are always given");
    const bool later_money = type.kind == TypeKind::money && in_open_list;
    if (type.later && type.kind != TypeKind::date && type.kind != TypeKind::text && type.kind != TypeKind::digest && !later_money)
      faults_.add(place, marked(name) + ": only dates, texts and digests are set later, and amounts in an open list");
  }

  void check_terms() {
    for (const Term& term : text_.terms) {
      if (!term.is_list) {
        check_type(term.name, term.place, term.type, false);
        continue;
      }
      std::set<std::string> fields;
      check_distinct(term.fields, fields);
      if (term.fields.empty()) faults_.add(term.place, "an entry of a list has at least one field");
      for (const Field& field : term.fields) {
        check_type(field.name, field.place, field.type, term.open);
        check_origin(field, term.open, text_, faults_);
        if (field.type.optional) faults_.add(field.place, marked(field.name) + ": only terms of the contract are optional, not fields of an entry");
      }
    }
  }

  void check_ends(const std::vector<Step>& steps, Place place, const std::string& what) {
    if (steps.empty()) return faults_.add(place, "a template has " + what + "s");
    if (steps.front().end) faults_.add(steps.front().place, "the first " + what + " is where it begins; it cannot be an end");
    if (std::none_of(steps.begin(), steps.end(), [](const Step& step) { return step.end; })) faults_.add(steps.front().place, "no " + what + " is an `end`");
  }

  void check_steps() {
    check_ends(text_.phases, text_.place, "phase");
    for (const Stages& stages : text_.stages) {
      const Term* list = text_.term(stages.list);
      if (list == nullptr || !list->is_list) faults_.add(stages.place, marked(stages.list) + " is no list");
      else if (list->least == 0 && !list->open) faults_.add(stages.place, "a list with stages has at least one entry");
      std::set<std::string> seen;
      check_distinct(stages.steps, seen);
      check_ends(stages.steps, stages.place, "stage");
    }
    if (text_.stages.size() > 1) faults_.add(text_.stages[1].place, "one list at most has stages");
  }

  void check_requirement(const Requirement& required) {
    Names names(text_);
    if (required.each) {
      check_filled(*required.each);
      check_entry(*required.each, text_, faults_);
      check_new(required.each->variable, required.each->place, names);
      names.add_entry(*required.each);
    }
    expect_kind(required.condition, TypeKind::condition, names, pots_, faults_);
  }

  /// An open list is empty when the contract is drafted and signed.
  void check_filled(const Entry& entry) {
    if (const Term* list = text_.term(entry.list); list != nullptr && list->open) faults_.add(entry.place, marked(entry.list) + " has no entries yet when the contract is drafted");
  }

  void check_prose() {
    if (!text_.prose) {
      if (!text_.clauses.empty()) faults_.add(text_.clauses.front().place, "`prose` must say first in which languages the clauses are");
      return;
    }
    const std::vector<std::string>& languages = text_.prose->languages;
    if (std::set<std::string>(languages.begin(), languages.end()).size() != languages.size()) faults_.add(text_.prose->place, "a language is named twice");
    if (std::find(languages.begin(), languages.end(), text_.prose->prevails) == languages.end())
      faults_.add(text_.prose->place, marked(text_.prose->prevails) + " prevails, and is not among the languages");
    for (const Clause& clause : text_.clauses) check_clause(clause, languages);
  }

  void check_clause(const Clause& clause, const std::vector<std::string>& languages) {
    Names names(text_);
    if (clause.each) {
      check_filled(*clause.each);
      check_entry(*clause.each, text_, faults_);
      check_new(clause.each->variable, clause.each->place, names);
      names.add_entry(*clause.each);
    }
    std::set<std::string> worded;
    for (const Wording& wording : clause.wordings) {
      if (std::find(languages.begin(), languages.end(), wording.language) == languages.end())
        faults_.add(wording.place, marked(wording.language) + " is not among the languages of the prose");
      if (!worded.insert(wording.language).second) faults_.add(wording.place, "a second wording in " + marked(wording.language));
      check_blanks(wording, names);
    }
    for (const std::string& language : languages)
      if (!worded.contains(language)) faults_.add(clause.place, "clause " + marked(clause.name) + " has no wording in " + marked(language));
  }

  /// `{term}` and `{m.field}` in a wording; `{{` is a brace.
  void check_blanks(const Wording& wording, const Names& names) {
    const std::string& text = wording.text;
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
      if (text.compare(open, 2, "{{") == 0) {
        ++open;
        continue;
      }
      const std::size_t close = text.find('}', open);
      if (close == std::string::npos) return faults_.add(wording.place, "a { is not closed; a brace itself is written {{");
      const std::string blank = text.substr(open + 1, close - open - 1);
      const std::size_t dot = blank.find('.');
      const Term* list = dot == std::string::npos ? nullptr : names.list_of(blank.substr(0, dot));
      const Term* term = text_.term(blank);
      const bool known = (list != nullptr && field_of(*list, blank.substr(dot + 1)) != nullptr) || (term != nullptr && !term->is_list) || text_.party(blank) != nullptr;
      if (!known) faults_.add(wording.place, "{" + blank + "} is neither a term nor a party");
    }
  }

  void check_new(const std::string& name, Place place, const Names& names) {
    if (names.knows(name)) faults_.add(place, marked(name) + " is the name of something else already");
  }

  /// Where it happens; the names that are known there.
  Names check_scope(const Scope& scope, Place place) {
    Names names(text_);
    for (const std::string& phase : scope.phases) {
      const Step* step = text_.phase(phase);
      if (step == nullptr) faults_.add(place, "there is no phase " + marked(phase));
      else if (step->end) faults_.add(place, "nothing happens any more in " + marked(phase) + ": it is an end");
    }
    if (!scope.on) return names;
    check_entry(*scope.on, text_, faults_);
    if (scope.joins) {
      const Term* list = text_.term(scope.on->list);
      if (list == nullptr || !list->open) faults_.add(scope.on->place, "only an open list is joined");
      if (!scope.on->stages.empty()) faults_.add(scope.on->place, "a new entry is in the first stage");
    }
    if (text_.stages_of(scope.on->list) == nullptr) faults_.add(scope.on->place, marked(scope.on->list) + " is no list with stages");
    check_new(scope.on->variable, scope.on->place, names);
    names.add_entry(*scope.on);
    return names;
  }

  void check_action(const Action& action) {
    std::set<std::string> actors;
    for (const std::string& actor : action.actors) {
      if (actor == treasury_party ? !text_.knows_budget_lines() : text_.party(actor) == nullptr && text_.entrant(actor) == nullptr)
        faults_.add(action.place, "there is no party " + marked(actor));
      if (!actors.insert(actor).second) faults_.add(action.place, marked(actor) + " is named twice");
    }
    check_entrant_acts(action, text_, faults_);
    Names names = check_scope(action.scope, action.place);
    if (action.scope.joins) names = Names(text_);   // bounds and conditions are judged before there is an entry
    for (const Field& parameter : action.parameters) {
      check_new(parameter.name, parameter.place, names);
      if (parameter.type.up_to) expect_kind(*parameter.type.up_to, TypeKind::money, names, pots_, faults_);
      names.add_parameter(parameter);
    }
    if (action.scope.when) expect_kind(*action.scope.when, TypeKind::condition, names, pots_, faults_);
    if (action.award) check_award(action, text_, names, pots_, faults_);
    if (action.scope.joins) names.add_entry(*action.scope.on);
    check_body(action.body, names, pots_, faults_);
  }

  void check_deadline(const Deadline& deadline) {
    if (deadline.scope.joins) faults_.add(deadline.place, "a deadline makes no entry");
    const Names names = check_scope(deadline.scope, deadline.place);
    expect_kind(deadline.at, TypeKind::date, names, pots_, faults_);
    if (!is_known_beforehand(deadline.at, names)) faults_.add(deadline.place, "a deadline's moment is known beforehand: it speaks of terms, not of `now`");
    if (deadline.scope.when && !is_settled_by_terms(*deadline.scope.when))
      faults_.add(deadline.scope.when->place, "whether a deadline exists is settled by the terms alone: by `public` and `given`");
    else if (deadline.scope.when) expect_kind(*deadline.scope.when, TypeKind::condition, names, pots_, faults_);
    if (deadline.does.empty()) return check_body(deadline.body, names, pots_, faults_);
    check_does(deadline);
  }

  void check_does(const Deadline& deadline) {
    const auto count = std::count_if(text_.actions.begin(), text_.actions.end(), [&](const Action& one) { return one.name == deadline.does; });
    if (count != 1) return faults_.add(deadline.place, count == 0 ? "there is no action " + marked(deadline.does) : marked(deadline.does) + " is declared more than once");
    const Action& action = *text_.action(deadline.does);
    if (action.scope.joins) faults_.add(deadline.place, marked(action.name) + " makes an entry, and a deadline makes none");
    if (!action.parameters.empty()) faults_.add(deadline.place, marked(action.name) + " is given parameters, and a deadline has none to give");
    const std::string here = deadline.scope.on ? deadline.scope.on->variable + " of " + deadline.scope.on->list : "";
    const std::string there = action.scope.on ? action.scope.on->variable + " of " + action.scope.on->list : "";
    if (here != there) faults_.add(deadline.place, marked(action.name) + " happens on " + (there.empty() ? "the contract" : marked(there)) + ", so its deadline must, too");
  }

  void check_conclusion(const Conclusion& conclusion) {
    const Step* from = text_.phase(conclusion.from);
    if (from == nullptr || from->end) faults_.add(conclusion.place, marked(conclusion.from) + " is no phase that can be concluded");
    if (text_.phase(conclusion.to) == nullptr) faults_.add(conclusion.place, "there is no phase " + marked(conclusion.to));
    const Names names(text_);
    expect_kind(conclusion.when, TypeKind::condition, names, pots_, faults_);
    if (!is_known_beforehand(conclusion.when, names)) faults_.add(conclusion.place, "what concludes a phase does not depend on `now`: write a deadline");
  }

  const Template& text_;
  const Pots pots_;
  FaultList faults_;
};

}  // namespace

std::vector<Fault> type_faults(const Template& text) { return TypeChecker(text).run(); }

}  // namespace daftar::contracts::language
