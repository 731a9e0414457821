// What a check has found, for people and for scripts.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "tools/audit/ledger_check.h"

namespace daftar::audit {

/// {"exit":N, "data":{…}, "lines":[…]}: as `daftar` prints it. `again`: the command that goes on, where the check was broken off; empty: there is no record to go on from.
nlohmann::json report_json(const CheckReport& report, const std::string& origin, unsigned threads, const std::string& again);
nlohmann::json error_report(const tools::ToolError& error);

/// One line that is written over itself: "12 345 of 99 999 entries, 12 %, 4 000 a second, 22 s left".
std::string progress_line(const CheckProgress& progress);

}  // namespace daftar::audit
