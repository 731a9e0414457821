#include "template_story.h"

#include <algorithm>
#include <sstream>

#include "ledger/money.h"
#include "tests/harness/scenario.h"

namespace daftar::contracts::test {
namespace {

using language::Field;
using language::Template;
using language::Term;
using language::Type;
using language::TypeKind;
using Words = std::vector<std::string>;

constexpr std::int64_t story_hour = 3'600'000, story_drafted = 1'772'323'200'000;

[[noreturn]] void cannot_read(const std::string& what) { throw std::runtime_error("not understood: " + what); }

std::int64_t decimal(const std::string& text, int decimals) {
  const auto value = ledger::parse_decimal(text, decimals);
  if (!value) cannot_read(text);
  return *value;
}

/// "3", "3:6": days, and hours.
std::int64_t time_of(const std::string& text) {
  const auto colon = text.find(':');
  return (decimal(text.substr(0, colon), 0) * 24 + (colon == std::string::npos ? 0 : decimal(text.substr(colon + 1), 0))) * story_hour;
}

std::int64_t value_of(const Type& type, const std::string& text) {
  switch (type.kind) {
    case TypeKind::money: return decimal(text, 2);
    case TypeKind::rate:
      if (!text.ends_with('%')) cannot_read(text);
      return decimal(text.substr(0, text.size() - 1), 4);   // parts per million
    case TypeKind::date: return story_drafted + time_of(text);
    case TypeKind::duration: return time_of(text);
    case TypeKind::choice: {
      const auto found = std::find(type.choices.begin(), type.choices.end(), text);
      if (found == type.choices.end()) cannot_read(text);
      return found - type.choices.begin();
    }
    case TypeKind::digest: return text.find_first_not_of("0123456789") == std::string::npos ? decimal(text, 0) : 0;
    default: return 0;   // documents, texts and categories count for nothing here
  }
}

bool is_mentioned(const Type& type) {
  return type.kind == TypeKind::money || type.kind == TypeKind::rate || type.kind == TypeKind::date || type.kind == TypeKind::duration || type.kind == TypeKind::choice;
}

/// Values as a file gives them, by name.
using Given = std::map<std::string, std::string>;

void read_given(const Words& words, std::size_t from, Given& out) {
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto sign = words[i].find('=');
    if (sign == std::string::npos) cannot_read(words[i]);
    out[words[i].substr(0, sign)] = words[i].substr(sign + 1);
  }
}

/// Takes the field's value out of `given`.
std::optional<std::int64_t> take(const Field& field, Given& given) {
  if (field.type.later) return std::nullopt;
  const auto found = given.find(field.name);
  if (found == given.end()) return is_mentioned(field.type) ? std::nullopt : std::optional<std::int64_t>(0);
  const std::int64_t value = value_of(field.type, found->second);
  given.erase(found);
  return value;
}

void must_be_empty(const Given& given) {
  if (!given.empty()) cannot_read(given.begin()->first);
}

class Story {
 public:
  Story(const Template& text, const DraftStory& draft) : text_(text), draft_(draft) {}
  const StoryTally& tally() const { return tally_; }

  std::string perform(const Words& words) {
    const std::string& verb = words.at(0);
    if (verb == "terms") return read_given(words, 1, terms_), "";
    if (verb == "entry") return read_entry(words), "";
    if (verb == "with") return parties_.insert(words.begin() + 1, words.end()), "";
    if (verb == "without") return leave_out(words), "";
    if (verb == "public" || verb == "private") return is_public_ = verb == "public", "";
    if (verb == "forget") return forget(), "";
    if (verb == "draft") return draft();
    return happen(words);
  }

  std::string describe() const {
    if (contract_ == nullptr) return "";
    std::string out = contract_->phase(), separator = ": ";
    for (const std::string& stage : contract_->stages()) out += std::exchange(separator, ", ") + stage;
    out += "\nreceived:";
    separator = " ";
    std::vector<std::string> names;
    for (const language::Party& party : text_.parties) names.push_back(party.name);
    for (const language::Entrant& entrant : text_.entrants) names.push_back(entrant.name);
    for (const std::string& name : names)
      if (const std::int64_t amount = contract_->received(name); amount != 0) out += std::exchange(separator, ", ") + name + " " + ledger::format_decimal(amount, 2);
    if (separator == " ") out += " nothing";
    return out + "\nheld: " + ledger::format_decimal(contract_->held(), 2) + "\n";
  }

 private:
  void read_entry(const Words& words) {
    auto& entries = entries_[words.at(1)];
    const auto number = static_cast<std::size_t>(decimal(words.at(2), 0));
    if (number < 1 || number > entries.size() + 1) cannot_read(words[2]);
    entries.resize(std::max(entries.size(), number));
    read_given(words, 3, entries[number - 1]);
  }

  void leave_out(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i)
      if (parties_.erase(words[i]) + terms_.erase(words[i]) == 0) cannot_read(words[i]);
  }

  void forget() {
    terms_.clear();
    entries_.clear();
    parties_.clear();
    is_public_ = false;
  }

  RunTerms agreed() const {
    RunTerms out;
    out.is_public = is_public_;
    for (const language::Party& party : text_.parties)
      if (party.optional && !parties_.contains(party.name)) out.left_out.insert(party.name);
    Given given = terms_;
    for (const Term& term : text_.terms) {
      if (term.is_list) agree_on_list(term, out);
      else if (term.type.optional && !given.contains(term.name)) out.left_out.insert(term.name);
      else if (const auto value = take({term.name, term.place, term.type}, given)) out.values[term.name] = *value;
      else if (!term.type.later) cannot_read("a story without " + term.name);
    }
    must_be_empty(given);
    return out;
  }

  void agree_on_list(const Term& list, RunTerms& out) const {
    auto& entries = out.entries[list.name];
    const auto found = entries_.find(list.name);
    if (found == entries_.end()) return;
    for (Given given : found->second) {
      auto& entry = entries.emplace_back();
      for (const Field& field : list.fields) {
        if (const auto value = take(field, given)) entry[field.name] = *value;
        else if (!field.type.later) cannot_read("an entry without " + field.name);
      }
      must_be_empty(given);
    }
  }

  std::string draft() {
    std::string refusal;
    contract_ = draft_(agreed(), story_drafted, refusal);
    now_ = story_drafted;
    if (contract_ == nullptr) {
      ++tally_.refused;
      return refusal;
    }
    ++tally_.drafts;
    note();
    return "ok";
  }

  void note() {
    tally_.phases.insert(contract_->phase());
    for (const std::string& stage : contract_->stages()) tally_.stages.insert(stage);
  }

  std::string happen(const Words& words) {
    if (contract_ == nullptr) cannot_read("an act before there is a contract");
    const std::int64_t now = story_drafted + time_of(words[0]);
    if (now < now_) cannot_read("a day before the day before");
    now_ = now;
    std::string out;
    for (const auto& fallen : contract_->pass_until(now)) {
      tally_.deadlines.insert(fallen.deadline);
      out += (out.empty() ? "" : ", ") + fallen.deadline + (fallen.entry ? " " + std::to_string(*fallen.entry + 1) : "");
    }
    if (words.at(1) == "passes") {
      note();
      return out.empty() ? "nothing" : out;
    }
    const std::string outcome = act(words);
    note();
    return out + (out.empty() ? "" : ", ") + outcome;
  }

  static const language::Expression* seals_of(const language::Expression& e) {
    if (e.form == language::Expression::Form::seals) return &e;
    for (const language::Expression& part : e.parts)
      if (const auto* found = seals_of(part)) return found;
    return nullptr;
  }

  /// `seal=900.00/1/7`: what the act that opens it will be handed over.
  bool take_seal(const Field& parameter, Given& given, std::map<std::string, std::int64_t>& out) const {
    const auto found = given.find(parameter.name);
    if (parameter.type.kind != TypeKind::digest || found == given.end() || found->second.find('/') == std::string::npos) return false;
    for (const language::Action& opens : text_.actions) {
      const auto* seals = opens.scope.when ? seals_of(*opens.scope.when) : nullptr;
      if (seals == nullptr) continue;
      std::vector<std::int64_t> values;
      std::istringstream in(found->second);
      std::string word;
      for (const std::string& name : seals->names) {
        if (!std::getline(in, word, '/')) cannot_read(found->second);
        const auto field = std::find_if(opens.parameters.begin(), opens.parameters.end(), [&](const Field& one) { return one.name == name; });
        values.push_back(value_of(field->type, word));
        out[parameter.name + ":" + name] = values.back();
      }
      out[parameter.name] = plain_seal(values);
    }
    given.erase(found);
    return true;
  }

  std::string act(const Words& words) {
    const std::string &party = words.at(1), &name = words.at(2);
    const language::Action* action = text_.action(name);
    if (action == nullptr) cannot_read(name);
    const bool joins = action->scope.joins && (words.size() == 3 || words[3].find('=') != std::string::npos);
    const std::size_t parameters_at = action->scope.on && !joins ? 4 : 3;
    const std::size_t entry = joins ? StoryExecutor::new_entry : action->scope.on ? static_cast<std::size_t>(decimal(words.at(3), 0)) - 1 : 0;
    Given given;
    read_given(words, parameters_at, given);
    std::map<std::string, std::int64_t> parameters;
    for (const Field& parameter : action->parameters) {
      if (take_seal(parameter, given, parameters)) continue;
      const auto value = take(parameter, given);
      if (!value) cannot_read(name + " without " + parameter.name);
      parameters[parameter.name] = *value;
    }
    must_be_empty(given);
    const std::string outcome = contract_->act(party, name, now_, entry, parameters);
    if (outcome == "ok") tally_.acts.insert(name);
    else ++tally_.refused;
    return outcome;
  }

  const Template& text_;
  const DraftStory& draft_;
  StoryTally tally_;
  Given terms_;
  std::map<std::string, std::vector<Given>> entries_;
  std::set<std::string> parties_;   // optional ones that are there
  bool is_public_ = false;
  std::unique_ptr<StoryExecutor> contract_;
  std::int64_t now_ = story_drafted;
};

}  // namespace

StoryTally play_stories(const std::filesystem::path& file, const Template& text, const DraftStory& draft, const std::function<void(const std::string&)>& differ) {
  Story story(text, draft);
  daftar::test::run_scenario(file, [&](const Words& words) { return story.perform(words); }, [&] { return story.describe(); }, differ);
  return story.tally();
}

}  // namespace daftar::contracts::test
