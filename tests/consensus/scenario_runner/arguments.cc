#include "tests/consensus/scenario_runner/arguments.h"

#include <charconv>

namespace daftar::consensus::scenario {
namespace {

std::optional<std::uint64_t> as_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 0 stands for any node.
NodeId end_of_link(std::string_view text, const Word& word) {
  if (text == "*") return no_node;
  const auto id = as_number(text);
  if (!id || *id == 0) expected("a link such as 1->2, 1->*, *->2 or 1<->2", word);
  return NodeId{*id};
}

}  // namespace

std::uint64_t number_of(const Word& word, std::uint64_t min, const std::string& what) {
  const auto value = as_number(word.text);
  if (!value || *value < min) expected(what + (min > 0 ? " of at least " + std::to_string(min) : ""), word);
  return *value;
}

void expected(const std::string& what, const Word& found) { throw Mistake(found.at, "expected " + what + ", found '" + found.text + "'"); }

const Word& Arguments::word(const std::string& what) {
  if (!has_word()) throw Mistake(at(), command_.name.text + ": expected " + what + ", found none");
  return command_.words[next_word_++];
}

bool Arguments::take_word(std::string_view text) {
  if (!has_word() || command_.words[next_word_].text != text) return false;
  ++next_word_;
  return true;
}

std::uint64_t Arguments::number(const std::string& what) { return number_of(word(what), 0, what); }

NodeName Arguments::node() {
  const Word& name = word("a node's number");
  return {name.at, NodeId{number_of(name, 1, "a node's number")}};
}

NodeNames Arguments::nodes(bool or_all) {
  NodeNames nodes{at(), false, {}};
  if (has_word()) nodes.at = command_.words[next_word_].at;
  if (take_word("all") || (or_all && !has_word())) {
    nodes.all = true;
    return nodes;
  }
  while (has_word()) {
    const auto id = as_number(command_.words[next_word_].text);
    if (!id || *id == 0) break;
    nodes.ids.push_back(NodeId{*id});
    ++next_word_;
  }
  if (nodes.ids.empty()) {
    if (has_word()) expected("nodes' numbers or 'all'", command_.words[next_word_]);
    throw Mistake(at(), command_.name.text + ": expected nodes' numbers or 'all', found none");
  }
  return nodes;
}

std::vector<Link> Arguments::links() {
  std::vector<Link> links;
  do {
    const Word& name = word("links such as 1->2, 1->*, *->2 or 1<->2, or 'all'");
    if (name.text == "all") {
      links.push_back({no_node, no_node});
      continue;
    }
    const std::size_t both = name.text.find("<->");
    const std::size_t arrow = both == std::string::npos ? name.text.find("->") : both;
    if (arrow == std::string::npos) expected("a link such as 1->2, 1->*, *->2 or 1<->2", name);
    const std::string_view text = name.text;
    const NodeId from = end_of_link(text.substr(0, arrow), name);
    const NodeId to = end_of_link(text.substr(arrow + (both == std::string::npos ? 2 : 3)), name);
    links.push_back({from, to});
    if (both != std::string::npos) links.push_back({to, from});
  } while (has_word());
  return links;
}

Selector Arguments::selector() {
  Selector selector;
  selector.links = links();
  if (const Option* types = find("type"))
    for (const Word& name : types->values) {
      const auto type = message_type(name.text);
      if (!type) expected("one of " + message_type_names(), name);
      selector.types.push_back(*type);
    }
  selector.first = number_option("first", 1);
  selector.last = number_option("last", 1);
  return selector;
}

const Option* Arguments::find(const std::string& key) {
  const Option* found = nullptr;
  for (std::size_t i = 0; i < command_.options.size(); ++i) {
    if (command_.options[i].key != key) continue;
    if (found) throw Mistake(command_.options[i].at, "option '" + key + "' is given twice");
    found = &command_.options[i];
    option_used_[i] = true;
  }
  return found;
}

const Word& Arguments::single(const Option& option) const {
  if (option.values.size() != 1) throw Mistake(option.at, "option '" + option.key + "': expected one value, found " + std::to_string(option.values.size()));
  return option.values.front();
}

std::optional<std::uint64_t> Arguments::number_option(const std::string& key, std::uint64_t min) {
  const Option* option = find(key);
  if (!option) return std::nullopt;
  return number_of(single(*option), min, "a number");
}

std::vector<std::uint64_t> Arguments::numbers_option(const std::string& key) {
  std::vector<std::uint64_t> numbers;
  if (const Option* option = find(key))
    for (const Word& value : option->values) numbers.push_back(number_of(value, 1, "a number"));
  return numbers;
}

std::vector<NodeId> Arguments::nodes_option(const std::string& key) {
  std::vector<NodeId> nodes;
  for (std::uint64_t id : numbers_option(key)) nodes.push_back(NodeId{id});
  return nodes;
}

std::optional<LogPosition> Arguments::position_option(const std::string& key) {
  const auto value = word_option(key);
  if (!value) return std::nullopt;
  const std::size_t slash = value->text.find('/');
  const auto term = as_number(std::string_view(value->text).substr(0, slash));
  const auto index = slash == std::string::npos ? std::nullopt : as_number(std::string_view(value->text).substr(slash + 1));
  if (!term || !index) expected("a log position term/index", *value);
  return LogPosition{Term{*term}, Index{*index}};
}

std::optional<Word> Arguments::word_option(const std::string& key) {
  const Option* option = find(key);
  if (!option) return std::nullopt;
  return single(*option);
}

std::optional<bool> Arguments::flag_option(const std::string& key) {
  const auto value = word_option(key);
  if (!value) return std::nullopt;
  if (value->text != "on" && value->text != "off") expected("on or off", *value);
  return value->text == "on";
}

std::vector<Option> Arguments::other_options() {
  std::vector<Option> others;
  for (std::size_t i = 0; i < command_.options.size(); ++i) {
    if (option_used_[i]) continue;
    option_used_[i] = true;
    others.push_back(command_.options[i]);
  }
  return others;
}

void Arguments::end() const {
  if (has_word()) throw Mistake(command_.words[next_word_].at, command_.name.text + ": unexpected '" + command_.words[next_word_].text + "'");
  for (std::size_t i = 0; i < option_used_.size(); ++i)
    if (!option_used_[i]) throw Mistake(command_.options[i].at, command_.name.text + " has no option '" + command_.options[i].key + "'");
}

}  // namespace daftar::consensus::scenario
