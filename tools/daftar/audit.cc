// Audits: the check of a whole copy of the ledger. The work is done by daftar-audit, a program of its own: it needs RocksDB, which no other command loads.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct AuditArguments {
  std::string copy, resume;
  unsigned threads = 0;
};

struct Ended {
  std::string output;
  int status = 0;   // as waitpid gives it
};

/// Runs it to its end and gives what it wrote to standard output. An interrupt from the keyboard reaches both; this one waits for the other's last word.
Result<Ended> run_program(std::vector<std::string> words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failure(Exit::usage, "pipe", std::string("Cannot make a pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;   // what is ignored here must not be ignored there
  ::posix_spawnattr_init(&attributes);
  sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::posix_spawnattr_setsigdefault(&attributes, &interrupt);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  struct sigaction ignored = {}, before = {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignored, &before);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, words.front().c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    ::sigaction(SIGINT, &before, nullptr);
    return failure(Exit::usage, "program", "Cannot start " + words.front() + ": " + std::strerror(failed), "Build it with tools/build; it belongs beside `daftar`.");
  }
  Ended ended;
  char buffer[65536];
  for (;;) {
    const auto got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    ended.output.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  while (::waitpid(child, &ended.status, 0) < 0 && errno == EINTR) {}
  ::sigaction(SIGINT, &before, nullptr);
  return ended;
}

Result<fs::path> genesis_file(Session& session) {
  if (!session.options.genesis.empty()) return fs::path(session.options.genesis);
  auto described = session.network();
  if (!described) return Unexpected<ToolError>(described.error());
  return (*described)->genesis_file;
}

std::string shell_word(const std::string& word) {
  if (!word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:+,@") == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result<Report> verify_copy(Session& session, const AuditArguments& a) {
  if (a.copy.starts_with("http://") || a.copy.starts_with("https://"))
    return failure(Exit::usage, "copy", "A ledger is checked on a copy of a node's data directory, not over the network: " + a.copy,
                   "Run an observer of your own (docs/operators.md), or ask an operator for a copy of the folder of a stopped node.");
  auto genesis = genesis_file(session);
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  std::string again = "daftar audit verify " + shell_word(a.copy) + " --resume " + shell_word(a.resume);
  if (!session.options.genesis.empty()) again += " --genesis " + shell_word(session.options.genesis);
  else if (!session.options.network.empty()) again += " --network " + shell_word(session.options.network);
  std::vector<std::string> words = {(program_dir() / "daftar-audit").string(), a.copy, "--genesis", genesis->string(), "--threads", std::to_string(a.threads)};
  if (!a.resume.empty()) words.insert(words.end(), {"--resume", a.resume, "--again", again});
  if (session.options.json) words.push_back("--quiet");
  auto ended = run_program(std::move(words));
  if (!ended) return Unexpected<ToolError>(ended.error());
  const json told = json::parse(ended->output, nullptr, false);
  if (!told.is_object() || !told.contains("exit"))
    return failure(Exit::unknown_outcome, "program", "daftar-audit ended without a result (" +
                   (WIFSIGNALED(ended->status) ? "signal " + std::to_string(WTERMSIG(ended->status)) : "exit status " + std::to_string(WEXITSTATUS(ended->status))) + ").",
                   "Nothing is known of this copy. Give the command again; memory must hold the state of the ledger.");
  const Exit exit = static_cast<Exit>(told["exit"].get<int>());
  if (told.contains("error")) return failure(exit, json_text(told["error"], "code"), json_text(told["error"], "sentence"), json_text(told["error"], "advice"));
  Report report;
  report.exit = exit;
  report.data = told.at("data");
  report.lines = told.at("lines").get<std::vector<std::string>>();
  return report;
}

}  // namespace

void add_audit_commands(Command app, Session& session) {
  auto a = arguments<AuditArguments>();
  Command audit = app.add_subcommand("audit", "Check a whole copy of the ledger");
  audit.require_subcommand(1);
  Command verify = audit.add_subcommand("verify", "Every signature, leaf, result, root, certificate and value of the state of a node's data directory, on all cores; asks nobody");
  verify.add_option("copy", a->copy, "Data directory of a node, its folder state, or a copy of either; of a running node as of its last flush").required();
  verify.add_option("--resume", a->resume, "File that keeps how far the check has come: go on from it where it is there; written now and then, at an interrupt and at the end");
  verify.add_option("--threads", a->threads, "Threads that verify (default 0: one for each core)").range(0, 1024);
  verify.footer("Examples:\n  daftar audit verify /srv/daftar --genesis genesis.pb\n  daftar audit verify daftar-network/node-1 --resume check   (Ctrl-C, and the same again, goes on)\n"
                "Exit code 0: all of it holds; 1: something differs, and the first of it is named; 3: broken off, nothing different so far.");
  verify.callback([&session, a] { session.action = [&session, a] { return verify_copy(session, *a); }; });
}

}  // namespace daftar::tools
