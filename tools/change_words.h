// Changes of tax rules and templates as the wallet shows them: from the bytes that will be signed, beside the rules that a node says there are.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contracts/tax/records.h"
#include "ledger/proto/ledger.pb.h"
#include "tools/error.h"

namespace daftar::tools {

/// The list of /v1/tax/rules. An error when it is not what docs/api.md says.
Result<std::vector<contracts::tax::TaxRule>> parse_tax_rules(const nlohmann::json& answer);

/// Line by line. Without rules beside it, all that a rule says.
std::vector<std::string> words_of_change(const ledger::proto::ProposeChange& change, const std::vector<contracts::tax::TaxRule>& rules);

}  // namespace daftar::tools
