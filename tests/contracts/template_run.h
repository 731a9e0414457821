// A template carried out on real numbers, as docs/template-language.md says it: for tests, which hold what the checker proves against what then happens.
// Accounts are bottomless, taxes are left out, and acts of several parties happen at once.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "contracts/language/names.h"

namespace daftar::contracts::test {

struct RunTerms {
  bool is_public = false;
  std::map<std::string, std::int64_t> values;                            // minor units, ms, parts per million
  std::map<std::string, std::vector<std::map<std::string, std::int64_t>>> entries;
  std::set<std::string> left_out;
};

/// An act that is refused. `mistake`: for a reason of which the checker says that it cannot come.
struct RunRefusal {
  std::string why;
  bool mistake = false;
};

/// What stands for a seal here, where documents are numbers: of the values that it seals, in their order.
std::int64_t plain_seal(const std::vector<std::int64_t>& values);

class TemplateRun {
 public:
  TemplateRun(const language::Template& text, RunTerms terms);

  /// The first requirement that these terms do not meet; nullptr: they meet all.
  const language::Requirement* unmet_requirement(std::int64_t now) const;
  const std::string& phase() const { return text_.phases[phase_].name; }
  bool ended() const { return text_.phases[phase_].end; }
  std::string stage(std::size_t entry) const { return stages_.empty() ? "" : steps()[stages_[entry]].name; }
  std::size_t staged_entries() const { return stages_.size(); }
  bool is_full() const { return !text_.stages.empty() && stages_.size() >= text_.term(text_.stages.front().list)->most; }

  /// Throws RunRefusal, and then nothing has happened. `entry` from 0, for actions on one; who makes one is told by nobody here.
  void act(const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters);
  /// The most that a parameter may be now; of money without a bound of its own 0.
  std::int64_t bound(const language::Action& action, const language::Field& parameter, std::int64_t now, std::size_t entry);

  struct Due {
    const language::Deadline* deadline;
    std::size_t entry;
    std::int64_t at;
  };
  /// The deadline that falls due next, whenever that is.
  std::optional<Due> next_deadline();
  void fire(const Due& due, std::int64_t now);

  /// By "deposit" or "milestones.price 1".
  const std::map<std::string, std::int64_t>& held() const { return held_; }
  std::int64_t taken_in() const { return taken_in_; }
  std::map<std::string, std::int64_t> received;                         // by party: paid, or gone back

 private:
  using Expression = language::Expression;
  struct Frame {
    std::int64_t now;
    std::map<std::string, std::pair<std::string, std::size_t>> entries;  // variable → list, index
    std::map<std::string, std::int64_t> values;                          // parameters, lets
    language::Names names;
  };
  const std::vector<language::Step>& steps() const { return text_.stages.front().steps; }
  Frame frame(const language::Scope& scope, std::int64_t now, std::size_t entry) const;
  std::size_t join(const std::string& list);
  bool is_first(const Expression& e, const Frame& f) const;
  bool in_scope(const language::Scope& scope, std::size_t entry) const;
  std::int64_t value(const Expression& e, const Frame& f) const;
  bool holds(const Expression& e, const Frame& f) const;
  std::string pot(const Expression& place, const Frame& f) const;
  void run(const std::vector<language::Statement>& body, Frame& f);
  void run(const language::Statement& s, Frame& f);
  void let_out(const language::Statement& s, Frame& f);
  void all_or_nothing(const language::Scope& scope, const std::vector<language::Statement>& body, Frame f);
  void put_back(const TemplateRun& before);
  void conclude(const Frame& f);

  const language::Template& text_;
  language::Pots pots_;
  RunTerms terms_;
  std::size_t phase_ = 0;
  std::vector<std::size_t> stages_;
  std::map<std::string, std::int64_t> held_;
  std::int64_t taken_in_ = 0;
};

}  // namespace daftar::contracts::test
