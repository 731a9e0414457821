// A network of daftard processes on this machine's loopback, for development, tests and the bench: production configuration (TLS to
// clients and between nodes, synced disks), only the keys lie all in one folder.
//
//   DIR/network.json        genesis, endpoints, keystores: what `daftar` reads to talk to the network
//   DIR/genesis.pb          DIR/vkeys (one note vkey per validator)
//   DIR/keys/<member>.json  keystores
//   DIR/node-N/             config.toml, key files, data/, log, pid
#pragma once
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "tools/api_client.h"
#include "tools/error.h"
#include "tools/genesis_compiler.h"
#include "tools/keystore.h"

namespace daftar::tools {

/// What network.json says: enough for a client. Paths are absolute after reading.
struct NetworkDescription {
  std::filesystem::path dir;
  std::string name;
  std::filesystem::path genesis_file, keystores;
  std::vector<Endpoint> endpoints;
};
Result<NetworkDescription> read_network_description(const std::filesystem::path& dir);
Result<std::shared_ptr<const ledger::Genesis>> read_genesis(const std::filesystem::path& file);

struct LocalNetworkOptions {
  std::filesystem::path dir;                 // made if absent; must not hold a network yet
  std::filesystem::path genesis_dir;         // holds network.toml
  unsigned nodes = 3;
  std::filesystem::path daftard;             // empty: beside the running program
  const Secret* passphrase = nullptr;        // for the members' keystores; null: no keystores, keys stay in memory (member_key)
  std::vector<std::string> node_wrapper;     // words put before daftard, e.g. {"faketime","-f","+365d"}; see wrap_node
  std::map<std::string, std::string> extra_config;  // "section.key" → TOML value, put into every node's config.toml
  std::function<void(ledger::proto::Genesis&)> edit_genesis;
  bool api_tls = true;
};

/// Processes it started keep running when the object dies, unless stop_on_destruction was set.
class LocalNetwork {
 public:
  /// Compiles the genesis with fresh keys and initialises every node. Starts nothing.
  static Result<LocalNetwork> create(LocalNetworkOptions options);
  /// An existing folder; finds the processes that run by their pid files.
  static Result<LocalNetwork> open(const std::filesystem::path& dir, const std::filesystem::path& daftard = {});
  /// One node more, with the next number, whose folder node_dir(number) `daftard init` has made; also put into network.json, with its link key.
  /// Starts nothing; whether it is a node of the ledger is the ledger's affair. Not while another thread uses this object.
  Result<void> adopt_node(Endpoint endpoint);
  LocalNetwork(LocalNetwork&&) noexcept;
  LocalNetwork& operator=(LocalNetwork&&) noexcept;
  ~LocalNetwork();

  const std::filesystem::path& dir() const;
  std::shared_ptr<const ledger::Genesis> genesis() const;
  unsigned nodes() const;
  const std::vector<Endpoint>& endpoints() const;     // by node - 1
  std::filesystem::path node_dir(unsigned node) const;
  std::filesystem::path log_file(unsigned node) const;
  /// Only when created without keystores.
  const ledger::SigningKey& member_key(const std::string& member) const;
  /// Link and checkpoint keys; only for a network created by this object.
  const ValidatorKeys& validator_keys(unsigned node) const;

  void stop_on_destruction(bool stop);
  /// Words put before daftard when this node is started next.
  void wrap_node(unsigned node, std::vector<std::string> words);

  Result<void> start_node(unsigned node);              // nodes count from 1
  Result<void> start_all();
  bool running(unsigned node) const;
  long pid(unsigned node) const;                       // 0: not running
  /// Sends the signal and, for SIGKILL, SIGTERM and SIGINT, waits until the process is gone (at most `patience`, then SIGKILL).
  /// Gives the exit status as waitpid does, or nothing when the process was not our child.
  std::optional<int> stop_node(unsigned node, int signal = SIGTERM, std::chrono::milliseconds patience = std::chrono::seconds(20));
  void stop_all(int signal = SIGTERM);

  /// Until every running node says ready and all name one leader.
  Result<void> wait_ready(std::chrono::milliseconds timeout = std::chrono::seconds(30));
  /// Number of the leader, as the running nodes say; nothing when they do not agree.
  std::optional<unsigned> leader();
  /// /v1/status of one node; fails when it does not answer.
  Result<nlohmann::json> node_status(unsigned node);
  ApiClient client() const;

 private:
  struct Impl;
  LocalNetwork();
  std::unique_ptr<Impl> impl_;
};

/// A port of 127.0.0.1 nobody listens on now, below the range from which the system takes ports for outgoing connections, and not among
/// `taken`, where it is put; 0 when none is found.
std::uint16_t free_loopback_port(std::set<std::uint16_t>& taken);

/// Folder of the running program, where its sisters lie.
std::filesystem::path program_dir();

}  // namespace daftar::tools
