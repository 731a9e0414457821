#include "tools/budget_table.h"

#include <algorithm>
#include <map>
#include <memory>

#include "ledger/ids.h"
#include "tools/csv_rows.h"
#include "tools/files.h"
#include "tools/toml_table.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using ledger::Int128;

namespace {

using Row = CsvRow;

/// What the columns mean.
struct Mapping {
  std::string currency, line, function_code;
  std::uint32_t year = 0;
  std::map<std::string, std::string> columns;     // name in the mapping → heading
  std::vector<std::string> appropriation, parts;
  std::string total;
};

Mapping read_mapping(const fs::path& file) {
  const toml::table parsed = parse_toml(file);
  Table table(file.string(), "", parsed);
  Mapping mapping;
  mapping.currency = table.text("currency", true);
  if (!ledger::currency_decimals(mapping.currency)) table.wrong("currency", "is no ISO 4217 currency");
  mapping.year = static_cast<std::uint32_t>(table.number("year", 0, 1900, 9999));
  mapping.line = table.text("line", true);
  mapping.function_code = table.text("function_code", true);
  auto columns = table.table("columns"), funds = table.table("funds");
  if (!columns) throw Fault{file.string() + ": [columns] is missing."};
  for (const char* name : {"period", "budget", "economic", "title", "executed"}) mapping.columns[name] = columns->text(name, true);
  if (funds) {
    mapping.columns["fund"] = columns->text("fund", true);
    mapping.parts = funds->texts("parts");
    mapping.total = funds->text("total");
    funds->finish();
  }
  mapping.appropriation = columns->texts("appropriation");
  if (mapping.appropriation.empty()) throw Fault{file.string() + ": 'columns.appropriation' names no column."};
  columns->finish();
  table.finish();
  return mapping;
}

class TableReader {
 public:
  TableReader(const fs::path& file, Mapping mapping) : file_(file.string()), mapping_(std::move(mapping)), rows_(csv_rows(file)) {
    for (std::size_t i = 0; i < rows_[0].size(); ++i)
      if (!places_.emplace(rows_[0][i], i).second) throw Fault{file_ + ":1: the heading '" + rows_[0][i] + "' stands twice."};
  }

  BudgetTable read(const std::string& period) {
    BudgetTable out{.currency = mapping_.currency, .period = period, .function_code = mapping_.function_code, .year = mapping_.year, .lines = {}, .empty = 0, .appropriation = 0, .executed = 0};
    for (std::size_t i = 1; i < rows_.size(); ++i)
      if (rows_[i].size() != rows_[0].size()) throw Fault{at(i) + "has " + std::to_string(rows_[i].size()) + " fields, the headings " + std::to_string(rows_[0].size()) + "."};
    if (out.period.empty())
      for (std::size_t i = 1; i < rows_.size(); ++i) out.period = std::max(out.period, column(i, "period"));
    for (std::size_t i = 1; i < rows_.size(); ++i)
      if (column(i, "period") == out.period) take(i, out);
    if (out.lines.empty()) throw Fault{file_ + ": no row of the period '" + out.period + "'."};
    judge_totals();
    judge_plan(out);
    return out;
  }

 private:
  std::string at(std::size_t i) const { return file_ + ":" + std::to_string(i + 1) + ": "; }
  const std::string& field(std::size_t i, const std::string& heading) const {
    const auto place = places_.find(heading);
    if (place == places_.end()) throw Fault{file_ + ":1: there is no column '" + heading + "'."};
    return rows_[i][place->second];
  }
  const std::string& column(std::size_t i, const std::string& name) const { return field(i, mapping_.columns.at(name)); }
  std::int64_t amount(std::size_t i, const std::string& heading) const {
    const auto parsed = ledger::parse_decimal(field(i, heading), *ledger::currency_decimals(mapping_.currency));
    if (!parsed) throw Fault{at(i) + "'" + heading + "' is '" + field(i, heading) + "': " + std::string(ledger::describe(parsed.error())) + "."};
    if (*parsed < 0) throw Fault{at(i) + "'" + heading + "' is negative."};
    return *parsed;
  }
  std::int64_t appropriation(std::size_t i) const {
    std::int64_t most = 0;
    for (const std::string& heading : mapping_.appropriation) most = std::max(most, amount(i, heading));
    return most;
  }

  void take(std::size_t i, BudgetTable& out) {
    const std::string fund = mapping_.parts.empty() ? std::string() : column(i, "fund");
    const std::string key = column(i, "budget") + "\n" + column(i, "economic");
    if (!mapping_.total.empty() && fund == mapping_.total) {
      if (!totals_.emplace(key, i).second) throw Fault{at(i) + "a second total for " + column(i, "economic") + "."};
      return;
    }
    if (!mapping_.parts.empty() && std::find(mapping_.parts.begin(), mapping_.parts.end(), fund) == mapping_.parts.end())
      throw Fault{at(i) + "'" + mapping_.columns.at("fund") + "' is '" + fund + "', which the mapping does not know."};
    BudgetTableLine line{.row = i + 1, .id = id_of(i), .title = column(i, "title"), .economic_code = column(i, "economic"), .appropriation = appropriation(i), .executed = amount(i, mapping_.columns.at("executed"))};
    if (!ledger::is_budget_line_id(line.id)) throw Fault{at(i) + "'" + line.id + "' cannot be the id of a budget line."};
    if (!ids_.emplace(line.id, i).second) throw Fault{at(i) + "line " + line.id + " stands twice, first in row " + std::to_string(ids_.at(line.id) + 1) + "."};
    for (const std::string& heading : summed()) parts_[key][heading] += amount(i, heading);
    out.appropriation += line.appropriation;
    out.executed += line.executed;
    if (line.appropriation == 0 && line.executed == 0) ++out.empty;
    else out.lines.push_back(std::move(line));
  }

  std::string id_of(std::size_t i) const {
    std::string id = mapping_.line;
    const auto fill = [&](const std::string& mark, const std::string& value) {
      for (auto found = id.find(mark); found != std::string::npos; found = id.find(mark, found + value.size())) id.replace(found, mark.size(), value);
    };
    fill("{year}", std::to_string(mapping_.year));
    for (const auto& [name, heading] : mapping_.columns) fill("{" + name + "}", field(i, heading));
    return id;
  }

  /// Of these columns a total is the sum of its parts.
  std::vector<std::string> summed() const {
    auto headings = mapping_.appropriation;
    headings.push_back(mapping_.columns.at("executed"));
    return headings;
  }

  void judge_totals() {
    for (const auto& [key, row] : totals_)
      for (const std::string& heading : summed())
        if (parts_[key][heading] != amount(row, heading)) throw Fault{at(row) + "'" + heading + "' is " + field(row, heading) + ", and not the sum of its parts."};
  }

  void judge_plan(const BudgetTable& out) const {
    std::string over;
    for (const BudgetTableLine& line : out.lines)
      if (line.executed > line.appropriation)
        over += "\n  " + at(line.row - 1) + line.id + ": executed " + field(line.row - 1, mapping_.columns.at("executed")) + " is more than was appropriated.";
    if (!over.empty()) throw Fault{"More was executed than the plan allows:" + over};
  }

  const std::string file_;
  const Mapping mapping_;
  const std::vector<Row> rows_;
  std::map<std::string, std::size_t> places_, ids_, totals_;   // of headings, line ids, and the rows that are totals
  std::map<std::string, std::map<std::string, Int128>> parts_;
};

}  // namespace

Result<BudgetTable> read_budget_table(const fs::path& csv, const fs::path& mapping, const std::string& period) {
  try {
    return TableReader(csv, read_mapping(mapping)).read(period);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "budget_table", fault.sentence, "Correct the table or the mapping; nothing was read.");
  }
}

}  // namespace daftar::tools
