#include "program_run.h"

#include <algorithm>

#include "contracts/language/seal.h"

namespace daftar::contracts::test {

using language::Instance;
using language::Type;
using language::TypeKind;
using language::Value;

const std::string contract_of_runs(32, 'c');

Value of_plain(const Type& type, std::int64_t number) {
  if (language::is_number(type.kind)) return Value::of(number);
  if (type.kind != TypeKind::digest) return Value::of(std::string("services"));
  std::string bytes(32, 'd');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (56 - 8 * i));
  return Value::of(std::move(bytes));
}

std::optional<ledger::Digest> seal_in(const language::Program& program, const std::string& name, const std::map<std::string, std::int64_t>& parameters, std::string_view contract,
                                      std::string_view member) {
  std::vector<std::pair<std::string, Value>> values;
  for (const auto& act : program.acts) {
    if (program.sealed.empty() || act.place.when == language::no_code) continue;
    for (const std::string& sealed : program.sealed.front().names) {
      const auto slot = std::find_if(act.parameters.begin(), act.parameters.end(), [&](const auto& one) { return one.name == sealed; });
      const auto given = parameters.find(name + ":" + sealed);
      if (slot == act.parameters.end() || given == parameters.end()) break;
      values.emplace_back(sealed, of_plain(slot->type, given->second));
    }
    if (values.size() == program.sealed.front().names.size()) return language::seal_of(contract, member, values);
    values.clear();
  }
  return std::nullopt;
}

namespace {

/// Texts and the like that terms do not mention are there all the same: plain execution knows nothing of them.
Value value_of(const language::Program::Slot& slot, const std::map<std::string, std::int64_t>& values, const std::set<std::string>& left_out) {
  const auto found = values.find(slot.name);
  if (found != values.end()) return of_plain(slot.type, found->second);
  return language::is_number(slot.type.kind) || slot.type.later || left_out.contains(slot.name) ? Value{} : of_plain(slot.type, 0);
}

Instance instance_of(const language::Program& program, const RunTerms& terms) {
  std::vector<bool> parties;
  for (const language::Party& party : program.parties) parties.push_back(!terms.left_out.contains(party.name));
  std::vector<Value> values;
  for (const auto& slot : program.terms) values.push_back(value_of(slot, terms.values, terms.left_out));
  std::vector<std::vector<language::EntryState>> lists;
  for (const auto& list : program.lists) {
    auto& entries = lists.emplace_back();
    for (const auto& entry : terms.entries.at(list.name)) {
      entries.push_back({});
      for (const auto& slot : list.fields) entries.back().fields.push_back(value_of(slot, entry, {}));
    }
  }
  return language::begin(program, terms.is_public, std::move(parties), std::move(values), std::move(lists));
}

}  // namespace

language::Result CountingVerbs::hold(std::uint16_t, ledger::MinorUnits amount) {
  taken_in += amount;
  return {};
}
language::Result CountingVerbs::pay(std::uint16_t, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) {
  received[std::string(program_->party_name(to))] += amount;
  by_category[std::string(category)] += amount;
  return {};
}
language::Result CountingVerbs::give_back(std::uint16_t party, ledger::MinorUnits amount) {
  received[std::string(program_->party_name(party))] += amount;
  return {};
}

ProgramRun::ProgramRun(const language::Template& text, const language::Program& program, const RunTerms& terms)
    : text_(text), program_(program), interpreter_(program), instance_(instance_of(program, terms)), verbs_(program) {}

void ProgramRun::spent(std::uint64_t units, std::uint64_t cost) { dearest_share_ = std::max(dearest_share_, cost == 0 ? 0 : units * 100 / cost); }

std::string ProgramRun::act(const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) {
  const Instance before = instance_;
  const auto& act = program_.acts[static_cast<std::size_t>(&action - text_.actions.data())];
  if (act.award) return conclude_award(now);
  if (act.actors.front() == language::entrant_number) {
    if (act.joins) return act_as(language::newcomer_number, action, now, entry, parameters, "bidder-" + std::to_string(instance_.lists[program_.staged].size()));
    return act_as(static_cast<std::uint16_t>(language::entrant_number + entry), action, now, entry, parameters);
  }
  for (const std::uint16_t actor : act.actors) {
    const std::string outcome = act_as(actor, action, now, entry, parameters);
    if (outcome != "ok") {
      instance_ = before;
      return outcome;
    }
    if (!act.jointly) break;
  }
  return "ok";
}

std::string ProgramRun::act_as(std::uint16_t party, const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters,
                               const std::string& newcomer) {
  language::Sent sent{.name = action.name, .party = party, .parameters = {}, .member = newcomer};
  const bool is_entrant = language::is_entrant(party) && party - language::entrant_number < static_cast<int>(instance_.lists[program_.staged].size());
  const std::string member = is_entrant ? instance_.lists[program_.staged][party - language::entrant_number].member : newcomer;
  for (const language::Field& parameter : action.parameters) {
    const auto given = parameters.find(parameter.name);
    const auto seal = seal_in(program_, parameter.name, parameters, contract_of_runs, member);
    sent.parameters.emplace_back(parameter.name, seal ? Value::of(std::string(seal->view())) : of_plain(parameter.type, given == parameters.end() ? 0 : given->second));
  }
  Instance after = instance_;
  CountingVerbs verbs = verbs_;
  const auto done = interpreter_.act(after, sent, {now, action.scope.on && !action.scope.joins ? static_cast<std::uint32_t>(entry) : language::no_entry, contract_of_runs}, verbs);
  if (!done) return std::string(ledger::name(done.error().code));
  instance_ = std::move(after);
  verbs_.take(std::move(verbs));
  if (done->happened) spent(done->units, program_.acts[static_cast<std::size_t>(&action - text_.actions.data())].cost);
  return "ok";
}

std::string ProgramRun::conclude_award(std::int64_t now) {
  Instance after = instance_;
  CountingVerbs verbs = verbs_;
  const auto done = interpreter_.conclude_award(after, {now, language::no_entry, contract_of_runs}, verbs);
  if (!done) return std::string(ledger::name(done.error().code));
  instance_ = std::move(after);
  verbs_.take(std::move(verbs));
  spent(done->units, program_.award()->cost);
  return "ok";
}

std::string ProgramRun::terms_refusal(std::int64_t now) const {
  const auto judged = interpreter_.judge_terms(instance_, now);
  return judged ? "" : judged.error().detail;
}

std::string ProgramRun::fire(const language::Interpreter::Due& due, std::int64_t now) {
  const auto done = interpreter_.fire(instance_, due, now, verbs_);
  if (!done) return std::string(ledger::name(done.error().code)) + ": " + done.error().detail;
  spent(done->units, program_.deadlines[due.deadline].cost);
  return "ok";
}

std::string difference(const language::Program& program, const Instance& instance, const TemplateRun& run) {
  if (program.phases[instance.phase].name != run.phase()) return "phase " + program.phases[instance.phase].name + " and " + run.phase();
  if (program.staged != language::no_list && instance.lists[program.staged].size() != run.staged_entries()) return "number of entries";
  if (program.staged != language::no_list)
    for (std::size_t i = 0; i < run.staged_entries(); ++i)
      if (program.stages[instance.lists[program.staged][i].stage].name != run.stage(i)) return "stage of entry " + std::to_string(i);
  for (std::size_t pot = 0; pot < program.held.size(); ++pot) {
    const auto& held = program.held[pot];
    for (std::size_t i = 0; i < instance.held[pot].size(); ++i) {
      const std::string name = held.list == language::no_list ? program.terms[held.slot].name
                                                              : program.lists[held.list].name + "." + program.lists[held.list].fields[held.slot].name + " " + std::to_string(i + 1);
      const auto other = run.held().find(name);
      if (instance.held[pot][i] != (other == run.held().end() ? 0 : other->second)) return "held of " + name;
    }
  }
  return {};
}

std::string ProgramRun::differs_from(const TemplateRun& run) const {
  if (const std::string words = difference(program_, instance_, run); !words.empty()) return words;
  if (verbs_.taken_in != run.taken_in()) return "taken in " + std::to_string(verbs_.taken_in) + " and " + std::to_string(run.taken_in());
  std::vector<std::string> names;
  for (const language::Party& party : program_.parties) names.push_back(party.name);
  if (program_.entrant) names.push_back(program_.entrant->name);
  for (const std::string& name : names) {
    const auto one = verbs_.received.find(name);
    const auto other = run.received.find(name);
    if ((one == verbs_.received.end() ? 0 : one->second) != (other == run.received.end() ? 0 : other->second)) return "received by " + name;
  }
  const auto again = language::decode_instance(language::encode(instance_));
  if (!again || *again != instance_) return "the instance written and read again";
  return {};
}

}  // namespace daftar::contracts::test
