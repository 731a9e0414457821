// Stories of a template: scenario files (tests/harness/scenario.h) that say who does what on which day, and what has come of it. What carries the template out
// stands behind StoryExecutor, so that the same files tell of every executor. The rows:
//
//   terms offer_until=3 late_rate=0.5% fee=100.00      terms of the drafts that follow; days after the draft, days, percent, amounts, choices
//   entry lots 1 price=1000.00 due=30                  of an entry of a list
//   with expert            without expert inspection   optional parties and terms; what is not mentioned is left out
//   public                 private                     who pays: a budget line, an account
//   forget                                             all of the above
//   draft                             ok               a new contract, on day 0; else why not
//   3     buyer secure 1              ok               on day 3; `3:6` is six hours later. Parameters: `find 1 to_supplier=40.00`
//   2     bidder.a bid seal=900.00/1/7  ok             an entrant by its name; a seal is written as what it seals, in the order of its act
//   3     bidder.a bid 1 seal=890.00/1/8  ok           the same on the entry that it has made
//   30    contract sign 1             ok               what a contract by an award does
//   40    passes                      not_secured 2    the deadlines that have fallen due by then; before an act, too: `not_secured 2, ok`
//   ----
//   active: accepted, unsecured                        the phase, and the stages of the entries in their order
//   received: buyer 10.00, supplier 990.00             paid, or gone back, since the draft; before taxes
//   held: 0.00
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <set>

#include "contracts/language/tree.h"
#include "template_run.h"

namespace daftar::contracts::test {

/// One contract of a template, carried out by whatever it is. Times are ms, entries count from 0, amounts are minor units.
class StoryExecutor {
 public:
  static constexpr std::size_t new_entry = static_cast<std::size_t>(-1);   // of an act that makes one

  virtual ~StoryExecutor() = default;

  /// "ok", or what the refusal is called: not_a_party, wrong_phase, wrong_stage, condition (`when` does not hold), out_of_range, already_agreed, already_entered.
  /// An act of several parties is "ok" for each; it happens with the last.
  virtual std::string act(const std::string& party, const std::string& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters) = 0;
  struct Fallen {
    std::string deadline;
    std::optional<std::size_t> entry;
  };
  /// Deadlines whose moment is `now` or before, each at its own moment, in order.
  virtual std::vector<Fallen> pass_until(std::int64_t now) = 0;

  virtual std::string phase() const = 0;
  virtual std::vector<std::string> stages() const = 0;
  virtual std::int64_t received(const std::string& party) const = 0;
  virtual std::int64_t held() const = 0;
};

/// A contract on terms; nothing, and why, when a requirement does not hold: its `because`, or "line 12".
using DraftStory = std::function<std::unique_ptr<StoryExecutor>(const RunTerms& terms, std::int64_t now, std::string& refusal)>;

/// What happened in a file.
struct StoryTally {
  std::set<std::string> acts, deadlines, phases, stages;
  std::size_t drafts = 0, refused = 0;
};

/// Calls `differ` for each difference. Throws std::runtime_error for a row that cannot be understood.
StoryTally play_stories(const std::filesystem::path& file, const language::Template& text, const DraftStory& draft, const std::function<void(const std::string&)>& differ);

}  // namespace daftar::contracts::test
