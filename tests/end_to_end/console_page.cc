#include "tests/end_to_end/console_page.h"

#include <regex>
#include <sstream>
#include <utility>

namespace daftar::tests {
namespace {

const std::string any = "…";
const std::regex name_pattern("[A-Z][A-Z_]*_(ID|KEY|DIGEST|ROOT)\\b");

std::string trimmed(std::string line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.pop_back();
  return line;
}

/// Pieces of a shown line that stand for something else, longest first where two begin alike.
struct Token { const char* shown; const char* matches; };
constexpr Token tokens[] = {
    {"…", ".*"},
    {"\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z", "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{3})?Z"},
    {"\\b\\d{4}-\\d{2}-\\d{2}\\b", "\\d{4}-\\d{2}-\\d{2}"},
    {"\\b\\d{4}-\\d{2}\\b(?!-)", "\\d{4}-\\d{2}"},
    {"\\bblock \\d+", "block \\d+"},
    {"127\\.0\\.0\\.1:\\d+", "127\\.0\\.0\\.1:\\d+"},
    {" +", " +"},
};

std::string escaped(const std::string& text) {
  static const std::regex special(R"([.^$|()\[\]{}*+?\\/])");
  return std::regex_replace(text, special, "\\$&");
}

/// The expression of one shown line. `unbound` gets the names its groups capture, in order.
std::string expression(const std::string& shown, const PageNames& names, std::vector<std::string>& unbound) {
  static const std::vector<std::regex> begins = [] {
    std::vector<std::regex> out;
    for (const Token& token : tokens) out.emplace_back(token.shown);
    return out;
  }();
  std::string out, literal;
  const auto end = shown.cend();
  for (auto at = shown.cbegin(); at != end;) {
    std::smatch match;
    const auto flags = std::regex_constants::match_continuous | (at == shown.cbegin() ? std::regex_constants::match_default : std::regex_constants::match_prev_avail);
    if (std::regex_search(at, end, match, name_pattern, flags)) {
      out += escaped(std::exchange(literal, {}));
      const std::string name = match.str();
      if (const auto bound = names.find(name); bound != names.end()) {
        out += bound->second;
      } else {
        unbound.push_back(name);
        out += "([0-9a-f]{64})";
      }
      at = match[0].second;
      continue;
    }
    std::size_t i = 0;
    while (i < begins.size() && !std::regex_search(at, end, match, begins[i], flags)) ++i;
    if (i == begins.size()) {
      literal += *at++;
      continue;
    }
    out += escaped(std::exchange(literal, {})) + tokens[i].matches;
    at = match[0].second;
  }
  return out + escaped(literal);
}

bool line_matches(const std::string& shown, const std::string& came, PageNames& names) {
  std::vector<std::string> unbound;
  const std::regex wanted(expression(shown, names, unbound));
  std::smatch match;
  if (!std::regex_match(came, match, wanted)) return false;
  for (std::size_t i = 0; i < unbound.size(); ++i)
    if (!names.emplace(unbound[i], match[i + 1]).second && names.at(unbound[i]) != match[i + 1]) return false;
  return true;
}

/// From shown[s] and came[c] on; `reached` is the furthest shown line that was looked for.
bool rest_matches(const std::vector<std::string>& shown, std::size_t s, const std::vector<std::string>& came, std::size_t c, PageNames& names, std::size_t& reached) {
  reached = std::max(reached, s);
  if (s == shown.size()) return c == came.size();
  if (shown[s] == any) {
    for (std::size_t next = c; next <= came.size(); ++next) {
      PageNames tried = names;
      if (!rest_matches(shown, s + 1, came, next, tried, reached)) continue;
      names = std::move(tried);
      return true;
    }
    return false;
  }
  PageNames tried = names;
  if (c == came.size() || !line_matches(shown[s], came[c], tried) || !rest_matches(shown, s + 1, came, c + 1, tried, reached)) return false;
  names = std::move(tried);
  return true;
}

void add_console_lines(ConsolePage& page, const std::vector<std::string>& block, unsigned first_line) {
  static const std::regex exit_code("\\s+# exit (\\d+)$");
  bool in_command = false;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::string& line = block[i];
    const auto number = static_cast<unsigned>(first_line + i);
    if (line.starts_with("$ ")) {
      PageStep step;
      step.line = number;
      step.command = line.substr(2);
      page.steps.push_back(std::move(step));
      in_command = true;
    } else if (i == 0) {
      page.faults.push_back("line " + std::to_string(number) + ": a console block begins with a command after '$ '");
      return;
    } else if (in_command && line.starts_with("> ")) {
      page.steps.back().command += "\n" + line.substr(2);
    } else {
      in_command = false;
      page.steps.back().shown.push_back(trimmed(line));
      continue;
    }
    PageStep& step = page.steps.back();
    std::smatch match;
    if (std::regex_search(step.command, match, exit_code)) step.exit = std::stoi(match[1]);
  }
}

}  // namespace

ConsolePage read_console_page(const std::string& markdown) {
  ConsolePage page;
  std::istringstream in(markdown);
  std::string language, file, before;
  bool inside = false, excused = false;
  std::vector<std::string> block;
  unsigned number = 0, begun = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.starts_with("```")) {
      if (inside) block.push_back(line);
      else if (!trimmed(line).empty()) before = trimmed(line);
      continue;
    }
    if (!inside) {
      std::istringstream words(line.substr(3));
      std::string word;
      language = file = {};
      words >> language;
      while (words >> word)
        if (word.starts_with("file=")) file = word.substr(5);
      excused = before.starts_with("<!-- not run: ") && before.ends_with("-->");
      inside = true;
      begun = number + 1;
      block.clear();
      continue;
    }
    inside = false;
    before.clear();
    if (excused) {
      ++page.excused;
    } else if (language == "console") {
      add_console_lines(page, block, begun);
    } else if (!file.empty()) {
      PageStep step;
      step.line = begun;
      step.file = file;
      for (const std::string& content : block) step.content += content + "\n";
      page.steps.push_back(std::move(step));
    } else if (language == "sh" || language == "bash" || language == "shell") {
      page.faults.push_back("line " + std::to_string(begun) + ": commands that are neither run (```console) nor excused (<!-- not run: why -->)");
    }
  }
  if (inside) page.faults.push_back("line " + std::to_string(begun) + ": a block that does not end");
  return page;
}

std::optional<std::string> with_names(const std::string& command, const PageNames& names) {
  std::string out;
  auto from = command.cbegin();
  for (std::sregex_iterator it(command.begin(), command.end(), name_pattern), end; it != end; ++it) {
    const auto bound = names.find(it->str());
    if (bound == names.end()) return std::nullopt;
    out.append(from, (*it)[0].first).append(bound->second);
    from = (*it)[0].second;
  }
  return out.append(from, command.cend());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(trimmed(line));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::optional<std::string> difference(const std::vector<std::string>& shown, const std::string& output, PageNames& names) {
  std::vector<std::string> wanted = shown;
  while (!wanted.empty() && wanted.back().empty()) wanted.pop_back();
  std::size_t reached = 0;
  if (rest_matches(wanted, 0, lines_of(output), 0, names, reached)) return std::nullopt;
  return reached == wanted.size() ? "(more came than is shown)" : wanted[reached];
}

}  // namespace daftar::tests
