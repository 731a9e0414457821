// The offer: every term judged once, here, so that nothing later can fail for a term.
#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/budget/lines.h"
#include "contracts/members.h"
#include "contracts/service/contract.h"
#include "contracts/service/lifecycle.h"
#include "contracts/tax/rules.h"
#include "contracts/terms.h"

namespace daftar::contracts::service {

using ledger::RejectionCode;
using ledger::proto::DraftContract;

namespace {

constexpr int milestones_max = 64;
constexpr std::uint32_t million = 1'000'000;
constexpr std::uint32_t term_days_max = 3'650;      // of any term counted in days, and of due dates before or after the draft
constexpr std::uint32_t acceptance_days_max = 365;
constexpr std::uint64_t offer_days_max = 366;

auto out_of_range(std::string detail) { return refuse(RejectionCode::term_out_of_range, std::move(detail)); }

Outcome judge_parties(const Context& c, const DraftContract& o) {
  if (c.sender.id != o.customer() && c.sender.id != o.provider()) return refuse(RejectionCode::not_a_party, "sender");
  const auto customer = require_member(c, o.customer(), "customer");
  if (!customer) return Unexpected<ledger::Rejection>(customer.error());
  const auto provider = require_member(c, o.provider(), "provider");
  if (!provider) return Unexpected<ledger::Rejection>(provider.error());
  if (o.customer() == o.provider()) return refuse(RejectionCode::field_invalid, "provider: the customer itself");
  if (!provider->has(Role::enterprise) && !provider->has(Role::citizen))
    return refuse(RejectionCode::role_missing, "provider: " + provider->id + " is no enterprise or citizen");
  if (o.arbiter().empty()) return {};
  const auto arbiter = require_member(c, o.arbiter(), "arbiter");
  if (!arbiter) return Unexpected<ledger::Rejection>(arbiter.error());
  if (!arbiter->has(Role::arbiter)) return refuse(RejectionCode::role_missing, "arbiter: " + arbiter->id + " is no arbiter");
  if (o.arbiter() == o.customer() || o.arbiter() == o.provider()) return refuse(RejectionCode::field_invalid, "arbiter: a party itself");
  return {};
}

/// `account` is of `member`, in the contract's currency, and usable.
Outcome judge_account(const Context& c, const std::string& account, std::string_view member, const std::string& currency, std::string_view field) {
  const auto found = require_account(c, account, field);
  if (!found) return Unexpected<ledger::Rejection>(found.error());
  if (found->member != member) return refuse(RejectionCode::account_not_yours, std::string(field) + ": " + account);
  if (found->currency != currency) return refuse(RejectionCode::currency_mismatch, std::string(field) + ": " + account);
  return {};
}

Outcome judge_money(const Context& c, const DraftContract& o, const std::string& provider_account) {
  if (!c.fixed.knows_currency(o.currency())) return refuse(RejectionCode::currency_unknown, o.currency());
  if (o.category() == tax::no_income || !c.fixed.rules->knows_category(o.category()))
    return refuse(RejectionCode::tax_category_unknown, "category: " + o.category());
  if (auto judged = judge_account(c, provider_account, o.provider(), o.currency(), "provider_account"); !judged) return judged;
  if (o.budget_line().empty() == o.customer_account().empty())
    return refuse(RejectionCode::field_invalid, "exactly one of budget_line and customer_account");
  if (!o.customer_account().empty()) return judge_account(c, o.customer_account(), o.customer(), o.currency(), "customer_account");
  const auto line = budget::require_line(c, o.budget_line());
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->owner != o.customer()) return refuse(RejectionCode::not_line_owner, o.budget_line());
  if (line->currency != o.currency()) return refuse(RejectionCode::currency_mismatch, "budget_line");
  return {};
}

/// The terms counted in days and parts per million. Nobody may freeze private money by silence: each phase that waits for somebody has a
/// deadline, or an arbiter who can be called.
Outcome judge_terms(const Context& c, const DraftContract& o) {
  const bool is_public = !o.budget_line().empty();
  if (o.offer_until_ms() <= c.now_ms || o.offer_until_ms() - c.now_ms > offer_days_max * day_ms)
    return out_of_range("offer_until_ms: after now, within 366 days");
  if (o.late_penalty_ppm_per_day() > million) return out_of_range("late_penalty_ppm_per_day: at most 1000000");
  if (o.late_penalty_cap_ppm() > million) return out_of_range("late_penalty_cap_ppm: at most 1000000");
  if ((o.late_penalty_ppm_per_day() == 0) != (o.late_penalty_cap_ppm() == 0))
    return out_of_range("late_penalty_cap_ppm: set together with late_penalty_ppm_per_day");
  if (is_public && o.acceptance_days() != 0) return out_of_range("acceptance_days: 0 for a public customer");
  if (o.acceptance_days() > acceptance_days_max) return out_of_range("acceptance_days: at most 365");
  if (!is_public && o.acceptance_days() == 0 && o.arbiter().empty())
    return out_of_range("acceptance_days: without an arbiter silence must accept");
  if (o.delivery_grace_days() > term_days_max) return out_of_range("delivery_grace_days: at most 3650");
  if (!is_public && o.delivery_grace_days() == 0) return out_of_range("delivery_grace_days: at least 1");
  if (o.arbiter().empty() != (o.arbitration_days() == 0) || o.arbitration_days() > term_days_max)
    return out_of_range("arbitration_days: 1 to 3650 with an arbiter, 0 without");
  return {};
}

Outcome judge_texts(const DraftContract& o) {
  if (o.template_() != "service/1" && o.template_() != "supply/1")
    return refuse(RejectionCode::field_invalid, "template: service/1 or supply/1");
  if (auto text = require_text(o.title(), 200, true, "title"); !text) return text;
  if (auto text = require_text(o.external_id(), 140, false, "external_id"); !text) return text;
  if (o.text_digest().size() != 32) return refuse(RejectionCode::field_invalid, "text_digest: 32 bytes");
  return {};
}

Outcome add_milestones(const Context& c, const DraftContract& o, Contract& contract) {
  if (o.milestones().empty() || o.milestones_size() > milestones_max) return out_of_range("milestones: 1 to 64");
  for (const auto& milestone : o.milestones()) {
    const std::string field = "milestones[" + std::to_string(contract.milestones.size() + 1) + "].";
    if (auto text = require_text(milestone.title(), 140, true, field + "title"); !text) return text;
    if (auto positive = require_positive(milestone.price(), field + "price"); !positive) return positive;
    const std::uint64_t span = term_days_max * day_ms;
    if (milestone.due_ms() > c.now_ms + span || milestone.due_ms() + span < c.now_ms)
      return out_of_range(field + "due_ms: within 3650 days of now");
    // A due date may have passed (work that is already late); but nothing may lapse before the offer can be signed.
    if (o.delivery_grace_days() != 0 && milestone.due_ms() + o.delivery_grace_days() * day_ms <= o.offer_until_ms())
      return out_of_range(field + "due_ms: with the grace it ends before the offer does");
    const auto total = ledger::checked_add(contract.total, milestone.price());
    if (!total) return refuse(RejectionCode::overflow, "milestones");
    contract.total = *total;
    contract.milestones.push_back({.title = milestone.title(), .price = milestone.price(), .due_ms = milestone.due_ms(), .document_digest = {}});
  }
  return {};
}

}  // namespace

Outcome draft(Context& c, const DraftContract& o) {
  if (c.drafted) return refuse(RejectionCode::field_invalid, "one contract per transaction: its id names the contract");
  if (auto judged = judge_texts(o); !judged) return judged;
  if (auto judged = judge_parties(c, o); !judged) return judged;
  const std::string provider_account = o.provider_account().empty() ? ledger::account_id(o.provider(), o.currency()) : o.provider_account();
  if (auto judged = judge_money(c, o, provider_account); !judged) return judged;
  if (auto judged = judge_terms(c, o); !judged) return judged;

  const auto terms = terms_digest(c.transaction->body_bytes());
  DAFTAR_CHECK(terms.has_value());   // this very operation is in them
  Contract contract{.id = c.id,
                    .terms_digest = *terms,
                    .nonce = std::string(c.nonce),
                    .contract_template = o.template_(),
                    .title = o.title(),
                    .customer = o.customer(),
                    .provider = o.provider(),
                    .arbiter = o.arbiter(),
                    .currency = o.currency(),
                    .category = o.category(),
                    .provider_account = provider_account,
                    .budget_line = o.budget_line(),
                    .customer_account = o.customer_account(),
                    .drafted_by = c.sender.id,
                    .drafted_ms = c.now_ms,
                    .offer_until_ms = o.offer_until_ms(),
                    .late_penalty_ppm_per_day = o.late_penalty_ppm_per_day(),
                    .late_penalty_cap_ppm = o.late_penalty_cap_ppm(),
                    .acceptance_days = o.acceptance_days(),
                    .delivery_grace_days = o.delivery_grace_days(),
                    .arbitration_days = o.arbitration_days(),
                    .text_digest = o.text_digest(),
                    .external_id = o.external_id(),
                    .milestones = {}};
  if (auto added = add_milestones(c, o, contract); !added) return added;
  c.store.put(keys::deadline({.time_ms = contract.offer_until_ms, .contract = c.id, .milestone = 0, .kind = DeadlineKind::offer}), {});
  c.drafted = true;
  store(c, contract);
  if (contract.is_public()) c.index(IndexKind::budget_line, contract.budget_line);
  c.event("contract_drafted", c.id.hex(), 0, contract.total);
  return {};
}

}  // namespace daftar::contracts::service
