#include "contracts/signatories.h"

#include <algorithm>
#include <set>

#include "contracts/members.h"
#include "contracts/state_keys.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::contracts {

using ledger::RejectionCode;

namespace {

Expected<SigningRule, ledger::Rejection> read_rule(const Context& c, const ledger::proto::SigningRule& o, const std::string& place) {
  if (!c.fixed.knows_currency(o.currency())) return refuse(RejectionCode::currency_unknown, place + "currency: " + o.currency());
  if (o.above() < 0) return refuse(RejectionCode::field_invalid, place + "above: must not be negative");
  if (o.signatures() == 0 || o.signatures() > member_keys_max) return refuse(RejectionCode::field_invalid, place + "signatures: 1 to 16");
  if (o.offices_size() > offices_max) return refuse(RejectionCode::field_invalid, place + "offices: at most 4");
  SigningRule rule{.currency = o.currency(), .above = o.above(), .signatures = o.signatures(), .offices = {o.offices().begin(), o.offices().end()}};
  std::set<std::string> met;
  for (const std::string& office : rule.offices)
    if (!ledger::is_code(office) || !met.insert(office).second) return refuse(RejectionCode::field_invalid, place + "offices: letters, digits, _ . -, each once");
  return rule;
}

bool satisfied(const SigningRule& rule, const std::vector<const MemberKey*>& signers) {
  return signers.size() >= rule.signatures && std::all_of(rule.offices.begin(), rule.offices.end(), [&](const std::string& office) {
           return std::any_of(signers.begin(), signers.end(), [&](const MemberKey* key) { return key->office == office; });
         });
}

std::string in_words(const SigningRule& rule) {
  std::string out = "above " + ledger::format_decimal(rule.above, ledger::currency_decimals(rule.currency).value_or(0)) + " " + rule.currency + " " + std::to_string(rule.signatures) + " must sign";
  for (const std::string& office : rule.offices) out += (&office == &rule.offices.front() ? ", among them " : ", ") + office;
  return out;
}

std::vector<const MemberKey*> signers_of(const Context& c) {
  std::vector<const MemberKey*> signers;
  for (const auto& signature : c.transaction->signatures())
    for (const MemberKey& key : c.sender.keys)
      if (key.key == signature.key) signers.push_back(&key);
  return signers;
}

}  // namespace

bool can_sign(const Member& member) {
  std::vector<const MemberKey*> lasting;
  for (const MemberKey& key : member.keys)
    if (key.lasts()) lasting.push_back(&key);
  return lasting.size() >= member.signatures_required && std::all_of(member.signing_rules.begin(), member.signing_rules.end(), [&](const SigningRule& rule) { return satisfied(rule, lasting); });
}

Outcome set_signing_rules(Context& c, const ledger::proto::SetSigningRules& operation) {
  if (operation.rules_size() > signing_rules_max) return refuse(RejectionCode::field_invalid, "rules: at most 8");
  auto found = require_member(c, c.sender.id, "sender");   // as earlier operations of this transaction have left it
  if (!found) return Unexpected<ledger::Rejection>(found.error());
  Member& member = *found;
  member.signing_rules.clear();
  for (int i = 0; i < operation.rules_size(); ++i) {
    auto rule = read_rule(c, operation.rules(i), "rules[" + std::to_string(i) + "].");
    if (!rule) return Unexpected<ledger::Rejection>(rule.error());
    member.signing_rules.push_back(std::move(*rule));
  }
  if (!can_sign(member)) return refuse(RejectionCode::signatures_too_few, "the keys without an end could not satisfy these rules");
  c.bind_wholly();
  c.store.save(keys::member(member.id), member);
  c.event("signing_rules_set", member.id);
  c.index(IndexKind::member, member.id);
  return {};
}

Outcome judge_bound(const Context& c) {
  if (c.sender.signing_rules.empty() || c.transaction->signatures().empty()) return {};   // without signatures: a dry run
  const auto signers = signers_of(c);
  for (const SigningRule& rule : c.sender.signing_rules) {
    const auto bound = c.bound.find(rule.currency);
    const bool asked = c.bound_wholly || (bound != c.bound.end() && bound->second > rule.above);
    if (asked && !satisfied(rule, signers)) return refuse(RejectionCode::signatures_too_few, in_words(rule));
  }
  return {};
}

}  // namespace daftar::contracts
