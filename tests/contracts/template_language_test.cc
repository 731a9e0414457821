// Reading and writing templates: bounds before memory, one way to write, the same tree after it; the colours of editors.
#include <catch2/catch.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "contracts/language/formatter.h"
#include "contracts/language/judgement.h"
#include "template_cases.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {
namespace {

namespace fs = std::filesystem;
using namespace language;

const fs::path repository = DAFTAR_SOURCE_DIR;

std::string shipped(const std::string& name) { return tests::read_text(repository / "contracts/templates" / name); }

std::vector<std::string> spellings(const std::string& source) {
  std::vector<std::string> out;
  const auto tokens = tokens_of(source);
  REQUIRE(tokens);
  for (const Token& token : *tokens) out.emplace_back(token.spelling);
  return out;
}

std::string formatted_text(const std::string& source) {
  const auto parsed = parse(source);
  INFO(source);
  REQUIRE(parsed);
  return formatted(*parsed);
}

std::string fault_of(const std::string& source) {
  const auto parsed = parse(source);
  return parsed ? "none" : std::to_string(parsed.error().place.line) + ":" + std::to_string(parsed.error().place.column) + " " + parsed.error().sentence;
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("templates: formatting twice is formatting once, and says the same words") {
  std::vector<std::string> sources = {shipped("service.template"), shipped("rental.template")};
  std::vector<std::string> rest;
  for (const auto& entry : fs::directory_iterator(repository / "tests/contracts/templates"))
    for (const TemplateCase& one : read_template_cases(entry.path(), rest))
      if (parse(one.source)) sources.push_back(one.source);
  REQUIRE(sources.size() > 40);
  for (const std::string& source : sources) {
    const std::string once = formatted_text(source);
    CHECK(formatted_text(once) == once);
    CHECK(spellings(once) == spellings(source));
  }
}

TEST_CASE("templates: the formatter's one way") {
  const std::string untidy =
      "# first\n\n\n\ntemplate  t version 1 party a:member\n   party b : member   # the other\n"
      "term parts : list 1 .. 3 of {\ntitle:text\n\n}\n phases open ,end   done\n"
      "action go ( x : text ) by a\nor b in open when ( now>2026-01-02 ) and not(now<2026-01-01){become done}   \n\n# last  \n\n";
  const std::string tidy =
      "# first\n\ntemplate t version 1\nparty a: member\nparty b: member  # the other\n"
      "term parts: list 1..3 of {\n  title: text\n}\nphases open, end done\n"
      "action go(x: text) by a\n    or b in open when (now > 2026-01-02) and not (now < 2026-01-01) { become done }\n\n# last\n";
  CHECK(formatted_text(untidy) == tidy);
  CHECK(formatted_text(tidy) == tidy);
}

TEST_CASE("templates: a carriage return, a tab and letters of two bytes count as columns do") {
  CHECK(fault_of("template t version 1\r\nparty a: member\r\n\tparty б: member\r\n") ==
        "3:8 no word, number or sign begins here; names are written in small Latin letters, digits and _");
  CHECK(fault_of("template t version 1 clause c { en \"ўғқҳ\" party") == "1:43 expected a language, such as uz, ru or en, found `party` (a word of the language)");
}

TEST_CASE("templates: bounds are kept before memory is taken") {
  CHECK(fault_of(std::string(limits::source_bytes + 1, ' ')) == "1:1 a template has at most 131072 bytes");
  CHECK(fault_of(std::string(limits::source_bytes, '\n')).ends_with("found the end of the file"));
  CHECK(fault_of("template \xff").ends_with("not UTF-8 text"));
  CHECK(fault_of("template " + std::string(49, 'a')) == "1:10 a name has at most 48 characters");
  CHECK(fault_of("template t version 1 require " + repeated("(", 30'000)).ends_with("nested more than 24 deep"));
  CHECK(fault_of("template t version 1 require " + repeated("not ", 30'000)).ends_with("nested more than 24 deep"));
  CHECK(fault_of("template t version 1 require " + repeated("rest of ", 15'000)).ends_with("nested more than 24 deep"));
  CHECK(fault_of("template t version 1 action a by b in c " + repeated("{ if public ", 9'000)).ends_with("nested more than 24 deep"));
  CHECK(fault_of("template t version 1 action a by b in c { if public {} " + repeated("else if public {} ", 7'000)).ends_with("nested more than 24 deep"));
  CHECK(fault_of("template t version 1 require a" + repeated(" + a", 33) + " > a").ends_with("more than 32 parts in a row"));
  CHECK(fault_of("template t version 1 require public" + repeated(" and public", 33)).ends_with("more than 32 parts in a row"));
  CHECK(fault_of("template t version 1 require public" + repeated(" or public", 33)).ends_with("more than 32 parts in a row"));
  CHECK(fault_of("template t version 1 " + repeated("party a: b ", 401)).ends_with("at most 400 declarations"));
  CHECK(fault_of("template t version 1 phases a" + repeated(", a", 64)).ends_with("expected fewer steps, found `a`"));
  CHECK(fault_of("template t version 1 term a: choice { a" + repeated(", a", 64)).ends_with("at most 64 names stand in one list"));
  CHECK(fault_of("template t version 12345678901234567890").ends_with("a number has at most 18 digits"));
}

TEST_CASE("templates: a text cut anywhere is a fault or a template, never worse") {
  const std::string source = shipped("service.template");
  std::size_t faults = 0;
  for (std::size_t size = 0; size < source.size(); size += 7) {
    const Judgement judgement = judge(std::string_view(source).substr(0, size));
    if (judgement.standing != Judgement::Standing::holds) ++faults;
  }
  CHECK(faults > source.size() / 8);
}

TEST_CASE("templates: a word left out of the service contract is a fault, a refusal or still a template, and the judgement ends") {
  const std::string source = shipped("service.template");
  const auto tokens = tokens_of(source);
  REQUIRE(tokens);
  std::size_t unreadable = 0, refused = 0;
  for (std::size_t i = 0; i + 1 < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    if (token.kind == TokenKind::comment) continue;
    std::string without = source;
    without.erase(token.after - token.spelling.size(), token.spelling.size());
    const Judgement judgement = judge(without);
    if (judgement.standing == Judgement::Standing::unreadable) ++unreadable;
    if (judgement.standing == Judgement::Standing::refused) ++refused;
    CHECK((judgement.standing == Judgement::Standing::holds) == judgement.remarks.empty());
  }
  CHECK(unreadable > 500);
  CHECK(refused >= 4);
}

TEST_CASE("templates: editors colour every word of the language, and no other") {
  const auto grammar = nlohmann::json::parse(tests::read_text(repository / "contracts/language/daftar-template.tmLanguage.json"));
  std::set<std::string> coloured, known;
  for (const char* group : {"declaration", "money", "effect", "kind", "condition", "word"}) {
    const std::string match = grammar.at("repository").at(group).at("match");
    const std::regex word("[a-z]{2,}");
    for (std::sregex_iterator it(match.begin(), match.end(), word), end; it != end; ++it)
      CHECK(coloured.insert(it->str()).second);   // in one group only
  }
  for (const std::string_view word : keywords()) known.emplace(word);
  CHECK(coloured == known);
  for (const auto& pattern : grammar.at("patterns")) CHECK(grammar.at("repository").contains(std::string(pattern.at("include")).substr(1)));
}

}  // namespace daftar::contracts::test
