#include "contracts/governance/member_changes.h"

#include <algorithm>
#include <set>

#include "contracts/budget/records.h"
#include "contracts/governance/deciders.h"
#include "contracts/governance/words.h"
#include "contracts/members.h"
#include "contracts/nodes.h"
#include "contracts/signatories.h"
#include "contracts/state_keys.h"
#include "contracts/tax/rules.h"
#include "ledger/ids.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

Unexpected<ledger::Rejection> invalid_field(std::string what) { return refuse(RejectionCode::field_invalid, std::move(what)); }

template <class Texts>
Expected<std::uint32_t, ledger::Rejection> read_roles(const Texts& texts, const std::string& field, bool deciding) {
  std::uint32_t bits = 0;
  for (const std::string& text : texts) {
    const auto role = role_named(text);
    if (!role) return invalid_field(field + ": there is no role " + text);
    if (is_deciding(*role) != deciding) return invalid_field(field + ": " + text + (deciding ? " does not decide" : " decides: propose it as deciding_roles"));
    if ((bits & static_cast<std::uint32_t>(*role)) != 0) return invalid_field(field + ": " + text + " stands twice");
    bits |= static_cast<std::uint32_t>(*role);
  }
  return bits;
}

std::string owner_of(std::string_view account) { return std::string(account.substr(0, account.find('/'))); }

/// What of public money still needs the member to spend (its own lines) or to pay (lines that it pays). A line that is closed needs nobody.
std::optional<std::string> line_that_needs(const Context& c, const Member& member, std::uint32_t taken) {
  const bool spends = (taken & static_cast<std::uint32_t>(Role::spending_unit)) != 0, pays = (taken & static_cast<std::uint32_t>(Role::treasury)) != 0;
  if (!spends && !pays) return std::nullopt;
  const std::string end = keys::after_prefix("b");
  for (auto key = c.store.first_key("b", end); key; key = c.store.first_key(*key + '\0', end)) {
    const auto line = c.store.load<budget::BudgetLine>(*key);
    if (line->closed_ms != 0) continue;
    if ((spends && line->owner == member.id) || (pays && owner_of(line->source_account) == member.id)) return "budget line " + line->id;
  }
  return std::nullopt;
}

std::optional<std::string> node_that_needs(const Context& c, const Member& member, std::uint32_t taken) {
  if ((taken & static_cast<std::uint32_t>(Role::operator_)) == 0) return std::nullopt;
  for (std::uint32_t number = 1;; ++number) {
    const auto node = c.store.load<NodeRecord>(keys::node(number));
    if (!node) return std::nullopt;
    if (node->operator_member == member.id && node->standing != NodeStanding::removed) return "node " + std::to_string(number);
  }
}

/// Revenue goes to a tax authority or a treasury.
std::optional<std::string> rule_that_needs(const Context& c, const Member& after) {
  if (after.has(Role::treasury) || after.has(Role::tax_authority)) return std::nullopt;
  for (const tax::TaxRule& rule : c.rules->rules())
    if (owner_of(rule.revenue_account) == after.id && (rule.effective_to_ms == 0 || rule.effective_to_ms > c.now_ms)) return "revenue of tax rule " + rule.code + "/" + std::to_string(rule.version);
  return std::nullopt;
}

Outcome judge_taken_roles(const Context& c, const Member& after, std::uint32_t taken) {
  if (taken == 0) return {};
  for (const auto& needs : {line_that_needs(c, after, taken), node_that_needs(c, after, taken), rule_that_needs(c, after)})
    if (needs) return refuse(RejectionCode::role_in_use, *needs);
  return {};
}

Expected<Member, ledger::Rejection> after_setting(const Context& c, const Member& before, const MemberSetting& setting) {
  Member after = before;
  if (!setting.tax_id.empty() && before.kind == "individual") return invalid_field("tax_id: a person's number never stands on the ledger");
  if (const auto had = before.roles & setting.give; had != 0) return refuse(RejectionCode::nothing_changes, before.id + " has the role " + role_names(had).front());
  if (const auto lacked = setting.take & ~before.roles; lacked != 0) return refuse(RejectionCode::nothing_changes, before.id + " has not the role " + role_names(lacked).front());
  after.roles = (before.roles | setting.give) & ~setting.take;
  bool changed = after.roles != before.roles;
  for (const auto& [given, field] : {std::pair{&setting.name, &after.name}, {&setting.tax_id, &after.tax_id}, {&setting.country, &after.country}, {&setting.tax_status, &after.tax_status}}) {
    if (given->empty() || *given == *field) continue;
    *field = *given;
    changed = true;
  }
  if (!changed) return refuse(RejectionCode::nothing_changes, before.id);
  if (auto judged = judge_taken_roles(c, after, setting.take); !judged) return Unexpected<ledger::Rejection>(judged.error());
  return after;
}

Expected<Member, ledger::Rejection> after_recovery(const Context& c, const Member& before, const RecoveredKeys& recovered) {
  Member after = before;
  for (MemberKey& key : after.keys)
    if (key.revoked_ms == 0) key.revoked_ms = c.now_ms;
  for (const NewKey& key : recovered.keys) {
    if (c.store.has(keys::public_key(key.key))) return refuse(RejectionCode::key_in_use, key.key.hex());
    after.keys.push_back({.key = key.key, .added_ms = c.now_ms, .revoked_ms = 0, .office = key.office, .from_ms = 0, .until_ms = 0});
  }
  after.signatures_required = recovered.signatures_required;
  if (!recovered.keep_signing_rules) after.signing_rules.clear();
  if (!can_sign(after)) return refuse(RejectionCode::signatures_too_few, "the new keys could not satisfy the signing rules: name their offices, or do not keep the rules");
  return after;
}

}  // namespace

Expected<MemberSetting, ledger::Rejection> read_member_change(const ledger::proto::MemberChange& from) {
  if (!from.name().empty() && !ledger::is_plain_text(from.name(), 200)) return invalid_field("name: plain text of 1 to 200 bytes");
  if (!from.tax_id().empty() && !ledger::is_code(from.tax_id())) return invalid_field("tax_id: letters, digits, _ . -");
  if (!from.country().empty() && !is_country(from.country())) return invalid_field("country: two capital letters");
  if (!from.tax_status().empty() && !ledger::is_code(from.tax_status())) return invalid_field("tax_status: letters, digits, _ . -");
  const auto give = read_roles(from.give_roles(), "give_roles", false), take = read_roles(from.take_roles(), "take_roles", false);
  if (!give) return Unexpected<ledger::Rejection>(give.error());
  if (!take) return Unexpected<ledger::Rejection>(take.error());
  if ((*give & *take) != 0) return invalid_field("take_roles: given and taken");
  return MemberSetting{from.member(), from.name(), from.tax_id(), from.country(), from.tax_status(), *give, *take};
}

Expected<MemberSetting, ledger::Rejection> read_deciding_roles(const ledger::proto::DecidingRoles& from) {
  const auto give = read_roles(from.give(), "give", true), take = read_roles(from.take(), "take", true);
  if (!give) return Unexpected<ledger::Rejection>(give.error());
  if (!take) return Unexpected<ledger::Rejection>(take.error());
  if ((*give & *take) != 0) return invalid_field("take: given and taken");
  return MemberSetting{.member = from.member(), .name = {}, .tax_id = {}, .country = {}, .tax_status = {}, .give = *give, .take = *take};
}

Expected<RecoveredKeys, ledger::Rejection> read_recovery(const ledger::proto::KeyRecovery& from) {
  if (from.keys().empty() || static_cast<std::size_t>(from.keys_size()) > member_keys_max) return invalid_field("keys: 1 to 16");
  RecoveredKeys recovered{.member = from.member(), .keys = {}, .signatures_required = from.signatures_required(), .keep_signing_rules = from.keep_signing_rules()};
  std::set<ledger::PublicKey> met;
  for (const auto& one : from.keys()) {
    const auto key = ledger::PublicKey::from_bytes(one.key());
    if (!key || !ledger::check_registrable(*key)) return refuse(RejectionCode::key_not_registrable, ledger::to_hex(one.key()));
    if (!met.insert(*key).second) return refuse(RejectionCode::key_in_use, key->hex());
    if (!one.office().empty() && !ledger::is_code(one.office())) return invalid_field("office: letters, digits, _ . -");
    recovered.keys.push_back({*key, one.office()});
  }
  if (recovered.signatures_required == 0 || recovered.signatures_required > recovered.keys.size()) return invalid_field("signatures_required: from 1 to the number of keys");
  return recovered;
}

Expected<Member, ledger::Rejection> member_after(const Context& c, const Proposal& proposal) {
  const std::string id = subject_member(proposal);
  const auto before = require_member(c, id, "member");
  if (!before) return Unexpected<ledger::Rejection>(before.error());
  Expected<Member, ledger::Rejection> after = *before;
  switch (proposal.kind) {
    case ChangeKind::member:
    case ChangeKind::deciding_roles: after = after_setting(c, *before, content_of<MemberSetting>(proposal)); break;
    case ChangeKind::recover_keys: after = after_recovery(c, *before, content_of<RecoveredKeys>(proposal)); break;
    default:
      after->suspended = proposal.kind == ChangeKind::suspend_member;
      if (after->suspended == before->suspended) return refuse(RejectionCode::member_standing_wrong, id + (before->suspended ? " is suspended" : " is not suspended"));
  }
  if (!after) return after;
  if (auto judged = judge_deciders(c, *c.policies, &*after); !judged) return Unexpected<ledger::Rejection>(judged.error());
  return after;
}

void put_member(Context& c, const Proposal& proposal, const Member& after) {
  const auto before = c.store.load<Member>(keys::member(after.id));
  DAFTAR_CHECK(before.has_value());
  c.store.save(keys::member(after.id), after);
  note_decider(c, after);
  switch (proposal.kind) {
    case ChangeKind::suspend_member: c.event("member_suspended", after.id, 0, 0, proposal.reason); return;
    case ChangeKind::reinstate_member: c.event("member_reinstated", after.id, 0, 0, proposal.reason); return;
    case ChangeKind::recover_keys:
      for (std::size_t i = 0; i < after.keys.size(); ++i) {
        const MemberKey& key = after.keys[i];
        const bool is_new = i >= before->keys.size();
        if (is_new) c.store.put(keys::public_key(key.key), after.id);
        if (is_new || before->keys[i].revoked_ms == 0) c.event(is_new ? "key_added" : "key_revoked", after.id, 0, 0, key.key.hex());
      }
      if (after.signing_rules.size() != before->signing_rules.size()) c.event("signing_rules_set", after.id);
      return;
    default: break;
  }
  c.event("member_changed", after.id);
  for (const std::string& role : role_names(after.roles & ~before->roles)) c.event("role_given", after.id, 0, 0, role);
  for (const std::string& role : role_names(before->roles & ~after.roles)) c.event("role_taken", after.id, 0, 0, role);
}

bool frees_others_only(const ledger::proto::TransactionBody& body) {
  return std::all_of(body.operations().begin(), body.operations().end(), [](const auto& operation) {
    return operation.has_settle_payout() || operation.has_order_payment() || operation.has_pay_order() || operation.has_withdraw_change();
  });
}

}  // namespace daftar::contracts::governance
