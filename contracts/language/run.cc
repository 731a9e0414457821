// What an event does, symbolically: every branch that may be taken, with the money that moves.
#include <algorithm>

#include "contracts/language/machine.h"
#include "ledger/check.h"

namespace daftar::contracts::language {
namespace {

using Verb = Statement::Verb;

/// One way through an event.
struct Way {
  Outcome outcome;
  std::map<std::string, SymbolicAmount> lets;
  unsigned sets = 0;   // how often something was set on it
};

class Run {
 public:
  Run(const Machine& machine, const Event& event, const Arrangement& arrangement) : machine_(machine), event_(event), arrangement_(arrangement), names_(machine.text()) {
    if (const auto& on = event.scope().on; on && !event.scope().joins) enter(*on, event.on_followed);
  }

  std::vector<Outcome> go(const State& state) {
    std::vector<Way> ways = {Way{{state, {}, {}}, {}}};
    if (event_.deadline != nullptr) read(event_.deadline->at, ways[0]);
    if (event_.action != nullptr)
      for (const Field& parameter : event_.action->parameters) add_parameter(parameter, ways[0]);
    if (event_.scope().when) read(*event_.scope().when, ways[0]);
    note_actors(ways[0].outcome.state);
    if (event_.scope().joins) join(ways[0]);
    if (event_.action != nullptr && event_.action->award) read(event_.action->award->price, ways[0]);
    const std::vector<Statement>& body = event_.action != nullptr ? event_.action->body : effects(machine_.text(), *event_.deadline);
    run(body, ways);
    return finish(std::move(ways));
  }

 private:
  /// Of several who may send an act, each for itself, none has surely done so.
  void note_actors(State& state) const {
    if (event_.actors.size() > 1 && !event_.action->jointly) return;
    if (event_.action != nullptr && event_.action->award) return;   // they acted on the contract that comes about, not on this one
    for (const std::string& actor : event_.actors)
      if (machine_.text().fund(actor) != nullptr && machine_.text().entrant(actor) == nullptr) state.acted.insert(actor);
  }

  /// Its conditions are behind it: from here on there is the entry.
  void join(Way& way) {
    const Entry& entry = *event_.scope().on;
    enter(entry, event_.on_followed);
    if (!event_.on_followed) return;
    way.outcome.state.stage = 0;
    way.outcome.said.push_back("an entry of " + entry.list + " is made");
  }

  void enter(const Entry& entry, bool followed) {
    entries_[entry.variable] = followed;
    names_.add_entry(entry);
  }

  void problem(Way& way, Property property, Place place, std::string sentence) {
    // The first mistake is told; those that follow from it would hide it. A missing category is none that money follows from.
    const bool of_category = property == Property::tax_category;
    for (const Problem& known : way.outcome.problems)
      if ((known.property == Property::tax_category) == of_category && (!of_category || known.place == place)) return;
    way.outcome.problems.push_back({property, place, std::move(sentence)});
  }

  bool is_followed(const Expression& place) const {
    const auto entry = entries_.find(place.name);
    return place.form == Expression::Form::name || (entry != entries_.end() && entry->second);
  }

  // ---- reading

  /// Everything an expression reads has been set or is given.
  void read(const Expression& e, Way& way) {
    if (e.form == Expression::Form::name) {
      const Term* term = machine_.text().term(e.name);
      if (term == nullptr || term->is_list) return;
      if (term->type.optional && !arrangement_.given(e.name))
        problem(way, Property::set_before_read, e.place, e.name + " is read, and the terms may leave it out");
      if (term->type.later && !way.outcome.state.set.contains(e.name)) problem(way, Property::set_before_read, e.place, e.name + " is read, and nobody has set it");
    } else if (e.form == Expression::Form::field) {
      const Term* list = names_.list_of(e.name);
      const Field* field = list == nullptr ? nullptr : field_of(*list, e.member);
      if (field != nullptr && field->type.later && is_followed(e) && !way.outcome.state.set.contains(list->name + "." + e.member))
        problem(way, Property::set_before_read, e.place, e.name + "." + e.member + " is read, and nobody has set it");
      if (field != nullptr && !field->type.copy_of.empty() && !arrangement_.given(field->type.copy_of))
        problem(way, Property::set_before_read, e.place, e.name + "." + e.member + " is read, and the terms may leave " + field->type.copy_of + " out");
    } else if (e.form == Expression::Form::first) {
      read_order(e, way);
    } else if (e.form == Expression::Form::given) {
      return;
    } else {
      for (const Expression& part : e.parts) read(part, way);
    }
  }

  /// All entries in the stages are read, and this one. What is so of the followed entry whenever it is in one of them is so of each.
  void read_order(const Expression& e, Way& way) {
    const Term* list = names_.list_of(e.name);
    for (const Expression& field : e.parts) {
      read(field, way);
      if (!machine_.is_in(way.outcome.state, e.names) || !field_of(*list, field.member)->type.later) continue;
      if (!way.outcome.state.set.contains(list->name + "." + field.member))
        problem(way, Property::set_before_read, e.place, field.member + " of another entry is read, and nobody has set it");
    }
  }

  // ---- amounts

  std::string unknown_of(const Expression& field) const {
    const Term* list = names_.list_of(field.name);
    DAFTAR_CHECK(list != nullptr);
    return (is_followed(field) ? "" : "another ") + list->name + "." + field.member;
  }

  SymbolicAmount whole(const std::string& unknown) { return {{unknown, one_whole}}; }

  SymbolicAmount value(const Expression& e, Way& way) {
    using Form = Expression::Form;
    SymbolicAmount out;
    switch (e.form) {
      case Form::name:
        if (const auto let = way.lets.find(e.name); let != way.lets.end()) return let->second;
        if (names_.parameter(e.name) == nullptr) unknowns_.add(e.name);
        return whole(e.name);
      case Form::field: {
        const std::string unknown = unknown_of(e);
        unknowns_.add(unknown);
        return whole(unknown);
      }
      case Form::rest: return rest_of(e.parts[0], way);
      case Form::sum: out = plus(value(e.parts[0], way), value(e.parts[1], way)); break;
      case Form::difference: out = minus(value(e.parts[0], way), value(e.parts[1], way)); break;
      case Form::share:
      case Form::daily: return share(e, way);
      default: return {};   // 0
    }
    if (!is_too_large(out)) return out;
    problem(way, Property::size, e.place, "this amount takes a term more than a million times");
    return {};
  }

  std::int64_t most(const Expression& rate) const {
    if (rate.form == Expression::Form::rate) return rate.number;
    const Type* type = nullptr;
    if (rate.form == Expression::Form::field) {
      if (const Term* list = names_.list_of(rate.name))
        if (const Field* field = field_of(*list, rate.member)) type = &field->type;
    } else if (const Field* parameter = names_.parameter(rate.name)) {
      type = &parameter->type;
    } else if (const Term* term = machine_.text().term(rate.name)) {
      type = &term->type;
    }
    return type == nullptr ? static_cast<std::int64_t>(one_whole) : type->most;   // of a `let`: at most the whole
  }

  /// A part of an amount is an unknown of its own, between nothing and its most.
  SymbolicAmount share(const Expression& e, Way& way) {
    const SymbolicAmount of = value(e.parts[1], way);
    if (!unknowns_.never_negative(of)) problem(way, Property::conservation, e.place, "a part is taken of an amount that may be below nothing: " + in_words(of));
    const Expression& cap = e.form == Expression::Form::daily ? e.parts[4] : e.parts[0];
    std::string spelled = written(e.parts[0]) + (e.form == Expression::Form::daily ? " per day of " : " of ") + in_words(of);
    if (e.form == Expression::Form::daily) spelled += " from " + written(e.parts[2]) + " to " + written(e.parts[3]) + " up to " + written(cap);
    // What was reckoned before a date was set is not what is reckoned after it.
    if (e.form == Expression::Form::daily && way.sets > 0) spelled += " (" + std::to_string(way.sets) + " set)";
    unknowns_.add(spelled, part_of(of, most(cap)), e.form == Expression::Form::share && is_fixed(e.parts[0]) && unknowns_.is_lasting(of));
    return whole(spelled);
  }

  /// The same whenever it is reckoned.
  bool is_fixed(const Expression& rate) const { return rate.form == Expression::Form::rate || (rate.form == Expression::Form::name && machine_.text().term(rate.name) != nullptr); }

  SymbolicAmount rest_of(const Expression& place, Way& way) {
    const Pot pot = *names_.pot_at(place, machine_.pots());
    if (!is_followed(place)) {
      const std::string unknown = "rest of another " + name(pot);
      unknowns_.add("another " + name(pot));
      unknowns_.add(unknown, whole("another " + name(pot)), false);
      return whole(unknown);
    }
    SymbolicAmount held = way.outcome.state.held[pot];
    for (const auto& [unknown, coefficient] : held) know(unknown, pot);
    if (held.empty()) way.outcome.state.held.erase(pot);
    return held;
  }

  /// What stands in a state was reckoned in an earlier event.
  void know(const std::string& unknown, const Pot& pot) {
    unknowns_.add(name(pot));
    if (unknown != name(pot)) unknowns_.add(unknown, whole(name(pot)), true);
  }

  void add_parameter(const Field& parameter, Way& way) {
    names_.add_parameter(parameter);
    if (!parameter.type.up_to) return;
    const SymbolicAmount bound = value(*parameter.type.up_to, way);
    unknowns_.add(parameter.name, bound, false);
  }

  // ---- statements

  void run(const std::vector<Statement>& body, std::vector<Way>& ways) {
    for (const Statement& s : body) {
      std::vector<Way> next;
      for (Way& way : ways) run(s, std::move(way), next);
      ways = std::move(next);
      if (ways.size() <= Machine::outcomes_max) continue;
      problem(ways.front(), Property::size, s.place, "more ways lead through this than are looked at");
      ways.resize(1);
    }
  }

  void run(const Statement& s, Way way, std::vector<Way>& next) {
    switch (s.verb) {
      case Verb::hold: hold(s, way); break;
      case Verb::pay:
      case Verb::refund:
      case Verb::release: let_out(s, way); break;
      case Verb::let:
        read(s.amount, way);
        way.lets[s.name] = is_money(s.amount) ? value(s.amount, way) : SymbolicAmount{};
        names_.add_let(s.name, TypeKind::money, names_.pots_in(s.amount, machine_.pots()));
        break;
      case Verb::set:
        read(s.amount, way);
        check_set(s, way);
        ++way.sets;
        if (s.member.empty()) way.outcome.state.set.insert(s.name);
        else if (entries_.at(s.name)) way.outcome.state.set.insert(names_.list_of(s.name)->name + "." + s.member);
        break;
      case Verb::become: become(s.name, way); break;
      case Verb::entry_becomes:
        if (!entries_.at(s.name)) break;
        way.outcome.state.stage = index_of(machine_.stages(), s.member);
        way.outcome.said.push_back("the entry of " + machine_.text().stages.front().list + " becomes " + s.member);
        break;
      case Verb::if_else: return branch(s, std::move(way), next);
      case Verb::each: return run_each(s, std::move(way), next);
    }
    next.push_back(std::move(way));
  }

  /// Dates and durations can be named by a `let`, too: nothing is reckoned with them here.
  bool is_money(const Expression& e) const {
    using Form = Expression::Form;
    switch (e.form) {
      case Form::number:
      case Form::share:
      case Form::daily:
      case Form::rest: return true;
      case Form::sum:
      case Form::difference: return is_money(e.parts[0]);
      case Form::name: {
        if (const Field* parameter = names_.parameter(e.name)) return parameter->type.kind == TypeKind::money;
        const Term* term = machine_.text().term(e.name);
        return term == nullptr || term->type.kind == TypeKind::money;   // nullptr: another let
      }
      case Form::field: return field_of(*names_.list_of(e.name), e.member)->type.kind == TypeKind::money;
      default: return false;
    }
  }

  /// An amount that is set is one: not below nothing.
  void check_set(const Statement& s, Way& way) {
    const Term* list = s.member.empty() ? nullptr : names_.list_of(s.name);
    if (list == nullptr || field_of(*list, s.member)->type.kind != TypeKind::money) return;
    const SymbolicAmount amount = value(s.amount, way);
    if (!unknowns_.never_negative(amount))
      problem(way, Property::conservation, s.place, "this amount may be below nothing: " + in_words(amount) + with_most(amount));
  }

  static std::size_t index_of(const std::vector<Step>& steps, const std::string& wanted) {
    return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.name == wanted; }) - steps.begin());
  }

  void become(const std::string& phase, Way& way) {
    way.outcome.state.phase = index_of(machine_.text().phases, phase);
    way.outcome.said.push_back("the contract becomes " + phase);
  }

  void hold(const Statement& s, Way& way) {
    const Pot pot = *names_.pot_at(s.amount, machine_.pots());
    read(s.amount, way);
    // Whose entry it is has made it by an act of its own.
    if (machine_.text().entrant(s.party) == nullptr && !way.outcome.state.acted.contains(s.party))
      problem(way, Property::consent, s.place, "money is held from " + s.party + ", who may not have acted on the contract until then");
    if (!is_followed(s.amount)) return;
    if (const auto held = way.outcome.state.held.find(pot); held != way.outcome.state.held.end())
      problem(way, Property::conservation, s.place, name(pot) + " is held again while it is held");
    way.outcome.state.held[pot] = whole(name(pot));
    unknowns_.add(name(pot));
    way.outcome.said.push_back(name(pot) + " is held from " + s.party);
  }

  void let_out(const Statement& s, Way& way) {
    read(s.amount, way);
    if (s.category) read(*s.category, way);
    const Expression place = s.from ? *s.from : place_in(s.amount);
    const Pot pot = *names_.pot_at(place, machine_.pots());
    const SymbolicAmount amount = value(s.amount, way);
    check_category(s, way);
    if (!unknowns_.never_negative(amount))
      problem(way, Property::conservation, s.place, "this amount may be below nothing: " + in_words(amount) + with_most(amount));
    if (!is_followed(place)) return;
    SymbolicAmount& held = way.outcome.state.held[pot];
    for (const auto& [unknown, coefficient] : held) know(unknown, pot);
    const SymbolicAmount left = minus(held, amount);
    if (is_too_large(left)) problem(way, Property::size, s.place, "this amount takes a term more than a million times");
    else if (!unknowns_.never_negative(left))
      problem(way, Property::conservation, s.place, in_words(amount) + " is taken, and " + (held.empty() ? "nothing" : "only " + in_words(held)) + " may be held of " + name(pot) + with_most(left));
    if (!amount.empty()) {
      const char* verb = s.verb == Verb::pay ? " is paid to " : s.verb == Verb::refund ? " goes back to " : " is released to ";
      way.outcome.said.push_back(in_words(amount) + verb + s.party);
    }
    held = left;
    if (held.empty()) way.outcome.state.held.erase(pot);
  }

  std::string with_most(const SymbolicAmount& a) const {
    std::string out;
    for (const std::string& bound : unknowns_.at_their_most(a)) out += (out.empty() ? " (with " : "; ") + bound;
    return out.empty() ? out : out + ")";
  }

  Expression place_in(const Expression& amount) { return names_.pots_in(amount, machine_.pots()).begin()->second; }

  void check_category(const Statement& s, Way& way) {
    if (s.verb != Verb::pay) return;
    if (!s.category) problem(way, Property::tax_category, s.place, "this payment has no tax category: say `for` what it is paid");
    else if (s.category->form == Expression::Form::name && s.category->name == "none")
      problem(way, Property::tax_category, s.place, "`none` is for movements that are no income; a payment out of a contract is income");
  }

  void branch(const Statement& s, Way way, std::vector<Way>& next) {
    read(s.amount, way);
    const Truth truth = machine_.truth(s.amount, way.outcome.state, arrangement_, entries_);
    if (truth.can_hold) run_block(s.body, way, next);
    if (truth.can_fail) run_block(s.otherwise, way, next);
  }

  /// What is let inside is forgotten behind it.
  void run_block(const std::vector<Statement>& body, const Way& way, std::vector<Way>& next) {
    std::vector<Way> inside = {way};
    run(body, inside);
    for (Way& one : inside) {
      one.lets = way.lets;
      next.push_back(std::move(one));
    }
  }

  void run_each(const Statement& s, Way way, std::vector<Way>& next) {
    const Entry& entry = *s.entry;
    const bool staged = !entry.stages.empty();
    const auto& stages = machine_.stages();
    const bool not_there = machine_.text().term(entry.list)->open && way.outcome.state.stage == absent;
    if (not_there || (staged && std::find(entry.stages.begin(), entry.stages.end(), stages[way.outcome.state.stage].name) == entry.stages.end())) {
      next.push_back(std::move(way));
      return;
    }
    enter(entry, true);
    run_block(s.body, way, next);
    entries_.erase(entry.variable);
  }

  // ---- the end of an event

  /// Conclusions, and what is still held in words that outlast the event; each outcome once.
  std::vector<Outcome> finish(std::vector<Way> ways) {
    std::vector<Outcome> out;
    const auto add = [&](Outcome outcome) {
      const bool known = std::any_of(out.begin(), out.end(), [&](const Outcome& one) { return one.state == outcome.state && one.problems.size() == outcome.problems.size(); });
      if (!known) out.push_back(std::move(outcome));
    };
    for (Way& way : ways) {
      for (auto& [pot, held] : way.outcome.state.held)
        if (!unknowns_.is_lasting(held)) held = whole("what is left of " + name(pot));
      bool stays = true;
      for (const Conclusion& conclusion : machine_.text().conclusions) {
        if (machine_.text().phases[way.outcome.state.phase].name != conclusion.from) continue;
        const Truth truth = machine_.truth(conclusion.when, way.outcome.state, arrangement_, {});
        if (!truth.can_hold) continue;
        Way concluded = way;
        become(conclusion.to, concluded);
        check_end(concluded);
        add(std::move(concluded.outcome));
        stays = stays && truth.can_fail;
      }
      check_end(way);
      if (stays) add(std::move(way.outcome));
    }
    return out;
  }

  void check_end(Way& way) {
    if (!machine_.ended(way.outcome.state)) return;
    for (const auto& [pot, held] : way.outcome.state.held)
      problem(way, Property::conservation, event_.place(), "the contract ends, and " + in_words(held) + " is still held");
  }

  const Machine& machine_;
  const Event& event_;
  const Arrangement& arrangement_;
  Names names_;
  std::map<std::string, bool> entries_;
  Unknowns unknowns_;
};

}  // namespace

std::vector<Outcome> Machine::outcomes(const State& state, const Event& event, const Arrangement& arrangement) const { return Run(*this, event, arrangement).go(state); }

}  // namespace daftar::contracts::language
