// contracts/templates/service.template against the service contract that the node runs: in every phase and stage, who may do what, and what becomes of it.
// (What amounts come to is the checker's business: it proves that they add up, and nothing executes a template yet.)
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include "contracts/language/machine.h"
#include "contracts/language/parser.h"
#include "deals.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {
namespace {

using language::Arrangement;
using language::Event;
using language::Help;
using language::Machine;

const language::Template& service_template() {
  static const std::string source = tests::read_text(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template");
  static const auto parsed = language::parse(source);
  REQUIRE(parsed);
  return parsed->tree;
}

/// A contract in the node's world, and where the template is then. Milestone 1 is the one that is looked at.
struct Situation {
  const char* what;
  std::function<Deal(World&)> come_to;
  bool late = false;   // beyond due
};

struct Cast {
  std::map<std::string, std::string> parts;   // member → party of the template
  Arrangement arrangement;
};

std::string phase_of(const service::Contract& contract) { return contract.phase == service::Phase::draft ? "offered" : std::string(service::name(contract.phase)); }

language::State state_of(const Machine& machine, const service::Contract& contract) {
  language::State state;
  const auto index = [](const std::vector<language::Step>& steps, std::string_view wanted) {
    const auto* found = language::step_of(steps, wanted);
    INFO(wanted);
    REQUIRE(found != nullptr);   // the template knows every phase and stage of the contract, by the same name
    return static_cast<std::size_t>(found - steps.data());
  };
  state.phase = index(machine.text().phases, phase_of(contract));
  state.stage = index(machine.stages(), service::name(contract.milestones[0].stage));
  state.set = {"milestones.document", "milestones.delivered", "milestones.judged"};
  if (phase_of(contract) == "active" && !machine.stages()[state.stage].end)
    state.held[{"milestones", "price"}] = {{"milestones.price", language::one_whole}};
  return state;
}

bool comes_out(const Machine& machine, const language::State& before, const Event& event, const Arrangement& arrangement, const service::Contract& after) {
  for (const language::Outcome& outcome : machine.outcomes(before, event, arrangement)) {
    CHECK(outcome.problems.empty());
    if (machine.text().phases[outcome.state.phase].name == phase_of(after) && machine.stages()[outcome.state.stage].name == service::name(after.milestones[0].stage)) return true;
  }
  return false;
}

proto::Operation operation(const std::string& act, const Deal& deal, MinorUnits price) {
  if (act == "sign") return sign(deal.id, deal.terms);
  if (act == "register") return register_contract(deal.id, deal.terms);
  if (act == "deliver") return deliver(deal.id, 1);
  if (act == "accept") return accept(deal.id, 1);
  if (act == "reject") return reject(deal.id, 1);
  if (act == "dispute") return dispute(deal.id, 1);
  if (act == "award") return award(deal.id, 1, price / 4, price - price / 4);
  REQUIRE(act == "terminate");
  return terminate(deal.id);
}

/// One act by one member, in the node and in the template. Counts the acts that were done.
void compare(const Situation& situation, const Cast& cast, const std::string& act, const std::string& member, std::size_t& done) {
  const Machine machine(service_template());
  World w;
  const Deal deal = situation.come_to(w);
  const auto contract = deal.record(w);
  const language::State before = state_of(machine, contract);
  INFO(situation.what << ": " << member << " does " << act);

  // An act of several together happens with the last of them: let the others go first.
  for (const language::Action& action : machine.text().actions) {
    const bool here = std::find(action.scope.phases.begin(), action.scope.phases.end(), phase_of(contract)) != action.scope.phases.end();
    if (action.name != act || !here || !action.jointly || std::find(action.actors.begin(), action.actors.end(), cast.parts.at(member)) == action.actors.end()) continue;
    for (const auto& [other, part] : cast.parts)
      if (other != member && std::find(action.actors.begin(), action.actors.end(), part) != action.actors.end()) w.outcome(other, operation(act, deal, contract.milestones[0].price));
  }

  const Event* allowed = nullptr;
  const auto events = machine.events(before, cast.arrangement);
  for (const Event& event : events) {
    if (event.action == nullptr || event.action->name != act || !event.on_followed) continue;
    if (std::find(event.actors.begin(), event.actors.end(), cast.parts.at(member)) == event.actors.end()) continue;
    if (event.help == Help::after_waiting && !situation.late) continue;
    CHECK(allowed == nullptr);   // one reading
    allowed = &event;
  }
  const std::string outcome = w.outcome(member, operation(act, deal, contract.milestones[0].price));
  INFO(outcome);
  CHECK((outcome == "ok") == (allowed != nullptr));
  if (outcome != "ok" || allowed == nullptr) return;
  ++done;
  CHECK(comes_out(machine, before, *allowed, cast.arrangement, deal.record(w)));
}

Deal in_force(World& w) {
  w.fund("acme/UZS", 300'00);
  return signed_deal(w, private_terms({100'00, 200'00}, w.now()));
}
Deal after(World& w, std::vector<std::pair<std::string, std::string>> acts) {
  const Deal deal = in_force(w);
  for (const auto& [member, act] : acts) w.must(member, operation(act, deal, 100'00));
  return deal;
}

const std::vector<Situation> private_situations = {
    {"offered", [](World& w) { w.fund("acme/UZS", 300'00); return drafted_deal(w, "baraka", private_terms({100'00, 200'00}, w.now())); }},
    {"withdrawn", [](World& w) { const Deal deal = drafted_deal(w, "acme", private_terms({100'00}, w.now())); w.must("acme", terminate(deal.id)); return deal; }},
    {"expired", [](World& w) { const Deal deal = drafted_deal(w, "acme", private_terms({100'00}, w.now())); w.idle_until(w.now() + 4 * day); return deal; }},
    {"pending", in_force},
    {"pending and late", [](World& w) { const Deal deal = in_force(w); w.idle_until(w.now() + 11 * day); return deal; }, true},
    {"submitted", [](World& w) { return after(w, {{"baraka", "deliver"}}); }},
    {"rejected", [](World& w) { return after(w, {{"baraka", "deliver"}, {"acme", "reject"}}); }},
    {"disputed", [](World& w) { return after(w, {{"baraka", "deliver"}, {"acme", "dispute"}}); }},
    {"accepted", [](World& w) { return after(w, {{"baraka", "deliver"}, {"acme", "accept"}}); }},
    {"awarded", [](World& w) { return after(w, {{"baraka", "deliver"}, {"baraka", "dispute"}, {"judge", "award"}}); }},
    {"lapsed", [](World& w) { const Deal deal = after(w, {{"baraka", "deliver"}, {"acme", "dispute"}}); w.idle_until(w.now() + 21 * day); return deal; }},
    {"terminated", [](World& w) { return after(w, {{"acme", "terminate"}, {"baraka", "terminate"}}); }},
    {"done", [](World& w) { const Deal deal = in_force(w); w.idle_until(w.now() + 60 * day); return deal; }},
};
const Cast private_cast{{{"acme", "customer"}, {"baraka", "provider"}, {"judge", "arbiter"}}, {}};

Deal signed_for_a_line(World& w) {
  w.fund("treasury/UZS", 1'000'00);
  w.must("treasury", approve_line("2026.edu.paper", 1'000'00));
  w.must("treasury", allot("2026.edu.paper", 1'000'00));
  Deal deal = signed_deal(w, public_terms("2026.edu.paper", {100'00, 200'00}, w.now()));
  return deal;
}
const Cast public_cast{{{"dept", "customer"}, {"baraka", "provider"}, {"judge", "arbiter"}, {"treasury", "treasury"}}, {true, {"acceptance"}}};

}  // namespace

TEST_CASE("the service template allows whom the service contract allows, and becomes what it becomes") {
  std::size_t done = 0;
  for (const Situation& situation : private_situations)
    for (const char* act : {"sign", "deliver", "accept", "reject", "dispute", "award", "terminate"})
      for (const auto& [member, part] : private_cast.parts) compare(situation, private_cast, act, member, done);
  CHECK(done > 20);
}

TEST_CASE("the service template is registered by the treasury, as the service contract is") {
  std::size_t done = 0;
  for (const char* act : {"sign", "register", "deliver", "accept", "terminate"})
    for (const auto& [member, part] : public_cast.parts) compare({"signed", signed_for_a_line}, public_cast, act, member, done);
  CHECK(done == 3);   // registered by the treasury; terminated, whichever of the two comes last
}

TEST_CASE("the service template's deadlines do what the service contract's do") {
  const Machine machine(service_template());
  std::size_t fell_due = 0;
  for (const Situation& situation : private_situations) {
    INFO(situation.what);
    World w;
    const Deal deal = situation.come_to(w);
    const auto before = deal.record(w);
    std::vector<Event> deadlines;
    for (const Event& event : machine.events(state_of(machine, before), private_cast.arrangement))
      if (event.deadline != nullptr && event.on_followed) deadlines.push_back(event);
    const bool of_first = before.phase == service::Phase::draft || before.milestones[0].deadline_ms != 0;
    REQUIRE(deadlines.size() == (of_first ? 1 : 0));
    if (!of_first) continue;
    ++fell_due;
    w.idle_until(before.phase == service::Phase::draft ? before.offer_until_ms : before.milestones[0].deadline_ms);
    CHECK(comes_out(machine, state_of(machine, before), deadlines[0], private_cast.arrangement, deal.record(w)));
  }
  CHECK(fell_due == 6);
}

}  // namespace daftar::contracts::test
