#include "random_acts.h"

#include <algorithm>
#include <limits>

#include "contracts/language/runner.h"
#include "contracts/language/seal.h"

namespace daftar::contracts::test {

using language::EntryState;
using language::Instance;
using language::no_code;
using language::no_entry;
using language::no_list;
using language::Op;
using language::Program;
using language::Type;
using language::TypeKind;
using language::Value;

namespace {

constexpr std::int64_t hour = 3'600'000;

Value random_value(const Type& type, Dice& dice, const TermsWish& wish) {
  switch (type.kind) {
    case TypeKind::money: return Value::of(dice.one_in(3) ? dice.between(1, 5) : dice.between(1, wish.amount_most));
    case TypeKind::rate: return Value::of(dice.edgy(type.least, type.most));
    case TypeKind::duration: return Value::of(dice.one_in(6) ? dice.edgy(type.least, type.most) : dice.between(type.least, std::min(type.most, std::max(type.least, 20 * 24 * hour))));
    case TypeKind::date: return Value::of(wish.now + dice.between(1, 60 * 24) * hour);
    case TypeKind::choice: return Value::of(dice.between(0, static_cast<std::int64_t>(type.choices.size()) - 1));
    case TypeKind::text: return Value::of(std::string(static_cast<std::size_t>(dice.between(1, std::min<std::int64_t>(type.most, 12))), 'x'));
    case TypeKind::digest: return Value::of(std::string(32, static_cast<char>(dice.between('a', 'z'))));
    case TypeKind::category: return Value::of(std::string(dice.pick(wish.categories)));
    case TypeKind::condition: break;
  }
  return {};
}

Value random_slot(const Program::Slot& slot, Dice& dice, const TermsWish& wish) {
  if (slot.type.later || (slot.type.optional && dice.one_in(2))) return {};
  return random_value(slot.type, dice, wish);
}

EntryState random_entry(const Program::List& list, Dice& dice, const TermsWish& wish) {
  EntryState entry;
  for (const Program::Slot& slot : list.fields) entry.fields.push_back(random_slot(slot, dice, wish));
  return entry;
}

std::size_t unmet(const Program& program, const Instance& instance, std::int64_t now) {
  std::size_t count = 0;
  for (const Program::Needed& needed : program.needed) {
    const std::size_t entries = needed.list == no_list ? 1 : instance.lists[needed.list].size();
    for (std::uint32_t entry = 0; entry < entries; ++entry) {
      const auto holds = language::reckoned(program, instance, needed.code, {now, entry}, needed.list);
      count += holds && *holds != 0 ? 0 : 1;
    }
  }
  return count;
}

/// Draws one term anew: an optional party, a term, or a field of an entry.
void change_one(const Program& program, Instance& instance, Dice& dice, const TermsWish& wish) {
  const std::size_t choice = static_cast<std::size_t>(dice.below(program.parties.size() + program.terms.size() + 4 * program.lists.size()));
  if (choice < program.parties.size()) {
    if (program.parties[choice].optional) instance.parties[choice] = !instance.parties[choice];
  } else if (choice < program.parties.size() + program.terms.size()) {
    const std::size_t term = choice - program.parties.size();
    instance.terms[term] = random_slot(program.terms[term], dice, wish);
  } else {
    const std::size_t list = (choice - program.parties.size() - program.terms.size()) / 4;
    if (instance.lists[list].empty()) return;
    auto& entry = dice.pick(instance.lists[list]);
    const std::size_t field = static_cast<std::size_t>(dice.below(entry.fields.size()));
    entry.fields[field] = random_slot(program.lists[list].fields[field], dice, wish);
  }
}

/// From `at` to where the act's code stops.
template <class Meets>
bool any_instruction(const Program& program, std::uint32_t at, const Meets& meets) {
  for (; program.code[at].op != Op::stop; ++at)
    if (meets(program.code[at])) return true;
  return false;
}

/// Does it end the contract before it is in force or while entries are under way, or entries by the dozen?
bool cuts_short(const Program& program, const Instance& instance, const Program::Act& act) {
  if (act.place.list != no_list || (program.staged == no_list && instance.phase != 0)) return false;
  return any_instruction(program, act.body, [&](const language::Instruction& i) {
    return (i.op == Op::become && program.is_end(i.b)) || (i.op == Op::entry_becomes && program.stages[i.b].end);
  });
}

bool may_act(const Program& program, const Instance& instance, std::uint16_t act, std::uint32_t entry, std::uint16_t party) {
  if (party == language::treasury_number) return instance.is_public;
  if (party == language::newcomer_number) return instance.lists[program.staged].size() < program.lists[program.staged].most;
  if (language::is_entrant(party)) return true;
  const language::Consent consent{act, party, entry == no_entry ? 0 : entry};
  return instance.parties[party] && (!program.acts[act].jointly || std::find(instance.consents.begin(), instance.consents.end(), consent) == instance.consents.end());
}

/// The number of the parameter that an act seals; nothing: it seals none.
std::optional<std::size_t> sealing_parameter(const Program& program, const Program::Act& act) {
  std::optional<std::size_t> found;
  std::optional<std::uint16_t> seal;
  for (const auto& i : program.code)
    if (i.op == Op::seals) seal = i.b;
  if (!seal) return std::nullopt;
  any_instruction(program, act.body, [&](const language::Instruction& i) {
    const auto source = language::Source::unpack(i.c);
    if (i.op == Op::copy_to_field && i.b == *seal && source.kind == language::Source::Kind::parameter) found = source.number;
    return false;
  });
  return found;
}

bool opens_seals(const Program& program, const Program::Act& act) {
  return act.place.when != no_code && any_instruction(program, act.place.when, [](const language::Instruction& i) { return i.op == Op::seals; });
}

std::int64_t first_bytes(const std::string& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8 && i < bytes.size(); ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(number);
}

std::int64_t plain_number(const Value& value) { return value.form == Value::Form::bytes ? first_bytes(value.bytes) : value.number; }

std::int64_t bound_of(const Program& program, const Instance& instance, const Attempt& attempt, const Program::Slot& slot, std::int64_t now) {
  const auto most = language::reckoned(program, instance, slot.bound, {now, attempt.entry}, program.acts[attempt.act].place.list);
  return most ? *most : 0;
}

void give_parameters(const Program& program, const Instance& instance, Attempt& attempt, Dice& dice, std::int64_t now, bool known_entry) {
  TermsWish wish;
  wish.now = now;
  for (const Program::Slot& slot : program.acts[attempt.act].parameters) {
    Value value = random_value(slot.type, dice, wish);
    if (slot.bound != no_code && known_entry) value = Value::of(dice.edgy(0, std::max<std::int64_t>(bound_of(program, instance, attempt, slot, now), 0)));
    attempt.parameters.emplace_back(slot.name, std::move(value));
  }
}

}  // namespace

Instance random_terms(const Program& program, Dice& dice, const TermsWish& wish) {
  std::vector<bool> parties;
  for (const language::Party& party : program.parties) parties.push_back(!party.optional || dice.one_in(2));
  std::vector<Value> terms;
  for (const Program::Slot& slot : program.terms) terms.push_back(random_slot(slot, dice, wish));
  std::vector<std::vector<EntryState>> lists;
  for (const Program::List& list : program.lists) {
    const std::int64_t some = dice.one_in(200) ? list.most : dice.one_in(10) ? std::max<std::int64_t>(list.least, 6) : 3;
    if (list.open) {
      lists.emplace_back();
      continue;
    }
    auto& entries = lists.emplace_back(static_cast<std::size_t>(dice.between(list.least, std::min<std::int64_t>(list.most, std::max<std::int64_t>(list.least, some)))));
    for (EntryState& entry : entries) entry = random_entry(list, dice, wish);
  }
  return language::begin(program, wish.is_public, std::move(parties), std::move(terms), std::move(lists));
}

std::optional<Instance> sound_terms(const Program& program, Dice& dice, const TermsWish& wish) {
  Instance instance = random_terms(program, dice, wish);
  std::size_t left = unmet(program, instance, wish.now);
  for (int tries = 0; left > 0 && tries < 5'000; ++tries) {
    Instance changed = instance;
    change_one(program, changed, dice, wish);
    const std::size_t still = unmet(program, changed, wish.now);
    if (still > left) continue;
    instance = std::move(changed);
    left = still;
  }
  if (left > 0 || !language::Interpreter(program).judge_terms(instance, wish.now)) return std::nullopt;
  return instance;
}

RunTerms plain_terms(const Program& program, const Instance& instance) {
  RunTerms terms;
  terms.is_public = instance.is_public;
  for (std::size_t i = 0; i < program.parties.size(); ++i)
    if (!instance.parties[i]) terms.left_out.insert(program.parties[i].name);
  for (std::size_t i = 0; i < program.terms.size(); ++i) {
    if (instance.terms[i].given()) terms.values[program.terms[i].name] = instance.terms[i].number;
    else if (program.terms[i].type.optional) terms.left_out.insert(program.terms[i].name);
  }
  for (std::size_t list = 0; list < program.lists.size(); ++list) {
    auto& entries = terms.entries[program.lists[list].name];
    for (const EntryState& entry : instance.lists[list]) {
      auto& fields = entries.emplace_back();
      for (std::size_t i = 0; i < entry.fields.size(); ++i)
        if (entry.fields[i].given()) fields[program.lists[list].fields[i].name] = entry.fields[i].number;
    }
  }
  return terms;
}

std::vector<std::pair<std::string, Value>> sealed_values(const Program& program, const Instance& instance, std::string_view contract, const std::string& member) {
  std::vector<std::pair<std::string, Value>> out;
  const auto opens = std::find_if(program.acts.begin(), program.acts.end(), [&](const Program::Act& act) { return opens_seals(program, act); });
  if (opens == program.acts.end()) return out;
  for (const std::string& name : program.sealed.front().names) {
    const auto slot = std::find_if(opens->parameters.begin(), opens->parameters.end(), [&](const Program::Slot& one) { return one.name == name; });
    const ledger::Digest drawn = ledger::sha256(contract, member, name);
    const auto number = static_cast<std::uint64_t>(first_bytes(std::string(drawn.view())));
    if (!language::is_number(slot->type.kind)) {
      out.emplace_back(name, Value::of(std::string(drawn.view())));
      continue;
    }
    const auto most = language::reckoned(program, instance, slot->bound, {0, no_entry}, no_list);
    const std::uint64_t bound = most && *most > 0 ? static_cast<std::uint64_t>(*most) : 1;
    out.emplace_back(name, Value::of(static_cast<std::int64_t>(1 + number / 2 % std::min<std::uint64_t>(bound, number % 2 == 0 ? 3 : bound))));   // equal ones, too
  }
  return out;
}

void fit_seals(const Program& program, const Instance& instance, Attempt& attempt, std::string_view contract, const std::string& member) {
  const Program::Act& act = program.acts[attempt.act];
  const auto values = sealed_values(program, instance, contract, member);
  if (values.empty()) return;
  if (const auto seal = sealing_parameter(program, act); seal && *seal < attempt.parameters.size())
    attempt.parameters[*seal].second = Value::of(std::string(language::seal_of(contract, member, values).view()));
  if (!opens_seals(program, act)) return;
  for (auto& [name, value] : attempt.parameters)
    for (const auto& [sealed, what] : values)
      if (name == sealed) value = what;
}

std::map<std::string, std::int64_t> plain_parameters(const Program& program, const Instance& instance, const Attempt& attempt, std::string_view contract, const std::string& member) {
  std::map<std::string, std::int64_t> out;
  for (const auto& [name, value] : attempt.parameters) out[name] = plain_number(value);
  const auto seal = sealing_parameter(program, program.acts[attempt.act]);
  if (!seal || *seal >= attempt.parameters.size()) return out;
  const auto values = sealed_values(program, instance, contract, member);
  if (attempt.parameters[*seal].second.bytes != language::seal_of(contract, member, values).view()) return out;
  std::vector<std::int64_t> numbers;
  for (const auto& [name, value] : values) numbers.push_back(plain_number(value));
  out[attempt.parameters[*seal].first] = plain_seal(numbers);
  return out;
}

std::optional<Attempt> fitting_act(const Program& program, const Instance& instance, Dice& dice, std::int64_t now, std::uint16_t silent, std::int64_t shortcuts,
                                   std::string_view contract) {
  std::vector<Attempt> fitting;
  for (std::uint16_t number = 0; number < program.acts.size(); ++number) {
    const Program::Act& act = program.acts[number];
    if (!language::contains(act.place.phases, instance.phase)) continue;
    const bool on_entry = act.place.list != no_list && !act.joins;
    const std::uint32_t entries = on_entry ? static_cast<std::uint32_t>(instance.lists[act.place.list].size()) : 1;
    for (std::uint32_t i = 0; i < entries; ++i) {
      const std::uint32_t entry = on_entry ? i : no_entry;
      if (entry != no_entry && !language::contains(act.place.stages, instance.lists[act.place.list][i].stage)) continue;
      for (const std::uint16_t actor : act.actors) {
        if (actor == silent) continue;
        const std::uint16_t party = actor != language::entrant_number ? actor : act.joins ? language::newcomer_number : static_cast<std::uint16_t>(actor + i);
        if (may_act(program, instance, number, entry, party)) fitting.push_back({number, party, entry, {}});
      }
    }
  }
  while (!fitting.empty()) {
    const std::size_t chosen = static_cast<std::size_t>(dice.below(fitting.size()));
    Attempt attempt = std::move(fitting[chosen]);
    fitting.erase(fitting.begin() + static_cast<std::ptrdiff_t>(chosen));
    const Program::Act& act = program.acts[attempt.act];
    if (cuts_short(program, instance, act) && !dice.one_in(shortcuts)) continue;
    give_parameters(program, instance, attempt, dice, now, true);
    if (language::is_entrant(attempt.party) && !dice.one_in(10)) fit_seals(program, instance, attempt, contract, instance.lists[program.staged][attempt.entry].member);
    if (act.place.when != no_code && !dice.one_in(20)) {
      language::Runner runner(program, instance, {now, attempt.entry, contract}, act.place.list, act.cost);
      std::vector<Value> given;
      for (const auto& [name, value] : attempt.parameters) given.push_back(value);
      runner.give(std::move(given));
      if (const auto holds = runner.value(act.place.when); !holds || *holds == 0) continue;
    }
    return attempt;
  }
  return std::nullopt;
}

Attempt any_act(const Program& program, const Instance& instance, Dice& dice, std::int64_t now) {
  Attempt attempt;
  attempt.act = static_cast<std::uint16_t>(dice.below(program.acts.size()));
  attempt.party = static_cast<std::uint16_t>(dice.below(program.parties.size()));
  const std::uint16_t list = program.acts[attempt.act].place.list;
  if (program.entrant && dice.one_in(2)) attempt.party = static_cast<std::uint16_t>(dice.one_in(3) ? language::newcomer_number : language::entrant_number + dice.below(instance.lists[program.staged].size() + 1));
  const std::size_t entries = list == no_list ? 0 : instance.lists[list].size();
  if (entries > 0 || dice.one_in(10)) attempt.entry = static_cast<std::uint32_t>(dice.below(entries + 2));
  give_parameters(program, instance, attempt, dice, now, list == no_list || attempt.entry < entries);
  auto& parameters = attempt.parameters;
  if (parameters.empty()) return attempt;
  switch (dice.below(8)) {
    case 0: parameters.pop_back(); break;
    case 1: parameters.push_back(parameters.front()); break;
    case 2: parameters.front().second = Value::of(dice.between(std::numeric_limits<std::int64_t>::min() / 2, std::numeric_limits<std::int64_t>::max() / 2)); break;
    case 3: parameters.front().second = Value::of(std::string(static_cast<std::size_t>(dice.below(700)), '\xff')); break;
    case 4: parameters.front().second = {}; break;
    default: break;
  }
  return attempt;
}

}  // namespace daftar::contracts::test
