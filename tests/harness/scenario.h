// Scenario files: tests a reviewer reads as text. A step is rows, `----`, and what the rows led to, ended by a blank line:
//
//   # A comment.
//   transfer acme  acme baraka  100.00 services   ok                  # the row's result is its last column, two spaces before it
//   transfer acme  acme nobody    1.00 services   account_unknown
//   ----
//   acme/UZS 999900.00
//
// With DAFTAR_REWRITE=1 results and outputs are written into the file instead of compared: a change of behaviour is a readable diff.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace daftar::test {

struct Step {
  struct Row {
    int line = 0;                       // in the file, from 1
    std::vector<std::string> words;     // without the result
    std::string result;
    std::string text, comment;          // as written
  };
  int line = 0;
  std::vector<Row> rows;
  std::string expected;
};

struct ScenarioFile {
  struct Part {
    std::vector<std::string> before;    // comments and blank lines
    Step step;
  };
  std::filesystem::path path;
  std::vector<Part> parts;
  std::vector<std::string> rest;
};

inline Step::Row parse_row(const std::string& line, int number) {
  Step::Row row;
  row.line = number;
  const auto hash = line.find(" #");
  row.comment = hash == std::string::npos ? "" : line.substr(hash + 1);
  std::string text = line.substr(0, hash);
  text.erase(text.find_last_not_of(' ') + 1);
  const auto gap = text.rfind("  ");
  row.result = gap == std::string::npos ? "" : text.substr(gap + 2);
  row.text = text.substr(0, gap);
  row.text.erase(row.text.find_last_not_of(' ') + 1);
  std::istringstream words(row.text);
  for (std::string word; words >> word;) row.words.push_back(word);
  return row;
}

inline ScenarioFile read_scenario(const std::filesystem::path& path) {
  ScenarioFile file{path, {}, {}};
  std::ifstream in(path);
  std::vector<std::string> before;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') {
      before.push_back(line);
      continue;
    }
    ScenarioFile::Part part;
    part.before = std::move(before);
    before.clear();
    part.step.line = number;
    do {
      part.step.rows.push_back(parse_row(line, number));
      ++number;
    } while (std::getline(in, line) && line != "----");
    while (std::getline(in, line) && !line.empty()) {
      ++number;
      part.step.expected += line + "\n";
    }
    ++number;
    before.push_back("");
    file.parts.push_back(std::move(part));
  }
  file.rest = std::move(before);
  return file;
}

inline bool rewriting() {
  const char* wish = std::getenv("DAFTAR_REWRITE");
  return wish != nullptr && std::string_view(wish) == "1";
}

inline void write_scenario(const ScenarioFile& file) {
  std::ofstream out(file.path);
  for (const auto& part : file.parts) {
    for (const auto& line : part.before) out << line << "\n";
    std::size_t column = 0, comments = 0;
    for (const auto& row : part.step.rows) column = std::max(column, row.text.size() + 3);
    for (const auto& row : part.step.rows) comments = std::max(comments, column + row.result.size() + 3);
    for (const auto& row : part.step.rows) {
      std::string line = row.text;
      line.resize(column, ' ');
      line += row.result;
      if (!row.comment.empty()) line.resize(comments, ' '), line += row.comment;
      out << line << "\n";
    }
    out << "----\n" << part.step.expected;
  }
  for (const auto& line : file.rest) out << line << "\n";
}

/// Performs a row; returns its result.
using PerformRow = std::function<std::string(const std::vector<std::string>& words)>;
/// What the step led to, lines ending with newlines.
using Describe = std::function<std::string()>;

/// Calls `differ` for each difference, with a sentence that names file and line.
inline void run_scenario(const std::filesystem::path& path, const PerformRow& perform, const Describe& describe,
                         const std::function<void(const std::string&)>& differ) {
  ScenarioFile file = read_scenario(path);
  for (auto& part : file.parts) {
    const auto at = [&](int line) { return path.filename().string() + ":" + std::to_string(line) + ": "; };
    for (auto& row : part.step.rows) {
      std::string result = perform(row.words);
      if (!rewriting() && result != row.result) differ(at(row.line) + row.text + " gave " + result + ", not " + row.result);
      row.result = std::move(result);
    }
    std::string output = describe();
    if (!rewriting() && output != part.step.expected) differ(at(part.step.line) + "the step led to\n" + output + "and not to\n" + part.step.expected);
    part.step.expected = std::move(output);
  }
  if (rewriting()) write_scenario(file);
}

}  // namespace daftar::test
