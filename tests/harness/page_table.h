// The tables of a Markdown page, for tests that hold a page against the code.
#pragma once
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/harness/text_file.h"

namespace daftar::tests {

/// Cells of the rows of every table of the page whose heading row begins with the cell `first`; blanks around cells do not count.
inline std::vector<std::vector<std::string>> page_table(const std::string& page, const std::string& first) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream in(page);
  bool inside = false, ours = false;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("|")) {
      inside = ours = false;
      continue;
    }
    std::vector<std::string> cells;
    std::istringstream words(line.substr(1));
    for (std::string cell; std::getline(words, cell, '|');) {
      const auto begin = cell.find_first_not_of(' '), end = cell.find_last_not_of(' ');
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    if (!inside) ours = !cells.empty() && cells[0] == first;
    else if (ours && !line.starts_with("|--")) rows.push_back(cells);
    inside = true;
  }
  return rows;
}

/// What stands between `backticks` in a cell, in order.
inline std::vector<std::string> code_words(const std::string& cell) {
  static const std::regex quoted("`([^`]*)`");
  std::vector<std::string> out;
  for (std::sregex_iterator it(cell.begin(), cell.end(), quoted), end; it != end; ++it) out.push_back((*it)[1]);
  return out;
}

}  // namespace daftar::tests
