// A template as the parser understands it. Names are as written: what they refer to is the type checker's business (type_checker.h).
#pragma once
#include <optional>

#include "contracts/language/source.h"

namespace daftar::contracts::language {

struct Expression {
  enum class Form : std::uint8_t {
    // amounts, dates, durations, rates, texts
    number,      // number; 0 alone is an amount too
    rate,        // number: parts per million
    duration,    // number: milliseconds
    date,        // number: milliseconds since 1970
    name,        // name: a term, parameter, let or party
    field,       // name.member: of the entry that name stands for
    now,         // block time
    rest,        // parts[0]: what is still held of it
    sum,         // parts[0] + parts[1]
    difference,  // parts[0] - parts[1]
    share,       // parts: rate, amount: rounded down
    daily,       // parts: rate, amount, from, to, cap: rate × full days, at most the cap, of the amount, rounded down
    max, min,    // of two dates
    // conditions
    compare,     // name: the sign; two parts
    both, either, negation,
    given,       // parts[0]: an optional term or party
    is_public,   // the money is a budget line's
    is_stage,    // name is names[0]
    all, no, any,  // name: a list; names: stages, empty: any stage that ends
    seals,       // parts[0]: a digest of an entry; names: parameters. It was made of them, by who made the entry, for this contract
    first,       // name: an entry; parts: fields of it, names: stages. No other entry in these stages comes before it by these fields
  };
  Form form = Form::number;
  Place place;
  std::string name, member;
  std::int64_t number = 0;
  std::vector<std::string> names;
  std::vector<Expression> parts;
};

/// The expression as it would be written, in one spelling: for stories, and to tell whether two are the same.
std::string written(const Expression& expression);
/// "0.4%" of 4000 parts per million.
std::string rate_written(std::int64_t ppm);

enum class TypeKind : std::uint8_t { money, rate, date, duration, text, digest, category, choice, condition };
std::string_view name(TypeKind kind);

struct Type {
  TypeKind kind = TypeKind::text;
  std::int64_t least = 0, most = 0;       // rate: parts per million; duration: ms; text: bytes
  std::optional<Expression> up_to;        // of a parameter that is money
  std::vector<std::string> choices;
  bool optional = false;                  // may be left out of the terms
  bool later = false;                     // no term: an action sets it
  std::string copy_of;                    // of a field of an open list: the term whose value it gets with the entry
};

struct Field {
  std::string name;
  Place place;
  Type type;
};

struct Term {
  std::string name;
  Place place;
  Type type;                              // unless it is a list:
  bool is_list = false;
  std::uint32_t least = 0, most = 0;      // entries
  bool open = false;                      // the terms name no entries: acts make them
  std::vector<Field> fields;
};

struct Party {
  std::string name;
  Place place;
  std::vector<std::string> roles;
  bool optional = false;
};

/// Who makes the entries of an open list: a member for each, unknown when the contract is drafted.
struct Entrant {
  std::string name;
  Place place;
  std::string list;
  std::vector<std::string> roles;
};

struct Fund {
  std::string party;
  Place place;
  bool account = false, budget_line = false;
};

struct Step {                             // a phase or a stage
  std::string name;
  Place place;
  bool end = false;
};

struct Stages {
  std::string list;
  Place place;
  std::vector<Step> steps;
};

struct Entry {                            // `m of milestones in pending, rejected`
  std::string variable, list;
  std::vector<std::string> stages;        // empty: any
  Place place;
};

struct Requirement {
  Place place;
  Expression condition;                   // `a if b` has become `a or not b`
  std::optional<Entry> each;
  std::string because;
};

struct Prose {
  Place place;
  std::vector<std::string> languages;
  std::string prevails;
};

struct Wording {
  std::string language, text;
  Place place;
};

struct Clause {
  std::string name;
  Place place;
  std::optional<Entry> each;
  std::vector<Wording> wordings;
};

struct Statement {
  enum class Verb : std::uint8_t { hold, pay, refund, release, let, set, become, entry_becomes, if_else, each };
  Verb verb = Verb::let;
  Place place;
  Expression amount;                      // hold: the term held; pay, refund, release: how much; let, set: the value; if_else: the condition
  std::optional<Expression> from;         // the held term, where it is written
  std::string party;                      // hold: from; pay, refund, release: to
  std::optional<Expression> category;
  std::string name, member;               // let, become: name; set, entry_becomes: name.member, name
  std::optional<Entry> entry;             // each
  std::vector<Statement> body, otherwise;
};

/// Where something can happen.
struct Scope {
  std::vector<std::string> phases;
  std::optional<Entry> on;
  bool joins = false;                     // `on` is an entry that it makes
  std::optional<Expression> when;
};

/// An act that nobody sends: a contract by this award comes into force, between a party and an entry's entrant, for an amount.
struct Award {
  std::string buyer, winner;
  Expression price;                       // a field of the entry
};

struct Action {
  std::string name;
  Place place;
  std::vector<Field> parameters;
  std::vector<std::string> actors;
  bool jointly = false;                   // all of the actors, each once; else any of them
  std::optional<Award> award;             // then the actors are its buyer and winner
  Scope scope;
  std::vector<Statement> body;
};

struct Deadline {
  std::string name;
  Place place;
  Expression at;
  Scope scope;
  std::string does;                       // an action whose effects it has; empty: its own
  std::vector<Statement> body;
};

struct Conclusion {
  Place place;
  std::string from, to;                   // phases
  Expression when;
};

struct Template {
  std::string name;
  Place place;
  std::int64_t version = 0;
  std::vector<Party> parties;
  std::vector<Entrant> entrants;          // one at most
  std::vector<Fund> funds;
  std::vector<Term> terms;
  std::vector<Step> phases;
  std::vector<Stages> stages;
  std::vector<Requirement> requirements;
  std::optional<Prose> prose;
  std::vector<Clause> clauses;
  std::vector<Action> actions;
  std::vector<Deadline> deadlines;
  std::vector<Conclusion> conclusions;

  const Term* term(std::string_view wanted) const;
  const Party* party(std::string_view wanted) const;
  const Entrant* entrant(std::string_view wanted) const;
  const Fund* fund(std::string_view wanted) const;
  const Step* phase(std::string_view wanted) const;
  const Stages* stages_of(std::string_view list) const;
  const Action* action(std::string_view wanted) const;   // the first of that name
  bool knows_budget_lines() const;
};

/// Field `wanted` of a list term.
const Field* field_of(const Term& list, std::string_view wanted);
const Step* step_of(const std::vector<Step>& steps, std::string_view wanted);
/// The effects of a deadline: its own, or those of the action it does.
const std::vector<Statement>& effects(const Template& text, const Deadline& deadline);

}  // namespace daftar::contracts::language
