#include "contracts/accounts.h"

#include "contracts/journal.h"
#include "contracts/members.h"
#include "contracts/pay.h"
#include "contracts/state_keys.h"
#include "contracts/tax/rules.h"

namespace daftar::contracts {

using ledger::RejectionCode;

namespace {

constexpr std::size_t id_digits = 32;   // of a contract's or payout's id in a label: 128 bits

/// Where no rule has the route, "vat" is a label like any other.
bool is_vat_account(const Context& c, const ledger::AccountName& account) { return account.label == vat_label && c.rules->has_vat_accounts(); }

/// The account that a transfer takes from: also the sender's VAT account.
Expected<ledger::AccountName, ledger::Rejection> require_source(const Context& c, std::string_view id) {
  const auto account = ledger::parse_account(id);
  if (!account || !is_vat_account(c, *account) || account->member != c.sender.id) return require_own_account(c, id, "from");
  if (!c.store.has(keys::account(id))) return refuse(RejectionCode::account_unknown, std::string(id));
  return *account;
}

/// May the money of a VAT account go there, under that category?
Outcome judge_vat_passed_on(const Context& c, const ledger::proto::Transfer& operation, std::string_view receiver) {
  if (operation.category() != tax::no_income) return refuse(RejectionCode::field_invalid, "category: what a VAT account passes on is no income; use none");
  const auto member = c.store.load<Member>(keys::member(receiver));
  DAFTAR_CHECK(member.has_value());
  if (!member->has(Role::tax_authority) && !member->has(Role::treasury)) return refuse(RejectionCode::account_reserved, operation.from());
  return {};
}

}  // namespace

bool is_reserved_label(std::string_view label) {
  return label.starts_with("hold.") || label.starts_with("payout.") || label.starts_with("tax.") || label.starts_with("issued");
}

std::string hold_account(std::string_view customer, std::string_view currency, const ledger::Digest& contract) {
  return ledger::account_id(customer, currency, "hold." + contract.hex().substr(0, id_digits));
}

std::string payout_account(std::string_view member, std::string_view currency, const ledger::Digest& payout) {
  return ledger::account_id(member, currency, "payout." + payout.hex().substr(0, id_digits));
}

std::string vat_account(std::string_view member, std::string_view currency) { return ledger::account_id(member, currency, vat_label); }

std::string held_tax_account(std::string_view payer, std::string_view currency, std::string_view rule) {
  return ledger::account_id(payer, currency, "tax." + std::string(rule));
}

std::string issuing_account(std::string_view bank, std::string_view currency) { return ledger::account_id(bank, currency, "issued"); }

Expected<ledger::AccountName, ledger::Rejection> require_account(const Context& c, std::string_view id, std::string_view field) {
  const auto account = ledger::parse_account(id);
  if (!account) return refuse(RejectionCode::account_unknown, std::string(field));
  if (!c.fixed.knows_currency(account->currency)) return refuse(RejectionCode::currency_unknown, std::string(account->currency));
  if (is_reserved_label(account->label) || is_vat_account(c, *account)) return refuse(RejectionCode::account_reserved, std::string(id));
  if (c.store.has(keys::account(id))) return *account;
  if (account->label.empty() && c.store.has(keys::member(account->member))) return *account;
  return refuse(RejectionCode::account_unknown, std::string(id));
}

Expected<ledger::AccountName, ledger::Rejection> require_own_account(const Context& c, std::string_view id, std::string_view field) {
  const auto account = ledger::parse_account(id);
  if (account && account->member != c.sender.id) return refuse(RejectionCode::account_not_yours, std::string(id));
  return require_account(c, id, field);
}

Outcome transfer(Context& c, const ledger::proto::Transfer& operation) {
  if (auto positive = require_positive(operation.amount(), "amount"); !positive) return positive;
  const auto from = require_source(c, operation.from());
  if (!from) return Unexpected<ledger::Rejection>(from.error());
  const auto to = require_account(c, operation.to(), "to");
  if (!to) return Unexpected<ledger::Rejection>(to.error());
  if (operation.from() == operation.to()) return refuse(RejectionCode::same_account, operation.from());
  if (from->currency != to->currency) return refuse(RejectionCode::currency_mismatch, operation.to());
  if (auto text = require_text(operation.reference(), 140, false, "reference"); !text) return text;
  if (operation.net() && operation.category() == tax::no_income) return refuse(RejectionCode::field_invalid, "net: of category none nothing is withheld");
  if (from->member != to->member && !operation.net()) c.bind(from->currency, operation.amount());
  if (is_vat_account(c, *from))
    if (auto judged = judge_vat_passed_on(c, operation, to->member); !judged) return judged;
  if (operation.category() == tax::no_income) return move(c, operation.from(), operation.to(), operation.amount(), "transfer");

  if (!c.rules->knows_category(operation.category())) return refuse(RejectionCode::tax_category_unknown, operation.category());
  if (from->member == to->member)
    return refuse(RejectionCode::field_invalid, "category: a movement between accounts of one member is no income; use none");
  const auto payee = c.store.load<Member>(keys::member(to->member));
  DAFTAR_CHECK(payee.has_value());
  Payment payment{.payer = c.sender,
                  .payee = *payee,
                  .source = operation.from(),
                  .payee_account = operation.to(),
                  .gross = operation.amount(),
                  .category = operation.category()};
  if (operation.net()) {
    // The gross amount is no less. Asked first, so that nobody has it looked for without the money for it.
    if (balance(c, operation.from()) < operation.amount()) return refuse(RejectionCode::overdraft, operation.from());
    const auto gross = gross_for(c, payment);
    if (!gross) return Unexpected<ledger::Rejection>(gross.error());
    payment.gross = *gross;
    c.bind(from->currency, payment.gross);
  }
  return pay(c, payment);
}

Outcome open_account(Context& c, const ledger::proto::OpenAccount& operation) {
  const auto account = ledger::parse_account(operation.account());
  if (!account) return refuse(RejectionCode::field_invalid, "account: <member>/<CURRENCY>/<label>");
  if (account->member != c.sender.id) return refuse(RejectionCode::account_not_yours, operation.account());
  if (!c.fixed.knows_currency(account->currency)) return refuse(RejectionCode::currency_unknown, std::string(account->currency));
  if (is_reserved_label(account->label) || is_vat_account(c, *account)) return refuse(RejectionCode::account_reserved, operation.account());
  const std::string key = keys::account(operation.account());
  if (account->label.empty() || c.store.has(key)) return refuse(RejectionCode::account_exists, operation.account());
  c.store.save(key, Account{});
  c.event("account_opened", operation.account());
  c.index(IndexKind::account, operation.account());
  return {};
}

}  // namespace daftar::contracts
