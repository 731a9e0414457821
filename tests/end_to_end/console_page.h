// A Markdown page whose commands are run as they stand, and the rule by which what it shows is held against what came.
//
//   ```console                     commands after `$ ` (further lines of one command after `> `), each followed by what it prints
//   ```toml file=NAME              saved under that name before the commands that follow
//   ```sh, bash, shell             never run, so it must say why: <!-- not run: REASON --> on the line before. The same excuses a console block.
//
// A command ends with exit code 0, or with N where the page writes `# exit N` behind it. Standard output and error are shown as a terminal mixes them.
// What is shown matches what came, line by line, when it is equal but for this:
//   - a line `…` stands for any lines, also none; `…` within a line for any text;
//   - CAPITALS_ID, _KEY, _DIGEST, _ROOT stand for 64 hexadecimal digits: whichever they are where the name is first shown, the same ever after, and in commands;
//   - times, dates and months stand for any others; so do the numbers after `block` and after `127.0.0.1:`;
//   - a run of blanks is as good as any other; blanks at the end of a line and empty lines at the end do not count.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace daftar::tests {

struct PageStep {
  unsigned line = 0;                  // in the page, from 1
  std::string file, content;          // a file to save; or, when `file` is empty:
  std::string command;
  int exit = 0;
  std::vector<std::string> shown;
};

struct ConsolePage {
  std::vector<PageStep> steps;
  std::vector<std::string> faults;    // "line 12: ...": blocks that are neither run nor excused, lines before the first command, ...
  unsigned excused = 0;               // blocks that say why they are not run
};
ConsolePage read_console_page(const std::string& markdown);

/// What the names in capitals stand for.
using PageNames = std::map<std::string, std::string>;

/// The command with its names replaced; nothing when a name has not been shown before.
std::optional<std::string> with_names(const std::string& command, const PageNames& names);

/// Nothing when `output` is what is shown (then names shown for the first time are in `names`); else the first line shown that did not come.
std::optional<std::string> difference(const std::vector<std::string>& shown, const std::string& output, PageNames& names);

/// Lines without carriage returns, blanks at their ends, and empty lines at the end.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace daftar::tests
