// How the validators changed since the genesis, as a client gets and keeps it: receipts one after another, or a JSON list of them
// (docs/formats.md, "Changes of validators").
#pragma once
#include "contracts/validator_chain.h"
#include "tools/api_client.h"
#include "tools/error.h"

namespace daftar::tools {

/// All changes that the network gives receipts for, in order, as the text of a file of changes; empty when there has been none.
Result<std::string> fetch_validator_changes(ApiClient& api);

/// The chain from the genesis over `changes` (either form; empty: none). `source` names the file in the sentence of an error.
Result<contracts::ValidatorChain> follow_validators(const ledger::Genesis& genesis, std::string_view changes, const std::string& source);

}  // namespace daftar::tools
