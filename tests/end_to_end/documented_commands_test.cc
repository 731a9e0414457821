// The commands of the users' pages, taken from the pages themselves, run in order on a terminal against a network that the page starts.
// The rule by which a page's output is held against what came: console_page.h.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <regex>

#include "tests/end_to_end/console_page.h"
#include "tests/end_to_end/terminal.h"
#include "tests/harness/temporary_folder.h"
#include "tests/harness/text_file.h"

using namespace daftar::tests;
namespace fs = std::filesystem;

namespace {

const fs::path source = DAFTAR_SOURCE_DIR;
const std::string page_passphrase = "a long passphrase for pages only";

/// Pages whose commands are run here; every other page must have none.
const std::vector<std::string> run_pages = {"docs/enterprise.md", "docs/tax-authority.md", "docs/budget-office.md", "docs/operators.md",
                                            "docs/template-language.md", "docs/template-tutorial.md", "docs/any-contract.md", "docs/governance.md",
                                            "docs/tender.md", "docs/verifying.md"};

std::vector<std::string> all_pages() {
  std::vector<std::string> pages = {"README.md", "genesis/README.md"};
  for (const auto& entry : fs::directory_iterator(source / "docs"))
    if (entry.path().extension() == ".md") pages.push_back("docs/" + entry.path().filename().string());
  std::sort(pages.begin(), pages.end());
  return pages;
}

/// What a reader has: the source tree with build/bin in it (also on the PATH), a home of their own, a terminal. Variables and the folder last from
/// command to command as in a shell.
class Reader {
 public:
  Reader() {
    for (const char* linked : {"README.md", "contracts", "docs", "genesis", "tests", "tools"}) fs::create_symlink(source / linked, folder_.path() / linked);
    fs::create_directories(folder_.path() / "build");
    fs::create_symlink(DAFTAR_BIN_DIR, folder_.path() / "build/bin");
    folder_.write(".state", "cd " + folder_.path().string() + "\n");
  }
  ~Reader() {
    // A page ends with `network down`; one that broke off does not. Its nodes must not outlive the test.
    type("cd \"$HOME\"; if [ -e daftar-network ]; then daftar network down --network daftar-network; fi");
  }
  Reader(const Reader&) = delete;

  TerminalRun type(const std::string& command) {
    const std::string state = folder_ / ".state";
    const std::string script = ". '" + state + "'\n" + command + "\nstatus=$?\n{ export -p; echo \"cd '$PWD'\"; } > '" + state + "'\nexit $status\n";
    auto run = run_on_terminal(script, folder_.path(),
                               {"HOME=" + folder_.path().string(), "PATH=" DAFTAR_BIN_DIR ":/usr/local/bin:/usr/bin:/bin", "TERM=dumb", "LC_ALL=C.UTF-8"},
                               {{"(Passphrase of|New passphrase|Old passphrase) .*: |Once more: ", page_passphrase}, {".*\\[y/N\\] ", "y"}}, std::chrono::seconds(60));
    run.output = without_passphrase_prompts(run.output);
    return run;
  }
  void save(const std::string& name, const std::string& content) { folder_.write(name, content); }

 private:
  /// What a page leaves out: lines that ask for a passphrase (it says so), and colours.
  static std::string without_passphrase_prompts(const std::string& output) {
    static const std::regex colour("\x1b\\[[0-9;]*m");
    std::string kept;
    for (const std::string& line : lines_of(std::regex_replace(output, colour, "")))
      if (!((line.starts_with("Passphrase of ") || line.starts_with("New passphrase") || line.starts_with("Old passphrase") || line == "Once more:") && line.ends_with(":")))
        kept += line + "\n";
    return kept;
  }

  TemporaryFolder folder_;
};

void run_page(const std::string& name) {
  const ConsolePage page = read_console_page(read_text(source / name));
  REQUIRE(page.faults == std::vector<std::string>{});
  REQUIRE_FALSE(page.steps.empty());
  Reader reader;
  PageNames names;
  for (const PageStep& step : page.steps) {
    const std::string place = name + ":" + std::to_string(step.line);
    if (!step.file.empty()) {
      const auto content = with_names(step.content, names);
      INFO(place << ": " << step.file);
      REQUIRE(content);   // every name in it was shown before
      reader.save(step.file, *content);
      continue;
    }
    const auto command = with_names(step.command, names);
    INFO(place << ": " << step.command);
    REQUIRE(command);   // every name in it was shown before
    const TerminalRun run = reader.type(*command);
    std::cout << place << " $ " << *command << "\n" << run.output << std::flush;
    INFO("exit code " << run.exit << ", output:\n" << run.output);
    const auto missing = difference(step.shown, run.output, names);
    INFO("the page shows, and this did not come:\n" << missing.value_or(""));
    REQUIRE(run.exit == step.exit);
    REQUIRE_FALSE(missing);
  }
}

}  // namespace

TEST_CASE("enterprise: the commands of the page do what it shows") { run_page("docs/enterprise.md"); }
TEST_CASE("tax authority: the commands of the page do what it shows") { run_page("docs/tax-authority.md"); }
TEST_CASE("budget office: the commands of the page do what it shows") { run_page("docs/budget-office.md"); }
TEST_CASE("operators: the commands of the page do what it shows") { run_page("docs/operators.md"); }
TEST_CASE("template language: the commands of the page do what it shows") { run_page("docs/template-language.md"); }
TEST_CASE("any contract: the commands of the page do what it shows") { run_page("docs/any-contract.md"); }
TEST_CASE("tender: the commands of the page do what it shows") { run_page("docs/tender.md"); }
TEST_CASE("governance: the commands of the page do what it shows") { run_page("docs/governance.md"); }
TEST_CASE("verifying: the commands of the page do what it shows") { run_page("docs/verifying.md"); }
TEST_CASE("template tutorial: the commands of the page do what it shows") { run_page("docs/template-tutorial.md"); }

TEST_CASE("every command in a page is run, or the page says why not") {
  for (const std::string& name : all_pages()) {
    INFO(name);
    const ConsolePage page = read_console_page(read_text(source / name));
    CHECK(page.faults == std::vector<std::string>{});
    const bool runs = std::find(run_pages.begin(), run_pages.end(), name) != run_pages.end();
    CHECK(page.steps.empty() == !runs);
  }
}

TEST_CASE("a page that shows something else than what comes is found out") {
  const std::string id(64, 'a'), other(64, 'b');
  PageNames names;
  CHECK_FALSE(difference({"committed in block 3 as entry 2: PAYMENT_ID"}, "committed in block 14 as entry 2: " + id + "\r\n", names));
  CHECK(names == PageNames{{"PAYMENT_ID", id}});
  struct Row { std::vector<std::string> shown; std::string came; bool equal; };
  for (const Row& row : {
           Row{{"10.00 UZS"}, "10.00 UZS\n", true},
           Row{{"10.00 UZS"}, "10.01 UZS\n", false},
           Row{{"10.00 UZS"}, "10.00 UZS\nand more\n", false},
           Row{{"10.00 UZS"}, "", false},
           Row{{"a  b"}, "a      b  \n", true},
           Row{{"a b"}, "ab\n", false},
           Row{{"first", "…", "last"}, "first\nlast\n", true},
           Row{{"first", "…", "last"}, "first\n1\n2\nlast\n", true},
           Row{{"first", "…", "last"}, "first\n1\n2\n", false},
           Row{{"root …, which 3 of 3"}, "root 0123, which 3 of 3\n", true},
           Row{{"root …, which 3 of 3"}, "root 0123, which 2 of 3\n", false},
           Row{{"paid 2026-11-24T10:00:00.000Z"}, "paid 2031-01-02T03:04:05.678Z\n", true},
           Row{{"due 2026-11-24"}, "due soon\n", false},
           Row{{"entry 2"}, "entry 3\n", false},
           Row{{"of PAYMENT_ID"}, "of " + id + "\n", true},
           Row{{"of PAYMENT_ID"}, "of " + other + "\n", false},          // another id than the one before
           Row{{"of X_ID and X_ID"}, "of " + id + " and " + id + "\n", true},
           Row{{"of X_ID and X_ID"}, "of " + id + " and " + other + "\n", false},
           Row{{"a.b (c)"}, "aXb (c)\n", false},                         // not an expression
       }) {
    CAPTURE(row.shown, row.came);
    PageNames known = names;
    CHECK(difference(row.shown, row.came, known).has_value() == !row.equal);
  }
  CHECK(with_names("show PAYMENT_ID", names) == "show " + id);
  CHECK(with_names("show OTHER_ID", names) == std::nullopt);
}

TEST_CASE("commands that are neither run nor excused are found out") {
  CHECK(read_console_page("```sh\nrm -rf /\n```\n").faults.size() == 1);
  CHECK(read_console_page("<!-- not run: it would delete everything -->\n```sh\nrm -rf /\n```\n").faults.empty());
  CHECK(read_console_page("```console\nno command\n```\n").faults.size() == 1);
  CHECK(read_console_page("```console\n$ ls\n").faults.size() == 1);
  const auto page = read_console_page("```console\n$ false  # exit 1\n$ cat <<E\n> x\n> E\nx\n```\n```toml file=a.toml\nk = 1\n```\n");
  REQUIRE(page.steps.size() == 3);
  CHECK(page.steps[0].exit == 1);
  CHECK(page.steps[1].command == "cat <<E\nx\nE");
  CHECK(page.steps[1].shown == std::vector<std::string>{"x"});
  CHECK(page.steps[2].content == "k = 1\n");
}

TEST_CASE("a command on a terminal is asked and answers, and its exit code comes back") {
  const auto run = run_on_terminal("read -p 'Name: ' name; echo \"hello $name\" >&2; exit 3", ".", {}, {{"Name: ", "Daftar"}}, std::chrono::seconds(10));
  CHECK(run.exit == 3);
  CHECK(lines_of(run.output) == std::vector<std::string>{"Name: Daftar", "hello Daftar"});
}
