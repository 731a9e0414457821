// The state at height 0, made of a genesis: the only writer of members with powers, of tax rules and of revenue accounts.
#include "contracts/agreements/library.h"
#include "contracts/budget/rules.h"
#include "contracts/execute.h"
#include "contracts/governance/policy.h"
#include "contracts/members.h"
#include "contracts/nodes.h"
#include "contracts/state_keys.h"
#include "contracts/tax/rules.h"
#include "ledger/ids.h"

namespace daftar::contracts {
namespace {

using Fault = Unexpected<std::string>;

Expected<void, std::string> add_members(const ledger::Genesis& genesis, ledger::ChangeSet& state) {
  for (const auto& description : genesis.content().members()) {
    const auto member = make_member(description, genesis.content().time_ms());
    if (!member)
      return Fault("member " + description.id() + ": " + std::string(ledger::name(member.error().code)) + " (" + member.error().detail + ")");
    if (state.find(keys::member(member->id))) return Fault("member " + member->id + " stands twice");
    state.put(keys::member(member->id), encode_record(*member));
    for (const MemberKey& key : member->keys) {
      if (state.find(keys::public_key(key.key))) return Fault("member " + member->id + ": its key is another member's too");
      state.put(keys::public_key(key.key), member->id);
    }
  }
  return {};
}

/// The first nodes and the first set of validators. Their keys are spoken for: no member may register one of them for transactions (DESIGN §12.4: one key per purpose).
Expected<void, std::string> add_validators(const ledger::Genesis& genesis, ledger::ChangeSet& state) {
  ValidatorSet first;
  for (const auto& validator : genesis.content().validators()) {
    if (!state.find(keys::member(validator.operator_()))) return Fault("validator operator " + validator.operator_() + " is no member");
    const std::size_t place = validator.node() - 1;
    const NodeRecord node{.number = validator.node(),
                          .operator_member = validator.operator_(),
                          .link_key = genesis.link_keys().at(place),
                          .checkpoint_key = genesis.checkpoint_keys().at(place),
                          .link_address = {},
                          .standing = NodeStanding::validator,
                          .since_height = 0};
    for (const auto& key : {node.link_key, node.checkpoint_key}) state.put(keys::public_key(key), node.operator_member);
    state.put(keys::node(node.number), encode_record(node));
    first.validators.push_back({node.number, node.checkpoint_key});
  }
  state.put(keys::validator_set(first.height), encode_record(first));
  return {};
}

/// The first edition. Afterwards only changes that were decided write any of it (contracts/governance/effect.h).
void add_governed(const tax::RuleBook& rules, const agreements::Library& templates, std::uint64_t time_ms, ledger::ChangeSet& state) {
  governance::Edition first;
  for (const tax::TaxRule& rule : rules.rules()) {
    governance::put_rule(state, rule);
    if (!rule.revenue_account.empty()) state.put(keys::account(rule.revenue_account), encode_record(Account{}));
    first.rules.push_back({rule.code, rule.version});
  }
  for (const auto& [name, known] : templates.all()) {
    state.put(keys::contract_template(name.first, name.second), encode_record(governance::TemplateRecord{.name = name.first,
                                                                                                         .version = name.second,
                                                                                                         .source = known->source,
                                                                                                         .program = known->digest,
                                                                                                         .proposal = {},
                                                                                                         .in_force_ms = time_ms,
                                                                                                         .stopped_ms = 0,
                                                                                                         .stopped_because = {}}));
    first.templates.push_back({name.first, name.second});
  }
  state.put(keys::edition, encode_record(first));
}

}  // namespace

Expected<ledger::ChangeSet, std::string> genesis_state(const ledger::Genesis& genesis) {
  ledger::ChangeSet state;
  if (auto added = add_members(genesis, state); !added) return Fault(added.error());
  if (auto added = add_validators(genesis, state); !added) return Fault(added.error());
  const auto rules = tax::RuleBook::from_genesis(genesis.content());
  if (!rules) return Fault(rules.error());
  const auto templates = agreements::Library::from_genesis(genesis.content());
  if (!templates) return Fault(templates.error());
  add_governed(*rules, *templates, genesis.content().time_ms(), state);
  if (const auto budget = budget::rules_of(genesis.content()); !budget) return Fault(budget.error());
  if (const auto policies = governance::policies_of(genesis.content()); !policies) return Fault(policies.error());
  return state;
}

}  // namespace daftar::contracts
