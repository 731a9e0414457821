// The text of a scenario: steps of commands and what they are expected to print. docs/raft-scenarios.md describes it.
//
//   # A comment, anywhere outside an expectation.
//   propose 1 "pay A"
//   stabilize
//   ----
//   1 appended 1/2
//   1 leader term=1 ...
//
// A step is ended by a blank line. Knows nothing of what the commands mean.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace daftar::consensus::scenario {

/// In the file, from 1; columns count bytes.
struct Place {
  int line = 0;
  int column = 0;
};

/// The scenario is not well formed: nothing can be said about what it tests.
struct Mistake : std::runtime_error {
  Mistake(Place place, const std::string& what) : std::runtime_error(what), at(place) {}
  Place at;
};

struct Word {
  Place at;
  std::string text;
};

/// key=value, key="two words" or key=(a b), key=(a,b).
struct Option {
  Place at;
  std::string key;
  std::vector<Word> values;  ///< one without parentheses; any number with them
  bool listed = false;       ///< with parentheses
};

struct Command {
  Word name;
  std::vector<Word> words;
  std::vector<Option> options;
};

struct Step {
  std::vector<Command> commands;
  std::string expected;       ///< each line ends with a newline
  std::size_t expected_line;  ///< of the line after `----` in ScenarioText::lines, from 0
  std::size_t expected_count;
};

struct ScenarioText {
  std::vector<std::string> lines;  ///< as read
  std::vector<Step> steps;
};

/// Throws Mistake.
ScenarioText parse(std::string_view text);

/// The same text with other expectations, one for each step.
std::string with_expectations(const ScenarioText& scenario, const std::vector<std::string>& outputs);

}  // namespace daftar::consensus::scenario
