// Templates that changes have brought, for a wallet that does not trust the node it asks.
#pragma once
#include "contracts/agreements/library.h"
#include "tools/daftar/session.h"

namespace daftar::tools {

/// Adds those that `library` has not: text and program from the transaction that proposed one, and that it is in force from the entry that brought it into force, each
/// proved by its receipt; this program judges and compiles the text itself. One whose proof fails is left out, and the reason goes to standard error. Not proved: that
/// a template has not been stopped since, which the ledger itself answers when a contract is drafted.
void add_proved_templates(Session& session, contracts::agreements::Library& library);

}  // namespace daftar::tools
