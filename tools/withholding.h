// Certificates of withholding: the tax lines of a payee's payments in a time, as nodes give them (docs/api.md, `tax_line`), summed by rule and
// held against the register that the state keeps. Whoever signs or files such a paper relies on it, so one that differs from the register is
// an error. Pure: asks no node and reads no clock.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "ledger/entry.h"
#include "tools/error.h"

namespace daftar::tools {

/// Days as 2026-11-24, UTC, both included.
struct Days {
  std::string first, last;
  bool contain(const std::string& iso_time) const { return iso_time.substr(0, 10) >= first && iso_time.substr(0, 10) <= last; }
};

/// Both are days of the calendar, and not the wrong way round.
Result<Days> parse_days(const std::string& first, const std::string& last);
/// From the first day of the first month to the last day of the last: what a register of months can be held against.
Days whole_months(const Days& days);

/// `lines`: all tax lines of one payee in whole months; `rows`: all register rows of that payee. Each row of those months must be what its lines
/// come to, less what was given back of them, and each line must have its row. The error `register_differs` names the rule and the month.
Result<void> hold_against_register(const nlohmann::json& lines, const nlohmann::json& rows, const Days& months);

/// `entry`: as a verified receipt proves it. Is it the line's payment, and says its result of that tax line what the line says? The error
/// `not_proved` names the field.
Result<void> hold_against_entry(const nlohmann::json& line, const ledger::Entry& entry);
/// Does this entry give back what `correction`, one of the line's, says?
Result<void> hold_correction_against_entry(const nlohmann::json& line, const nlohmann::json& correction, const ledger::Entry& entry);

/// {"lines", "sums": one for each rule, version and currency, "totals": of each currency withheld, corrected (given back) and left}. `lines` stay as they came.
nlohmann::json summed(nlohmann::json lines);

}  // namespace daftar::tools
