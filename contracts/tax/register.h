// The tax register: per payee, rule, version and month, what was paid, reckoned and withheld. Derived from tax lines, kept in the state so
// that a certificate or a return needs no walk over the log.
#pragma once
#include "contracts/context.h"
#include "contracts/tax/period.h"
#include "contracts/tax/records.h"

namespace daftar::contracts::tax {

/// Adds a line to the result, the register and the index.
void enter_register(Context& c, const TaxLine& line);

}  // namespace daftar::contracts::tax
