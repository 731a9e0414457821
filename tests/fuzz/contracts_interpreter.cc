// Any acts on any terms of any program: the shipped templates, the sound ones among the tests, and theirs with a line of code left out, doubled or moved, which
// compile but need not hold. Every step is done twice and must come out the same; money is neither made nor lost; where the template holds, plain execution
// of its text (tests/contracts/template_run.h) agrees.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "contracts/language/compiler.h"
#include "contracts/language/judgement.h"
#include "contracts/language/parser.h"
#include "contracts/language/type_checker.h"
#include "ledger/check.h"
#include "tests/contracts/program_run.h"
#include "tests/contracts/random_acts.h"
#include "tests/contracts/template_cases.h"
#include "tests/harness/text_file.h"

namespace {

using namespace daftar::contracts;
using namespace daftar::contracts::test;
using language::Instance;
using language::Interpreter;
using language::Program;

constexpr std::int64_t beginning = 1'772'323'200'000;

/// Chance from the input: when it is used up, always the first.
class ByteDice final : public Dice {
 public:
  explicit ByteDice(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t below(std::uint64_t n) override {
    std::uint64_t number = 0;
    for (std::uint64_t room = 1; room < n && !bytes_.empty() && room < (std::uint64_t{1} << 56); room <<= 8) {
      number = number << 8 | static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
    }
    return number % n;
  }
  bool done() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

struct Play {
  std::string source;
  language::Template text;
  Program program;
  bool holds = false;
};

std::unique_ptr<Play> play_of(std::string source, bool holds) {
  auto parsed = language::parse(source);
  if (!parsed || !language::type_faults(parsed->tree).empty()) return nullptr;
  auto program = language::compile(parsed->tree, source);
  if (!program || program->acts.empty() || program->parties.empty()) return nullptr;   // what a line that is left out can bring about: nobody has anything to do
  return std::make_unique<Play>(Play{std::move(source), std::move(parsed->tree), std::move(*program), holds});
}

std::vector<std::unique_ptr<Play>> sound_plays() {
  namespace fs = std::filesystem;
  std::vector<std::string> sources, rest;
  const fs::path root = DAFTAR_SOURCE_DIR;
  for (const auto& file : fs::directory_iterator(root / "contracts/templates")) sources.push_back(daftar::tests::read_text(file.path()));
  for (const auto& file : fs::directory_iterator(root / "tests/contracts/templates"))
    if (file.is_regular_file())
      for (const TemplateCase& one : read_template_cases(file.path(), rest))
        if (language::judge(one.source).standing == language::Judgement::Standing::holds) sources.push_back(one.source);
  std::sort(sources.begin(), sources.end());
  std::vector<std::unique_ptr<Play>> plays;
  for (std::string& source : sources) plays.push_back(play_of(std::move(source), true));
  return plays;
}

/// One line left out, doubled, or taken to another place.
std::unique_ptr<Play> changed(const Play& play, Dice& dice) {
  std::vector<std::string> lines;
  std::istringstream in(play.source);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  const std::size_t at = dice.below(lines.size()), to = dice.below(lines.size());
  const std::string line = lines[at];
  const std::uint64_t way = dice.below(3);
  if (way != 1) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  if (way != 0) lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(std::min(to, lines.size())), line);
  std::string source;
  for (const std::string& one : lines) source += one;
  return play_of(std::move(source), false);
}

/// Purses that can be empty.
class Purses final : public CountingVerbs {
 public:
  Purses(const Program& program, std::int64_t each) : CountingVerbs(program), left_(program.parties.size() + 1, each) {}
  language::Result hold(std::uint16_t party, daftar::ledger::MinorUnits amount) override {
    if (party >= left_.size()) party = static_cast<std::uint16_t>(left_.size() - 1);   // entrants have one purse
    if (left_[party] < amount) return language::Result(tl::unexpect, daftar::ledger::Rejection{daftar::ledger::RejectionCode::overdraft, {}});
    left_[party] -= amount;
    return CountingVerbs::hold(party, amount);
  }

 private:
  std::vector<std::int64_t> left_;
};

struct Contract {
  Instance instance;
  Purses purses;

  void check_money() const {
    daftar::ledger::Int128 sum = 0;
    for (const auto& amounts : instance.held)
      for (const auto amount : amounts) {
        DAFTAR_CHECK(amount >= 0);
        sum += amount;
      }
    for (const auto& [party, amount] : purses.received) sum += amount;
    DAFTAR_CHECK(sum == purses.taken_in);
  }
};

class Game {
 public:
  Game(const Play& play, Instance instance, std::int64_t purse, Dice& dice)
      : play_(play), interpreter_(play.program), dice_(dice), contract_{std::move(instance), Purses(play.program, purse)} {
    if (play.holds) plain_.emplace(play.text, plain_terms(play.program, contract_.instance));
  }

  void step() {
    if (dice_.one_in(4)) now_ += dice_.between(0, 40 * 24) * 3'600'000;
    if (const auto due = interpreter_.next_due(contract_.instance); due && (due->at <= now_ || dice_.one_in(8))) {
      now_ = std::max(now_, due->at);
      return fire(*due);
    }
    if (play_.program.is_end(contract_.instance.phase)) return;
    const bool fits = !dice_.one_in(8);
    std::optional<Attempt> attempt = fits ? fitting_act(play_.program, contract_.instance, dice_, now_) : any_act(play_.program, contract_.instance, dice_, now_);
    if (attempt) act(*attempt, fits);
  }

 private:
  /// Does something twice; both must come out the same. Nothing has happened when it is refused.
  template <class Do>
  std::optional<daftar::ledger::RejectionCode> twice(const Do& act) {
    Contract one = contract_, other = contract_;
    const auto first = act(one), second = act(other);
    DAFTAR_CHECK(first.has_value() == second.has_value());
    if (!first) {
      DAFTAR_CHECK(first.error().code == second.error().code && first.error().detail == second.error().detail);
      return first.error().code;
    }
    DAFTAR_CHECK(first->happened == second->happened && first->units == second->units);
    const std::string bytes = language::encode(one.instance);
    DAFTAR_CHECK(bytes == language::encode(other.instance));
    DAFTAR_CHECK(language::decode_instance(bytes) == one.instance);
    contract_ = std::move(one);
    contract_.check_money();
    happened_ = first->happened;
    return std::nullopt;
  }

  void fire(const Interpreter::Due& due) {
    const auto refused = twice([&](Contract& c) { return interpreter_.fire(c.instance, due, now_, c.purses); });
    if (refused) return Interpreter::postpone(contract_.instance, due, now_ + 86'400'000);
    if (!plain_) return;
    const std::string& name = play_.program.deadlines[due.deadline].name;
    const auto deadline = std::find_if(play_.text.deadlines.begin(), play_.text.deadlines.end(), [&](const language::Deadline& one) { return one.name == name; });
    plain_->fire({&*deadline, due.entry, due.at}, now_);
    compare();
  }

  void act(const Attempt& attempt, bool fits) {
    if (attempt.party == language::treasury_number) return act_of_treasury(attempt);
    const language::Sent sent{play_.program.acts[attempt.act].name, attempt.party, attempt.parameters};
    const auto refused = twice([&](Contract& c) { return interpreter_.act(c.instance, sent, {now_, attempt.entry}, c.purses); });
    if (!plain_) return;
    if (!refused && happened_) {
      DAFTAR_CHECK(plain_acts(*plain_, attempt, std::string(play_.program.party_name(attempt.party))));
      compare();
    } else if (refused == daftar::ledger::RejectionCode::condition_not_met && fits) {
      TemplateRun tried = *plain_;
      DAFTAR_CHECK(!plain_acts(tried, attempt, std::string(play_.program.party_name(attempt.party))));
    }
  }

  void act_of_treasury(const Attempt& attempt) {
    const language::Sent sent{play_.program.acts[attempt.act].name, language::treasury_number, attempt.parameters};
    const auto refused = twice([&](Contract& c) { return interpreter_.act(c.instance, sent, {now_, attempt.entry}, c.purses); });
    if (!plain_ || refused || !happened_) return;
    DAFTAR_CHECK(plain_acts(*plain_, attempt, std::string(language::treasury_party)));
    compare();
  }

  bool plain_acts(TemplateRun& plain, const Attempt& attempt, const std::string& party) const {
    const auto parameters = plain_parameters(play_.program, contract_.instance, attempt, {}, {});   // there a document is a number, and a seal one that stands for what it seals
    for (const language::Action& action : play_.text.actions) {
      if (action.name != play_.program.acts[attempt.act].name || std::find(action.actors.begin(), action.actors.end(), party) == action.actors.end()) continue;
      if ((action.scope.on && !action.scope.joins) != (attempt.entry != language::no_entry)) continue;
      try {
        plain.act(action, now_, attempt.entry == language::no_entry ? 0 : attempt.entry, parameters);
        return true;
      } catch (const RunRefusal& refusal) {
        DAFTAR_CHECK(!refusal.mistake);
      }
    }
    return false;
  }

  void compare() const {
    DAFTAR_CHECK(difference(play_.program, contract_.instance, *plain_).empty());
    for (const language::Party& party : play_.program.parties) {
      const auto received = [&](const auto& run) {
        const auto found = run.received.find(party.name);
        return found == run.received.end() ? 0 : found->second;
      };
      DAFTAR_CHECK(received(contract_.purses) == received(*plain_));
    }
  }

  const Play& play_;
  const Interpreter interpreter_;
  Dice& dice_;
  Contract contract_;
  std::optional<TemplateRun> plain_;
  std::int64_t now_ = beginning;
  bool happened_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::vector<std::unique_ptr<Play>> plays = sound_plays();
  ByteDice dice(std::string_view(reinterpret_cast<const char*>(data), size));
  const Play* play = plays[dice.below(plays.size())].get();
  std::unique_ptr<Play> other;
  if (dice.one_in(4)) {
    other = changed(*play, dice);
    if (!other) return 0;
    play = other.get();
  }
  // Terms by a seed: they take more numbers than an input has bytes.
  SeededDice terms_dice(dice.below(std::uint64_t{1} << 32));
  TermsWish wish;
  wish.now = beginning;
  const auto fund = std::find_if(play->program.funds.begin(), play->program.funds.end(), [](const Program::Funding& one) { return one.budget_line; });
  wish.is_public = fund != play->program.funds.end() && (!fund->account || dice.one_in(3));
  std::optional<Instance> instance = sound_terms(play->program, terms_dice, wish);
  if (!instance) {
    instance = random_terms(play->program, terms_dice, wish);
    const Interpreter interpreter(play->program);
    const auto first = interpreter.judge_terms(*instance, beginning), second = interpreter.judge_terms(*instance, beginning);
    DAFTAR_CHECK(first.has_value() == second.has_value());
    if (!first) return 0;
  }
  Game game(*play, std::move(*instance), dice.one_in(2) ? std::int64_t{1} << 50 : dice.between(0, 1'000'000), dice);
  for (int i = 0; i < 200 && !dice.done(); ++i) game.step();
  return 0;
}
