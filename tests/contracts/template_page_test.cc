// The pages on templates against the language. docs/template-language.md: its examples hold and are formatted, its mistakes are refused as it says, its grammar
// and tables are those of the code. docs/template-tutorial.md: what it writes is the rental template. docs/templates.md: it tells of every template that is shipped.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

#include "contracts/language/formatter.h"
#include "contracts/language/judgement.h"
#include "contracts/language/lexer.h"
#include "tests/harness/page_table.h"

namespace daftar::contracts::test {
namespace {

using language::Judgement;

const std::filesystem::path source_folder = DAFTAR_SOURCE_DIR;

const std::string& language_page() {
  static const std::string page = tests::read_text(source_folder / "docs/template-language.md");
  return page;
}
const std::string& tutorial_page() {
  static const std::string page = tests::read_text(source_folder / "docs/template-tutorial.md");
  return page;
}

struct PageBlock {
  std::string heading, content;   // "template refused file=sale.template"
};

std::vector<PageBlock> page_blocks(const std::string& page = language_page()) {
  std::vector<PageBlock> blocks;
  std::istringstream in(page);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), {}});
    } else if (inside) {
      blocks.back().content += line + "\n";
    }
  }
  return blocks;
}

std::string formatted_source(const std::string& source) {
  const auto parsed = language::parse(source);
  return parsed ? language::formatted(*parsed) : parsed.error().sentence;
}

void must_hold(const std::string& source) {
  const Judgement judgement = language::judge(source);
  for (const std::string& line : language::in_words("page", judgement)) UNSCOPED_INFO(line);
  CHECK(judgement.standing == Judgement::Standing::holds);
  CHECK(formatted_source(source) == source);
}

}  // namespace

TEST_CASE("templates: the pieces of the page are one template, and it holds") {
  std::string whole;
  std::size_t pieces = 0;
  for (const PageBlock& block : page_blocks()) {
    if (block.heading != "template") continue;
    whole += (whole.empty() ? "" : "\n") + block.content;
    ++pieces;
  }
  CHECK(pieces > 10);
  INFO(whole);
  must_hold(whole);
  CHECK(language::judge(whole).verdict.states > 30);
}

TEST_CASE("templates: the page's other examples hold, and its mistakes do not") {
  std::size_t apart = 0, refused = 0;
  for (const PageBlock& block : page_blocks()) {
    INFO(block.content);
    if (block.heading.starts_with("template apart")) {
      ++apart;
      must_hold(block.content);
    } else if (block.heading.starts_with("template refused")) {
      ++refused;
      CHECK(language::judge(block.content).standing == Judgement::Standing::refused);
      CHECK(formatted_source(block.content) == block.content);
    }
  }
  CHECK(apart >= 1);
  CHECK(refused >= 1);
}

TEST_CASE("templates: the pieces of the tutorial are the rental template") {
  std::string whole, first;
  for (const PageBlock& block : page_blocks(tutorial_page())) {
    if (block.heading.starts_with("template piece")) whole += (whole.empty() ? "" : "\n") + block.content;
    if (block.heading.starts_with("template refused")) {
      CHECK(language::judge(block.content).standing == Judgement::Standing::refused);
      CHECK(formatted_source(block.content) == block.content);
      first = block.content;
    }
    if (block.heading.starts_with("template part")) must_hold(first + block.content);   // what mends it
  }
  CHECK_FALSE(first.empty());
  CHECK(whole == tests::read_text(source_folder / "contracts/templates/rental.template"));
}

TEST_CASE("templates: the page of those shipped tells of each: its parties, its ends, and what comes of each party's silence") {
  const std::string page = tests::read_text(source_folder / "docs/templates.md");
  std::map<std::string, std::vector<std::string>> rows;   // title → cells
  for (const auto& row : tests::page_table(page, "template")) rows[tests::code_words(row.at(0)).at(0)] = row;
  std::size_t shipped_count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_folder / "contracts/templates")) {
    const std::string source = tests::read_text(entry.path());
    const auto parsed = language::parse(source);
    REQUIRE(parsed);
    const language::Template& text = parsed->tree;
    const std::string title = text.name + "/" + std::to_string(text.version);
    INFO(title);
    REQUIRE(rows.contains(title));
    ++shipped_count;
    std::vector<std::string> parties, ends, silent;
    for (const auto& party : text.parties) parties.push_back(party.name);
    for (const auto& entrant : text.entrants) parties.push_back(entrant.name);
    for (const auto& phase : text.phases)
      if (phase.end) ends.push_back(phase.name);
    for (const auto& row : tests::page_table(page, "silent in `" + title + "`")) silent.push_back(row.at(0));
    const auto sorted = [](std::vector<std::string> names) { return std::set<std::string>(names.begin(), names.end()); };
    CHECK(sorted(tests::code_words(rows[title].at(2))) == sorted(parties));
    CHECK(sorted(tests::code_words(rows[title].at(3))) == sorted(ends));
    CHECK(sorted(silent) == sorted(parties));
    for (const auto& row : tests::page_table(page, "silent in `" + title + "`"))
      for (const std::string& word : tests::code_words(row.at(1))) {
        INFO(word);
        CHECK(text.term(word) != nullptr);
      }
  }
  CHECK(rows.size() == shipped_count);
}

TEST_CASE("templates: every word of the language stands in the examples of the page, and in its grammar") {
  std::string examples, grammar;
  for (const PageBlock& block : page_blocks()) {
    if (block.heading.starts_with("template")) examples += block.content;
    if (block.heading == "ebnf") grammar += block.content;
  }
  std::set<std::string> shown, ruled, known;
  const auto tokens = language::tokens_of(examples);
  REQUIRE(tokens);
  for (const auto& token : *tokens)
    if (token.kind == language::TokenKind::keyword) shown.emplace(token.spelling);
  const std::regex quoted("\"([a-z]+)\""), ruled_name("(^|\\n)([a-z]+) +="), used_name("[^\"a-z]([a-z]+)[^\"a-z]");
  for (std::sregex_iterator it(grammar.begin(), grammar.end(), quoted), end; it != end; ++it) ruled.insert((*it)[1]);
  for (const std::string_view word : language::keywords()) known.emplace(word);
  CHECK(ruled == known);
  // `day` and `hour` are spellings of `days` and `hours`.
  std::set<std::string> unshown;
  std::set_difference(known.begin(), known.end(), shown.begin(), shown.end(), std::inserter(unshown, unshown.end()));
  CHECK(unshown == std::set<std::string>{"hour"});

  std::set<std::string> defined = {"name", "integer", "number", "date", "text"}, used;
  for (std::sregex_iterator it(grammar.begin(), grammar.end(), ruled_name), end; it != end; ++it) defined.insert((*it)[2]);
  const std::string unquoted = std::regex_replace(grammar, std::regex("\"[^\"]*\""), " ");
  const std::regex word("[a-z]+");
  for (std::sregex_iterator it(unquoted.begin(), unquoted.end(), word), end; it != end; ++it) used.insert(it->str());
  CHECK(used == defined);
}

TEST_CASE("templates: the page's limits and properties are those of the code") {
  using namespace language;
  std::vector<std::string> values;
  for (const auto& row : tests::page_table(language_page(), "limit")) values.push_back(row.at(1));
  CHECK(values == std::vector<std::string>{std::to_string(limits::source_bytes), std::to_string(limits::name_bytes), std::to_string(limits::nesting), std::to_string(limits::chain),
                                           std::to_string(limits::declarations), std::to_string(limits::names_in_list), std::to_string(limits::list_entries),
                                           std::to_string(limits::action_cost), "10", std::to_string(states_max), std::to_string(steps_max)});
  std::vector<std::string> properties, named;
  for (const auto& row : tests::page_table(language_page(), "property")) properties.push_back(tests::code_words(row.at(0)).at(0));
  for (int i = 0; i <= static_cast<int>(Property::size); ++i) named.emplace_back(name(static_cast<Property>(i)));
  CHECK(properties == named);
}

}  // namespace daftar::contracts::test
