// Changes of members that are decided by several: who they are, what they may do, whether they act at all, and keys in the place of lost ones. Admission stays with a
// registrar, and so do the roles that it gives with it (contracts/members.h).
//
// A suspended member sends nothing but what sets others free: the settling of payouts that wait for it, and the withdrawal of what it proposed, or of new keys that
// somebody proposes for it. Payments to it, deadlines of its contracts and acts of its counterparties go on.
#pragma once
#include "contracts/context.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/records.h"

namespace daftar::contracts::governance {

/// Content of `member` and of `deciding_roles`; what is empty stays as it is.
struct MemberSetting {
  std::string member, name, tax_id, country, tax_status;
  std::uint32_t give = 0, take = 0;   // bits of Role
};
template <class A, RecordOf<MemberSetting> R>
void fields(A& a, R& r) {
  a(r.member, r.name, r.tax_id, r.country, r.tax_status, r.give, r.take);
}
/// Content of `suspend_member` and `reinstate_member`.
struct NamedMember {
  std::string member;
};
template <class A, RecordOf<NamedMember> R>
void fields(A& a, R& r) {
  a(r.member);
}
struct NewKey {
  ledger::PublicKey key;
  std::string office;
};
template <class A, RecordOf<NewKey> R>
void fields(A& a, R& r) {
  a(r.key, r.office);
}
struct RecoveredKeys {
  std::string member;
  std::vector<NewKey> keys;
  std::uint32_t signatures_required = 1;
  bool keep_signing_rules = false;
};
template <class A, RecordOf<RecoveredKeys> R>
void fields(A& a, R& r) {
  a(r.member, r.keys, r.signatures_required, r.keep_signing_rules);
}

// The shape of what is proposed, judged without a state: nodes and wallets read the same.
Expected<MemberSetting, ledger::Rejection> read_member_change(const ledger::proto::MemberChange& from);
Expected<MemberSetting, ledger::Rejection> read_deciding_roles(const ledger::proto::DecidingRoles& from);
Expected<RecoveredKeys, ledger::Rejection> read_recovery(const ledger::proto::KeyRecovery& from);

/// The member as it would be. member_unknown, nothing_changes, member_standing_wrong, role_in_use, nobody_left_to_decide, key_in_use, key_not_registrable, signatures_too_few.
Expected<Member, ledger::Rejection> member_after(const Context& c, const Proposal& proposal);
/// Writes it and tells.
void put_member(Context& c, const Proposal& proposal, const Member& after);

/// May a suspended member send this?
bool frees_others_only(const ledger::proto::TransactionBody& body);

}  // namespace daftar::contracts::governance
