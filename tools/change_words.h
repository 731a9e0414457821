// Changes of what the ledger goes by as the wallet shows them: from the bytes that will be signed, beside what a node says there is.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contracts/governance/words.h"
#include "ledger/proto/ledger.pb.h"
#include "tools/error.h"

namespace daftar::tools {

/// What a node is asked for what there is, beside which the change is shown.
std::vector<std::string> beside_targets(const ledger::proto::ProposeChange& change);
/// Takes the answer to one of these. An error when it is not what docs/api.md says.
Result<void> put_beside(contracts::governance::Beside& beside, const std::string& target, const nlohmann::json& answer);

/// Line by line. With nothing beside it, all that the change says.
std::vector<std::string> words_of_change(const ledger::proto::ProposeChange& change, const contracts::governance::Beside& beside);

}  // namespace daftar::tools
