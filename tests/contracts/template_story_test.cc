// The stories of the shipped templates (tests/contracts/templates/stories), from draft to close and on the ways that nobody wishes for, told by TemplateRun and by the compiled template.
// Their amounts are reckoned by hand.
#include <catch2/catch.hpp>

#include <algorithm>

#include "contracts/language/compiler.h"
#include "contracts/language/parser.h"
#include "program_run.h"
#include "template_story.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {
namespace {

namespace fs = std::filesystem;
using language::Action;
using language::Template;

const fs::path template_folder = fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates";
const fs::path story_folder = fs::path(DAFTAR_SOURCE_DIR) / "tests/contracts/templates/stories";

bool is_among(const std::vector<std::string>& names, const std::string& wanted) { return std::find(names.begin(), names.end(), wanted) != names.end(); }

class RunOfStory final : public StoryExecutor {
 public:
  RunOfStory(const Template& text, const RunTerms& terms) : text_(text), terms_(terms), run_(text, terms) {}
  const language::Requirement* unmet_requirement(std::int64_t now) const { return run_.unmet_requirement(now); }

  std::string act(const std::string& party, const std::string& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) override {
    // Of several declarations of an act the one that applies; where none does, the refusal that came nearest.
    static const std::vector<std::string> nearest = {"not_a_party", "wrong_phase", "already_entered", "wrong_stage", "condition", "out_of_range", "already_agreed", "ok"};
    const auto rank = [](const std::string& outcome) { return std::find(nearest.begin(), nearest.end(), outcome) - nearest.begin(); };
    std::string outcome = "not_a_party";
    for (const Action& declared : text_.actions) {
      if (declared.name != action || outcome == "ok" || declared.scope.joins != (entry == new_entry)) continue;
      const std::string one = attempt(party, declared, now, entry, parameters);
      if (rank(one) > rank(outcome)) outcome = one;
    }
    return outcome;
  }

  std::vector<Fallen> pass_until(std::int64_t now) override {
    std::vector<Fallen> fallen;
    for (auto due = run_.next_deadline(); due && due->at <= now; due = run_.next_deadline()) {
      last_ = std::max(last_, due->at);
      run_.fire(*due, last_);
      fallen.push_back({due->deadline->name, due->deadline->scope.on ? std::optional<std::size_t>(due->entry) : std::nullopt});
    }
    last_ = std::max(last_, now);
    return fallen;
  }

  std::string phase() const override { return run_.phase(); }
  std::vector<std::string> stages() const override {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < run_.staged_entries(); ++i) out.push_back(run_.stage(i));
    return out;
  }
  std::int64_t received(const std::string& party) const override {
    const auto found = run_.received.find(party);
    return found == run_.received.end() ? 0 : found->second;
  }
  std::int64_t held() const override {
    std::int64_t sum = 0;
    for (const auto& [name, amount] : run_.held()) sum += amount;
    return sum;
  }

 private:
  /// "bidder.a" makes an entry, or acts on its own.
  bool is_actor(const std::string& party, const Action& action, std::size_t entry) const {
    if (action.award) return party == "contract";
    const auto dot = party.find('.');
    if (dot == std::string::npos) return is_among(action.actors, party);
    return is_among(action.actors, party.substr(0, dot)) && (action.scope.joins || (entry < entrants_.size() && entrants_[entry] == party));
  }

  std::string attempt(const std::string& party, const Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) {
    if (!is_actor(party, action, entry) || terms_.left_out.contains(party)) return "not_a_party";
    if (!is_among(action.scope.phases, run_.phase())) return "wrong_phase";
    if (action.scope.joins && is_among(entrants_, party)) return "already_entered";
    if (action.scope.on && !action.scope.joins && !action.scope.on->stages.empty() && !is_among(action.scope.on->stages, run_.stage(entry))) return "wrong_stage";
    for (const language::Field& parameter : action.parameters)
      if (parameter.type.kind == language::TypeKind::money && parameters.at(parameter.name) > run_.bound(action, parameter, now, entry)) return "out_of_range";
    auto& agreed = agreed_[{&action, entry}];
    if (agreed.contains(party)) return "already_agreed";
    if (action.jointly && !action.award && agreed.size() + 1 < action.actors.size()) return agreed.insert(party), "ok";
    try {
      run_.act(action, now, entry, parameters);
    } catch (const RunRefusal& refusal) {
      if (refusal.mistake) throw std::runtime_error(refusal.why);   // the checker says that it cannot come
      return "condition";
    }
    agreed.clear();
    if (action.scope.joins) entrants_.push_back(party);
    return "ok";
  }

  const Template& text_;
  const RunTerms terms_;
  TemplateRun run_;
  std::map<std::pair<const Action*, std::size_t>, std::set<std::string>> agreed_;
  std::vector<std::string> entrants_;   // by entry
  std::int64_t last_ = 0;
};

/// The same story, of the compiled template.
class ProgramOfStory final : public StoryExecutor {
 public:
  ProgramOfStory(const Template& text, const language::Program& program, const RunTerms& terms) : text_(text), program_(program), run_(text, program, terms) {}

  /// A requirement without a sentence is refused with the condition as it is written; stories name its line.
  std::string refusal(std::int64_t now) const {
    const std::string why = run_.terms_refusal(now);
    for (const language::Requirement& requirement : text_.requirements)
      if (requirement.because.empty() && language::written(requirement.condition) == why) return "line " + std::to_string(requirement.place.line);
    return why;
  }

  std::string act(const std::string& party, const std::string& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) override {
    static const std::map<std::string, std::string> names = {
        {"milestone_wrong_stage", "wrong_stage"}, {"condition_not_met", "condition"}, {"field_invalid", "out_of_range"}, {"already_signed", "already_agreed"}, {"seal_mismatch", "condition"}, {"not_awarded", "wrong_phase"}};
    const auto declared = std::find_if(text_.actions.begin(), text_.actions.end(), [&](const Action& one) { return one.name == action && one.scope.joins == (entry == new_entry); });
    const auto named = [&](const std::string& outcome) { return names.contains(outcome) ? names.at(outcome) : outcome; };
    if (party == "contract") return named(run_.conclude_award(now));
    if (party.find('.') != std::string::npos) {
      const auto own = language::entry_of(program_, run_.instance(), party);
      return named(run_.act_as(own ? static_cast<std::uint16_t>(language::entrant_number + *own) : language::newcomer_number, *declared, now, entry, parameters, party));
    }
    const auto number = std::find_if(text_.parties.begin(), text_.parties.end(), [&](const language::Party& one) { return one.name == party; });
    const bool treasury = party == language::treasury_party && run_.instance().is_public;
    if (!treasury && (number == text_.parties.end() || !run_.instance().parties[static_cast<std::size_t>(number - text_.parties.begin())])) return "not_a_party";
    const auto sender = treasury ? language::treasury_number : static_cast<std::uint16_t>(number - text_.parties.begin());
    const std::string outcome = run_.act_as(sender, *declared, now, entry, parameters);
    return named(outcome);
  }

  std::vector<Fallen> pass_until(std::int64_t now) override {
    std::vector<Fallen> fallen;
    for (auto due = run_.next_due(); due && due->at <= now; due = run_.next_due()) {
      last_ = std::max(last_, due->at);
      if (const std::string fired = run_.fire(*due, last_); fired != "ok") throw std::runtime_error(fired);
      const auto& deadline = program_.deadlines[due->deadline];
      fallen.push_back({deadline.name, deadline.place.list == language::no_list ? std::nullopt : std::optional<std::size_t>(due->entry)});
    }
    last_ = std::max(last_, now);
    return fallen;
  }

  std::string phase() const override { return program_.phases[run_.instance().phase].name; }
  std::vector<std::string> stages() const override {
    std::vector<std::string> out;
    if (program_.staged != language::no_list)
      for (const auto& entry : run_.instance().lists[program_.staged]) out.push_back(program_.stages[entry.stage].name);
    return out;
  }
  std::int64_t received(const std::string& party) const override {
    const auto found = run_.verbs().received.find(party);
    return found == run_.verbs().received.end() ? 0 : found->second;
  }
  std::int64_t held() const override {
    std::int64_t sum = 0;
    for (const auto& amounts : run_.instance().held)
      for (const std::int64_t amount : amounts) sum += amount;
    return sum;
  }

 private:
  const Template& text_;
  const language::Program& program_;
  ProgramRun run_;
  std::int64_t last_ = 0;
};

struct Told {
  std::string source;
  Template text;
  StoryTally tally;
};

Told tell(const std::string& name) {
  Told told;
  told.source = tests::read_text(template_folder / (name + ".template"));
  const auto parsed = language::parse(told.source);
  REQUIRE(parsed);
  told.text = parsed->tree;
  const DraftStory draft = [&](const RunTerms& terms, std::int64_t now, std::string& refusal) -> std::unique_ptr<StoryExecutor> {
    auto contract = std::make_unique<RunOfStory>(told.text, terms);
    const language::Requirement* unmet = contract->unmet_requirement(now);
    if (unmet == nullptr) return contract;
    refusal = unmet->because.empty() ? "line " + std::to_string(unmet->place.line) : unmet->because;
    return nullptr;
  };
  const auto differ = [](const std::string& difference) { FAIL_CHECK(difference); };
  told.tally = play_stories(story_folder / (name + ".txt"), told.text, draft, differ);
  const auto program = language::compile(told.text, told.source);
  REQUIRE(program);
  const DraftStory compiled = [&](const RunTerms& terms, std::int64_t now, std::string& refusal) -> std::unique_ptr<StoryExecutor> {
    auto contract = std::make_unique<ProgramOfStory>(told.text, *program, terms);
    refusal = contract->refusal(now);
    if (refusal.empty()) return contract;
    return nullptr;
  };
  INFO("by the compiled template");
  const StoryTally again = play_stories(story_folder / (name + ".txt"), told.text, compiled, differ);
  CHECK(again.drafts == told.tally.drafts);
  return told;
}

/// A story for everything that the template knows: no act, deadline, phase or stage without one.
void is_told_whole(const Told& told) {
  for (const Action& action : told.text.actions) {
    INFO("action " << action.name);
    CHECK(told.tally.acts.contains(action.name));
  }
  for (const language::Deadline& deadline : told.text.deadlines) {
    INFO("deadline " << deadline.name);
    CHECK(told.tally.deadlines.contains(deadline.name));
  }
  for (const language::Step& phase : told.text.phases) {
    INFO("phase " << phase.name);
    CHECK(told.tally.phases.contains(phase.name));
  }
  for (const language::Stages& stages_of_list : told.text.stages)
    for (const language::Step& stage : stages_of_list.steps) {
      INFO("stage " << stage.name);
      CHECK(told.tally.stages.contains(stage.name));
    }
  CHECK(told.tally.drafts >= 3);
  CHECK(told.tally.refused >= 3);
}

}  // namespace

TEST_CASE("stories: service by milestones") { is_told_whole(tell("service")); }
TEST_CASE("stories: rental") { is_told_whole(tell("rental")); }
TEST_CASE("stories: supply by instalments") { is_told_whole(tell("supply")); }
TEST_CASE("stories: works with advance, security and retention") { is_told_whole(tell("works")); }
TEST_CASE("stories: subscription") { is_told_whole(tell("subscription")); }
TEST_CASE("stories: licence and royalty") { is_told_whole(tell("licence")); }
TEST_CASE("stories: public request") { is_told_whole(tell("public_request")); }
TEST_CASE("stories: grant") { is_told_whole(tell("grant")); }

TEST_CASE("stories: tender") { is_told_whole(tell("tender")); }

TEST_CASE("stories: every template shipped has its stories") {
  std::set<std::string> templates, told;
  for (const auto& entry : fs::directory_iterator(template_folder)) templates.insert(entry.path().stem().string());
  for (const auto& entry : fs::directory_iterator(story_folder)) told.insert(entry.path().stem().string());
  CHECK(templates == told);
}

}  // namespace daftar::contracts::test
