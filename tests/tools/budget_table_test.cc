#include <catch2/catch.hpp>

#include "tests/harness/temporary_folder.h"
#include "tests/harness/text_file.h"
#include "tools/budget_table.h"

namespace daftar::tools {
namespace {
namespace fs = std::filesystem;

const fs::path budgets = fs::path(DAFTAR_SOURCE_DIR) / "tests/data/budget";

/// The real table with one piece of its text replaced.
std::string fault_of_table(const std::string& from, const std::string& to, const std::string& period = {}) {
  const tests::TemporaryFolder folder;
  std::string text = tests::read_text(budgets / "lutsk-2024.csv");
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  const auto read = read_budget_table(folder.write("table.csv", text.replace(at, from.size(), to)), budgets / "openbudget-ua.toml", period);
  return read ? "no fault" : read.error().sentence;
}

std::string fault_of_mapping(const std::string& from, const std::string& to) {
  const tests::TemporaryFolder folder;
  std::string text = tests::read_text(budgets / "openbudget-ua.toml");
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  const auto read = read_budget_table(budgets / "lutsk-2024.csv", folder.write("mapping.toml", text.replace(at, from.size(), to)));
  return read ? "no fault" : read.error().sentence;
}

}  // namespace

TEST_CASE("the real table of a city's year is read to the kopiyka, its totals checked and not added") {
  const auto read = read_budget_table(budgets / "lutsk-2024.csv", budgets / "openbudget-ua.toml");
  if (!read) FAIL(read.error().sentence);
  CHECK(read->period == "2024-12-31");
  CHECK(read->executed == 453'598'632'454);      // of the rows T of December: 4 535 986 324.54
  CHECK(read->currency == "UAH");
  const auto line = std::find_if(read->lines.begin(), read->lines.end(), [](const auto& one) { return one.id == "2024.0355100000.3110.S"; });
  REQUIRE(line != read->lines.end());
  CHECK(line->appropriation == 65'003'430'442);  // the larger of allotment and estimate
  CHECK(line->executed == 46'213'682'167);
  CHECK(line->economic_code == "3110");
  std::int64_t executed = 0;
  for (const auto& one : read->lines) executed += one.executed;
  CHECK(executed == read->executed);
  const auto january = read_budget_table(budgets / "lutsk-2024.csv", budgets / "openbudget-ua.toml", "2024-01-31");
  REQUIRE(january);
  CHECK(january->executed < read->executed);
}

TEST_CASE("what exceeds the plan is refused, every such row by its number") {
  CHECK_THAT(fault_of_table("2024-12-31,C,0355100000,2800,Інші поточні видатки,3518100,3518100,2774067.75,Lutsk\n", "2024-12-31,C,0355100000,2800,Інші поточні видатки,3518100,3518100,3518100.01,Lutsk\n"),
             Catch::Contains("table.csv:") && Catch::Contains("'FAKT_AMT'") && Catch::Contains("not the sum of its parts"));   // the total says so first
  // With the total in step the plan is what is exceeded.
  const tests::TemporaryFolder folder;
  const auto text = "REP_PERIOD,FUND_TYP,COD_BUDGET,COD_CONS_EK,COD_CONS_EK_NAME,ZAT_AMT,PLANS_AMT,FAKT_AMT,CITY\n"
                    "2024-12-31,C,1,2111,Pay,100,90,100.01,X\n2024-12-31,T,1,2111,Pay,100,90,100.01,X\n2024-12-31,S,1,2240,Services,5,7,7,X\n2024-12-31,S,1,2800,\"Other, \"\"small\"\"\",1,1,2,X\n";
  const auto read = read_budget_table(folder.write("t.csv", text), budgets / "openbudget-ua.toml");
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().sentence, Catch::Contains("t.csv:2: 2024.1.2111.C: executed 100.01 is more than was appropriated") && Catch::Contains("t.csv:5: 2024.1.2800.S: executed 2"));
  CHECK_THAT(read.error().sentence, !Catch::Contains("2240"));
}

TEST_CASE("every fault of a table or its mapping names its place") {
  CHECK_THAT(fault_of_table("2024-12-31,C,0355100000,2800,Інші поточні видатки,3518100", "2024-12-31,C,0355100000,2800,Інші поточні видатки,3518100.001"), Catch::Contains("'ZAT_AMT' is '3518100.001'"));
  CHECK_THAT(fault_of_table("2024-12-31,C,0355100000,2800,Інші поточні видатки,3518100", "2024-12-31,C,0355100000,2800,Інші поточні видатки,-1"), Catch::Contains("'ZAT_AMT' is negative"));
  CHECK_THAT(fault_of_table("2024-12-31,C,0355100000,2800", "2024-12-31,X,0355100000,2800"), Catch::Contains("'FUND_TYP' is 'X', which the mapping does not know"));
  CHECK_THAT(fault_of_table(",CITY\n", "\n"), Catch::Contains("has 9 fields, the headings 8"));
  CHECK_THAT(fault_of_table("FAKT_AMT", "SPENT"), Catch::Contains("there is no column 'FAKT_AMT'"));
  CHECK_THAT(fault_of_table("2024-12-31,T,0355100000,3110", "2024-12-31,S,0355100000,3110"), Catch::Contains("line 2024.0355100000.3110.S stands twice"));
  CHECK_THAT(fault_of_table("\"Реставрація", "\"Рестав\"рація"), Catch::Contains("table.csv:2: "));
  CHECK_THAT(fault_of_table("Lutsk", "Lutsk", "2025-01-31"), Catch::Contains("no row of the period '2025-01-31'"));
  CHECK_THAT(fault_of_mapping("executed = \"FAKT_AMT\"", ""), Catch::Contains("'columns.executed' is missing"));
  CHECK_THAT(fault_of_mapping("{year}.{budget}.{economic}.{fund}", "{year} {budget}"), Catch::Contains("cannot be the id of a budget line"));
  CHECK_THAT(fault_of_mapping("[\"ZAT_AMT\", \"PLANS_AMT\"]", "[\"PLANS_AMT\"]"), Catch::Contains("3220.S: executed 64563970.77 is more than was appropriated"));
}

}  // namespace daftar::tools
