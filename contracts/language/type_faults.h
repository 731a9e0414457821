// What the parts of the type checker share.
#pragma once
#include "contracts/language/type_checker.h"

namespace daftar::contracts::language {

class FaultList {
 public:
  void add(Place place, std::string sentence);
  std::vector<Fault> take();

 private:
  std::vector<Fault> faults_;
};

/// The kind of an expression; nothing after a fault.
std::optional<TypeKind> kind_of(const Expression& e, const Names& names, const Pots& pots, FaultList& faults);
/// A fault unless it is of this kind.
void expect_kind(const Expression& e, TypeKind kind, const Names& names, const Pots& pots, FaultList& faults);
/// Conditions that are settled by the terms alone: `public`, `given`, and what and, or, not make of them.
bool is_settled_by_terms(const Expression& condition);
/// An amount, moment or condition that does not mention `now`, a parameter or a let.
bool is_known_beforehand(const Expression& e, const Names& names);

// type_statements.cc
void check_body(const std::vector<Statement>& body, Names names, const Pots& pots, FaultList& faults);
/// Do the list and the stages of an entry exist?
void check_entry(const Entry& entry, const Template& text, FaultList& faults);

// type_entrants.cc
/// Who makes the entries of the open list; that list is the one with stages.
void check_entrants(const Template& text, FaultList& faults);
/// Where a field's value comes from: of a field of an open list from an act or a term, of others from the terms.
void check_origin(const Field& field, bool in_open_list, const Template& text, FaultList& faults);
/// An entrant acts on its own entry, or makes one.
void check_entrant_acts(const Action& action, const Template& text, FaultList& faults);
void check_award(const Action& action, const Template& text, const Names& names, const Pots& pots, FaultList& faults);

}  // namespace daftar::contracts::language
