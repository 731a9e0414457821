#include "contracts/members.h"

#include <algorithm>

#include "contracts/signatories.h"
#include "contracts/state_keys.h"
#include "ledger/ids.h"

namespace daftar::contracts {

using ledger::RejectionCode;

namespace {

constexpr Role deciding_roles[] = {Role::treasury, Role::tax_authority, Role::bank, Role::registrar, Role::operator_};

bool is_kind(std::string_view text) { return text == "company" || text == "individual" || text == "public_body"; }

Expected<std::uint32_t, ledger::Rejection> roles_of(const ledger::proto::RegisterMember& description) {
  std::uint32_t roles = 0;
  for (const std::string& text : description.roles()) {
    const auto role = role_named(text);
    if (!role) return refuse(RejectionCode::field_invalid, "roles: " + text);
    if ((roles & static_cast<std::uint32_t>(*role)) != 0) return refuse(RejectionCode::field_invalid, "roles: repeated " + text);
    roles |= static_cast<std::uint32_t>(*role);
  }
  return roles;
}

Expected<std::vector<MemberKey>, ledger::Rejection> keys_of(const ledger::proto::RegisterMember& description, std::uint64_t now_ms) {
  if (description.keys().empty() || static_cast<std::size_t>(description.keys_size()) > member_keys_max)
    return refuse(RejectionCode::field_invalid, "keys: 1 to 16");
  std::vector<MemberKey> found;
  for (const std::string& bytes : description.keys()) {
    const auto key = ledger::PublicKey::from_bytes(bytes);
    if (!key || !ledger::check_registrable(*key)) return refuse(RejectionCode::key_not_registrable, ledger::to_hex(bytes));
    if (std::any_of(found.begin(), found.end(), [&](const MemberKey& other) { return other.key == *key; }))
      return refuse(RejectionCode::key_in_use, key->hex());
    found.push_back({.key = *key, .added_ms = now_ms, .revoked_ms = 0, .office = {}, .from_ms = 0, .until_ms = 0});
  }
  return found;
}

Outcome add_key(Context& c, Member& member, const ledger::PublicKey& key, const ledger::proto::ChangeKey& o) {
  if (!ledger::check_registrable(key)) return refuse(RejectionCode::key_not_registrable, key.hex());
  if (c.store.has(keys::public_key(key))) return refuse(RejectionCode::key_in_use, key.hex());
  if (member.keys_that_count(c.now_ms) >= member_keys_max) return refuse(RejectionCode::field_invalid, "key: a member has at most 16 keys");
  if (!o.office().empty() && !ledger::is_code(o.office())) return refuse(RejectionCode::field_invalid, "office: letters, digits, _ . -");
  if (o.until_ms() != 0 && (o.until_ms() <= c.now_ms || o.until_ms() <= o.from_ms())) return refuse(RejectionCode::field_invalid, "until_ms: after now, and after from_ms");
  member.keys.push_back({.key = key, .added_ms = c.now_ms, .revoked_ms = 0, .office = o.office(), .from_ms = o.from_ms(), .until_ms = o.until_ms()});
  c.store.put(keys::public_key(key), member.id);
  c.event("key_added", member.id, 0, 0, key.hex());
  return {};
}

Outcome revoke_key(Context& c, Member& member, const ledger::PublicKey& key) {
  const auto found = std::find_if(member.keys.begin(), member.keys.end(), [&](const MemberKey& k) { return k.key == key; });
  if (found == member.keys.end()) return refuse(RejectionCode::key_not_of_member, key.hex());
  if (found->revoked_ms != 0) return refuse(RejectionCode::key_revoked, key.hex());
  const bool could_sign = can_sign(member);
  found->revoked_ms = c.now_ms;
  if (could_sign && !can_sign(member)) return refuse(RejectionCode::signatures_too_few, "too few keys would remain: add one first");
  c.event("key_revoked", member.id, 0, 0, key.hex());
  return {};
}

}  // namespace

bool is_deciding(Role role) { return std::find(std::begin(deciding_roles), std::end(deciding_roles), role) != std::end(deciding_roles); }

bool is_country(std::string_view text) {
  return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char ch) { return ch >= 'A' && ch <= 'Z'; });
}

Expected<Member, ledger::Rejection> make_member(const ledger::proto::RegisterMember& d, std::uint64_t now_ms) {
  const auto invalid = [](std::string_view what) { return refuse(RejectionCode::field_invalid, std::string(what)); };
  if (!ledger::is_member_id(d.id())) return invalid("id: 1 to 40 of a-z, 0-9 and -");
  if (d.name().empty() || !ledger::is_plain_text(d.name(), 200)) return invalid("name: plain text of 1 to 200 bytes");
  if (!is_kind(d.kind())) return invalid("kind: company, individual or public_body");
  if (!d.tax_id().empty() && !ledger::is_code(d.tax_id())) return invalid("tax_id: letters, digits, _ . -");
  if (d.kind() == "individual" && !d.tax_id().empty()) return invalid("tax_id: a person's number never stands on the ledger");
  if (!is_country(d.country())) return invalid("country: two capital letters");
  if (!ledger::is_code(d.tax_status())) return invalid("tax_status: letters, digits, _ . -");
  const auto roles = roles_of(d);
  if (!roles) return Unexpected<ledger::Rejection>(roles.error());
  auto member_keys = keys_of(d, now_ms);
  if (!member_keys) return Unexpected<ledger::Rejection>(member_keys.error());
  if (d.signatures_required() == 0 || d.signatures_required() > member_keys->size())
    return invalid("signatures_required: from 1 to the number of keys");
  return Member{.id = d.id(),
                .name = d.name(),
                .kind = d.kind(),
                .tax_id = d.tax_id(),
                .country = d.country(),
                .tax_status = d.tax_status(),
                .roles = *roles,
                .keys = std::move(*member_keys),
                .signatures_required = d.signatures_required(),
                .suspended = false,
                .registered_ms = now_ms,
                .signing_rules = {}};
}

Expected<Member, ledger::Rejection> require_member(const Context& c, std::string_view id, std::string_view field) {
  auto member = c.store.load<Member>(keys::member(id));
  if (!member) return refuse(RejectionCode::member_unknown, std::string(field) + ": " + std::string(ledger::is_member_id(id) ? id : ""));
  return std::move(*member);
}

Outcome judge_signatures(const Member& sender, const std::vector<ledger::Transaction::Signed>& signatures, std::uint64_t now_ms) {
  for (const auto& signed_by : signatures) {
    const auto found =
        std::find_if(sender.keys.begin(), sender.keys.end(), [&](const MemberKey& k) { return k.key == signed_by.key; });
    if (found == sender.keys.end()) return refuse(RejectionCode::key_not_of_member, signed_by.key.hex());
    if (found->revoked_ms != 0) return refuse(RejectionCode::key_revoked, signed_by.key.hex());
    if (!found->in_force(now_ms)) return refuse(RejectionCode::key_not_in_force, signed_by.key.hex());
  }
  if (signatures.size() < sender.signatures_required)
    return refuse(RejectionCode::signatures_too_few,
                  std::to_string(signatures.size()) + " of " + std::to_string(sender.signatures_required));
  return {};
}

Outcome register_member(Context& c, const ledger::proto::RegisterMember& operation) {
  if (auto role = require_role(c, Role::registrar); !role) return role;
  auto member = make_member(operation, c.now_ms);
  if (!member) return Unexpected<ledger::Rejection>(member.error());
  for (const Role role : deciding_roles)
    if (member->has(role)) return refuse(RejectionCode::role_missing, "a registrar cannot grant " + std::string(name(role)));
  if (c.store.has(keys::member(member->id))) return refuse(RejectionCode::member_exists, member->id);
  for (const MemberKey& key : member->keys) {
    if (c.store.has(keys::public_key(key.key))) return refuse(RejectionCode::key_in_use, key.key.hex());
    c.store.put(keys::public_key(key.key), member->id);
  }
  c.store.save(keys::member(member->id), *member);
  c.event("member_registered", member->id);
  c.index(IndexKind::member, member->id);
  return {};
}

Outcome change_key(Context& c, const ledger::proto::ChangeKey& operation) {
  if (operation.member() != c.sender.id) {
    if (auto role = require_role(c, Role::registrar); !role) return role;
  } else {
    c.bind_wholly();   // who could add a key could sign anything with it
  }
  if (operation.revoke() && (!operation.office().empty() || operation.from_ms() != 0 || operation.until_ms() != 0))
    return refuse(RejectionCode::field_invalid, "revoke: only an addition has office, from_ms and until_ms");
  auto member = require_member(c, operation.member(), "member");
  if (!member) return Unexpected<ledger::Rejection>(member.error());
  const auto key = ledger::PublicKey::from_bytes(operation.key());
  if (!key) return refuse(RejectionCode::key_not_registrable, "key: 32 bytes");
  if (auto changed = operation.revoke() ? revoke_key(c, *member, *key) : add_key(c, *member, *key, operation); !changed) return changed;
  c.store.save(keys::member(member->id), *member);
  c.index(IndexKind::member, member->id);
  return {};
}

}  // namespace daftar::contracts
