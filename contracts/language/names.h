// What the names inside an action, deadline, requirement or clause stand for.
#pragma once
#include <map>

#include "contracts/language/tree.h"

namespace daftar::contracts::language {

/// The treasury that pays the budget line: a party that no template declares, in templates that know budget lines.
inline constexpr std::string_view treasury_party = "treasury";

/// Money that can be held: a term of the contract, or a field of each entry of a list.
struct Pot {
  std::string list, term;                       // list empty: the contract's own
  auto operator<=>(const Pot&) const = default;
};
/// "deposit", "milestones.price"
std::string name(const Pot& pot);

/// Which pots a template holds, and from whom.
using Pots = std::map<Pot, std::string>;
Pots pots_of(const Template& text);

class Names {
 public:
  /// What is known of a `let` is found out once, where it stands: lets of lets would else take ever longer.
  struct Let {
    TypeKind kind;
    std::map<Pot, Expression> pots;
  };
  explicit Names(const Template& text) : text_(&text) {}

  void add_entry(const Entry& entry) { entries_[entry.variable] = entry.list; }
  void add_parameter(const Field& parameter) { parameters_[parameter.name] = &parameter; }
  void add_let(const std::string& name, TypeKind kind, std::map<Pot, Expression> pots) { lets_[name] = {kind, std::move(pots)}; }
  bool knows(const std::string& name) const;    // inside, or in the template

  const Template& text() const { return *text_; }
  /// The list of an entry's variable; nullptr when it is none.
  const Term* list_of(const std::string& variable) const;
  const Field* parameter(const std::string& name) const;
  const Let* let(const std::string& name) const;

  /// The pot that a name or field says, if it is a held one.
  std::optional<Pot> pot_at(const Expression& place, const Pots& pots) const;
  /// Every held term that an amount speaks of: through lets, and through the bounds of parameters.
  std::map<Pot, Expression> pots_in(const Expression& amount, const Pots& pots) const;

 private:
  const Template* text_;
  std::map<std::string, std::string> entries_;
  std::map<std::string, const Field*> parameters_;
  std::map<std::string, Let> lets_;
};

}  // namespace daftar::contracts::language
