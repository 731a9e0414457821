// Tax rules and register rows as the state keeps them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "contracts/record_codec.h"

namespace daftar::contracts::tax {

enum class Kind : std::uint8_t {
  vat = 1,
  withholding = 2,
  contribution = 3,   // a cost of the payer on top of what it pays (social tax): recorded, never withheld
};
enum class Base : std::uint8_t {
  inclusive = 1,    // VAT is inside the gross amount
  exclusive = 2,    // VAT is reckoned on top by the payer itself (reverse charge): recorded, never withheld
  gross = 3,        // withholding on the whole payment
  net_of_vat = 4,   // withholding on the payment without the VAT inside it
};
enum class Residence : std::uint8_t { any = 0, resident = 1, non_resident = 2 };
/// Who receives the VAT at payment.
enum class VatRoute : std::uint8_t {
  supplier = 1,               // with the rest of the price: recorded, nothing is withheld
  treasury = 2,               // the rule's revenue account
  supplier_vat_account = 3,   // an account of the supplier from which it only passes on to the state (contracts/accounts.h)
};
/// When what is withheld leaves who withheld it (held.h).
enum class Remittance : std::uint8_t { at_payment = 0, month = 1, quarter = 2 };
/// Whose payments of which time threshold and brackets look at (sums.h).
enum class Accumulation : std::uint8_t { none = 0, month = 1, year = 2 };
enum class AccumulatedBy : std::uint8_t { payee = 0, agent_payee = 1 };
std::string_view name(Kind kind);
std::string_view name(Base base);
std::string_view name(Residence residence);
std::string_view name(VatRoute route);
std::string_view name(Remittance remittance);      // empty: at payment
std::string_view name(Accumulation accumulation);  // empty: none
std::string_view name(AccumulatedBy by);

/// The part of a base above `above`, up to the next bracket, bears this rate.
struct Bracket {
  ledger::MinorUnits above = 0;
  std::uint32_t rate_ppm = 0;
  bool operator==(const Bracket&) const = default;
};
template <class A, RecordOf<Bracket> R>
void fields(A& a, R& r) {
  a(r.above, r.rate_ppm);
}

struct TaxRule {
  std::string code;
  std::uint32_t version = 0;
  Kind kind = Kind::vat;
  std::string title;
  std::uint32_t rate_ppm = 0;
  Base base = Base::inclusive;
  std::uint32_t withheld_share_ppm = 0;
  std::vector<std::string> categories, payer_kinds, payee_kinds;
  Residence payee_residence = Residence::any;
  std::vector<std::string> payee_statuses;
  ledger::MinorUnits threshold = 0;
  ledger::Rounding rounding = ledger::Rounding::half_away;
  std::uint32_t rounding_unit = 1;
  VatRoute vat_route = VatRoute::supplier;
  std::string revenue_account;   // empty when nothing is withheld
  std::uint64_t effective_from_ms = 0, effective_to_ms = 0;   // to: exclusive, 0: open
  std::string legal_basis, status, currency, country;
  // In a record of their own, FurtherTerms.
  std::string treaty;                  // country of the payee, who must hold a certificate of it; empty: no treaty
  std::vector<std::string> replaces;   // codes of rules that do not apply where this one does
  std::vector<Bracket> brackets;       // ascending; rate_ppm is for what lies below the first
  // In another record of their own, PeriodTerms.
  Remittance remittance = Remittance::at_payment;
  std::uint32_t remittance_day = 0;    // 1..28 of the month after the period
  Accumulation accumulation = Accumulation::none;
  AccumulatedBy accumulated_by = AccumulatedBy::payee;
  /// What is withheld stays with the payer until it is due.
  bool held() const { return remittance != Remittance::at_payment; }
  bool accumulates() const { return accumulation != Accumulation::none; }
  bool has_period_terms() const { return held() || accumulates(); }
  bool has_further_terms() const { return !treaty.empty() || !replaces.empty() || !brackets.empty(); }
  /// Something of the payment does not reach the payee.
  bool withholds() const { return vat_route != VatRoute::supplier && withheld_share_ppm > 0; }
  bool in_force(std::uint64_t time_ms) const {
    return effective_from_ms <= time_ms && (effective_to_ms == 0 || time_ms < effective_to_ms);
  }
};
template <class A, RecordOf<TaxRule> R>
void fields(A& a, R& r) {
  a(r.code, r.version, r.kind, r.title, r.rate_ppm, r.base, r.withheld_share_ppm, r.categories, r.payer_kinds, r.payee_kinds,
    r.payee_residence, r.payee_statuses, r.threshold, r.rounding, r.rounding_unit, r.vat_route, r.revenue_account, r.effective_from_ms,
    r.effective_to_ms, r.legal_basis, r.status, r.currency, r.country);
}

/// What the first layout of TaxRule has no room for. Kept only where a rule has any of it, so that the state of a ledger without is as ever.
struct FurtherTerms {
  std::string treaty;
  std::vector<std::string> replaces;
  std::vector<Bracket> brackets;
};
template <class A, RecordOf<FurtherTerms> R>
void fields(A& a, R& r) {
  a(r.treaty, r.replaces, r.brackets);
}

/// The same, of what goes by months, quarters and years.
struct PeriodTerms {
  Remittance remittance = Remittance::at_payment;
  std::uint32_t remittance_day = 0;
  Accumulation accumulation = Accumulation::none;
  AccumulatedBy accumulated_by = AccumulatedBy::payee;
};
template <class A, RecordOf<PeriodTerms> R>
void fields(A& a, R& r) {
  a(r.remittance, r.remittance_day, r.accumulation, r.accumulated_by);
}
inline FurtherTerms further_terms(const TaxRule& rule) { return {rule.treaty, rule.replaces, rule.brackets}; }
inline PeriodTerms period_terms(const TaxRule& rule) { return {rule.remittance, rule.remittance_day, rule.accumulation, rule.accumulated_by}; }
void set_terms(TaxRule& rule, FurtherTerms terms);
void set_terms(TaxRule& rule, const PeriodTerms& terms);

/// That a payee is a resident of a treaty's country, as that country's authority has certified.
struct Certificate {
  std::string number, country, document_digest;   // digest: 32 bytes
  std::uint64_t valid_from_ms = 0, valid_to_ms = 0;        // to: exclusive
  std::uint64_t recorded_ms = 0, withdrawn_ms = 0;         // block times; withdrawn: 0 if it is not
  /// For a payment in the block of `time_ms`. What became of it in that block or later is not looked at: blocks have different times, so a payment
  /// and whoever explains it afterwards see the same.
  bool covers(std::uint64_t time_ms) const {
    return recorded_ms < time_ms && (withdrawn_ms == 0 || time_ms <= withdrawn_ms) && valid_from_ms <= time_ms && time_ms < valid_to_ms;
  }
};
template <class A, RecordOf<Certificate> R>
void fields(A& a, R& r) {
  a(r.number, r.country, r.document_digest, r.valid_from_ms, r.valid_to_ms, r.recorded_ms, r.withdrawn_ms);
}
/// All certificates of one payee, in order of recording; none is ever removed.
struct Certificates {
  std::vector<Certificate> list;
};
template <class A, RecordOf<Certificates> R>
void fields(A& a, R& r) {
  a(r.list);
}

/// What the register knows of one payee under one version of a rule in one month (UTC). Sums in 128 bits.
struct RegisterRow {
  std::string payee, rule, currency;
  std::uint32_t version = 0;
  std::uint32_t period = 0;   // yyyymm
  std::uint64_t payments = 0;
  ledger::Int128 gross = 0, base = 0, tax = 0, withheld = 0;
};
template <class A, RecordOf<RegisterRow> R>
void fields(A& a, R& r) {
  a(r.payee, r.rule, r.currency, r.version, r.period, r.payments, r.gross, r.base, r.tax, r.withheld);
}

/// Money that has gone back to the payee of a tax line.
struct Correction {
  ledger::Digest id;             // of the entry that gave it back
  std::uint64_t time_ms = 0;
  ledger::MinorUnits amount = 0;
};
template <class A, RecordOf<Correction> R>
void fields(A& a, R& r) {
  a(r.id, r.time_ms, r.amount);
}

/// What one tax line of one entry brought to a revenue account (correction.h).
struct Withheld {
  std::string rule, payer, payee, currency;
  std::uint32_t version = 0;
  std::uint64_t time_ms = 0;                 // of the payment
  ledger::MinorUnits withheld = 0;           // > 0, and never changed afterwards
  std::vector<Correction> corrections;       // in order; together at most `withheld`
  ledger::MinorUnits corrected() const {
    ledger::MinorUnits sum = 0;
    for (const Correction& one : corrections) sum += one.amount;
    return sum;
  }
  ledger::MinorUnits left() const { return withheld - corrected(); }
};
template <class A, RecordOf<Withheld> R>
void fields(A& a, R& r) {
  a(r.rule, r.payer, r.payee, r.currency, r.version, r.time_ms, r.withheld, r.corrections);
}

/// Money of one tax that has left its payer for the revenue account.
struct Remitted {
  ledger::Digest id;             // of the entry that moved it
  std::uint64_t time_ms = 0;
  ledger::MinorUnits amount = 0;
};
template <class A, RecordOf<Remitted> R>
void fields(A& a, R& r) {
  a(r.id, r.time_ms, r.amount);
}

/// What one payer has withheld by one version of a rule in one period, and what has become of it (held.h). Sums in 128 bits.
struct HeldTax {
  std::string payer, rule, currency;
  std::uint32_t version = 0;
  std::uint32_t period = 0;                  // yyyymm of its first month
  std::uint64_t due_ms = 0;                  // when the ledger sends what is left
  std::uint64_t fires_ms = 0;                // of the deadline that waits; 0: none, for nothing is held
  std::string nonce;                         // of the first payment: blinds the entry of the deadline
  ledger::Int128 withheld = 0;
  ledger::Int128 given_back = 0;             // by the payer, before it was remitted
  ledger::Int128 refunded = 0;               // by the authority, of what was
  std::vector<Remitted> remittances;         // in order
  ledger::Int128 remitted() const {
    ledger::Int128 sum = 0;
    for (const Remitted& one : remittances) sum += one.amount;
    return sum;
  }
  /// What the payer still holds: it lies on an account, so it fits.
  ledger::MinorUnits liability() const { return static_cast<ledger::MinorUnits>(withheld - given_back - remitted()); }
};
template <class A, RecordOf<HeldTax> R>
void fields(A& a, R& r) {
  a(r.payer, r.rule, r.currency, r.version, r.period, r.due_ms, r.fires_ms, r.nonce, r.withheld, r.given_back, r.refunded, r.remittances);
}

/// Of one period, what a rule that accumulates has looked at so far (sums.h).
struct TaxSum {
  ledger::MinorUnits base = 0;      // of all versions of the rule
  std::uint32_t version = 0;        // of the last payment; the two below are of it
  ledger::MinorUnits start = 0;     // `base` when this version began
  ledger::MinorUnits tax = 0;       // reckoned by this version since
};
template <class A, RecordOf<TaxSum> R>
void fields(A& a, R& r) {
  a(r.base, r.version, r.start, r.tax);
}

}  // namespace daftar::contracts::tax
