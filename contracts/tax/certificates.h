// Certificates of residence: a tax authority records them, treaty rules ask for them (selection.h).
#pragma once
#include "contracts/context.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

inline constexpr std::size_t certificates_max = 100;   // of one payee, for as long as the ledger lasts

Outcome change_certificate(Context& c, const ledger::proto::ChangeTaxCertificate& operation);

}  // namespace daftar::contracts::tax
