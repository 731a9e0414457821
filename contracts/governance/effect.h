// What a change would write, judged against what is in force.
#pragma once
#include "contracts/governance/classification.h"
#include "contracts/governance/governed.h"

namespace daftar::contracts::governance {

inline constexpr std::size_t rules_max = 1'000, templates_max = 500;   // that a ledger ever has, versions counted

struct Effect {
  std::vector<tax::TaxRule> rules;              // to be written: the new one, one that ends, or both
  std::optional<TemplateRecord> contract_template;
  std::optional<NumberedName> new_rule, new_template;
  std::optional<Member> member;
  std::optional<Limits> limits;
  std::optional<Policies> policies;
  std::optional<std::uint32_t> protocol_version;
  std::vector<ClassificationCode> codes;
};

/// `at_ms`: when it would come into force at the earliest. Nothing may take effect at that moment or before: what was in force stays as it was.
Expected<Effect, ledger::Rejection> effect_of(const Context& c, const Proposal& proposal, std::uint64_t at_ms);

/// Writes it, makes the next edition, and tells what has happened.
void take_effect(Context& c, const Proposal& proposal, const Effect& effect);

}  // namespace daftar::contracts::governance
