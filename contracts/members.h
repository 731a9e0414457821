// Members, their roles and keys: who may act, and whose signatures bind.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

/// Roles that move public money, make money or admit members, and so decide changes (governance/policy.h): the genesis gives them, and governed changes; a registrar cannot.
bool is_deciding(Role role);

/// ISO 3166-1 alpha-2 by its form.
bool is_country(std::string_view text);

/// A member from its description, fields judged, keys not yet looked up in the registry. The same rule for genesis and registration.
Expected<Member, ledger::Rejection> make_member(const ledger::proto::RegisterMember& description, std::uint64_t now_ms);

/// `field` names it in a refusal.
Expected<Member, ledger::Rejection> require_member(const Context& c, std::string_view id, std::string_view field);

/// Every signature is by a key in force of `sender`, and there are enough of them. What amounts ask for is judged afterwards (signatories.h).
Outcome judge_signatures(const Member& sender, const std::vector<ledger::Transaction::Signed>& signatures, std::uint64_t now_ms);

Outcome register_member(Context& c, const ledger::proto::RegisterMember& operation);
Outcome change_key(Context& c, const ledger::proto::ChangeKey& operation);

}  // namespace daftar::contracts
