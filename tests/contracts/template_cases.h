// Templates as text cases: comment lines, a template without empty lines, `----`, what is said of it (nothing: it holds), an empty line.
// With DAFTAR_REWRITE=1 what is said is written into the file instead of compared.
#pragma once
#include <utility>

#include "tests/harness/scenario.h"

namespace daftar::contracts::test {

struct TemplateCase {
  std::vector<std::string> before;   // comments and empty lines
  int line = 0;                      // of the file
  std::string source, expected;      // lines that end with newlines
};

inline std::vector<TemplateCase> read_template_cases(const std::filesystem::path& path, std::vector<std::string>& rest) {
  std::vector<TemplateCase> cases;
  std::ifstream in(path);
  TemplateCase one;
  int number = 0;
  enum { between, source, expected } place = between;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (place == between && (line.empty() || line[0] == '#')) {
      one.before.push_back(line);
    } else if (place == between) {
      place = source;
      one.line = number;
      one.source = line + "\n";
    } else if (place == source && line == "----") {
      place = expected;
    } else if (place == source) {
      one.source += line + "\n";
    } else if (!line.empty()) {
      one.expected += line + "\n";
    } else {
      cases.push_back(std::exchange(one, {}));
      one.before.push_back("");
      place = between;
    }
  }
  if (place == expected) cases.push_back(std::exchange(one, {}));
  rest = one.before;
  return cases;
}

inline void write_template_cases(const std::filesystem::path& path, const std::vector<TemplateCase>& cases, const std::vector<std::string>& rest) {
  std::ofstream out(path);
  for (const TemplateCase& one : cases) {
    for (const std::string& line : one.before) out << line << "\n";
    out << one.source << "----\n" << one.expected;
  }
  for (std::size_t i = 0; i < rest.size(); ++i) out << rest[i] << "\n";
}

}  // namespace daftar::contracts::test
