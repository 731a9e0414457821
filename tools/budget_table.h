// Tables of budget execution (CSV, a row for each line, month and fund, amounts executed since the year began) as budget lines. A TOML file says what the
// columns are called; nothing is guessed. Amounts are decimals from the text, exact to the currency's last unit.
//
//   currency = "UAH"
//   year = 2024
//   line = "{year}.{budget}.{economic}.{fund}"   # ids of the lines: any columns named below
//   function_code = "unclassified"               # of every line; the table has none
//   [columns]
//   period = "REP_PERIOD"                        # of the rows, those of one period are read: the last, or the one asked for
//   budget = "COD_BUDGET"
//   economic = "COD_CONS_EK"
//   title = "COD_CONS_EK_NAME"
//   fund = "FUND_TYP"
//   appropriation = ["ZAT_AMT", "PLANS_AMT"]     # of several the largest
//   executed = "FAKT_AMT"
//   [funds]
//   parts = ["C", "S"]                           # rows that become lines
//   total = "T"                                  # rows that must be the sum of the parts, and are not added to them
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/money.h"
#include "tools/error.h"

namespace daftar::tools {

struct BudgetTableLine {
  std::size_t row = 0;               // in the file, from 1, the headings being 1
  std::string id, title, economic_code;
  std::int64_t appropriation = 0, executed = 0;
};

struct BudgetTable {
  std::string currency, period, function_code;
  std::uint32_t year = 0;
  std::vector<BudgetTableLine> lines;      // in the order of the file; those without appropriation and execution are left out
  std::size_t empty = 0;                   // how many were left out
  ledger::Int128 appropriation = 0, executed = 0;   // sums of the lines
};

/// `period`: empty for the last. A fault names file, row and column: a column that is not there, text that is no amount, a total that is not the sum of its
/// parts, a line twice, more executed than appropriated. All rows that exceed the plan are named at once, and nothing is read then.
Result<BudgetTable> read_budget_table(const std::filesystem::path& csv, const std::filesystem::path& mapping, const std::string& period = {});

}  // namespace daftar::tools
