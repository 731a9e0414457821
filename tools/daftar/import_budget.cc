// A table of budget execution becomes budget lines: what was appropriated, and what was spent before this ledger.
#include "ledger/money.h"
#include "tools/budget_table.h"
#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

constexpr std::size_t lines_per_transaction = 60;   // of three operations each: within 64 KiB with titles of any length

struct ImportBudgetArguments {
  std::string file, mapping, period, owner, treasury = "treasury", source;
  bool live = false;
};

std::string total_text(ledger::Int128 amount, const std::string& currency) {
  const auto narrow = ledger::narrow(amount);
  return narrow ? money_text(*narrow, currency) : "beyond what an amount can be";
}

Report table_report(const BudgetTable& read) {
  Report report;
  report.data = {{"currency", read.currency}, {"period", read.period}, {"year", read.year}, {"empty", read.empty}, {"lines", json::array()}};
  std::vector<std::vector<std::string>> rows = {{"row", "line", "appropriation", "executed"}};
  for (const BudgetTableLine& line : read.lines) {
    report.data["lines"].push_back({{"row", line.row}, {"line", line.id}, {"title", line.title}, {"appropriation", std::to_string(line.appropriation)}, {"executed", std::to_string(line.executed)}});
    rows.push_back({std::to_string(line.row), line.id, money_text(line.appropriation, read.currency), money_text(line.executed, read.currency)});
  }
  rows.push_back({"", "together", total_text(read.appropriation, read.currency), total_text(read.executed, read.currency)});
  if (const auto sum = ledger::narrow(read.appropriation)) report.data["appropriation"] = std::to_string(*sum);
  if (const auto sum = ledger::narrow(read.executed)) report.data["executed"] = std::to_string(*sum);
  report.lines = table(rows, {true, false, true, true});
  report.lines.push_back(std::to_string(read.lines.size()) + " lines of " + read.period + (read.empty == 0 ? "" : "; " + std::to_string(read.empty) + " rows without any amount are left out"));
  return report;
}

void add_line(std::vector<proto::Operation>& operations, const BudgetTable& read, const BudgetTableLine& line, const ImportBudgetArguments& a) {
  auto& approve = *operations.emplace_back().mutable_approve_budget_line();
  approve.set_line(line.id);
  approve.set_owner(a.owner);
  approve.set_title(line.title);
  approve.set_currency(read.currency);
  approve.set_amount(line.appropriation);
  approve.set_year(read.year);
  approve.set_function_code(read.function_code);
  approve.set_economic_code(line.economic_code);
  approve.set_source_account(full_account(a.source.empty() ? a.treasury : a.source, read.currency));
  auto& allot = *operations.emplace_back().mutable_allot_budget_line();
  allot.set_line(line.id);
  allot.set_amount(line.appropriation);
  if (line.executed == 0) return;
  auto& executed = *operations.emplace_back().mutable_record_execution();
  executed.set_line(line.id);
  executed.set_amount(line.executed);
  executed.set_reference("executed until " + read.period);
}

/// Each part all or nothing; the ledger judges every line against its own plan once more.
Result<Report> go_live(Session& session, const ImportBudgetArguments& a, const BudgetTable& read, Report report) {
  if (a.owner.empty()) return failure(Exit::usage, "owner", "Whose lines are they?", "Name the spending unit: --owner MEMBER.");
  session.options.as = a.treasury;
  report.data["transactions"] = json::array();
  for (std::size_t first = 0; first < read.lines.size(); first += lines_per_transaction) {
    const std::size_t end = std::min(first + lines_per_transaction, read.lines.size());
    std::vector<proto::Operation> operations;
    for (std::size_t i = first; i < end; ++i) add_line(operations, read, read.lines[i], a);
    auto done = session.transact(std::move(operations));
    if (!done) return done;
    if (done->exit != Exit::ok) return done;
    report.data["transactions"].push_back(done->data["id"]);
    report.lines.push_back("Loaded lines " + std::to_string(first + 1) + " to " + std::to_string(end) + ": " + json_text(done->data, "id"));
  }
  return report;
}

Result<Report> import_budget(Session& session, const ImportBudgetArguments& a) {
  const auto read = read_budget_table(a.file, a.mapping, a.period);
  if (!read) return Unexpected<ToolError>(read.error());
  Report report = table_report(*read);
  return a.live ? go_live(session, a, *read, std::move(report)) : Result<Report>(std::move(report));
}

}  // namespace

void add_import_budget_command(Command import_command, Session& session) {
  auto a = arguments<ImportBudgetArguments>();
  Command budget = import_command.add_subcommand("budget", "A table of budget execution (CSV): lines with what was appropriated and what was spent");
  budget.add_option("file", a->file, "CSV, a row for each line, period and fund").required();
  budget.add_option("--mapping", a->mapping, "TOML file that says what the columns are called").required();
  budget.add_option("--period", a->period, "Which period's rows; default: the last");
  budget.add_flag("--live", a->live, "Do it on the network: approve and allot the lines, record what was spent");
  budget.add_option("--owner", a->owner, "Spending unit of the lines");
  budget.add_option("--treasury", a->treasury, "Who approves and allots (default treasury)");
  budget.add_option("--source", a->source, "Account that pays for the lines; default: the treasury's main one");
  add_transaction_options(budget, session);
  budget.footer("Examples:\n  daftar import budget lutsk-2024.csv --mapping openbudget-ua.toml                          says what is in it; refuses what exceeds the plan, with the row\n"
                "  daftar import budget lutsk-2024.csv --mapping openbudget-ua.toml --live --owner city-hall");
  budget.callback([&session, a] { session.action = [&session, a] { return import_budget(session, *a); }; });
}

}  // namespace daftar::tools
