#include "contracts/cash.h"

#include "contracts/accounts.h"
#include "contracts/journal.h"
#include "contracts/members.h"
#include "contracts/state_keys.h"

namespace daftar::contracts {

using ledger::RejectionCode;

namespace {

constexpr std::size_t reference_bytes_max = 140;   // ISO 20022 Ustrd

/// A line of a bank statement stands behind one movement only.
Outcome use_statement_reference(Context& c, const std::string& reference) {
  if (auto text = require_text(reference, reference_bytes_max, true, "statement_reference"); !text) return text;
  const std::string key = keys::statement_reference(c.sender.id, reference);
  if (c.store.has(key)) return refuse(RejectionCode::statement_reference_used, reference);
  c.store.put(key, std::string(c.id.view()));
  return {};
}

}  // namespace

Outcome issue(Context& c, const ledger::proto::Issue& operation) {
  if (!c.sender.has(Role::bank) && !c.sender.has(Role::treasury)) return refuse(RejectionCode::role_missing, "bank or treasury");
  if (auto positive = require_positive(operation.amount(), "amount"); !positive) return positive;
  const auto to = require_account(c, operation.to(), "to");
  if (!to) return Unexpected<ledger::Rejection>(to.error());
  if (auto used = use_statement_reference(c, operation.statement_reference()); !used) return used;
  c.bind(to->currency, operation.amount());
  if (auto moved = move(c, issuing_account(c.sender.id, to->currency), operation.to(), operation.amount(), "issue"); !moved) return moved;
  c.event("money_issued", operation.to(), 0, operation.amount(), operation.statement_reference());
  return {};
}

Outcome request_payout(Context& c, const ledger::proto::RequestPayout& operation) {
  if (c.asked_payout) return refuse(RejectionCode::field_invalid, "one payout per transaction: its id names the payout");
  if (auto positive = require_positive(operation.amount(), "amount"); !positive) return positive;
  const auto from = require_own_account(c, operation.from(), "from");
  if (!from) return Unexpected<ledger::Rejection>(from.error());
  const auto bank = require_member(c, operation.bank(), "bank");
  if (!bank) return Unexpected<ledger::Rejection>(bank.error());
  if (!bank->has(Role::bank)) return refuse(RejectionCode::role_missing, "bank: " + bank->id + " is no bank");
  if (auto text = require_text(operation.destination(), reference_bytes_max, true, "destination"); !text) return text;

  c.bind(from->currency, operation.amount());
  const std::string set_aside = payout_account(c.sender.id, from->currency, c.id);
  if (auto moved = move(c, operation.from(), set_aside, operation.amount(), "payout_request"); !moved) return moved;
  c.store.save(keys::payout(c.id), Payout{.id = c.id,
                                          .account = operation.from(),
                                          .bank = bank->id,
                                          .destination = operation.destination(),
                                          .amount = operation.amount(),
                                          .requested_ms = c.now_ms,
                                          .settled_ms = 0,
                                          .stage = PayoutStage::requested,
                                          .statement_reference = {}});
  c.asked_payout = true;
  c.event("payout_requested", c.id.hex(), 0, operation.amount(), operation.destination());
  c.index(IndexKind::member, bank->id);
  return {};
}

Outcome settle_payout(Context& c, const ledger::proto::SettlePayout& operation) {
  const auto id = ledger::Digest::from_bytes(operation.payout());
  if (!id) return refuse(RejectionCode::field_invalid, "payout: 32 bytes");
  auto payout = c.store.load<Payout>(keys::payout(*id));
  if (!payout) return refuse(RejectionCode::payout_unknown, id->hex());
  if (payout->bank != c.sender.id) return refuse(RejectionCode::not_a_party, "the payout is for " + payout->bank + " to settle");
  if (payout->stage != PayoutStage::requested) return refuse(RejectionCode::payout_unknown, "already " + std::string(name(payout->stage)));
  const auto account = ledger::parse_account(payout->account);
  const std::string set_aside = payout_account(account->member, account->currency, *id);
  if (operation.refuse()) {
    if (!operation.statement_reference().empty())
      return refuse(RejectionCode::field_invalid, "statement_reference: a refused payout has none");
    if (auto moved = move(c, set_aside, payout->account, payout->amount, "payout_refused"); !moved) return moved;
    payout->stage = PayoutStage::refused;
  } else {
    if (auto used = use_statement_reference(c, operation.statement_reference()); !used) return used;
    if (auto moved = move(c, set_aside, issuing_account(c.sender.id, account->currency), payout->amount, "payout"); !moved) return moved;
    payout->stage = PayoutStage::settled;
    payout->statement_reference = operation.statement_reference();
  }
  payout->settled_ms = c.now_ms;
  c.store.save(keys::payout(*id), *payout);
  c.event(operation.refuse() ? "payout_refused" : "payout_settled", id->hex(), 0, payout->amount);
  c.index(IndexKind::member, account->member);
  return {};
}

}  // namespace daftar::contracts
