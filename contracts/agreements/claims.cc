#include "contracts/agreements/claims.h"

#include "contracts/agreements/paid_event.h"
#include "contracts/budget/duties.h"
#include "contracts/budget/lines.h"
#include "contracts/budget/rules.h"
#include "contracts/budget/year_end.h"
#include "contracts/pay.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::agreements {

using budget::Stage;
using ledger::RejectionCode;

namespace {

/// A payment of a contract that stands at `wanted`.
Expected<Claim, ledger::Rejection> require_claim(const Context& c, std::string_view contract, std::uint32_t number, ClaimStage wanted) {
  const auto id = ledger::Digest::from_bytes(contract);
  if (!id) return refuse(RejectionCode::field_invalid, "contract: 32 bytes");
  const auto agreement = c.store.load<Agreement>(keys::agreement(*id));
  if (!agreement) return refuse(RejectionCode::contract_unknown, id->hex());
  auto claim = c.store.load<Claim>(keys::claim(*id, number));
  if (!claim) return refuse(RejectionCode::payment_unknown, std::to_string(number) + " of " + std::to_string(agreement->claims));
  if (claim->stage == ClaimStage::paid) return refuse(RejectionCode::already_paid);
  if (claim->stage != wanted) return refuse(RejectionCode::payment_wrong_stage, std::string(name(claim->stage)));
  return std::move(*claim);
}

Outcome judge_payer(const Context& c, const Claim& claim, const std::string& currency) {
  if (!c.fixed.budget->duties) return {};
  const auto agreement = c.store.load<Agreement>(keys::agreement(claim.contract));
  DAFTAR_CHECK(agreement.has_value());
  if (auto judged = budget::judge_duty(c, agreement->certified_by, "certified by the same key"); !judged) return judged;
  return budget::judge_two_persons(c, currency, claim.amount);
}

void store(Context& c, const Claim& claim) {
  c.store.save(keys::claim(claim.contract, claim.number), claim);
  c.index(IndexKind::contract, claim.contract.view());
  c.index(IndexKind::member, claim.payer);
  c.index(IndexKind::member, claim.payee);
}

}  // namespace

Outcome accrue(Context& c, Agreement& agreement, Claim claim) {
  claim.contract = agreement.id;
  claim.number = ++agreement.claims;
  claim.stage = ClaimStage::due;
  claim.due_ms = c.now_ms;
  claim.due_in = c.id;
  c.event("payment_due", claim.contract.hex(), claim.number, claim.amount, paid_text({claim.payer, claim.payee, claim.category}));
  auto line = budget::require_line(c, claim.budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->is_ceiling) return refuse(RejectionCode::line_is_ceiling, line->id);
  if (auto accrued = budget::change_line(c, *line, {{Stage::accrued, claim.amount}}, "budget_accrued", claim.amount); !accrued) return accrued;
  store(c, claim);
  return {};
}

Outcome order_payment(Context& c, const ledger::proto::OrderPayment& operation) {
  auto claim = require_claim(c, operation.contract(), operation.payment(), ClaimStage::due);
  if (!claim) return Unexpected<ledger::Rejection>(claim.error());
  if (claim->payer != c.sender.id) return refuse(RejectionCode::not_line_owner, claim->budget_line);
  auto line = budget::require_line(c, claim->budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto payable = budget::require_payable(c, *line); !payable) return payable;
  if (auto judged = budget::judge_duty(c, claim->entered_by, "entered by the same key"); !judged) return judged;
  if (auto judged = budget::judge_two_persons(c, line->currency, claim->amount); !judged) return judged;
  c.bind(line->currency, claim->amount);
  claim->stage = ClaimStage::ordered;
  claim->ordered_ms = c.now_ms;
  claim->ordered_in = c.id;
  c.event("payment_ordered", claim->contract.hex(), claim->number, claim->amount);
  if (auto ordered = budget::change_line(c, *line, {{Stage::ordered, claim->amount}}, "budget_ordered", claim->amount); !ordered) return ordered;
  store(c, *claim);
  return {};
}

Outcome pay_order(Context& c, const ledger::proto::PayOrder& operation) {
  if (auto role = require_role(c, Role::treasury); !role) return role;
  auto claim = require_claim(c, operation.contract(), operation.payment(), ClaimStage::ordered);
  if (!claim) return Unexpected<ledger::Rejection>(claim.error());
  auto line = budget::require_line(c, claim->budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (auto treasury = budget::require_line_treasury(c, *line); !treasury) return treasury;
  if (auto payable = budget::require_payable(c, *line); !payable) return payable;
  if (auto judged = judge_payer(c, *claim, line->currency); !judged) return judged;
  c.bind(line->currency, claim->amount);
  const auto payer = c.store.load<Member>(keys::member(claim->payer));
  const auto payee = c.store.load<Member>(keys::member(claim->payee));
  DAFTAR_CHECK(payer && payee);   // members are never forgotten
  if (auto paid = pay(c, {.payer = *payer,
                          .payee = *payee,
                          .source = line->source_account,
                          .payee_account = claim->payee_account,
                          .gross = claim->amount,
                          .category = claim->category});
      !paid)
    return paid;
  claim->stage = ClaimStage::paid;
  claim->paid_ms = c.now_ms;
  claim->paid_in = c.id;
  c.event("payment_made", claim->contract.hex(), claim->number, claim->amount);
  if (auto changed = budget::change_line(c, *line, {{Stage::paid, claim->amount}}, "budget_paid", claim->amount); !changed) return changed;
  store(c, *claim);
  return {};
}

}  // namespace daftar::contracts::agreements
