// daftard: a node of a Daftar network.
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>

#include "node/api.h"
#include "node/config.h"
#include "node/key_file.h"
#include "node/logging.h"

namespace {

using namespace daftar;
using namespace daftar::node;
namespace fs = std::filesystem;

enum ExitCode { clean = 0, usage = 1, halted_by_disk = storage::disk_exit_status, halted_by_divergence = 3, halted_otherwise = 4, halted_by_protocol = 5 };

int complain(const std::string& sentence) {
  std::cerr << "daftard: " << sentence << "\n";
  return usage;
}

/// Seeds are in memory: no core file may carry them away. And every client is a descriptor.
void set_process_limits() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
}

/// Blocked in every thread (call before any starts) and taken by wait_for_end in this one. SIGUSR1 wakes it when the node halts itself.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

/// Readers see the whole file or none.
bool write_port_file(const fs::path& file, std::uint16_t api, std::uint16_t link) {
  const fs::path fresh = file.string() + ".new";
  std::ofstream out(fresh);
  out << "{\"api\":" << api << ",\"link\":" << link << "}\n";
  out.close();
  std::error_code error;
  fs::rename(fresh, file, error);
  return out.good() && !error;
}

int exit_code(HaltKind kind) {
  switch (kind) {
    case HaltKind::none: return clean;
    case HaltKind::removed: return clean;   // nobody needs it any more: a supervisor is not to start it again
    case HaltKind::disk: return halted_by_disk;
    case HaltKind::divergence: return halted_by_divergence;
    case HaltKind::protocol: return halted_by_protocol;
    case HaltKind::other: return halted_otherwise;
  }
  return halted_otherwise;
}

HttpServerOptions server_options(const Config& config, const LinkIdentity& identity) {
  HttpServerOptions options;
  options.host = config.api_listen.host;
  options.port = config.api_listen.port;
  options.threads = config.api_threads;
  if (config.api_tls) options.tls = identity;
  options.connections_max = config.connections_max;
  options.connections_per_address_max = config.connections_per_address_max;
  options.body_bytes_in_flight_max = config.request_memory_mib << 20;
  return options;
}

int serve(const Config& config, NodeOptions options, const fs::path& port_file, const sigset_t& signals) {
  const auto identity = LinkIdentity::from_seed(options.link_seed);
  const std::uint32_t number = options.node;
  auto started = Node::start(std::move(options));
  if (!started) {
    spdlog::critical("{}", started.error());
    return complain(started.error());
  }
  Node& node = **started;
  node.on_halt([main_thread = pthread_self()](HaltKind, const std::string&) { pthread_kill(main_thread, SIGUSR1); });
  Metrics metrics;
  Api api(node.service(), metrics);
  auto server = HttpServer::start(server_options(config, *identity), api.router(), &metrics);
  if (!server) {
    spdlog::critical("{}", server.error());
    return complain(server.error());
  }
  spdlog::info("node {} of ledger {} serves clients on {}:{} ({}) and validators on port {}", number, node.genesis()->ledger_id().hex(), config.api_listen.host,
               (*server)->port(), config.api_tls ? "TLS" : "plain HTTP", node.link_port());
  if (!port_file.empty() && !write_port_file(port_file, (*server)->port(), node.link_port())) return complain("cannot write " + port_file.string());

  for (int signal = 0; node.halt_kind() == HaltKind::none && signal != SIGTERM && signal != SIGINT;) sigwait(&signals, &signal);
  spdlog::info("stopping");
  // First the node, so that every waiting client has its answer; then the server, which writes the answers out.
  node.stop();
  (*server)->stop(std::chrono::seconds(3));
  const HaltKind kind = node.halt_kind();
  if (kind == HaltKind::removed)
    std::cerr << "daftard: " << node.halted() << "\n";
  else if (kind != HaltKind::none)
    std::cerr << "daftard: the node stopped itself: " << node.halted() << "\n";
  spdlog::info("stopped");
  return exit_code(kind);
}

int run(const fs::path& config_file, const fs::path& port_file) {
  const sigset_t signals = block_signals();
  auto config = read_config(config_file);
  if (!config) {
    for (const auto& fault : config.error()) complain(fault);
    return usage;
  }
  auto options = load_node_options(*config);
  if (!options) return complain(options.error());
  if (auto logging = start_logging(config->log_level, config->log_file); !logging) return complain(logging.error());
  const int code = serve(*config, std::move(*options), port_file, signals);
  stop_logging();
  return code;
}

int check_config(const fs::path& file) {
  auto config = read_config(file);
  if (!config) {
    for (const auto& fault : config.error()) complain(fault);
    return usage;
  }
  const auto options = load_node_options(*config);
  if (!options) return complain(options.error());
  std::cout << file.string() << ": good; node " << config->node << " of ledger " << options->genesis->ledger_id().hex() << "\n";
  return clean;
}

int keygen(const fs::path& file) {
  const auto key = ledger::SigningKey::generate();
  std::string seed = key.seed();
  const auto written = write_seed_file(file, seed);
  sodium_memzero(seed.data(), seed.size());
  if (!written) return complain(written.error());
  std::cout << key.public_key().hex() << "\n";
  return clean;
}

int show_options() {
  for (const auto& option : option_texts())
    std::cout << option.section << "." << option.key << "  (" << option.unit << "; default: " << option.default_text << ")\n    " << option.effect << "\n";
  return clean;
}

}  // namespace

int main(int argc, char** argv) {
  set_process_limits();
  ledger::initialise_crypto();
  CLI::App app{"daftard: a node of a Daftar network.\n"
               "Exit status: 0 stopped on request or removed from the network, 1 wrong usage or configuration, 2 stopped by a disk error, 3 stopped because the executed state differs from "
               "the other validators', 4 stopped by another fault, 5 stopped because the ledger goes by a protocol version that this "
               "program does not know: install a newer one and start again."};
  app.require_subcommand(1);

  fs::path config_file, port_file;
  auto* run_command = app.add_subcommand("run", "Run the node until SIGTERM or SIGINT.\nExample: daftard run --config /srv/daftar/config.toml");
  run_command->add_option("--config", config_file, "The node's TOML file (daftard options lists what it may hold)")->required();
  run_command->add_option("--port-file", port_file, "Write the bound ports here as JSON once both are open");

  auto* check_command = app.add_subcommand("check-config", "Read the configuration, the genesis and the keys, say what is wrong, start nothing.");
  check_command->add_option("--config", config_file, "The node's TOML file")->required();

  InitRequest request;
  bool plain_api = false;
  auto* init_command = app.add_subcommand("init", "Make the folder of a new node: config.toml, genesis.pb and both keys, after checking that the keys are those of the genesis.\n"
                                                  "Example: daftard init --genesis genesis.pb --node 1 --data /srv/daftar --link-seed-file link.key "
                                                  "--checkpoint-seed-file checkpoint.key --peer 2=10.0.0.2:7000 --peer 3=10.0.0.3:7000\n"
                                                  "A node that the genesis does not name gets fresh keys and a node.json for `daftar network add`.\n"
                                                  "Example: daftard init --genesis genesis.pb --node 4 --data /srv/daftar --operator operator-4 --link-listen 10.0.0.4:7000 "
                                                  "--peer 1=10.0.0.1:7000 --peer 2=10.0.0.2:7000");
  init_command->add_option("--genesis", request.genesis, "The ledger's genesis.pb")->required();
  init_command->add_option("--node", request.node, "This node's number in the genesis, from 1, or the next free one of the ledger")->required();
  init_command->add_option("--data", request.dir, "The folder to make")->required();
  init_command->add_option("--link-seed-file", request.link_seed_file, "Seed of the link key, as daftard keygen writes it; a node beyond the genesis may go without");
  init_command->add_option("--checkpoint-seed-file", request.checkpoint_seed_file, "Seed of the checkpoint key; the same");
  init_command->add_option("--peer", request.peers, "Another node's link, NODE=HOST:PORT, or NODE=HOST:PORT=LINKKEY for one beyond the genesis; once for each");
  init_command->add_option("--operator", request.operator_member, "Who operates a node beyond the genesis: a member with role operator");
  init_command->add_option("--link-address", request.link_address, "Where the others reach a node beyond the genesis, HOST:PORT; default: --link-listen");
  init_command->add_option("--link-listen", request.link_listen, "Where the other nodes reach this one")->capture_default_str();
  init_command->add_option("--api-listen", request.api_listen, "Where clients reach the API")->capture_default_str();
  init_command->add_flag("--plain-api", plain_api, "Plain HTTP for clients; on a loopback address only");

  fs::path key_file;
  auto* keygen_command = app.add_subcommand("keygen", "Make a fresh seed file for a link or checkpoint key and print the public key, for the genesis.");
  keygen_command->add_option("--out", key_file, "The file to make, mode 0600; never replaced")->required();

  auto* options_command = app.add_subcommand("options", "List every option of the configuration with its unit, default and effect.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? clean : usage;
  }
  if (run_command->parsed()) return run(config_file, port_file);
  if (check_command->parsed()) return check_config(config_file);
  if (keygen_command->parsed()) return keygen(key_file);
  if (options_command->parsed()) return show_options();
  if (init_command->parsed()) {
    request.api_tls = !plain_api;
    const auto made = init_node(request);
    if (!made) return complain(made.error());
    std::cout << "made " << made->string() << "\n";
    if (const fs::path public_part = made->parent_path() / "node.json"; fs::exists(public_part)) {
      std::cout << "for `daftar network add`: " << public_part.string() << "\n" << std::ifstream(public_part).rdbuf();
    }
  }
  return clean;
}
