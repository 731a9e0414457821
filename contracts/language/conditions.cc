// What is known of a condition in a state.
#include <algorithm>

#include "contracts/language/machine.h"

namespace daftar::contracts::language {
namespace {

using Form = Expression::Form;

Truth certain(bool holds) { return {holds, !holds}; }

/// Of `all`, `no`, `any`: settled by the followed entry, or open.
Truth truth_of_list(const Expression& condition, const Machine& machine, const State& state) {
  const bool alone = machine.alone();
  if (state.stage == absent) return alone ? certain(condition.form != Form::any) : Truth{};   // others may be there
  const Step& stage = machine.stages().at(state.stage);
  const bool among = condition.names.empty() ? stage.end : std::find(condition.names.begin(), condition.names.end(), stage.name) != condition.names.end();
  if (alone) return certain(condition.form == Form::no ? !among : among);
  switch (condition.form) {
    case Form::all: return {among, true};
    case Form::no: return {!among, true};
    default: return {true, !among};
  }
}

bool is_time(const Expression& e) { return e.form == Form::now || std::any_of(e.parts.begin(), e.parts.end(), is_time); }

/// `now > X`, `X < now`: true from some moment on. `wanted` false: the comparison should fail.
bool comes_with_time(const Expression& comparison, bool wanted) {
  const bool now_first = comparison.parts[0].form == Form::now, now_last = comparison.parts[1].form == Form::now;
  if (now_first == now_last || is_time(comparison.parts[now_first ? 1 : 0])) return false;
  const bool greater = comparison.name == ">" || comparison.name == ">=", less = comparison.name == "<" || comparison.name == "<=";
  return wanted ? (now_first ? greater : less) : (now_first ? less : greater);
}

/// What two conditions compare, for can_both_hold.
using Comparisons = std::map<std::pair<std::string, std::string>, int>;   // less -1, equal 0, greater 1

void collect(const Expression& e, Comparisons& out) {
  if (e.form == Form::compare) {
    auto pair = std::make_pair(written(e.parts[0]), written(e.parts[1]));
    if (pair.second < pair.first) std::swap(pair.first, pair.second);
    out.emplace(std::move(pair), -1);
    return;
  }
  for (const Expression& part : e.parts) collect(part, out);
}

bool holds_as(const std::string& sign, int order) {
  if (sign == "<") return order < 0;
  if (sign == "<=") return order <= 0;
  if (sign == ">") return order > 0;
  if (sign == ">=") return order >= 0;
  return sign == "=" ? order == 0 : order != 0;
}

/// Can `e` hold (or, not `wanted`, fail) when the comparisons stand like this?
bool can_be(const Expression& e, bool wanted, const Comparisons& stand, const Machine& machine, const State& state, const Arrangement& arrangement,
            const std::map<std::string, bool>& entries) {
  const auto part = [&](std::size_t i, bool how) { return can_be(e.parts[i], how, stand, machine, state, arrangement, entries); };
  switch (e.form) {
    case Form::both: return wanted ? part(0, true) && part(1, true) : part(0, false) || part(1, false);
    case Form::either: return wanted ? part(0, true) || part(1, true) : part(0, false) && part(1, false);
    case Form::negation: return part(0, !wanted);
    case Form::compare: {
      const std::string left = written(e.parts[0]), right = written(e.parts[1]);
      const bool swapped = right < left;
      const int order = stand.at(swapped ? std::make_pair(right, left) : std::make_pair(left, right));
      return holds_as(e.name, swapped ? -order : order) == wanted;
    }
    default: {
      const Truth truth = machine.truth(e, state, arrangement, entries);
      return wanted ? truth.can_hold : truth.can_fail;
    }
  }
}

}  // namespace

Truth Machine::truth(const Expression& e, const State& state, const Arrangement& arrangement, const std::map<std::string, bool>& entries) const {
  const auto part = [&](std::size_t i) { return truth(e.parts[i], state, arrangement, entries); };
  switch (e.form) {
    case Form::both: {
      const Truth a = part(0), b = part(1);
      return {a.can_hold && b.can_hold, a.can_fail || b.can_fail};
    }
    case Form::either: {
      const Truth a = part(0), b = part(1);
      return {a.can_hold || b.can_hold, a.can_fail && b.can_fail};
    }
    case Form::negation: {
      const Truth a = part(0);
      return {a.can_fail, a.can_hold};
    }
    case Form::given: return certain(arrangement.given(e.parts[0].name));
    case Form::is_public: return certain(arrangement.is_public);
    case Form::is_stage: {
      const auto entry = entries.find(e.name);
      if (entry == entries.end() || !entry->second || stages().empty() || state.stage == absent) return {};   // a choice, or another entry
      return certain(stages()[state.stage].name == e.names[0]);
    }
    case Form::all:
    case Form::no:
    case Form::any: return truth_of_list(e, *this, state);
    default: return {};   // comparisons
  }
}

Help Machine::help(const Expression& e, const State& state, const Arrangement& arrangement, const std::map<std::string, bool>& entries, bool wanted) const {
  const auto part = [&](std::size_t i) { return help(e.parts[i], state, arrangement, entries, wanted); };
  const Form form = e.form == Form::both && !wanted ? Form::either : e.form == Form::either && !wanted ? Form::both : e.form;
  switch (form) {
    case Form::both: {
      const Help a = part(0), b = part(1);
      return a == Help::no || b == Help::no ? Help::no : std::max(a, b);
    }
    case Form::either: {
      const Help a = part(0), b = part(1);
      if (a == Help::no || b == Help::no) return std::max(a, b);
      return std::min(a, b);
    }
    case Form::negation: return help(e.parts[0], state, arrangement, entries, !wanted);
    case Form::compare:
      return comes_with_time(e, wanted) ? Help::after_waiting : Help::no;   // any other may never hold
    default: {
      const Truth known = truth(e, state, arrangement, entries);
      return (wanted ? known.can_fail : known.can_hold) ? Help::no : Help::now;
    }
  }
}

bool can_both_hold(const Expression* a, const Expression* b, const Machine& machine, const State& state, const Arrangement& arrangement,
                   const std::map<std::string, bool>& entries_a, const std::map<std::string, bool>& entries_b) {
  Comparisons stand;
  if (a != nullptr) collect(*a, stand);
  if (b != nullptr) collect(*b, stand);
  if (stand.size() > 8) return true;   // too many to try: taken as overlapping
  while (true) {
    if ((a == nullptr || can_be(*a, true, stand, machine, state, arrangement, entries_a)) &&
        (b == nullptr || can_be(*b, true, stand, machine, state, arrangement, entries_b)))
      return true;
    auto next = stand.begin();
    while (next != stand.end() && next->second == 1) (next++)->second = -1;
    if (next == stand.end()) return false;
    ++next->second;
  }
}

}  // namespace daftar::contracts::language
