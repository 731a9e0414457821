// The service contract as the state keeps it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contracts/record_codec.h"
#include "contracts/state_keys.h"

namespace daftar::contracts {
using keys::DeadlineKind;
}

namespace daftar::contracts::service {

/// Numbers are stored: never renumber.
enum class Phase : std::uint8_t {
  draft = 1,         // offered; one party or none has signed
  registrable = 2,   // public money: both have signed, the treasury has not registered it yet. Not in force
  active = 3,
  done = 4,
  terminated = 5,    // by consent
  expired = 6,       // the offer ran out unsigned
  withdrawn = 7,     // taken back or declined before both had signed
};
enum class MilestoneStage : std::uint8_t { pending = 1, submitted = 2, rejected = 3, accepted = 4, disputed = 5, awarded = 6, lapsed = 7 };
/// Where the provider's money for a milestone is. Private money is paid as it is accepted; public money goes the treasury's way.
enum class PaymentStage : std::uint8_t { none = 0, due = 1, ordered = 2, paid = 3 };
/// registrable reads "signed": the word of the trade.
std::string_view name(Phase phase);
std::string_view name(MilestoneStage stage);
std::string_view name(PaymentStage stage);

struct Milestone {
  std::string title;
  ledger::MinorUnits price = 0;
  std::uint64_t due_ms = 0;
  MilestoneStage stage = MilestoneStage::pending;
  std::uint64_t delivered_ms = 0;              // the last delivery; 0: none
  std::uint32_t deliveries = 0;
  std::string document_digest;                 // 32 bytes once delivered
  std::uint64_t decided_ms = 0;                // accepted, awarded or lapsed
  ledger::MinorUnits payable = 0;              // what the provider has a claim to, before the penalty
  ledger::MinorUnits penalty = 0;
  PaymentStage payment = PaymentStage::none;
  std::uint64_t deadline_ms = 0;               // the one waiting deadline of this milestone; 0: none
  DeadlineKind deadline_kind = DeadlineKind::delivery;

  bool open() const { return stage == MilestoneStage::pending || stage == MilestoneStage::rejected; }
  bool decided() const {
    return stage == MilestoneStage::accepted || stage == MilestoneStage::awarded || stage == MilestoneStage::lapsed;
  }
  bool closed() const { return decided() && (payment == PaymentStage::none || payment == PaymentStage::paid); }
};
template <class A, RecordOf<Milestone> R>
void fields(A& a, R& r) {
  a(r.title, r.price, r.due_ms, r.stage, r.delivered_ms, r.deliveries, r.document_digest, r.decided_ms, r.payable, r.penalty, r.payment,
    r.deadline_ms, r.deadline_kind);
}

struct Contract {
  ledger::Digest id;                           // of the transaction that drafted it
  ledger::Digest terms_digest;
  std::string nonce;                           // of that transaction: blinds the results of deadlines
  std::string contract_template, title, customer, provider, arbiter, currency, category;
  std::string provider_account;                // resolved: never empty
  std::string budget_line, customer_account;   // exactly one is set
  std::string drafted_by;
  std::uint64_t drafted_ms = 0, offer_until_ms = 0;
  std::uint32_t late_penalty_ppm_per_day = 0, late_penalty_cap_ppm = 0;
  std::uint32_t acceptance_days = 0, delivery_grace_days = 0, arbitration_days = 0;
  std::string text_digest, external_id;
  Phase phase = Phase::draft;
  std::uint64_t customer_signed_ms = 0, provider_signed_ms = 0, active_ms = 0, closed_ms = 0;
  bool customer_terminates = false, provider_terminates = false;
  ledger::MinorUnits total = 0;
  ledger::MinorUnits held = 0;                 // private: on the hold account now; public: committed and not yet paid or released
  std::vector<Milestone> milestones;

  bool is_public() const { return !budget_line.empty(); }
  bool is_party(std::string_view member) const { return member == customer || member == provider; }
};
template <class A, RecordOf<Contract> R>
void fields(A& a, R& r) {
  a(r.id, r.terms_digest, r.nonce, r.contract_template, r.title, r.customer, r.provider, r.arbiter, r.currency, r.category,
    r.provider_account, r.budget_line, r.customer_account, r.drafted_by, r.drafted_ms, r.offer_until_ms, r.late_penalty_ppm_per_day,
    r.late_penalty_cap_ppm, r.acceptance_days, r.delivery_grace_days, r.arbitration_days, r.text_digest, r.external_id, r.phase,
    r.customer_signed_ms, r.provider_signed_ms, r.active_ms, r.closed_ms, r.customer_terminates, r.provider_terminates, r.total, r.held,
    r.milestones);
}

}  // namespace daftar::contracts::service
