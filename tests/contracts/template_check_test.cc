// What `daftar template check` says: of the templates that are shipped, and of those that must be refused, each with its story.
#include <catch2/catch.hpp>

#include <set>

#include "contracts/language/judgement.h"
#include "template_cases.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {
namespace {

namespace fs = std::filesystem;
using language::Judgement;

const fs::path folder = fs::path(DAFTAR_SOURCE_DIR) / "tests/contracts/templates";

/// What is said of a template: its remarks, without a file's name; of one that holds nothing.
std::string said(const std::string& source) {
  const Judgement judgement = language::judge(source);
  if (judgement.standing == Judgement::Standing::holds) return {};
  std::string out;
  for (const std::string& line : language::in_words("", judgement)) out += (line.starts_with(":") ? line.substr(1) : line) + "\n";
  return out;
}

void run_cases(const std::string& name) {
  const fs::path path = folder / (name + ".txt");
  std::vector<std::string> rest;
  std::vector<TemplateCase> cases = read_template_cases(path, rest);
  REQUIRE_FALSE(cases.empty());
  for (TemplateCase& one : cases) {
    const std::string came = said(one.source);
    INFO(path.filename().string() << ":" << one.line << "\n" << one.source << "----");
    if (!daftar::test::rewriting()) CHECK(came == one.expected);
    one.expected = came;
  }
  if (daftar::test::rewriting()) write_template_cases(path, cases, rest);
}

/// At least three templates of a file are refused for the property it is about, and something is said where each is refused.
std::size_t refused_for(const std::string& name, const std::string& property) {
  std::vector<std::string> rest;
  std::size_t count = 0;
  for (const TemplateCase& one : read_template_cases(folder / (name + ".txt"), rest))
    for (const auto& remark : language::judge(one.source).remarks)
      if (remark.kind == property) {
        ++count;
        break;
      }
  return count;
}

}  // namespace

TEST_CASE("templates: faults of syntax") { run_cases("syntax"); }
TEST_CASE("templates: faults of names and types") { run_cases("types"); }
TEST_CASE("templates: conservation") { run_cases("conservation"); }
TEST_CASE("templates: a way out") { run_cases("way_out"); }
TEST_CASE("templates: a tax category") { run_cases("tax_category"); }
TEST_CASE("templates: all can happen, and end") { run_cases("reachable"); }
TEST_CASE("templates: one reading") { run_cases("one_reading"); }
TEST_CASE("templates: set before it is read") { run_cases("set_before_read"); }
TEST_CASE("templates: a bound on cost") { run_cases("cost"); }
TEST_CASE("templates: a bound on what is looked at") { run_cases("size"); }

TEST_CASE("templates: at least three are refused for each property") {
  struct Row { const char *file, *property; };
  for (const Row& row : {Row{"conservation", "conservation"}, Row{"way_out", "way-out"}, Row{"tax_category", "tax-category"}, Row{"reachable", "reachable"},
                         Row{"one_reading", "one-reading"}, Row{"set_before_read", "set-before-read"}, Row{"cost", "cost"}, Row{"size", "size"}}) {
    INFO(row.property);
    CHECK(refused_for(row.file, row.property) >= 3);
  }
}

TEST_CASE("templates: those that are shipped hold") {
  std::set<std::string> titles;
  for (const auto& entry : fs::directory_iterator(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates")) {
    INFO(entry.path().filename().string());
    const Judgement judgement = language::judge(tests::read_text(entry.path()));
    for (const std::string& line : language::in_words(entry.path().filename().string(), judgement)) UNSCOPED_INFO(line);
    CHECK(judgement.standing == Judgement::Standing::holds);
    CHECK(judgement.verdict.states > 3);
    titles.insert(judgement.title);
  }
  CHECK(titles == std::set<std::string>{"rental/1", "service/1"});
}

TEST_CASE("templates: two judgements of one text are the same") {
  const std::string source = tests::read_text(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template");
  const std::string broken = std::string(source).replace(source.find("deadline undecided"), 18, "deadline never_mind");
  CHECK(language::in_words("x", language::judge(source)) == language::in_words("x", language::judge(source)));
  CHECK(language::in_words("x", language::judge(broken)) == language::in_words("x", language::judge(broken)));
}

}  // namespace daftar::contracts::test
