// raft-scenario FILE...: runs scenarios of the consensus core (docs/raft-scenarios.md).
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/consensus/scenario_runner/runner.h"
#include "tests/consensus/scenario_runner/verbs.h"

namespace {

using namespace daftar::consensus::scenario;

constexpr int exit_failed = 1;
constexpr int exit_malformed = 2;

// The core's assertions abort: then this says where in the scenario.
char running[512];
void on_abort(int) { (void)!write(STDERR_FILENO, running, std::strlen(running)); }

void print_verbs() {
  for (const auto subject : all_verbs())
    for (const Verb& verb : subject) std::cout << verb.name << ' ' << verb.usage << "\n    " << verb.meaning << "\n";
}

int run_file(const std::string& path, bool rewrite) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    return exit_malformed;
  }
  const Result result = run(text.str(), [&](int line) {
    std::snprintf(running, sizeof running, "%s:%d: an assertion of the core failed here\n", path.c_str(), line);
  });
  const bool differs = result.verdict == Verdict::differs;
  if (rewrite && differs) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!(out << result.rewritten << std::flush)) {
      std::cerr << path << ": cannot be written\n";
      return exit_malformed;
    }
    std::cout << path << ": rewritten\n";
    return 0;
  }
  if (result.verdict == Verdict::passed) {
    std::cout << path << ": passed\n";
    return 0;
  }
  std::cerr << path << ':' << result.message << '\n';
  return result.verdict == Verdict::malformed ? exit_malformed : exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs scenarios of the consensus core and compares what they print with what they expect.\n"
               "The language: docs/raft-scenarios.md, and --verbs."};
  app.footer("With DAFTAR_REWRITE=1 in the environment, expectations that differ are rewritten in the files.\n"
             "Exit code: 0 all passed (or were rewritten); 1 one failed: other output, an unmet expect, a broken safety property;\n"
             "2 a file cannot be read or is malformed, or wrong usage.");
  std::vector<std::string> files;
  bool verbs = false;
  app.add_option("FILE", files, "scenarios to run");
  app.add_flag("--verbs", verbs, "print the verbs of the language");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_malformed;
  }
  if (verbs) {
    print_verbs();
    return 0;
  }
  if (files.empty()) {
    std::cerr << "expected FILE...; see --help\n";
    return exit_malformed;
  }
  std::signal(SIGABRT, on_abort);
  const char* wish = std::getenv("DAFTAR_REWRITE");
  const bool rewrite = wish != nullptr && std::string_view(wish) == "1";
  int worst = 0;
  for (const std::string& file : files) worst = std::max(worst, run_file(file, rewrite));
  return worst;
}
