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

}  // namespace daftar::contracts::language
