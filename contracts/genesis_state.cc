// The state at height 0, made of a genesis: the only writer of members with powers, of tax rules and of revenue accounts.
#include "contracts/agreements/library.h"
#include "contracts/execute.h"
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

}  // namespace

Expected<ledger::ChangeSet, std::string> genesis_state(const ledger::Genesis& genesis) {
  ledger::ChangeSet state;
  if (auto added = add_members(genesis, state); !added) return Fault(added.error());
  if (auto added = add_validators(genesis, state); !added) return Fault(added.error());
  const auto rules = tax::RuleBook::from_genesis(genesis.content());
  if (!rules) return Fault(rules.error());
  for (const tax::TaxRule& rule : rules->rules()) {
    state.put(keys::tax_rule(rule.code, rule.version), encode_record(rule));
    if (rule.has_further_terms())
      state.put(keys::further_terms(rule.code, rule.version), encode_record(tax::FurtherTerms{rule.treaty, rule.replaces, rule.brackets}));
    if (!rule.revenue_account.empty()) state.put(keys::account(rule.revenue_account), encode_record(Account{}));
  }
  // Templates stand in the genesis itself; only that they hold is judged here.
  if (const auto templates = agreements::Library::from_genesis(genesis.content()); !templates) return Fault(templates.error());
  return state;
}

}  // namespace daftar::contracts
