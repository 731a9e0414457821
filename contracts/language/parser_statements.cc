// What actions do.
#include "contracts/language/token_reader.h"

namespace daftar::contracts::language {
namespace {

using Verb = Statement::Verb;

Expression read_place_of_value(TokenReader& r) {
  Expression e;
  e.form = Expression::Form::name;
  e.place = r.place();
  e.name = r.expect_name("the name of a term");
  if (r.accept(".")) {
    e.form = Expression::Form::field;
    e.member = r.expect_name("the name of a field");
  }
  return e;
}

void read_hold(TokenReader& r, Statement& s) {
  s.verb = Verb::hold;
  s.amount = read_place_of_value(r);
  r.expect("from", "before the party whose money is held");
  s.party = r.expect_name("the name of a party");
}

void read_outflow(TokenReader& r, Statement& s) {
  s.amount = read_sum(r);
  if (r.accept("from")) s.from = read_place_of_value(r);
  r.expect("to", "before the party who receives it");
  s.party = r.expect_name("the name of a party");
  if (s.verb == Verb::pay && r.accept("for")) s.category = read_place_of_value(r);
}

Statement read_if(TokenReader& r, Place place) {
  const TokenReader::Deeper deeper(r);
  Statement s;
  s.verb = Verb::if_else;
  s.place = place;
  s.amount = read_condition(r);
  s.body = read_block(r);
  if (!r.accept("else")) return s;
  const Place again = r.place();
  if (r.accept("if")) s.otherwise.push_back(read_if(r, again));
  else s.otherwise = read_block(r);
  return s;
}

Statement read_statement(TokenReader& r) {
  Statement s;
  s.place = r.place();
  if (r.accept("hold")) {
    read_hold(r, s);
  } else if (r.accept("pay")) {
    s.verb = Verb::pay;
    read_outflow(r, s);
  } else if (r.accept("refund")) {
    s.verb = Verb::refund;
    read_outflow(r, s);
  } else if (r.accept("release")) {
    s.verb = Verb::release;
    read_outflow(r, s);
  } else if (r.accept("let")) {
    s.verb = Verb::let;
    s.name = r.expect_name("a new name");
    r.expect("=", "behind the name");
    s.amount = read_sum(r);
  } else if (r.accept("set")) {
    s.verb = Verb::set;
    const Expression target = read_place_of_value(r);
    s.name = target.name;
    s.member = target.member;
    r.expect("=", "behind what is set");
    s.amount = read_sum(r);
  } else if (r.accept("become")) {
    s.verb = Verb::become;
    s.name = r.expect_name("the name of a phase");
  } else if (r.accept("if")) {
    return read_if(r, s.place);
  } else if (r.accept("each")) {
    s.verb = Verb::each;
    s.entry = read_entry(r);
    s.body = read_block(r);
  } else if (r.sees(TokenKind::name)) {
    s.verb = Verb::entry_becomes;
    s.name = r.take();
    r.expect("becomes", "behind the name of an entry");
    s.member = r.expect_name("the name of a stage");
  } else {
    r.fail("a statement: hold, pay, refund, release, let, set, become, if, each, or an entry that `becomes` something");
  }
  return s;
}

}  // namespace

std::vector<std::string> read_names(TokenReader& r, std::string_view what) {
  std::vector<std::string> names = {r.expect_name(what)};
  while (r.accept(",")) {
    if (names.size() == limits::names_in_list) r.fail_at(r.place(), "at most " + std::to_string(limits::names_in_list) + " names stand in one list");
    names.push_back(r.expect_name(what));
  }
  return names;
}

Entry read_entry(TokenReader& r) {
  Entry entry;
  entry.place = r.place();
  entry.variable = r.expect_name("a name for the entry");
  r.expect("of", "between an entry and its list");
  entry.list = r.expect_name("the name of a list");
  if (r.accept("in")) entry.stages = read_names(r, "the name of a stage");
  return entry;
}

std::vector<Statement> read_block(TokenReader& r) {
  const TokenReader::Deeper deeper(r);
  std::vector<Statement> out;
  r.expect("{", "before what is done");
  while (!r.sees("}") && !r.ended()) {
    r.begin();
    out.push_back(read_statement(r));
  }
  r.expect("}", "behind what is done");
  return out;
}

}  // namespace daftar::contracts::language
