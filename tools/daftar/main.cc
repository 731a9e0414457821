// daftar: the command line of people and scripts. Parses, runs one command (or a batch of them in one process), prints, exits.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace {

constexpr const char* footer =
    "Exit codes: 0 done; 1 refused by the ledger, or a verification failed; 2 a mistake in the command or its input (nothing was sent);\n"
    "3 sent, but the outcome is not known (ask again by id), or a check was broken off; 4 no node could be reached.\n\n"
    "Examples:\n"
    "  daftar network up                                   a network of three nodes on this machine\n"
    "  daftar balance acme-build --as acme-build\n"
    "  daftar balance acme-build --as acme-build --linearizable   not from a node that lags behind\n"
    "  daftar pay baraka-soft 1500000 UZS --as acme-build --category services\n"
    "  daftar receipt ID --out payment.receipt\n"
    "  daftar verify payment.receipt --genesis genesis.pb  checks it without asking anybody\n";

void build(CLI::App& app, Session& session) {
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "daftar 0.1.0");
  Options& o = session.options;
  app.add_option("--network", o.network, "Folder of the network (network.json). Default: $DAFTAR_NETWORK, ./daftar-network, or ~/.local/share/daftar/development");
  app.add_option("--as", o.as, "Member in whose name this is done or read");
  app.add_option("--keys", o.keys, "Folder of keystores. Default: the network's");
  app.add_option("--genesis", o.genesis, "Genesis file, where no network folder is at hand (offline signing, verify)");
  app.add_option("--passphrase-fd", o.passphrase_fd, "Read the passphrase of every keystore from the first line of this descriptor")->check(CLI::Range(0, 1023));
  app.add_option("--passphrases-fd", o.passphrases_fd, "Read MEMBER:PASSPHRASE lines from this descriptor")->check(CLI::Range(0, 1023));
  app.add_flag("--json", o.json, "One line of JSON instead of text");
  app.add_flag("--linearizable", o.linearizable, "Reads see all that anybody was told before, whichever node answers (a majority of the validators must be up)");
  app.add_flag("--yes,-y", o.yes, "Do not ask before signing");
  app.footer(footer);
  add_network_commands(app, session);
  add_key_commands(app, session);
  add_member_commands(app, session);
  add_money_commands(app, session);
  add_contract_commands(app, session);
  add_tender_commands(app, session);
  add_governance_commands(app, session);
  add_budget_commands(app, session);
  add_tax_commands(app, session);
  add_transaction_commands(app, session);
  add_receipt_commands(app, session);
  add_audit_commands(app, session);
  add_import_commands(app, session);
  add_template_commands(app, session);
}

nlohmann::json error_json(const ToolError& error) {
  return {{"code", error.code}, {"sentence", error.sentence}, {"advice", error.advice}};
}

int print(const Result<Report>& outcome, bool json) {
  if (!outcome) {
    const ToolError& error = outcome.error();
    if (json) std::cout << nlohmann::json{{"error", error_json(error)}}.dump() << "\n" << std::flush;
    else std::cerr << error.code << ": " << error.sentence << (error.advice.empty() ? "" : "\n" + error.advice) << "\n";
    return static_cast<int>(error.exit);
  }
  if (json) {
    std::cout << outcome->data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n" << std::flush;
  } else {
    for (const std::string& line : outcome->lines) std::cout << line << "\n";
    std::cout << std::flush;
  }
  return static_cast<int>(outcome->exit);
}

/// Words of a line as a shell would split it: spaces, 'single' and "double" quotes, backslash.
Result<std::vector<std::string>> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
      else if (c == '\\' && quote == '"' && i + 1 < line.size()) word += line[++i];
      else word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else if (c == '#' && !in_word) {
      break;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return failure(Exit::usage, "batch", "A quotation mark is not closed: " + line);
  if (in_word) words.push_back(std::move(word));
  return words;
}

Result<Report> run_line(Session& session, const std::string& line) {
  auto words = split_words(line);
  if (!words) return Unexpected<ToolError>(words.error());
  CLI::App app("daftar", "daftar");
  session.action = nullptr;
  build(app, session);
  std::reverse(words->begin(), words->end());  // CLI11 takes them last first
  try {
    app.parse(*words);
  } catch (const CLI::ParseError& error) {
    return failure(Exit::usage, "usage", error.what(), "See `daftar COMMAND --help`.");
  }
  if (!session.action) return failure(Exit::usage, "usage", "Not a command of a batch: " + line);
  return session.action();
}

/// One command per line; each keystore is unlocked once for all of them. With --json each line is answered by one line
/// {"exit":N,"output":{...}} at once, so that a script can converse with it.
int run_batch(Session& session, const std::string& file, bool keep_going) {
  std::ifstream named;
  if (file != "-") {
    named.open(file);
    if (!named) {
      std::cerr << "file: Cannot open " << file << "\n";
      return static_cast<int>(Exit::usage);
    }
  }
  std::istream& in = file == "-" ? std::cin : named;
  Options base = session.options;
  base.yes = true;  // standard input holds commands, not answers
  int last_failure = 0;
  for (std::string line; std::getline(in, line);) {
    if (auto words = split_words(line); words && words->empty()) continue;
    session.options = base;
    const auto outcome = run_line(session, line);
    base.passphrase_fd = session.options.passphrase_fd;    // read once, then gone
    base.passphrases_fd = session.options.passphrases_fd;
    int exit = 0;
    if (base.json) {
      nlohmann::json output = outcome ? outcome->data : nlohmann::json{{"error", error_json(outcome.error())}};
      exit = static_cast<int>(outcome ? outcome->exit : outcome.error().exit);
      std::cout << nlohmann::json{{"exit", exit}, {"output", std::move(output)}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n" << std::flush;
    } else {
      std::cout << "> " << line << "\n";
      exit = print(outcome, false);
    }
    if (exit != 0) last_failure = exit;
    if (exit != 0 && !keep_going) break;
  }
  return last_failure;
}

int run(int argc, char** argv) {
  forbid_core_dumps();
  ledger::initialise_crypto();
  Session session;
  CLI::App app("The ledger's command line: keys, contracts, payments, budgets, receipts.", "daftar");
  build(app, session);
  std::string batch_file;
  bool keep_going = false;
  CLI::App* batch = app.add_subcommand("batch", "Run commands from a file or standard input (-), one per line, unlocking each keystore once");
  batch->add_option("file", batch_file, "One command per line, written as here without the word daftar; # begins a comment")->required();
  batch->add_flag("--keep-going", keep_going, "Go on after a command that failed");
  batch->footer("Example:\n  printf '%s\\n' 'balance acme-build' 'pay baraka-soft 10 UZS' | daftar batch - --as acme-build --passphrase-fd 3 3<passphrase\n"
                "Commands of a batch are not asked about: preview them first. Exit code: that of the last command that failed.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
  }
  if (batch->parsed()) return run_batch(session, batch_file, keep_going);
  if (!session.action) {
    std::cerr << "usage: A command is missing; see `daftar --help`.\n";
    return static_cast<int>(Exit::usage);
  }
  return print(session.action(), session.options.json);
}

}  // namespace
}  // namespace daftar::tools

int main(int argc, char** argv) { return daftar::tools::run(argc, argv); }
