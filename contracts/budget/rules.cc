#include "contracts/budget/rules.h"

#include <algorithm>

#include "ledger/check.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::contracts::budget {

using RulesFault = Unexpected<std::string>;

namespace {

constexpr int virement_rules_max = 64;
constexpr std::size_t legal_basis_bytes_max = 200;

Expected<void, std::string> read_duties(const ledger::proto::Genesis& genesis, Rules& rules) {
  rules.duties = genesis.has_duties();
  for (const auto& one : genesis.duties().two_persons()) {
    if (std::find(genesis.currencies().begin(), genesis.currencies().end(), one.currency()) == genesis.currencies().end())
      return RulesFault("duties: " + one.currency() + " is no currency of this ledger");
    if (one.above() < 0) return RulesFault("duties: above: must not be negative");
    if (!rules.two_persons_above.emplace(one.currency(), one.above()).second) return RulesFault("duties: " + one.currency() + " is given twice");
  }
  return {};
}

Expected<void, std::string> read_virements(const ledger::proto::Genesis& genesis, Rules& rules) {
  if (genesis.virement_rules_size() > virement_rules_max) return RulesFault("virement_rules: at most 64");
  for (const auto& one : genesis.virement_rules()) {
    const std::string place = "virement_rules[" + std::to_string(rules.virements.size()) + "]: ";
    for (const std::string* code : {&one.from_economic(), &one.to_economic()})
      if (!code->empty() && !ledger::is_code(*code)) return RulesFault(place + "economic codes: letters, digits, _ . -");
    if (one.share_ppm() > ledger::whole_ppm) return RulesFault(place + "more than the whole line");
    if (one.to_outside() && one.to_economic().empty()) return RulesFault(place + "to_outside: outside which economic code?");
    if (one.legal_basis().size() > legal_basis_bytes_max) return RulesFault(place + "legal_basis: at most 200 bytes");
    rules.virements.push_back({.from_economic = one.from_economic(),
                               .to_economic = one.to_economic(),
                               .to_outside = one.to_outside(),
                               .same_programme = one.same_programme(),
                               .share_ppm = one.share_ppm(),
                               .legal_basis = one.legal_basis()});
  }
  return {};
}

}  // namespace

bool VirementRule::matches(const BudgetLine& from, const BudgetLine& to) const {
  return from.economic_code.starts_with(from_economic) && to.economic_code.starts_with(to_economic) != to_outside;
}

std::string VirementRule::in_words(std::size_t number) const {
  return "rule " + std::to_string(number) + ": economic " + (from_economic.empty() ? "any" : from_economic) + " to " + (to_economic.empty() ? "any" : (to_outside ? "others than " : "") + to_economic) +
         (legal_basis.empty() ? "" : ", " + legal_basis);
}

Expected<Rules, std::string> rules_of(const ledger::proto::Genesis& genesis) {
  Rules rules;
  if (genesis.virement_limit().share_ppm() > ledger::whole_ppm) return RulesFault("virement_limit: more than the whole line");
  if (genesis.has_advance_limit()) rules.advance_share_ppm = genesis.advance_limit().share_ppm();
  if (rules.advance_share_ppm > ledger::whole_ppm) return RulesFault("advance_limit: more than the whole price");
  rules.advance_categories = {genesis.advance_limit().categories().begin(), genesis.advance_limit().categories().end()};
  for (const std::string& category : rules.advance_categories)
    if (!ledger::is_code(category)) return RulesFault("advance_limit: categories: letters, digits, _ . -");
  if (auto read = read_duties(genesis, rules); !read) return RulesFault(read.error());
  if (auto read = read_virements(genesis, rules); !read) return RulesFault(read.error());
  return rules;
}

std::optional<std::uint32_t> advance_share(const Rules& rules, std::string_view category) {
  const auto& named = rules.advance_categories;
  if (!named.empty() && std::find(named.begin(), named.end(), category) == named.end()) return std::nullopt;
  return rules.advance_share_ppm;
}

ledger::MinorUnits share_of_approved(const BudgetLine& line, std::uint32_t share_ppm) {
  const auto most = ledger::narrow(line.net(Stage::approved) * share_ppm / ledger::whole_ppm);
  DAFTAR_CHECK(most.has_value());   // a share of what is an amount
  return *most;
}

ledger::MinorUnits may_leave(const BudgetLine& line, std::uint32_t share_ppm) {
  return static_cast<ledger::MinorUnits>(std::max<ledger::Int128>(share_of_approved(line, share_ppm) - line.moved_out, 0));
}

}  // namespace daftar::contracts::budget
