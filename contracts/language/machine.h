// A template as a machine of phases and stages, whose amounts are symbolic: what can happen in a state, and what comes of it. The checker walks it.
//
// One entry of each list is followed; the others may be in any stages. In an open list it may not be there yet, or never come. So a condition over a whole list (`all`, `no`, `any`) that the followed entry does
// not settle may hold or not, and whatever is found impossible is so however many entries there are. Comparisons (of dates, of amounts) may hold or not.
#pragma once
#include <optional>
#include <set>
#include <variant>

#include "contracts/language/names.h"
#include "contracts/language/symbolic_amount.h"

namespace daftar::contracts::language {

/// One way in which the optional parts of the terms can stand.
struct Arrangement {
  bool is_public = false;
  std::set<std::string> left_out;             // optional parties and terms
  bool given(const std::string& name) const { return !left_out.contains(name); }
};
/// Those that no requirement rules out. At most 2^10: nothing when there are more optional parts.
std::optional<std::vector<Arrangement>> arrangements_of(const Template& text);
std::string in_words(const Template& text, const Arrangement& arrangement);

/// Of an open list's followed entry, before it is made.
inline constexpr std::size_t absent = static_cast<std::size_t>(-1);

struct State {
  std::size_t phase = 0, stage = 0;           // indexes; stage of the followed entry, or absent
  std::map<Pot, SymbolicAmount> held;         // absent: nothing
  std::set<std::string> set;                  // what is declared `later` and has been set: "signed_on", "milestones.delivered"
  std::set<std::string> acted;                // parties with a fund that have surely acted on the contract
  auto operator<=>(const State&) const = default;
};

/// May a condition hold, may it not?
struct Truth {
  bool can_hold = true, can_fail = true;
};

/// Can it be brought about, by whoever may: at once; by waiting (for a date); not surely?
enum class Help : std::uint8_t { no, now, after_waiting };

enum class Property : std::uint8_t { conservation, consent, way_out, tax_category, reachable, one_reading, set_before_read, cost, size };
/// "conservation", "way-out", ...: the names of docs/template-language.md.
std::string_view name(Property property);

struct Problem {
  Property property;
  Place place;
  std::string sentence;
};

/// Something that can happen in a state.
struct Event {
  const Action* action = nullptr;             // exactly one of the two
  const Deadline* deadline = nullptr;
  bool on_followed = true;                    // false: on another entry of the list
  Help help = Help::no;                       // no: also when it holds money, which may not be there
  std::vector<std::string> actors;            // those who are given; of a deadline none
  Place place() const { return action != nullptr ? action->place : deadline->place; }
  const Scope& scope() const { return action != nullptr ? action->scope : deadline->scope; }
};
std::string in_words(const Event& event);

struct Outcome {
  State state;
  std::vector<std::string> said;              // what happened, in words
  std::vector<Problem> problems;
};

class Machine {
 public:
  explicit Machine(const Template& text);
  const Template& text() const { return text_; }
  const Pots& pots() const { return pots_; }

  State first_state() const;
  bool ended(const State& state) const { return text_.phases[state.phase].end; }
  const std::vector<Step>& stages() const;    // of the list that has stages; empty: there is none
  /// Is the followed entry there, in one of these stages? None named: in any.
  bool is_in(const State& state, const std::vector<std::string>& stages) const;
  /// The list with stages has room for one entry only.
  bool alone() const { return text_.term(text_.stages.front().list)->most == 1; }

  /// None in an end.
  std::vector<Event> events(const State& state, const Arrangement& arrangement) const;
  /// Each distinct outcome once; more than outcomes_max: cut, with a problem of Property::size.
  std::vector<Outcome> outcomes(const State& state, const Event& event, const Arrangement& arrangement) const;
  static constexpr std::size_t outcomes_max = 256;

  /// In a state, on an entry: of `when`, or of a conclusion.
  Truth truth(const Expression& condition, const State& state, const Arrangement& arrangement, const std::map<std::string, bool>& entries) const;
  Help help(const Expression& condition, const State& state, const Arrangement& arrangement, const std::map<std::string, bool>& entries, bool wanted = true) const;

 private:
  const Template& text_;
  Pots pots_;
};

/// Could both conditions hold at once, in a state? Each comparison is taken as less, equal or greater, the same in both.
bool can_both_hold(const Expression* a, const Expression* b, const Machine& machine, const State& state, const Arrangement& arrangement,
                   const std::map<std::string, bool>& entries_a, const std::map<std::string, bool>& entries_b);

}  // namespace daftar::contracts::language
