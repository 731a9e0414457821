// Runs programs on instances. Deterministic and metered; all or nothing is the caller's: after a refusal the instance is in no defined state and is thrown
// away. What the checker has proved is looked at once more when it happens: a program that would take what is not held is refused, whatever was proved.
#pragma once
#include <span>

#include "contracts/language/instance.h"
#include "ledger/expected.h"
#include "ledger/rejection.h"

namespace daftar::contracts::language {

using Result = Expected<void, ledger::Rejection>;

/// What a program may ask of the ledger. Parties are numbers of the program's, or entrant_number + entry; amounts are above 0.
class Verbs {
 public:
  virtual ~Verbs() = default;
  /// Said before each of the others: of which held term of the program they are, and of which entry of its list, from 0 (0, too, when it is of none).
  virtual void about(std::uint16_t /*held*/, std::uint32_t /*entry*/) {}
  virtual Result hold(std::uint16_t party, ledger::MinorUnits amount) = 0;
  /// Out of what is held from a party: to a party, as income of the category.
  virtual Result pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) = 0;
  /// Out of what is held: back to where it came from.
  virtual Result give_back(std::uint16_t party, ledger::MinorUnits amount) = 0;
};

inline constexpr std::uint32_t no_entry = 0xffffffff;

struct Moment {
  std::int64_t now = 0;             // block time, ms
  std::uint32_t entry = no_entry;   // from 0; of the list that the act or deadline happens on
  std::string_view contract = {};   // its id: what seals are for
};

struct Sent {
  std::string name;                 // of the act
  std::uint16_t party = 0;          // who sends it
  std::vector<std::pair<std::string, Value>> parameters;
  std::string member = {};          // of a newcomer, for the entry that it makes
};

class Interpreter {
 public:
  explicit Interpreter(const Program& program) : program_(program) {}

  /// May a contract begin like this: everything of its kind and range, and what the template requires? Refusals: term_out_of_range.
  Result judge_terms(const Instance& instance, std::int64_t now) const;

  /// Refusals: not_a_party, wrong_phase, milestone_unknown, milestone_wrong_stage, condition_not_met, already_signed, field_invalid, overflow, template_fault,
  /// already_entered, entries_full, seal_mismatch, and what the verbs refuse. `happened`: false when it waits for another party's word.
  struct Done {
    bool happened = false;
    std::uint64_t units = 0;        // of cost
  };
  Expected<Done, ledger::Rejection> act(Instance& instance, const Sent& sent, Moment moment, Verbs& verbs) const;

  /// The entry that a contract can come about by now; nothing: there is none. The first, if there are several.
  std::optional<std::uint32_t> awarded(const Instance& instance) const;
  /// The act that such a contract does when it comes into force. Refusals: not_awarded, condition_not_met, and as of an act.
  Expected<Done, ledger::Rejection> conclude_award(Instance& instance, Moment moment, Verbs& verbs) const;

  /// Could this party send this act now, as far as one can tell before its parameters are known?
  bool may(const Instance& instance, std::uint16_t act, std::uint16_t party, Moment moment) const;

  struct Due {
    std::int64_t at = 0;
    std::uint16_t deadline = 0;
    std::uint32_t entry = 0;
  };
  /// The deadline that falls due next, whenever that is; of one moment the one that stands first in the text.
  std::optional<Due> next_due(const Instance& instance) const;
  Expected<Done, ledger::Rejection> fire(Instance& instance, const Due& due, std::int64_t now, Verbs& verbs) const;
  /// After fire() was refused, on the instance as it was before.
  static void postpone(Instance& instance, const Due& due, std::int64_t until);

 private:
  const Program& program_;
};

}  // namespace daftar::contracts::language
