// An execution result as the API writes it (docs/api.md), for what is read from a receipt rather than from a node.
#pragma once
#include <nlohmann/json.hpp>

#include "contracts/result.h"

namespace daftar::tools {

nlohmann::json result_json(const contracts::ExecutionResult& result);

}  // namespace daftar::tools
