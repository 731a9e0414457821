#include "tools/classification_file.h"

#include <map>

#include "contracts/governance/classification.h"
#include "tools/csv_rows.h"
#include "tools/genesis_compiler.h"
#include "tools/toml_table.h"

namespace daftar::tools {
namespace fs = std::filesystem;
namespace governance = contracts::governance;

namespace {

using Cells = std::map<std::string, std::string>;   // by heading

std::uint64_t date_cell(const std::string& text, const std::string& place) {
  if (text.empty()) return 0;
  const auto ms = utc_to_ms(text);
  if (!ms) throw Fault{place + ms.error().sentence};
  return *ms;
}

void read_row(Cells cells, const std::string& place, ledger::proto::ClassificationChange& change) {
  if (cells["verb"] == "end") {
    auto& end = *change.add_end();
    end.set_list(cells["list"]);
    end.set_code(cells["code"]);
    end.set_maps_to(cells["maps_to"]);
    end.set_to_ms(date_cell(cells["to"], place));
    if (end.to_ms() == 0) throw Fault{place + "an end needs a date in `to`."};
    return;
  }
  if (!cells["verb"].empty() && cells["verb"] != "add") throw Fault{place + "verb is add or end."};
  auto& row = *change.add_add();
  row.set_list(cells["list"]);
  row.set_code(cells["code"]);
  row.set_title(cells["title"]);
  row.set_maps_to(cells["maps_to"]);
  row.set_from_ms(date_cell(cells["from"], place));
  row.set_to_ms(date_cell(cells["to"], place));
  if (const auto read = governance::read_row(row); !read) throw Fault{place + read.error().detail + "."};
}

}  // namespace

Result<ledger::proto::ClassificationChange> read_classification_file(const fs::path& file) {
  try {
    const std::vector<CsvRow> rows = csv_rows(file);
    for (const std::string& heading : rows.front())
      if (heading != "verb" && heading != "list" && heading != "code" && heading != "title" && heading != "maps_to" && heading != "from" && heading != "to")
        throw Fault{file.string() + ":1: '" + heading + "' is not a known heading."};
    ledger::proto::ClassificationChange change;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const std::string place = file.string() + ":" + std::to_string(i + 1) + ": ";
      if (rows[i].size() != rows.front().size()) throw Fault{place + "has " + std::to_string(rows[i].size()) + " cells, not " + std::to_string(rows.front().size()) + "."};
      Cells cells;
      for (std::size_t k = 0; k < rows[i].size(); ++k) cells[rows.front()[k]] = rows[i][k];
      read_row(std::move(cells), place, change);
    }
    return change;
  } catch (const Fault& fault) {
    return failure(Exit::usage, "classification_file", fault.sentence, "It is CSV with the headings list, code, title, maps_to, from and to: genesis/README.md describes them.");
  }
}

}  // namespace daftar::tools
