// Accounts: which exist, whose they are, which labels belong to the ledger. Balances change only in journal.cc.
#pragma once
#include "contracts/context.h"
#include "ledger/ids.h"

namespace daftar::contracts {

/// Labels that only the ledger opens and moves: `hold.…`, `payout.…`, `tax.…`, `issued…`.
bool is_reserved_label(std::string_view label);
std::string hold_account(std::string_view customer, std::string_view currency, const ledger::Digest& contract);
std::string payout_account(std::string_view member, std::string_view currency, const ledger::Digest& payout);
/// Where a supplier's VAT waits when a rule has the route supplier_vat_account. Its owner may only pass it on to a treasury or a tax authority.
inline constexpr std::string_view vat_label = "vat";
std::string vat_account(std::string_view member, std::string_view currency);
/// Where a payer holds what it has withheld by a rule until it is due (tax/held.h).
std::string held_tax_account(std::string_view payer, std::string_view currency, std::string_view rule);
std::string issuing_account(std::string_view bank, std::string_view currency);

/// The account exists and is no ledger-owned one. `field` names it in a refusal. Views are into `id`.
Expected<ledger::AccountName, ledger::Rejection> require_account(const Context& c, std::string_view id, std::string_view field);
/// The same, and it is the sender's.
Expected<ledger::AccountName, ledger::Rejection> require_own_account(const Context& c, std::string_view id, std::string_view field);

Outcome transfer(Context& c, const ledger::proto::Transfer& operation);
Outcome open_account(Context& c, const ledger::proto::OpenAccount& operation);

}  // namespace daftar::contracts
