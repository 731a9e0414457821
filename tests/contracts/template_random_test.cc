// Random contracts of every template that holds, with random acts by random parties: what the checker has proved must then be so, and the compiled template
// must do the same as the plain execution. The seed is printed.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "contracts/language/compiler.h"
#include "contracts/language/judgement.h"
#include "contracts/language/parser.h"
#include "dice.h"
#include "program_run.h"
#include "template_cases.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {
namespace {

namespace fs = std::filesystem;
using language::Type;
using language::TypeKind;

constexpr std::int64_t one_day = 86'400'000, drafted = 1'772'323'200'000;

std::int64_t random_value(const Type& type, Dice& dice) {
  switch (type.kind) {
    case TypeKind::money: return dice.one_in(2) ? dice.between(1, 5) : dice.between(1, 1'000'000'000'000);
    case TypeKind::rate: return dice.edgy(type.least, type.most);
    case TypeKind::duration: return dice.between(type.least, std::min(type.most, std::max(type.least, 40 * one_day)));
    case TypeKind::date: return drafted + dice.between(1, 120 * 24) * one_day / 24;
    case TypeKind::choice: return dice.between(0, static_cast<std::int64_t>(type.choices.size()) - 1);
    default: return 0;
  }
}

RunTerms random_terms(const language::Template& text, Dice& dice) {
  RunTerms terms;
  const auto fund = std::find_if(text.funds.begin(), text.funds.end(), [](const language::Fund& one) { return one.budget_line; });
  terms.is_public = fund != text.funds.end() && (!fund->account || dice.one_in(3));
  for (const language::Party& party : text.parties)
    if (party.optional && dice.one_in(2)) terms.left_out.insert(party.name);
  for (const language::Term& term : text.terms) {
    if (term.is_list) {
      auto& entries = terms.entries[term.name];
      if (!term.open) entries.resize(static_cast<std::size_t>(dice.between(term.least, std::min<std::int64_t>(term.most, 3))));
      for (auto& entry : entries)
        for (const language::Field& field : term.fields)
          if (!field.type.later) entry[field.name] = random_value(field.type, dice);
    } else if (term.type.optional && dice.one_in(2)) {
      terms.left_out.insert(term.name);
    } else if (!term.type.later) {
      terms.values[term.name] = random_value(term.type, dice);
    }
  }
  return terms;
}

struct Tally {
  std::size_t contracts = 0, acts = 0, refusals = 0, deadlines = 0, ends = 0;
  std::uint64_t dearest_share = 0;
  std::map<std::string, std::size_t> done;   // by action or deadline
};

class Player {
 public:
  Player(const language::Template& text, const language::Program& program, Dice& dice, Tally& tally) : text_(text), program_(program), dice_(dice), tally_(tally) {}

  /// Nothing when no terms were found that the requirements allow.
  bool play() {
    for (int tries = 0; tries < 20'000; ++tries) {
      RunTerms terms = random_terms(text_, dice_);
      TemplateRun run(text_, terms);
      compiled_.emplace(text_, program_, terms);
      const bool met = run.unmet_requirement(drafted) == nullptr;
      INFO(compiled_->terms_refusal(drafted));
      REQUIRE(met == compiled_->terms_hold(drafted));
      if (!met) continue;
      ++tally_.contracts;
      play(run, terms);
      tally_.dearest_share = std::max(tally_.dearest_share, compiled_->dearest_share_percent());
      return true;
    }
    return false;
  }

 private:
  void play(TemplateRun& run, const RunTerms& terms) {
    now_ = drafted;
    sealed_.clear();
    const std::int64_t steps = dice_.between(1, 80);
    for (std::int64_t i = 0; i < steps && !run.ended(); ++i) step(run, terms, "");
    if (terms.is_public) return;
    // From here on one party says nothing any more: what is held must leave all the same.
    std::vector<std::string> parties;
    for (const language::Party& party : text_.parties)
      if (!terms.left_out.contains(party.name)) parties.push_back(party.name);
    for (const language::Entrant& entrant : text_.entrants) parties.push_back(entrant.name);
    const std::string silent = parties[static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(parties.size()) - 1))];
    INFO(silent << " is silent");
    for (int i = 0; i < 3'000 && is_holding(run); ++i) step(run, terms, silent);
    CHECK_FALSE(is_holding(run));
    if (run.ended()) ++tally_.ends;
  }

  static bool is_holding(const TemplateRun& run) {
    return std::any_of(run.held().begin(), run.held().end(), [](const auto& one) { return one.second != 0; });
  }

  void step(TemplateRun& run, const RunTerms& terms, const std::string& silent) {
    // Before money is held time passes seldom: else most offers would end unsigned.
    const std::int64_t haste = silent.empty() && !is_holding(run) ? 10 : 1;
    if (dice_.one_in(6 * haste)) now_ += dice_.between(1, dice_.one_in(3) ? 10 * 24 : 24) * one_day / 24;
    agree_on_next(run);
    for (auto due = run.next_deadline(); due && due->at <= now_; due = run.next_deadline()) fire(run, *due);
    if (run.ended()) return;
    if (dice_.one_in(16 * haste)) {
      const auto due = run.next_deadline();
      if (due && dice_.one_in(2)) {
        now_ = due->at;
        fire(run, *due);
      } else if (due) {
        now_ = dice_.between(now_, due->at - 1);   // what can be done only shortly before it is done some time, too
      }
      return;
    }
    act(run, terms, silent);
  }

  void fire(TemplateRun& run, const TemplateRun::Due& due) {
    INFO("deadline " << due.deadline->name << " on " << due.entry << " in " << run.phase());
    try {
      run.fire(due, now_);
    } catch (const RunRefusal& refusal) {
      FAIL(refusal.why);
    }
    const auto compiled = compiled_->next_due();
    REQUIRE(compiled);
    CHECK(compiled_->fire(*compiled, now_) == "ok");
    ++tally_.deadlines;
    ++tally_.done[due.deadline->name];
    balance(run);
    agree_on_next(run);
  }

  void agree_on_next(TemplateRun& run) {
    const auto plain = run.next_deadline();
    const auto compiled = compiled_->next_due();
    REQUIRE(plain.has_value() == compiled.has_value());
    if (!plain) return;
    CHECK(compiled->at == plain->at);
    CHECK(&text_.deadlines[compiled->deadline] == plain->deadline);
    CHECK(compiled->entry == plain->entry);
  }

  /// Does another declaration of that name speak for one of its actors here? Then the compiled template, which goes by the name, may do that one.
  bool has_double(const language::Action& action) const {
    return std::any_of(text_.actions.begin(), text_.actions.end(), [&](const language::Action& other) { return &other != &action && other.name == action.name; });
  }

  const language::Action& any_action() { return text_.actions[static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(text_.actions.size()) - 1))]; }

  void act(TemplateRun& run, const RunTerms& terms, const std::string& silent) {
    const language::Action* chosen = &any_action();
    for (int tries = 0; tries < 2 && std::find(chosen->scope.phases.begin(), chosen->scope.phases.end(), run.phase()) == chosen->scope.phases.end(); ++tries) chosen = &any_action();
    const language::Action& action = *chosen;
    std::vector<std::string> actors;
    for (const std::string& actor : action.actors)
      if (actor != silent && !terms.left_out.contains(actor) && (actor != language::treasury_party || terms.is_public)) actors.push_back(actor);
    if (actors.empty() || (action.jointly && actors.size() != action.actors.size())) return;
    if (cuts_short(action, run) && !dice_.one_in(tally_.done[action.name] == 0 ? 2 : 8)) return;   // else few contracts would come far
    if (action.scope.joins && run.staged_entries() >= 4) return;                         // who bid have enough to do
    if (action.scope.on && !action.scope.joins && run.staged_entries() == 0) return;
    std::size_t entry = action.scope.on && !action.scope.joins ? static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(run.staged_entries()) - 1)) : 0;
    if (action.award) entry = compiled_->awarded().value_or(0);
    INFO("action " << action.name << ", line " << action.place.line << ", on " << entry << " in " << run.phase());
    std::map<std::string, std::int64_t> parameters;
    try {
      for (const language::Field& parameter : action.parameters) {
        const std::int64_t most = parameter.type.kind == TypeKind::money ? run.bound(action, parameter, now_, entry) : 0;
        parameters[parameter.name] = parameter.type.kind == TypeKind::money ? dice_.edgy(0, most) : random_value(parameter.type, dice_);
      }
      give_seals(action, run, entry, parameters);
      run.act(action, now_, entry, parameters);
      ++tally_.acts;
      if (pending_) sealed_[pending_->first] = pending_->second;
      ++tally_.done[action.name];
      balance(run);
      CHECK(compiled_->act(action, now_, entry, parameters) == "ok");
    } catch (const RunRefusal& refusal) {
      if (refusal.mistake) FAIL(refusal.why);
      ++tally_.refusals;
      if (parameters.size() >= action.parameters.size() && !has_double(action)) CHECK(compiled_->act(action, now_, entry, parameters) != "ok");
    }
    CHECK(compiled_->differs_from(run) == "");
  }

  /// The act of the text that opens seals.
  const language::Action* opening() const {
    for (const language::Action& action : text_.actions)
      if (action.scope.when && seals_in(*action.scope.when) != nullptr) return &action;
    return nullptr;
  }
  static const language::Expression* seals_in(const language::Expression& e) {
    if (e.form == language::Expression::Form::seals) return &e;
    for (const language::Expression& part : e.parts)
      if (const auto* found = seals_in(part)) return found;
    return nullptr;
  }

  /// Who seals something knows what; who reveals mostly hands over the same.
  void give_seals(const language::Action& action, TemplateRun& run, std::size_t entry, std::map<std::string, std::int64_t>& parameters) {
    pending_.reset();
    const language::Action* opens = opening();
    if (opens == nullptr) return;
    const language::Expression& seals = *seals_in(*opens->scope.when);
    const std::size_t sealed_entry = action.scope.joins ? run.staged_entries() : entry;
    if (&action == opens) {
      if (const auto known = sealed_.find(entry); known != sealed_.end() && !dice_.one_in(6))
        for (const std::string& name : seals.names) parameters[name] = known->second.at(name);
      return;
    }
    for (const language::Statement& s : action.body) {
      if (s.verb != language::Statement::Verb::set || s.member != seals.parts[0].member) continue;
      std::vector<std::int64_t> values;
      pending_.emplace(sealed_entry, std::map<std::string, std::int64_t>{});
      auto& sealed = pending_->second;
      for (const language::Field& parameter : opens->parameters) {
        const bool money = parameter.type.kind == TypeKind::money;
        sealed[parameter.name] = money ? dice_.between(1, std::min<std::int64_t>(3, run.bound(*opens, parameter, now_, sealed_entry))) : dice_.between(1, 1'000'000);   // equal prices, too
      }
      for (const std::string& name : seals.names) {
        values.push_back(sealed.at(name));
        parameters[s.amount.name + ":" + name] = sealed.at(name);
      }
      parameters[s.amount.name] = plain_seal(values);
    }
  }

  /// Does an act end the contract before it is in force, or while entries are under way, or end entries by the dozen?
  bool cuts_short(const language::Action& action, const TemplateRun& run) const {
    using Verb = language::Statement::Verb;
    const bool natural = text_.stages.empty() && run.phase() != text_.phases.front().name;
    if (action.scope.on || natural) return false;
    const auto ends = [&](const auto& self, const std::vector<language::Statement>& body) -> bool {
      return std::any_of(body.begin(), body.end(), [&](const language::Statement& s) {
        if (s.verb == Verb::become) return text_.phase(s.name)->end;
        if (s.verb == Verb::entry_becomes) return language::step_of(text_.stages.front().steps, s.member)->end;
        return self(self, s.body) || self(self, s.otherwise);
      });
    };
    return ends(ends, action.body);
  }

  /// What came in is held or has been received; nothing is held below nothing.
  static void balance(const TemplateRun& run) {
    std::int64_t sum = 0;
    for (const auto& [name, amount] : run.held()) {
      if (amount < 0) FAIL(name << " holds " << amount);
      sum += amount;
    }
    for (const auto& [party, amount] : run.received) sum += amount;
    if (sum != run.taken_in()) FAIL("held and received are " << sum << ", taken in " << run.taken_in());
  }

  const language::Template& text_;
  const language::Program& program_;
  std::optional<ProgramRun> compiled_;
  Dice& dice_;
  Tally& tally_;
  std::int64_t now_ = drafted;
  std::map<std::size_t, std::map<std::string, std::int64_t>> sealed_;   // by entry
  std::optional<std::pair<std::size_t, std::map<std::string, std::int64_t>>> pending_;   // until the ledger has it
};

/// Every template that holds: those shipped, and the sound ones among the cases.
std::map<std::string, std::string> sound_sources() {
  std::map<std::string, std::string> sources;
  const fs::path root = DAFTAR_SOURCE_DIR;
  for (const auto& entry : fs::directory_iterator(root / "contracts/templates")) sources[entry.path().filename().string()] = tests::read_text(entry.path());
  std::vector<std::string> rest;
  for (const auto& entry : fs::directory_iterator(root / "tests/contracts/templates"))
    for (const TemplateCase& one : read_template_cases(entry.path(), rest))
      if (language::judge(one.source).standing == language::Judgement::Standing::holds)
        sources[entry.path().filename().string() + ":" + std::to_string(one.line)] = one.source;
  return sources;
}

}  // namespace

TEST_CASE("templates: what the checker proves holds for random contracts and acts") {
  const char* wish = std::getenv("DAFTAR_TEMPLATE_ROUNDS");
  const std::size_t rounds = wish == nullptr ? 2'000 : static_cast<std::size_t>(std::stoul(wish));
  const char* number = std::getenv("DAFTAR_SEED");
  const std::uint64_t seed = number == nullptr ? 20260301 : std::stoull(number);
  const auto sources = sound_sources();
  CHECK(sources.size() >= 8);
  Tally sum;
  for (const auto& [name, source] : sources) {
    const auto parsed = language::parse(source);
    REQUIRE(parsed);
    const auto program = language::compile(parsed->tree, source);
    REQUIRE(program);
    Tally tally;
    SeededDice dice(seed);
    const auto happened = [&](const auto& declared) { return tally.done[declared.name] > 0; };
    const auto all_happened = [&] {
      return std::all_of(parsed->tree.actions.begin(), parsed->tree.actions.end(), happened) && std::all_of(parsed->tree.deadlines.begin(), parsed->tree.deadlines.end(), happened);
    };
    for (std::size_t i = 0; i < rounds || (i < 10 * rounds && !all_happened()); ++i) {   // some acts are far off
      INFO(name << ", contract " << i << " of seed " << seed);
      REQUIRE(Player(parsed->tree, *program, dice, tally).play());
    }
    INFO(name << " of seed " << seed);
    for (const language::Action& action : parsed->tree.actions) {   // every act is done some time, also concretely
      INFO(action.name);
      CHECK(tally.done[action.name] > 0);
    }
    for (const language::Deadline& deadline : parsed->tree.deadlines) {
      INFO(deadline.name);
      CHECK(tally.done[deadline.name] > 0);
    }
    CHECK(tally.dearest_share <= 100);   // the bound of the text holds
    sum.dearest_share = std::max(sum.dearest_share, tally.dearest_share);
    sum.contracts += tally.contracts;
    sum.acts += tally.acts;
    sum.refusals += tally.refusals;
    sum.deadlines += tally.deadlines;
  }
  UNSCOPED_INFO("seed " << seed << ": " << sum.contracts << " contracts, " << sum.acts << " acts, " << sum.refusals << " refused, " << sum.deadlines << " deadlines");
  CHECK(sum.acts > 5 * rounds);
  CHECK(sum.dearest_share > 50);          // and is not a bound that is never come near
}

TEST_CASE("templates: a late milestone of the service template costs what it costs in the service contract") {
  const auto source = tests::read_text(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template");
  const auto parsed = language::parse(source);
  REQUIRE(parsed);
  struct Row { std::int64_t days_late, rate, cap, price, penalty; };
  for (const Row& row : {Row{0, 4'000, 500'000, 5'600'000'000, 0}, Row{1, 4'000, 500'000, 5'600'000'000, 22'400'000}, Row{10, 4'000, 500'000, 5'600'000'000, 224'000'000},
                         Row{124, 4'000, 500'000, 5'600'000'000, 2'777'600'000}, Row{125, 4'000, 500'000, 5'600'000'000, 2'800'000'000},
                         Row{300, 4'000, 500'000, 5'600'000'000, 2'800'000'000}, Row{200, 4'000, 500'000, 101, 50}, Row{2, 1'000'000, 1'000'000, 77, 77}}) {
    RunTerms terms;
    terms.values = {{"income", 0}, {"subject", 0}, {"offer_until", drafted + one_day}, {"late_rate", row.rate}, {"late_cap", row.cap},
                    {"acceptance", 5 * one_day}, {"grace", 400 * one_day}, {"arbitration", 20 * one_day}};
    terms.entries["milestones"] = {{{"title", 0}, {"price", row.price}, {"due", drafted + 2 * one_day}}};
    TemplateRun run(parsed->tree, terms);
    REQUIRE(run.unmet_requirement(drafted) == nullptr);
    run.act(*parsed->tree.action("sign"), drafted + 1, 0, {});
    run.act(*parsed->tree.action("deliver"), drafted + (2 + row.days_late) * one_day + one_day - 1, 0, {{"file", 0}});   // begun days do not count
    run.act(*parsed->tree.action("accept"), drafted + 500 * one_day, 0, {});
    CHECK(run.phase() == "done");
    CHECK(run.received["customer"] == row.penalty);
    CHECK(run.received["provider"] == row.price - row.penalty);
  }
}

}  // namespace daftar::contracts::test
