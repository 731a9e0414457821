#include "contracts/language/compiler.h"

#include "contracts/language/code_writer.h"
#include "contracts/language/cost.h"

namespace daftar::contracts::language {
namespace {

class Compiler {
 public:
  explicit Compiler(const Template& text) : text_(text), numbers_(text), writer_(numbers_) {}

  Expected<Program, Fault> run(std::string_view source) {
    out_.name = text_.name;
    out_.version = static_cast<std::uint32_t>(text_.version);
    out_.source = ledger::sha256(source);
    out_.parties = text_.parties;
    if (!text_.entrants.empty()) out_.entrant = text_.entrants.front();
    for (const Fund& fund : text_.funds) out_.funds.push_back({numbers_.party(fund.party), fund.account, fund.budget_line});
    add_terms();
    out_.phases = text_.phases;
    if (!text_.stages.empty()) {
      out_.stages = text_.stages.front().steps;
      out_.staged = numbers_.list(text_.stages.front().list);
    }
    for (const auto& [pot, party] : numbers_.pots()) add_held(pot, party);
    for (const Requirement& required : text_.requirements) add_needed(required);
    out_.prose = text_.prose;
    out_.clauses = text_.clauses;
    for (const Action& action : text_.actions) add_act(action);
    for (const Deadline& deadline : text_.deadlines) add_deadline(deadline);
    for (const Conclusion& conclusion : text_.conclusions)
      out_.conclusions.push_back({numbers_.phase(conclusion.from), numbers_.phase(conclusion.to), piece(conclusion.when, nullptr)});
    out_.code = writer_.take_code();
    out_.constants = writer_.take_constants();
    out_.payments = writer_.take_payments();
    out_.sealed = writer_.take_sealed();
    out_.rankings = writer_.take_rankings();
    if (writer_.deepest() > stack_size) return tl::make_unexpected(Fault{text_.place, "an expression is nested too deep to be run"});
    return std::move(out_);
  }

 private:
  Program::Slot slot_of(const std::string& name, const Type& type) const {
    Program::Slot slot{name, type, no_code, type.copy_of.empty() ? no_slot : numbers_.term(type.copy_of)};
    slot.type.up_to.reset();
    return slot;
  }

  void add_terms() {
    for (const Term& term : text_.terms) {
      if (!term.is_list) {
        out_.terms.push_back(slot_of(term.name, term.type));
        continue;
      }
      Program::List list{term.name, term.least, term.most, term.open, {}};
      for (const Field& field : term.fields) list.fields.push_back(slot_of(field.name, field.type));
      out_.lists.push_back(std::move(list));
    }
  }

  void add_held(const Pot& pot, const std::string& party) {
    const bool of_list = !pot.list.empty();
    out_.held.push_back({of_list ? numbers_.list(pot.list) : no_list, of_list ? numbers_.field(pot.list, pot.term) : numbers_.term(pot.term), numbers_.party(party)});
  }

  void add_needed(const Requirement& required) {
    const std::uint16_t list = required.each ? numbers_.list(required.each->list) : no_list;
    out_.needed.push_back({piece(required.condition, required.each ? &*required.each : nullptr), list, required.because.empty() ? written(required.condition) : required.because});
  }

  /// An expression on its own.
  std::uint32_t piece(const Expression& e, const Entry* on) {
    const std::uint32_t at = writer_.begin();
    if (on != nullptr) writer_.know_entry(*on, entry_register::on);
    writer_.expression(e);
    writer_.end();
    return at;
  }

  Program::Place place_of(const Scope& scope) {
    Program::Place place;
    place.phases = numbers_.phases(scope.phases);
    if (scope.on) {
      place.list = numbers_.list(scope.on->list);
      place.stages = numbers_.stages(scope.on->stages);
    }
    return place;
  }

  void add_act(const Action& action) {
    const Entry* on = action.scope.on && !action.scope.joins ? &*action.scope.on : nullptr;   // bounds and conditions come before a new entry
    Program::Act act;
    act.name = action.name;
    act.joins = action.scope.joins;
    if (action.award) {
      act.award = Program::Award{numbers_.party(action.award->buyer), numbers_.field(action.scope.on->list, action.award->price.member)};
    } else {
      for (const std::string& actor : action.actors) act.actors.push_back(numbers_.party(actor));
      act.jointly = action.jointly;
    }
    act.place = place_of(action.scope);
    for (const Field& parameter : action.parameters) {
      act.parameters.push_back(slot_of(parameter.name, parameter.type));
      if (parameter.type.up_to) act.parameters.back().bound = piece(*parameter.type.up_to, on);
    }
    if (action.scope.when) {
      act.place.when = begin_act(action);
      writer_.expression(*action.scope.when);
      writer_.end();
    }
    act.body = begin_act(action);
    writer_.body(action.body);
    writer_.end();
    act.cost = cost_of(text_, action.scope, action.body);
    out_.acts.push_back(std::move(act));
  }

  std::uint32_t begin_act(const Action& action) {
    const std::uint32_t at = writer_.begin();
    if (action.scope.on) writer_.know_entry(*action.scope.on, entry_register::on);
    for (const Field& parameter : action.parameters) writer_.know_parameter(parameter);
    return at;
  }

  void add_deadline(const Deadline& deadline) {
    const Entry* on = deadline.scope.on ? &*deadline.scope.on : nullptr;
    Program::Deadline moment;
    moment.name = deadline.name;
    moment.at = piece(deadline.at, on);
    add_needs(deadline.at, moment.needs);
    moment.place = place_of(deadline.scope);
    if (deadline.scope.when) moment.place.when = piece(*deadline.scope.when, on);
    moment.body = writer_.begin();
    if (on != nullptr) writer_.know_entry(*on, entry_register::on);
    writer_.body(effects(text_, deadline));
    writer_.end();
    moment.cost = cost_of(text_, deadline.scope, effects(text_, deadline));
    out_.deadlines.push_back(std::move(moment));
  }

  void add_needs(const Expression& e, std::vector<std::uint16_t>& needs) {
    if (e.form == Expression::Form::name)
      if (const Term* term = text_.term(e.name); term != nullptr && term->type.optional) needs.push_back(numbers_.term(e.name));
    for (const Expression& part : e.parts) add_needs(part, needs);
  }

  const Template& text_;
  const Numbers numbers_;
  CodeWriter writer_;
  Program out_;
};

}  // namespace

Expected<Program, Fault> compile(const Template& text, std::string_view source) { return Compiler(text).run(source); }

}  // namespace daftar::contracts::language
