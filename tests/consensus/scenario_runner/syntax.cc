#include "tests/consensus/scenario_runner/syntax.h"

#include <cctype>
#include <sstream>

namespace daftar::consensus::scenario {
namespace {

constexpr std::string_view separator = "----";

/// Reads one line of commands.
class LineParser {
 public:
  LineParser(std::string_view line, int number) : line_(line), number_(number) {}

  Command command() {
    Command command{{here(), bare("a command")}, {}, {}};
    for (skip_blanks(); !at_end(); skip_blanks()) {
      const Place at = here();
      if (line_[position_] == '"') {
        command.words.push_back({at, quoted()});
      } else {
        std::string text = bare("an argument");
        if (!at_end() && line_[position_] == '=') command.options.push_back(option(at, std::move(text)));
        else command.words.push_back({at, std::move(text)});
      }
      if (!at_end() && line_[position_] != ' ' && line_[position_] != '#') fail("a blank between arguments");
    }
    return command;
  }

 private:
  bool at_end() const { return position_ >= line_.size() || line_[position_] == '#'; }
  Place here() const { return {number_, static_cast<int>(position_) + 1}; }
  [[noreturn]] void fail(const std::string& expected) const {
    const std::string found = position_ < line_.size() ? "'" + std::string(1, line_[position_]) + "'" : "the end of the line";
    throw Mistake(here(), "expected " + expected + ", found " + found);
  }
  void skip_blanks() {
    while (position_ < line_.size() && line_[position_] == ' ') ++position_;
  }

  static bool is_bare(char c) { return std::isgraph(static_cast<unsigned char>(c)) && std::string_view("\"()=,#").find(c) == std::string_view::npos; }

  std::string bare(const std::string& what) {
    const std::size_t begin = position_;
    while (position_ < line_.size() && is_bare(line_[position_])) ++position_;
    if (position_ == begin) fail(what);
    return std::string(line_.substr(begin, position_ - begin));
  }

  std::string quoted() {
    const std::size_t end = line_.find('"', ++position_);
    if (end == std::string_view::npos) {
      position_ = line_.size();
      fail("a closing '\"'");
    }
    std::string text(line_.substr(position_, end - position_));
    position_ = end + 1;
    return text;
  }

  Word value() {
    const Place at = here();
    return {at, !at_end() && line_[position_] == '"' ? quoted() : bare("a value")};
  }

  Option option(Place at, std::string key) {
    ++position_;
    Option option{at, std::move(key), {}, position_ < line_.size() && line_[position_] == '('};
    if (!option.listed) {
      option.values.push_back(value());
      return option;
    }
    ++position_;
    for (skip_separators(); !at_end() && line_[position_] != ')'; skip_separators()) option.values.push_back(value());
    if (at_end()) fail("a closing ')'");
    ++position_;
    return option;
  }

  void skip_separators() {
    while (position_ < line_.size() && (line_[position_] == ' ' || line_[position_] == ',')) ++position_;
  }

  std::string_view line_;
  int number_;
  std::size_t position_ = 0;
};

bool is_comment(const std::string& line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first != std::string::npos && line[first] == '#';
}

bool is_blank(const std::string& line) { return line.find_first_not_of(' ') == std::string::npos; }

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const std::size_t bad = line.find_first_of("\t\r");
    if (bad != std::string::npos)
      throw Mistake({static_cast<int>(lines.size()) + 1, static_cast<int>(bad) + 1}, "expected blanks and line feeds only, found a tab or carriage return");
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

ScenarioText parse(std::string_view text) {
  ScenarioText scenario{split_lines(text), {}};
  const auto& lines = scenario.lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_blank(lines[i]) || is_comment(lines[i])) continue;
    Step step{};
    for (; i < lines.size() && lines[i] != separator; ++i) {
      const int number = static_cast<int>(i) + 1;
      if (is_blank(lines[i])) throw Mistake({number, 1}, "expected another command or '----', found a blank line");
      if (is_comment(lines[i])) continue;
      if (lines[i][0] == ' ') throw Mistake({number, 1}, "expected a command at the start of the line, found a blank");
      step.commands.push_back(LineParser(lines[i], number).command());
    }
    if (i == lines.size()) throw Mistake({static_cast<int>(i), 1}, "expected '----' after the step's commands, found the end of the file");
    if (step.commands.empty()) throw Mistake({static_cast<int>(i) + 1, 1}, "expected a command before '----'");
    step.expected_line = ++i;
    for (; i < lines.size() && !is_blank(lines[i]); ++i) step.expected += lines[i] + "\n";
    step.expected_count = i - step.expected_line;
    scenario.steps.push_back(std::move(step));
  }
  return scenario;
}

std::string with_expectations(const ScenarioText& scenario, const std::vector<std::string>& outputs) {
  std::string text;
  std::size_t line = 0;
  auto copy_until = [&](std::size_t end) {
    for (; line < end; ++line) text += scenario.lines[line] + "\n";
  };
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    copy_until(scenario.steps[i].expected_line);
    text += outputs.at(i);
    line += scenario.steps[i].expected_count;
  }
  copy_until(scenario.lines.size());
  return text;
}

}  // namespace daftar::consensus::scenario
