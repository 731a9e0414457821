// A real table of budget execution on the ledger: its totals to the last unit, and what exceeds the plan refused.
#include <catch2/catch.hpp>

#include <filesystem>

#include "tools/budget_table.h"
#include "world.h"

namespace daftar::contracts::test {

TEST_CASE("a city's year of budget execution is loaded, and the lines sum to the table's totals") {
  const auto folder = std::filesystem::path(DAFTAR_SOURCE_DIR) / "tests/data/budget";
  const auto table = tools::read_budget_table(folder / "lutsk-2024.csv", folder / "openbudget-ua.toml");
  REQUIRE(table);
  World w([](proto::Genesis& genesis) {
    genesis.clear_templates();
    genesis.add_currencies("UAH");
  });
  const auto approved = [&](const tools::BudgetTableLine& line, MinorUnits amount) {
    auto operation = approve_line(line.id, amount);
    operation.mutable_approve_budget_line()->set_currency("UAH");
    operation.mutable_approve_budget_line()->set_source_account("treasury/UAH");
    operation.mutable_approve_budget_line()->set_title(line.title);
    operation.mutable_approve_budget_line()->set_economic_code(line.economic_code);
    return operation;
  };
  std::vector<proto::Operation> operations;
  for (const auto& line : table->lines) {
    operations.push_back(approved(line, line.appropriation));
    operations.push_back(allot(line.id, line.appropriation));
    if (line.executed != 0) operations.push_back(record_execution(line.id, line.executed));
  }
  const auto loaded = w.run("treasury", operations);
  INFO(ledger::name(loaded.rejection.code) << " " << loaded.rejection.detail << ", operation " << loaded.failed_operation);
  REQUIRE(loaded.ok());

  ledger::Int128 adjusted = 0, paid = 0;
  for (const auto& line : query::budget_lines(w.state(), {}, query::page_max)) {
    adjusted += line.net(budget::Stage::adjusted);
    paid += line.net(budget::Stage::paid);
  }
  CHECK(adjusted == table->appropriation);
  CHECK(paid == table->executed);
  CHECK(static_cast<MinorUnits>(paid) == 453'598'632'454);

  // One unit less appropriated than was executed: the whole load is refused, and the operation named.
  World strict([](proto::Genesis& genesis) {
    genesis.clear_templates();
    genesis.add_currencies("UAH");
  });
  const auto& line = *std::find_if(table->lines.begin(), table->lines.end(), [](const auto& one) { return one.executed > 1; });
  const auto refused = strict.run("treasury", {approved(line, line.executed - 1), allot(line.id, line.executed - 1), record_execution(line.id, line.executed)});
  CHECK(ledger::name(refused.rejection.code) == "over_appropriation");
  CHECK(refused.failed_operation == 2);
  CHECK_FALSE(query::budget_line(strict.state(), line.id));
}

}  // namespace daftar::contracts::test
