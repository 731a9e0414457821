#include <algorithm>
#include <set>

#include "contracts/language/type_faults.h"

namespace daftar::contracts::language {
namespace {

using Verb = Statement::Verb;

std::string in_quotes(std::string_view name) { return "`" + std::string(name) + "`"; }

class BodyChecker {
 public:
  BodyChecker(Names names, const Pots& pots, FaultList& faults, std::set<std::string>& lets, const std::string& each)
      : names_(std::move(names)), pots_(pots), faults_(faults), lets_(lets), each_(each) {}

  void check(const std::vector<Statement>& body) {
    for (const Statement& s : body) check(s);
  }

 private:
  void check(const Statement& s) {
    switch (s.verb) {
      case Verb::hold: return check_hold(s);
      case Verb::pay:
      case Verb::refund:
      case Verb::release: return check_outflow(s);
      case Verb::let: return check_let(s);
      case Verb::set: return check_set(s);
      case Verb::become:
        if (names_.text().phase(s.name) == nullptr) fault(s, "there is no phase " + in_quotes(s.name));
        if (!each_.empty()) fault(s, "inside `each` only the entry changes: `become` stands before or behind it");
        return;
      case Verb::entry_becomes: return check_entry_becomes(s);
      case Verb::if_else:
        expect_kind(s.amount, TypeKind::condition, names_, pots_, faults_);
        BodyChecker(names_, pots_, faults_, lets_, each_).check(s.body);
        BodyChecker(names_, pots_, faults_, lets_, each_).check(s.otherwise);
        return;
      case Verb::each: return check_each(s);
    }
  }

  void check_hold(const Statement& s) {
    expect_kind(s.amount, TypeKind::money, names_, pots_, faults_);
    const auto pot = names_.pot_at(s.amount, pots_);
    if (!pot || names_.let(s.amount.name) != nullptr || names_.parameter(s.amount.name) != nullptr)
      return fault(s, "what is held is a whole term of money, so that everyone knows what it is for");
    if (const Type* type = type_of(s.amount); type != nullptr && type->later) fault(s, "an amount that is set later is compared, not held");
    check_entrant(s, *pot);
    if (names_.text().fund(s.party) == nullptr) fault(s, "no `fund` says where money of " + in_quotes(s.party) + " comes from");
    if (pots_.at(*pot) != s.party) fault(s, in_quotes(name(*pot)) + " is held from " + in_quotes(pots_.at(*pot)) + " elsewhere");
    check_own(s, *pot);
  }

  void check_outflow(const Statement& s) {
    expect_kind(s.amount, TypeKind::money, names_, pots_, faults_);
    if (names_.text().party(s.party) == nullptr && names_.text().entrant(s.party) == nullptr) fault(s, "there is no party " + in_quotes(s.party) + " to receive it");
    check_no_later_amount(s);
    if (s.category) check_category(*s.category);
    const auto pot = check_pot(s);
    if (!pot) return;
    check_own(s, *pot);
    check_entrant(s, *pot);
    if (s.verb == Verb::pay) return;
    const std::string& owner = pots_.at(*pot);
    if (owner != s.party) fault(s, in_quotes(name(*pot)) + " was held from " + in_quotes(owner) + ", so it can only go back there; money for another party is a `pay`");
    const Fund* fund = names_.text().fund(owner);
    if (fund != nullptr && fund->account != (s.verb == Verb::refund))
      fault(s, fund->account ? "`release` is for money that only a budget line gives; this may be an account's: write `refund`"
                             : "this is a budget line's money: write `release`");
  }

  std::optional<Pot> check_pot(const Statement& s) {
    if (s.from) {
      const auto pot = names_.pot_at(*s.from, pots_);
      if (!pot) fault(s, "behind `from` stands a term that is held");
      return pot;
    }
    const auto found = names_.pots_in(s.amount, pots_);
    if (found.size() == 1) return found.begin()->first;
    fault(s, found.empty() ? "this amount names no held term: say `from` which one it is taken" : "this amount names several held terms: say `from` which one it is taken");
    return std::nullopt;
  }

  /// Inside `each`, money moves for the entry alone: else it would move once for every entry.
  void check_own(const Statement& s, const Pot& pot) {
    if (!each_.empty() && pot.list.empty()) fault(s, "inside `each` only the entry's own money moves; " + in_quotes(name(pot)) + " is the contract's");
  }

  /// An entrant is the one of an entry: its money is held of its own entry, and only what is held of that is paid to it.
  void check_entrant(const Statement& s, const Pot& pot) {
    const Entrant* entrant = names_.text().entrant(s.party);
    if (entrant != nullptr && pot.list != entrant->list) fault(s, "money of or for " + in_quotes(s.party) + " is held of an entry of " + in_quotes(entrant->list));
  }

  /// What is set later may be set again: no money moves by it, nor is it given a name under which it could stand beside its later self.
  void check_no_later_amount(const Statement& s) {
    const auto look = [&](const auto& self, const Expression& e) -> bool {
      const Type* type = type_of(e);
      return (type != nullptr && type->later && type->kind == TypeKind::money) || std::any_of(e.parts.begin(), e.parts.end(), [&](const Expression& part) { return self(self, part); });
    };
    if (look(look, s.amount)) fault(s, "an amount that is set later is compared; no money moves by it");
  }

  const Type* type_of(const Expression& e) const {
    if (e.form != Expression::Form::field) return nullptr;
    const Term* list = names_.list_of(e.name);
    const Field* field = list == nullptr ? nullptr : field_of(*list, e.member);
    return field == nullptr ? nullptr : &field->type;
  }

  void check_category(const Expression& category) {
    if (category.form == Expression::Form::name && !names_.knows(category.name)) return;   // a category of the tax rules
    expect_kind(category, TypeKind::category, names_, pots_, faults_);
  }

  void check_let(const Statement& s) {
    // Once in an act, in its branches, too: so a name means one thing wherever it stands, and two parts of an amount with one spelling are one.
    if (names_.knows(s.name) || !lets_.insert(s.name).second) fault(s, in_quotes(s.name) + " is the name of something else already");
    check_no_later_amount(s);
    const auto kind = kind_of(s.amount, names_, pots_, faults_);
    if (kind && *kind != TypeKind::money && *kind != TypeKind::date && *kind != TypeKind::duration && *kind != TypeKind::rate) fault(s, "a `let` names an amount, a date, a duration or a rate");
    if (kind && !names_.knows(s.name)) names_.add_let(s.name, *kind, names_.pots_in(s.amount, pots_));
  }

  void check_set(const Statement& s) {
    const Type* type = nullptr;
    if (s.member.empty()) {
      if (const Term* term = names_.text().term(s.name); term != nullptr && !term->is_list) type = &term->type;
    } else if (const Term* list = names_.list_of(s.name)) {
      if (const Field* field = field_of(*list, s.member)) type = &field->type;
    }
    if (type == nullptr || !type->later) return fault(s, "only a term or field declared `later` can be set");
    expect_kind(s.amount, type->kind, names_, pots_, faults_);
  }

  void check_entry_becomes(const Statement& s) {
    const Term* list = names_.list_of(s.name);
    if (list == nullptr) return fault(s, in_quotes(s.name) + " is no entry of a list here");
    const Stages* stages = names_.text().stages_of(list->name);
    if (stages == nullptr || step_of(stages->steps, s.member) == nullptr) fault(s, in_quotes(list->name) + " has no stage " + in_quotes(s.member));
  }

  void check_each(const Statement& s) {
    if (!each_.empty()) return fault(s, "an `each` does not stand inside another");
    check_entry(*s.entry, names_.text(), faults_);
    if (names_.knows(s.entry->variable)) fault(s, in_quotes(s.entry->variable) + " is the name of something else already");
    Names inside = names_;
    inside.add_entry(*s.entry);
    BodyChecker(std::move(inside), pots_, faults_, lets_, s.entry->variable).check(s.body);
  }

  void fault(const Statement& s, std::string sentence) { faults_.add(s.place, std::move(sentence)); }

  Names names_;
  const Pots& pots_;
  FaultList& faults_;
  std::set<std::string>& lets_;   // of the whole act
  std::string each_;
};

}  // namespace

void check_entry(const Entry& entry, const Template& text, FaultList& faults) {
  const Term* list = text.term(entry.list);
  if (list == nullptr || !list->is_list) return faults.add(entry.place, in_quotes(entry.list) + " is no list");
  const Stages* stages = text.stages_of(entry.list);
  for (const std::string& stage : entry.stages)
    if (stages == nullptr || step_of(stages->steps, stage) == nullptr) faults.add(entry.place, in_quotes(entry.list) + " has no stage " + in_quotes(stage));
}

void check_body(const std::vector<Statement>& body, Names names, const Pots& pots, FaultList& faults) {
  std::set<std::string> lets;
  BodyChecker(std::move(names), pots, faults, lets, {}).check(body);
}

}  // namespace daftar::contracts::language
