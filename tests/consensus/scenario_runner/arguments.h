// A command's words and options, read as what the command wants them to be. What is missing, wrong or left over is a Mistake that says
// where, what was expected and what was found.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "consensus/types.h"
#include "tests/consensus/scenario_runner/network.h"
#include "tests/consensus/scenario_runner/syntax.h"

namespace daftar::consensus::scenario {

/// Nodes as the text names them: which exist is known only when the command runs.
struct NodeNames {
  Place at;
  bool all = false;
  std::vector<NodeId> ids;
};

/// One node, and where it was named.
struct NodeName {
  Place at;
  NodeId id;
};

class Arguments {
 public:
  explicit Arguments(const Command& command) : command_(command), option_used_(command.options.size(), false) {}

  Place at() const { return command_.name.at; }

  // Words, in order.
  bool has_word() const { return next_word_ < command_.words.size(); }
  const Word& word(const std::string& what);
  /// Takes the next word if it is `text`.
  bool take_word(std::string_view text);
  std::uint64_t number(const std::string& what);
  NodeName node();
  /// All words up to the first that is neither a number nor `all`; at least one, unless `or_all`: then none means all.
  NodeNames nodes(bool or_all = false);
  std::vector<Link> links();  ///< all words from here on, at least one
  /// Links, type=, first= and last=.
  Selector selector();

  // Options, by name. A second one of the same name is a mistake.
  std::optional<std::uint64_t> number_option(const std::string& key, std::uint64_t min = 0);
  std::vector<std::uint64_t> numbers_option(const std::string& key);
  std::vector<NodeId> nodes_option(const std::string& key);
  std::optional<LogPosition> position_option(const std::string& key);  ///< term/index
  std::optional<Word> word_option(const std::string& key);
  std::optional<bool> flag_option(const std::string& key);  ///< on or off
  /// Every option that is not taken yet.
  std::vector<Option> other_options();

  /// Nothing may be left over.
  void end() const;

 private:
  const Option* find(const std::string& key);
  const Word& single(const Option& option) const;

  const Command& command_;
  std::size_t next_word_ = 0;
  std::vector<bool> option_used_;
};

std::uint64_t number_of(const Word& word, std::uint64_t min, const std::string& what);
/// "expected `what`, found ...".
[[noreturn]] void expected(const std::string& what, const Word& found);

}  // namespace daftar::consensus::scenario
