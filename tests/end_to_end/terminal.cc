#include "tests/end_to_end/terminal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <regex>
#include <stdexcept>

namespace daftar::tests {

TerminalRun run_on_terminal(const std::string& script, const std::filesystem::path& folder, const std::vector<std::string>& environment,
                            const std::vector<TerminalAnswer>& answers, std::chrono::seconds deadline) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child < 0) throw std::runtime_error("forkpty");
  if (child == 0) {
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));
    ::execlp("bash", "bash", "--noprofile", "--norc", "-c", script.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  TerminalRun run;
  std::size_t answered = std::string::npos;   // where the line begins that was answered last
  const auto give_up = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()).count();
    if (left <= 0) break;
    pollfd waiting{terminal, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;   // a silent command is not read from: that would outlast the deadline
    char buffer[4096];
    const ssize_t got = ::read(terminal, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;   // EIO: nobody has the terminal open any more
    run.output.append(buffer, static_cast<std::size_t>(got));
    const std::size_t line = run.output.rfind('\n') + 1;   // npos + 1: the first
    if (line == answered) continue;
    for (const auto& [prompt, reply] : answers) {
      if (!std::regex_match(run.output.substr(line), std::regex(prompt))) continue;
      answered = line;
      const std::string typed = reply + "\n";
      if (::write(terminal, typed.data(), typed.size()) != static_cast<ssize_t>(typed.size())) throw std::runtime_error("writing to the terminal");
      break;
    }
  }
  int status = 0;
  if (std::chrono::steady_clock::now() >= give_up) ::kill(-child, SIGKILL);
  ::close(terminal);
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  run.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

}  // namespace daftar::tests
