// Declarations.
#include "contracts/language/parser.h"

#include "contracts/language/token_reader.h"

namespace daftar::contracts::language {
namespace {

void read_party(TokenReader& r, Template& out) {
  Party party;
  party.place = r.place();
  party.name = r.expect_name("a name for the party");
  r.expect(":", "behind the party's name");
  do {
    if (party.roles.size() == limits::names_in_list) r.fail("fewer roles");
    party.roles.push_back(r.expect_name("a role, such as enterprise, citizen, arbiter or member"));
  } while (r.accept("or"));
  party.optional = r.accept("optional");
  out.parties.push_back(std::move(party));
}

void read_entrant(TokenReader& r, Template& out) {
  Entrant entrant;
  entrant.place = r.place();
  entrant.name = r.expect_name("a name for who makes the entries");
  r.expect("of", "behind the entrant's name");
  entrant.list = r.expect_name("the name of an open list");
  r.expect(":", "behind the list's name");
  do {
    if (entrant.roles.size() == limits::names_in_list) r.fail("fewer roles");
    entrant.roles.push_back(r.expect_name("a role, such as enterprise, citizen or member"));
  } while (r.accept("or"));
  out.entrants.push_back(std::move(entrant));
}

void read_fund(TokenReader& r, Template& out) {
  Fund fund;
  fund.place = r.place();
  fund.party = r.expect_name("the name of a party");
  r.expect(":", "behind the party's name");
  if (r.accept("account")) {
    fund.account = true;
    fund.budget_line = r.accept("or");
  } else {
    fund.budget_line = true;
  }
  if (fund.budget_line) {
    r.expect("budget", "(money comes from an `account`, a `budget line`, or `account or budget line`)");
    r.expect("line", "behind `budget`");
  }
  out.funds.push_back(std::move(fund));
}

Field read_field(TokenReader& r, std::string_view what, bool parameter) {
  Field field;
  field.place = r.place();
  field.name = r.expect_name(what);
  r.expect(":", "behind the name");
  field.type = read_type(r, parameter);
  if (!parameter && r.accept("=")) field.type.copy_of = r.expect_name("the name of a term");
  return field;
}

void read_term(TokenReader& r, Template& out) {
  Term term;
  term.place = r.place();
  term.name = r.expect_name("a name for the term");
  r.expect(":", "behind the term's name");
  term.is_list = r.accept("list");
  if (!term.is_list) {
    term.type = read_type(r, false);
  } else {
    term.open = r.accept("up");
    if (term.open) {
      r.expect("to", "behind `up`");
    } else {
      term.least = static_cast<std::uint32_t>(r.expect_integer("the least number of entries", limits::list_entries));
      r.expect("..", "between the least and the most number of entries");
    }
    term.most = static_cast<std::uint32_t>(r.expect_integer("the most number of entries", limits::list_entries));
    if (term.most < term.least || term.most == 0) r.fail_at(term.place, "a list has room for at least as many entries as it must have, and for one");
    r.expect("of", "before the fields of an entry");
    r.expect("{", "before the fields of an entry");
    while (!r.sees("}") && !r.ended()) {
      if (term.fields.size() == limits::names_in_list) r.fail("`}`: an entry has no more fields than that");
      r.begin();
      term.fields.push_back(read_field(r, "the name of a field", false));
    }
    r.expect("}", "behind the fields of an entry");
  }
  out.terms.push_back(std::move(term));
}

std::vector<Step> read_steps(TokenReader& r, std::string_view what) {
  std::vector<Step> steps;
  do {
    if (steps.size() == limits::names_in_list) r.fail("fewer steps");
    Step step;
    step.end = r.accept("end");
    step.place = r.place();
    step.name = r.expect_name(what);
    steps.push_back(std::move(step));
  } while (r.accept(","));
  return steps;
}

void read_stages(TokenReader& r, Template& out) {
  Stages stages;
  stages.place = r.place();
  r.expect("of", "behind `stages`");
  stages.list = r.expect_name("the name of a list");
  r.expect(":", "behind the list's name");
  stages.steps = read_steps(r, "the name of a stage");
  out.stages.push_back(std::move(stages));
}

void read_requirement(TokenReader& r, Template& out) {
  Requirement required;
  required.place = r.place();
  required.condition = read_condition(r);
  if (r.accept("if")) {
    Expression negated, either;
    negated.form = Expression::Form::negation;
    negated.parts = {read_condition(r)};
    either.form = Expression::Form::either;
    either.place = required.place;
    either.parts = {std::move(required.condition), std::move(negated)};
    required.condition = std::move(either);
  }
  if (r.accept("each")) required.each = read_entry(r);
  if (r.accept("because")) required.because = r.expect_text("the reason as a text");
  out.requirements.push_back(std::move(required));
}

void read_prose(TokenReader& r, Template& out) {
  Prose prose;
  prose.place = r.place();
  if (out.prose) r.fail_at(prose.place, "the languages of the prose are named once");
  prose.languages = read_names(r, "a language, such as uz, ru or en");
  r.expect("prevails", "and the language that prevails");
  prose.prevails = r.expect_name("the language that prevails");
  out.prose = std::move(prose);
}

void read_clause(TokenReader& r, Template& out) {
  Clause clause;
  clause.place = r.place();
  clause.name = r.expect_name("a name for the clause");
  if (r.accept("each")) clause.each = read_entry(r);
  r.expect("{", "before the wordings of the clause");
  while (!r.sees("}") && !r.ended()) {
    if (clause.wordings.size() == limits::names_in_list) r.fail("`}`: a clause has one wording in each language");
    r.begin();
    Wording wording;
    wording.place = r.place();
    wording.language = r.expect_name("a language, such as uz, ru or en");
    wording.text = r.expect_text("the wording as a text");
    clause.wordings.push_back(std::move(wording));
  }
  r.expect("}", "behind the wordings of the clause");
  out.clauses.push_back(std::move(clause));
}

Scope read_scope(TokenReader& r) {
  Scope scope;
  r.expect("in", "before the phases in which it can happen");
  scope.phases = read_names(r, "the name of a phase");
  scope.joins = r.accept("joins");
  if (scope.joins || r.accept("on")) scope.on = read_entry(r);
  if (r.accept("when")) scope.when = read_condition(r);
  return scope;
}

void read_actors(TokenReader& r, Action& action) {
  action.actors = {r.expect_name("the name of a party")};
  action.jointly = r.sees("and");
  const std::string_view joined = action.jointly ? "and" : "or";
  while (r.accept(joined)) {
    if (action.actors.size() == limits::names_in_list) r.fail("fewer parties");
    action.actors.push_back(r.expect_name("the name of a party"));
  }
}

Award read_award(TokenReader& r) {
  Award award;
  r.expect("of", "behind `contract`");
  award.buyer = r.expect_name("the party that awards");
  r.expect("and", "between who awards and who wins");
  award.winner = r.expect_name("the entrant who wins");
  r.expect("for", "before the awarded amount");
  award.price = read_sum(r);
  return award;
}

void read_action(TokenReader& r, Template& out) {
  Action action;
  action.place = r.place();
  action.name = r.expect_name("a name for the action");
  if (r.accept("(")) {
    do {
      if (action.parameters.size() == limits::names_in_list) r.fail("fewer parameters");
      action.parameters.push_back(read_field(r, "the name of a parameter", true));
    } while (r.accept(","));
    r.expect(")", "behind the parameters");
  }
  r.expect("by", "before who does it");
  if (r.accept("contract")) {
    action.award = read_award(r);
    action.actors = {action.award->buyer, action.award->winner};
    action.jointly = true;
  } else {
    read_actors(r, action);
  }
  action.scope = read_scope(r);
  action.body = read_block(r);
  out.actions.push_back(std::move(action));
}

void read_deadline(TokenReader& r, Template& out) {
  Deadline deadline;
  deadline.place = r.place();
  deadline.name = r.expect_name("a name for the deadline");
  r.expect("at", "before the moment");
  deadline.at = read_sum(r);
  deadline.scope = read_scope(r);
  if (r.accept("does")) deadline.does = r.expect_name("the name of an action");
  else deadline.body = read_block(r);
  out.deadlines.push_back(std::move(deadline));
}

void read_conclusion(TokenReader& r, Template& out) {
  Conclusion conclusion;
  conclusion.place = r.place();
  conclusion.from = r.expect_name("the name of a phase");
  r.expect("as", "before the phase that follows");
  conclusion.to = r.expect_name("the name of a phase");
  r.expect("when", "before the condition");
  conclusion.when = read_condition(r);
  out.conclusions.push_back(std::move(conclusion));
}

void read_declaration(TokenReader& r, Template& out) {
  if (r.accept("party")) read_party(r, out);
  else if (r.accept("entrant")) read_entrant(r, out);
  else if (r.accept("fund")) read_fund(r, out);
  else if (r.accept("term")) read_term(r, out);
  else if (r.accept("phases")) {
    if (!out.phases.empty()) r.fail_at(r.place(), "the phases are named once");
    out.phases = read_steps(r, "the name of a phase");
  } else if (r.accept("stages")) read_stages(r, out);
  else if (r.accept("require")) read_requirement(r, out);
  else if (r.accept("prose")) read_prose(r, out);
  else if (r.accept("clause")) read_clause(r, out);
  else if (r.accept("action")) read_action(r, out);
  else if (r.accept("deadline")) read_deadline(r, out);
  else if (r.accept("conclude")) read_conclusion(r, out);
  else r.fail("a declaration: party, entrant, fund, term, phases, stages, require, prose, clause, action, deadline or conclude");
}

}  // namespace

Expected<Parsed, Fault> parse(std::string_view source) {
  auto tokens = tokens_of(source);
  if (!tokens) return Unexpected<Fault>(tokens.error());
  Parsed parsed;
  parsed.tokens = std::move(*tokens);
  TokenReader r(parsed.tokens);
  r.begin();
  r.expect("template", "at the beginning");
  parsed.tree.place = r.place();
  parsed.tree.name = r.expect_name("the template's name");
  r.expect("version", "behind the template's name");
  parsed.tree.version = r.expect_integer("the version", 1'000'000);
  for (std::size_t count = 0; !r.ended(); ++count) {
    if (count == limits::declarations) r.fail_at(r.place(), "a template has at most " + std::to_string(limits::declarations) + " declarations");
    r.begin();
    read_declaration(r, parsed.tree);
  }
  if (r.fault()) return Unexpected<Fault>(*r.fault());
  parsed.begins = r.take_begins();
  return parsed;
}

}  // namespace daftar::contracts::language
