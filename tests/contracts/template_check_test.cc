// What `daftar template check` says: of the templates that are shipped, and of those that must be refused, each with its story.
#include <catch2/catch.hpp>

#include <chrono>
#include <set>

#include "contracts/language/formatter.h"
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
TEST_CASE("templates: consent before money is held") { run_cases("consent"); }
TEST_CASE("templates: a way out") { run_cases("way_out"); }
TEST_CASE("templates: a tax category") { run_cases("tax_category"); }
TEST_CASE("templates: all can happen, and end") { run_cases("reachable"); }
TEST_CASE("templates: one reading") { run_cases("one_reading"); }
TEST_CASE("templates: set before it is read") { run_cases("set_before_read"); }
TEST_CASE("templates: a bound on cost") { run_cases("cost"); }
TEST_CASE("templates: a bound on what is looked at") { run_cases("size"); }
TEST_CASE("templates: tenders") { run_cases("tenders"); }

TEST_CASE("templates: at least three are refused for each property") {
  struct Row { const char *file, *property; };
  for (const Row& row : {Row{"conservation", "conservation"}, Row{"consent", "consent"}, Row{"way_out", "way-out"}, Row{"tax_category", "tax-category"}, Row{"reachable", "reachable"},
                         Row{"one_reading", "one-reading"}, Row{"set_before_read", "set-before-read"}, Row{"cost", "cost"}, Row{"size", "size"}}) {
    INFO(row.property);
    CHECK(refused_for(row.file, row.property) >= 3);
  }
}

TEST_CASE("templates: those that are shipped hold, each within 2 s, and are written the one way") {
  std::set<std::string> titles;
  for (const auto& entry : fs::directory_iterator(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates")) {
    INFO(entry.path().filename().string());
    const std::string source = tests::read_text(entry.path());
    const auto began = std::chrono::steady_clock::now();
    const Judgement judgement = language::judge(source);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
    const auto parsed = language::parse(source);
    REQUIRE(parsed);
    CHECK(language::formatted(*parsed) == source);
    for (const std::string& line : language::in_words(entry.path().filename().string(), judgement)) UNSCOPED_INFO(line);
    CHECK(judgement.standing == Judgement::Standing::holds);
    CHECK(judgement.verdict.states > 3);
    titles.insert(judgement.title);
  }
  CHECK(titles == std::set<std::string>{"grant/1", "licence/1", "public_request/1", "rental/1", "service/1", "subscription/1", "supply/2", "tender/1", "works/1"});
}

TEST_CASE("templates: mistakes planted in the service contract are found, each by its name") {
  const std::string source = tests::read_text(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template");
  struct Mistake {
    const char *what, *text, *instead, *kind, *said;
  };
  for (const Mistake& planted : {
           Mistake{"undelivered work waits for ever", "deadline undelivered at m.due + grace", "deadline undelivered at m.due + arbitration", "way-out", "when provider is silent"},
           {"an undecided dispute waits for ever", "m.judged + arbitration", "m.judged + acceptance", "way-out", "when arbiter is silent"},
           {"nobody need accept", "require acceptance given or arbiter given or public because \"without an arbiter silence must accept\"\n", "", "way-out", "when customer is silent"},
           {"nothing ends undelivered work", "require grace given or public because \"undelivered work must end some day\"\n", "", "way-out", "when provider is silent"},
           {"rework has no end", "deadline not_redelivered at max(m.due, m.judged) + grace in active on m of milestones in rejected {\n  refund m.price to customer\n",
            "deadline not_redelivered at max(m.due, m.judged) + grace in active on m of milestones in rejected {\n", "conservation", "milestones.price is still held"},
           {"the penalty stays held", "  refund penalty to customer\n", "", "conservation", "is still held"},
           {"the penalty is paid as well", "pay m.price - penalty to provider", "pay m.price to provider", "conservation", "and nothing may be held"},
           {"the award gives everything back besides", "refund m.price - to_provider to customer", "refund m.price to customer", "conservation", "may be held of milestones.price"},
           {"one can be awarded twice", "  m becomes awarded\n", "", "conservation", "and nothing may be held"},
           {"an award without a bound of its own milestone", "to_provider: money up to m.price", "to_provider: money up to m.price + m.price", "conservation", "may be held"},
           {"accepted work is not taxed", "pay m.price - penalty to provider for income", "pay m.price - penalty to provider", "tax-category", "no tax category"},
           {"an award is not taxed", "pay to_provider to provider for income", "pay to_provider to provider for none", "tax-category", "no income"},
           {"terminated over a dispute", "no milestones in submitted, disputed {", "no milestones in submitted {", "conservation", "the contract ends, and milestones.price is still held"},
           {"a rejection leaves no date", "  set m.judged = now\n  m becomes rejected\n", "  m becomes rejected\n", "set-before-read", "m.judged is read"},
           {"two readings of a dispute", "on m of milestones in pending when arbiter given and now > m.due", "on m of milestones in pending, rejected when arbiter given and now > m.due",
            "one-reading", "action dispute has two readings"},
           {"registered again and again", "action register by treasury in signed {  # public money: signed is not yet in force\n  each m of milestones { hold m.price from customer }\n  become active\n",
            "action register by treasury in signed {  # public money: signed is not yet in force\n  each m of milestones { hold m.price from customer }\n", "conservation", "held again"},
           {"it is never done", "conclude active as done when all milestones ended\n", "", "reachable", "phase done is never reached"},
           {"an arbiter who is never there", "require arbitration given if arbiter given", "require not arbiter given", "reachable", "can never"},
       }) {
    INFO(planted.what);
    const std::size_t at = source.find(planted.text);
    REQUIRE(at != std::string::npos);
    const Judgement judgement = language::judge(std::string(source).replace(at, std::string(planted.text).size(), planted.instead));
    CHECK(judgement.standing == Judgement::Standing::refused);
    bool found = false;
    for (const auto& remark : judgement.remarks) {
      UNSCOPED_INFO(remark.kind << ": " << remark.sentence);
      found = found || (remark.kind == planted.kind && remark.sentence.find(planted.said) != std::string::npos && (!remark.story.empty() || remark.kind == "reachable"));
    }
    CHECK(found);
  }
}

TEST_CASE("templates: two judgements of one text are the same") {
  const std::string source = tests::read_text(fs::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template");
  const std::string broken = std::string(source).replace(source.find("deadline undecided"), 18, "deadline never_mind");
  CHECK(language::in_words("x", language::judge(source)) == language::in_words("x", language::judge(source)));
  CHECK(language::in_words("x", language::judge(broken)) == language::in_words("x", language::judge(broken)));
}

}  // namespace daftar::contracts::test
