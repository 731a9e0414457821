#include "contracts/language/interpreter.h"

#include <algorithm>

#include "contracts/language/runner.h"

namespace daftar::contracts::language {

using ledger::Rejection;
using ledger::RejectionCode;

namespace {

using Done = Interpreter::Done;

auto passed_on(const Rejection& rejection) { return Unexpected<Rejection>(rejection); }

/// An entrant acts on its own entry; who has none makes one.
bool is_actor(const Program::Act& act, std::uint16_t party, std::uint32_t entry) {
  const auto has = [&](std::uint16_t wanted) { return std::find(act.actors.begin(), act.actors.end(), wanted) != act.actors.end(); };
  if (party == newcomer_number) return act.joins && has(entrant_number);
  if (!is_entrant(party)) return has(party);
  return has(entrant_number) && (act.joins || party - entrant_number == entry || entry == no_entry);
}

/// Is the contract, and the entry, where an act or deadline can happen?
bool is_here(const Program::Place& place, const Instance& instance, std::uint32_t entry) {
  if (!contains(place.phases, instance.phase)) return false;
  return place.list == no_list || (entry < instance.lists[place.list].size() && contains(place.stages, instance.lists[place.list][entry].stage));
}

bool has_consented(const Instance& instance, std::uint16_t act, std::uint16_t party, std::uint32_t entry) {
  return std::find(instance.consents.begin(), instance.consents.end(), Consent{act, party, entry}) != instance.consents.end();
}

/// What waits for something that cannot happen any more is forgotten.
void forget_stale(const Program& program, Instance& instance) {
  std::erase_if(instance.consents, [&](const Consent& one) { return !is_here(program.acts[one.act].place, instance, one.entry); });
  std::erase_if(instance.postponed, [&](const Postponed& one) { return !is_here(program.deadlines[one.deadline].place, instance, one.entry); });
}

void forget_postponed(Instance& instance, const Interpreter::Due& due) {
  std::erase_if(instance.postponed, [&](const Postponed& one) { return one.deadline == due.deadline && one.entry == due.entry; });
}

Result conclude(const Program& program, Instance& instance, Runner& runner) {
  for (const Program::Conclusion& conclusion : program.conclusions) {
    if (conclusion.from != instance.phase) continue;
    const auto holds = runner.value(conclusion.when);
    if (!holds) return passed_on(holds.error());
    if (*holds == 0) continue;
    instance.phase = conclusion.to;
    return {};
  }
  return {};
}

Result judge_end(const Program& program, const Instance& instance) {
  if (!program.is_end(instance.phase)) return {};
  for (const auto& amounts : instance.held)
    for (const ledger::MinorUnits amount : amounts)
      if (amount != 0) return refusal(RejectionCode::template_fault, "the contract would end with money held");
  return {};
}

Expected<Done, Rejection> happen(const Program& program, Instance& instance, Runner& runner, std::uint32_t body, Verbs& verbs) {
  if (auto ran = runner.run(body, instance, verbs); !ran) return passed_on(ran.error());
  if (auto concluded = conclude(program, instance, runner); !concluded) return passed_on(concluded.error());
  if (auto ended = judge_end(program, instance); !ended) return passed_on(ended.error());
  forget_stale(program, instance);
  return Done{true, runner.units()};
}

/// Finds which of the acts of one name is meant, and why none is.
class Choice {
 public:
  Choice(const Program& program, const Instance& instance, const Sent& sent, Moment moment) : program_(program), instance_(instance), sent_(sent), moment_(moment) {}

  struct Chosen {
    std::uint16_t number;
    std::vector<Value> parameters;
    std::uint32_t entry;           // 0 for an act on the contract as a whole
    bool complete;                 // nobody else's word is missing
    std::uint64_t units;           // of its condition
  };
  Expected<Chosen, Rejection> find() const {
    Rejection why{RejectionCode::field_invalid, "action: " + program_.name + " knows no " + sent_.name};
    int nearest = 0;               // of the acts that are not meant, the one that fails last says why
    const auto fails = [&](int step, Rejection rejection) {
      if (step <= nearest) return;
      nearest = step;
      why = std::move(rejection);
    };
    for (std::uint16_t number = 0; number < program_.acts.size(); ++number) {
      const Program::Act& act = program_.acts[number];
      if (act.name != sent_.name) continue;
      if (act.joins && moment_.entry != no_entry) {
        fails(1, {RejectionCode::field_invalid, "entry: " + act.name + " makes a new one"});
      } else if (!is_actor(act, sent_.party, moment_.entry)) {
        fails(2, {RejectionCode::not_a_party, sent_.name});
      } else if (!contains(act.place.phases, instance_.phase)) {
        fails(3, {RejectionCode::wrong_phase, program_.phases[instance_.phase].name});
      } else if (act.place.list == no_list && moment_.entry != no_entry) {
        fails(4, {RejectionCode::field_invalid, "entry: " + act.name + " is about the contract as a whole"});
      } else if (act.joins && is_entrant(sent_.party)) {
        fails(4, {RejectionCode::already_entered, "entry " + std::to_string(sent_.party - entrant_number + 1)});
      } else if (act.joins && instance_.lists[act.place.list].size() >= program_.lists[act.place.list].most) {
        fails(4, {RejectionCode::entries_full, std::to_string(program_.lists[act.place.list].most)});
      } else if (!act.joins && act.place.list != no_list && moment_.entry >= instance_.lists[act.place.list].size()) {
        fails(4, {RejectionCode::milestone_unknown, (moment_.entry == no_entry ? std::string("none") : std::to_string(moment_.entry + 1)) + " of " + std::to_string(instance_.lists[act.place.list].size())});
      } else if (!act.joins && !is_here(act.place, instance_, moment_.entry)) {
        fails(5, {RejectionCode::milestone_wrong_stage, program_.stages[instance_.lists[act.place.list][moment_.entry].stage].name});
      } else {
        auto chosen = judge(number);
        if (chosen) return chosen;
        fails(6, std::move(chosen.error()));
      }
    }
    return passed_on(why);
  }

 private:
  Expected<Chosen, Rejection> judge(std::uint16_t number) const {
    const Program::Act& act = program_.acts[number];
    auto parameters = bind(act);
    if (!parameters) return passed_on(parameters.error());
    Chosen chosen{number, std::move(*parameters), act.place.list == no_list ? 0 : moment_.entry, true, 0};
    if (act.jointly) {
      const auto has_said = [&](std::uint16_t party) { return has_consented(instance_, number, party, chosen.entry); };
      if (has_said(sent_.party)) return refusal(RejectionCode::already_signed, sent_.name);
      chosen.complete = std::all_of(act.actors.begin(), act.actors.end(), [&](std::uint16_t actor) { return actor == sent_.party || has_said(actor); });
    }
    if (!chosen.complete || act.place.when == no_code) return chosen;
    Runner runner(program_, instance_, moment_, act.place.list, act.cost);
    runner.give(chosen.parameters);
    const auto holds = runner.value(act.place.when);
    if (!holds) return passed_on(holds.error());
    if (*holds == 0) return refusal(runner.seal_broken() ? RejectionCode::seal_mismatch : RejectionCode::condition_not_met, sent_.name);
    chosen.units = runner.units();
    return chosen;
  }

  Expected<std::vector<Value>, Rejection> bind(const Program::Act& act) const {
    std::vector<Value> out;
    for (const auto& sent : sent_.parameters)
      if (std::none_of(act.parameters.begin(), act.parameters.end(), [&](const Program::Slot& slot) { return slot.name == sent.first; }))
        return refusal(RejectionCode::field_invalid, sent.first + ": " + act.name + " takes no such parameter");
    for (const Program::Slot& slot : act.parameters) {
      const auto is_it = [&](const auto& one) { return one.first == slot.name; };
      const auto found = std::find_if(sent_.parameters.begin(), sent_.parameters.end(), is_it);
      if (found == sent_.parameters.end()) return refusal(RejectionCode::field_invalid, slot.name + ": " + act.name + " needs it");
      if (std::count_if(sent_.parameters.begin(), sent_.parameters.end(), is_it) > 1) return refusal(RejectionCode::field_invalid, slot.name + ": twice");
      if (auto fits = judge_value(slot.type, found->second, moment_.now); !fits) return refusal(RejectionCode::field_invalid, slot.name + ": " + fits.error());
      if (slot.bound != no_code) {
        const auto most = reckoned(program_, instance_, slot.bound, moment_, act.place.list);
        if (!most) return passed_on(most.error());
        if (found->second.number > *most) return refusal(RejectionCode::field_invalid, slot.name + ": at most " + std::to_string(*most));
      }
      out.push_back(found->second);
    }
    return out;
  }

  const Program& program_;
  const Instance& instance_;
  const Sent& sent_;
  const Moment moment_;
};

}  // namespace

Expected<Done, Rejection> Interpreter::act(Instance& instance, const Sent& sent, Moment moment, Verbs& verbs) const {
  auto chosen = Choice(program_, instance, sent, moment).find();
  if (!chosen) return passed_on(chosen.error());
  const Program::Act& act = program_.acts[chosen->number];
  if (!chosen->complete) {
    instance.consents.push_back({chosen->number, sent.party, chosen->entry});
    return Done{false, 0};
  }
  std::erase_if(instance.consents, [&](const Consent& one) { return one.act == chosen->number && one.entry == chosen->entry; });
  if (act.joins) moment.entry = join(program_, instance, sent.member);
  Runner runner(program_, instance, moment, act.place.list, act.cost - chosen->units);
  runner.give(std::move(chosen->parameters));
  auto done = happen(program_, instance, runner, act.body, verbs);
  if (done) done->units += chosen->units;
  return done;
}

std::optional<std::uint32_t> Interpreter::awarded(const Instance& instance) const {
  const Program::Act* act = program_.award();
  if (act == nullptr) return std::nullopt;
  for (std::uint32_t entry = 0; entry < instance.lists[act->place.list].size(); ++entry)
    if (is_here(act->place, instance, entry)) return entry;
  return std::nullopt;
}

Expected<Done, Rejection> Interpreter::conclude_award(Instance& instance, Moment moment, Verbs& verbs) const {
  const auto entry = awarded(instance);
  if (!entry) return refusal(RejectionCode::not_awarded, program_.phases[instance.phase].name);
  const Program::Act& act = *program_.award();
  moment.entry = *entry;
  Runner runner(program_, instance, moment, act.place.list, act.cost);
  if (act.place.when != no_code) {
    const auto holds = runner.value(act.place.when);
    if (!holds) return passed_on(holds.error());
    if (*holds == 0) return refusal(RejectionCode::condition_not_met, act.name);
  }
  return happen(program_, instance, runner, act.body, verbs);
}

bool Interpreter::may(const Instance& instance, std::uint16_t number, std::uint16_t party, Moment moment) const {
  const Program::Act& act = program_.acts[number];
  if (!is_actor(act, party, moment.entry)) return false;
  if (act.joins) {
    if (party != newcomer_number || moment.entry != no_entry || !contains(act.place.phases, instance.phase) || instance.lists[act.place.list].size() >= program_.lists[act.place.list].most)
      return false;
  } else if (!is_here(act.place, instance, moment.entry)) {
    return false;
  }
  const std::uint32_t entry = act.place.list == no_list ? 0 : moment.entry;
  if (act.jointly && has_consented(instance, number, party, entry)) return false;
  if (act.place.when == no_code) return true;
  Runner runner(program_, instance, moment, act.place.list, act.cost);
  runner.give(std::vector<Value>(act.parameters.size()));
  const auto holds = runner.value(act.place.when);
  return holds ? *holds != 0 : !act.parameters.empty();   // one that speaks of a parameter: nobody can tell yet
}

std::optional<Interpreter::Due> Interpreter::next_due(const Instance& instance) const {
  std::optional<Due> next;
  for (std::uint16_t number = 0; number < program_.deadlines.size(); ++number) {
    const Program::Deadline& deadline = program_.deadlines[number];
    if (!contains(deadline.place.phases, instance.phase)) continue;
    if (std::any_of(deadline.needs.begin(), deadline.needs.end(), [&](std::uint16_t term) { return !instance.terms[term].given(); })) continue;
    const std::uint32_t entries = deadline.place.list == no_list ? 1 : static_cast<std::uint32_t>(instance.lists[deadline.place.list].size());
    for (std::uint32_t entry = 0; entry < entries; ++entry) {
      if (!is_here(deadline.place, instance, entry)) continue;
      if (deadline.place.when != no_code) {
        const auto exists = reckoned(program_, instance, deadline.place.when, {0, entry}, deadline.place.list);
        if (!exists || *exists == 0) continue;
      }
      const auto at = reckoned(program_, instance, deadline.at, {0, entry}, deadline.place.list);
      if (!at) continue;   // it speaks of what nobody has set: the checker rules that out
      Due due{*at, number, entry};
      for (const Postponed& one : instance.postponed)
        if (one.deadline == number && one.entry == entry) due.at = std::max(due.at, one.until);
      if (!next || due.at < next->at) next = due;
    }
  }
  return next;
}

Expected<Done, Rejection> Interpreter::fire(Instance& instance, const Due& due, std::int64_t now, Verbs& verbs) const {
  const Program::Deadline& deadline = program_.deadlines[due.deadline];
  forget_postponed(instance, due);
  Runner runner(program_, instance, {now, due.entry}, deadline.place.list, deadline.cost);
  return happen(program_, instance, runner, deadline.body, verbs);
}

void Interpreter::postpone(Instance& instance, const Due& due, std::int64_t until) {
  forget_postponed(instance, due);
  instance.postponed.push_back({due.deadline, due.entry, until});
}

}  // namespace daftar::contracts::language
