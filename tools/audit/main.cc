// daftar-audit: checks a node's copy of the ledger; the program behind `daftar audit verify`, apart from it so that no other command loads RocksDB.
// Prints one line of JSON (report.h); the progress goes to standard error.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tools/audit/report.h"
#include "tools/local_network.h"

namespace daftar::audit {
namespace {

std::atomic<bool> break_off{false};
static_assert(std::atomic<bool>::is_always_lock_free);   // set by a signal
void on_interrupt(int) { break_off = true; }

struct Arguments {
  std::string folder, genesis, progress_file, again;
  unsigned threads = 0;
  bool quiet = false;
};

int print(const nlohmann::json& report) {
  std::cout << report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n" << std::flush;
  return report.at("exit").get<int>();
}

CheckOptions options_of(const Arguments& a) {
  CheckOptions options;
  options.threads = a.threads != 0 ? a.threads : std::max(1u, std::thread::hardware_concurrency());
  options.progress_file = a.progress_file;
  options.break_off = &break_off;
  const char* const terminal = std::getenv("TERM");
  if (!a.quiet && ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb")
    options.tell = [](const CheckProgress& progress) { std::cerr << "\r\x1b[K" << progress_line(progress) << std::flush; };
  return options;
}

int run(const Arguments& a) {
  auto genesis = tools::read_genesis(a.genesis);
  if (!genesis) return print(error_report(genesis.error()));
  auto ledger = storage::StoredLedger::open(a.folder);
  if (!ledger) {
    const bool damaged = ledger.error().kind == storage::StorageError::Kind::corruption;
    return print(error_report({damaged ? tools::Exit::refused : tools::Exit::usage, "copy", "There is no copy of a ledger that can be read: " + ledger.error().text(),
                               damaged ? "The copy is damaged. Check the copy of another node." : "Name the data directory of a node, or its folder `state`."}));
  }
  const CheckOptions options = options_of(a);
  const auto report = check_ledger(*genesis, **ledger, options);
  if (options.tell) std::cerr << "\r\x1b[K" << std::flush;
  if (!report) return print(error_report(report.error()));
  return print(report_json(*report, (*genesis)->origin(), options.threads, a.progress_file.empty() ? "" : a.again));
}

}  // namespace
}  // namespace daftar::audit

int main(int argc, char** argv) {
  daftar::ledger::initialise_crypto();
  struct sigaction breaking = {};
  breaking.sa_handler = daftar::audit::on_interrupt;
  breaking.sa_flags = SA_RESETHAND;   // the second time it ends at once
  ::sigaction(SIGINT, &breaking, nullptr);
  ::sigaction(SIGTERM, &breaking, nullptr);
  daftar::audit::Arguments a;
  CLI::App app("Checks a node's copy of the ledger. Run by `daftar audit verify`, which says what the JSON on standard output means.", "daftar-audit");
  app.add_option("folder", a.folder, "Data directory of a node, or its folder state")->required();
  app.add_option("--genesis", a.genesis, "Genesis file")->required();
  app.add_option("--resume", a.progress_file, "Record of the check");
  app.add_option("--threads", a.threads, "0: one for each core");
  app.add_option("--again", a.again, "The command that goes on with a check, for people");
  app.add_flag("--quiet", a.quiet, "No progress");
  CLI11_PARSE(app, argc, argv);
  return daftar::audit::run(a);
}
