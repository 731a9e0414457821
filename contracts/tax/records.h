// Tax rules and register rows as the state keeps them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "contracts/record_codec.h"

namespace daftar::contracts::tax {

enum class Kind : std::uint8_t { vat = 1, withholding = 2 };
enum class Base : std::uint8_t {
  inclusive = 1,    // VAT is inside the gross amount
  exclusive = 2,    // VAT is reckoned on top by the payer itself (reverse charge): recorded, never withheld
  gross = 3,        // withholding on the whole payment
  net_of_vat = 4,   // withholding on the payment without the VAT inside it
};
enum class Residence : std::uint8_t { any = 0, resident = 1, non_resident = 2 };
enum class VatRoute : std::uint8_t { supplier = 1, treasury = 2 };   // who receives the VAT at payment
std::string_view name(Kind kind);
std::string_view name(Base base);
std::string_view name(Residence residence);
std::string_view name(VatRoute route);

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

}  // namespace daftar::contracts::tax
