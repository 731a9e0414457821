// An agreement while something happens to it: its record with its program and where it stands; read from the state and put back. For agreement.cc,
// replacement.cc and carry_over.cc.
#pragma once
#include "contracts/agreements/library.h"
#include "contracts/agreements/records.h"
#include "contracts/context.h"
#include "contracts/language/instance.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::agreements {

struct Open {
  Agreement record;
  const Library::Known* known = nullptr;
  language::Instance instance;
  const language::Program& program() const { return known->program; }
};
/// Refusals: contract_unknown.
Expected<Open, ledger::Rejection> open(const Context& c, const ledger::Digest& id);

/// What came of an act or deadline, for people: its name, and the phase when that is another now.
void tell(Context& c, const Open& open, std::uint16_t phase_before, std::string kind, std::uint32_t entry, const std::string& name);

/// With its next deadline, which takes the place of the one that waited. `fired`: that one is gone already.
void store(Context& c, Open& open, bool fired = false);
keys::Deadline deadline_of(const Agreement& agreement);

}  // namespace daftar::contracts::agreements
