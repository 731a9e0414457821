// What the state keeps of members, accounts and payouts. Plain data; readers outside get these structs from contracts/query.h.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/record_codec.h"

namespace daftar::contracts {

/// What a member may do beyond owning accounts and being a party. Bits are stored: never renumber.
enum class Role : std::uint32_t {
  enterprise = 1u << 0,
  citizen = 1u << 1,
  treasury = 1u << 2,
  spending_unit = 1u << 3,
  tax_authority = 1u << 4,
  bank = 1u << 5,
  registrar = 1u << 6,
  arbiter = 1u << 7,
  auditor = 1u << 8,
  operator_ = 1u << 9,
};
std::string_view name(Role role);
std::optional<Role> role_named(std::string_view text);

inline constexpr std::size_t member_keys_max = 16;   // not revoked, and not over, at one time

struct MemberKey {
  ledger::PublicKey key;
  std::uint64_t added_ms = 0;
  std::uint64_t revoked_ms = 0;   // 0: not revoked
  std::string office;             // empty: none
  std::uint64_t from_ms = 0, until_ms = 0;   // in force between, until exclusive; 0: no such bound

  bool in_force(std::uint64_t now_ms) const { return revoked_ms == 0 && from_ms <= now_ms && (until_ms == 0 || now_ms < until_ms); }
  /// Neither revoked nor for a time only.
  bool lasts() const { return revoked_ms == 0 && until_ms == 0 && from_ms <= added_ms; }
};
template <class A, RecordOf<MemberKey> R>
void fields(A& a, R& r) {
  a(r.key, r.added_ms, r.revoked_ms, r.office, r.from_ms, r.until_ms);
}

/// Above an amount more must sign (signatories.h).
struct SigningRule {
  std::string currency;
  ledger::MinorUnits above = 0;
  std::uint32_t signatures = 1;
  std::vector<std::string> offices;
};
template <class A, RecordOf<SigningRule> R>
void fields(A& a, R& r) {
  a(r.currency, r.above, r.signatures, r.offices);
}

struct Member {
  std::string id, name, kind, tax_id, country, tax_status;
  std::uint32_t roles = 0;                 // bits of Role
  std::vector<MemberKey> keys;             // in order of addition; revoked ones stay
  std::uint32_t signatures_required = 1;
  bool suspended = false;
  std::uint64_t registered_ms = 0;
  std::vector<SigningRule> signing_rules;
  bool has(Role role) const { return (roles & static_cast<std::uint32_t>(role)) != 0; }
  std::vector<std::string> role_names() const;   // in order of the bits
  /// Those that count against the most a member may have: not revoked, and not over.
  std::size_t keys_that_count(std::uint64_t now_ms) const;
};
template <class A, RecordOf<Member> R>
void fields(A& a, R& r) {
  a(r.id, r.name, r.kind, r.tax_id, r.country, r.tax_status, r.roles, r.keys, r.signatures_required, r.suspended, r.registered_ms,
    r.signing_rules);
}

/// The id (and so member, currency and label) is in the key. A main account without a record exists with balance 0.
struct Account {
  ledger::MinorUnits balance = 0;
};
template <class A, RecordOf<Account> R>
void fields(A& a, R& r) {
  a(r.balance);
}

enum class PayoutStage : std::uint8_t { requested = 1, settled = 2, refused = 3 };
std::string_view name(PayoutStage stage);

struct Payout {
  ledger::Digest id;                 // of the transaction that asked
  std::string account, bank, destination;
  ledger::MinorUnits amount = 0;
  std::uint64_t requested_ms = 0, settled_ms = 0;
  PayoutStage stage = PayoutStage::requested;
  std::string statement_reference;   // of the settlement
};
template <class A, RecordOf<Payout> R>
void fields(A& a, R& r) {
  a(r.id, r.account, r.bank, r.destination, r.amount, r.requested_ms, r.settled_ms, r.stage, r.statement_reference);
}

}  // namespace daftar::contracts
