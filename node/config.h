// The configuration of a node: one TOML file. Every option is one row of a table (config.cc) with its unit, default and effect; the same table
// makes `daftard options` and is checked against docs/operators.md. Unknown sections and keys are refused, so that a misspelt option never
// silently does nothing.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/expected.h"
#include "node/node.h"

namespace daftar::node {

struct HostPort {
  std::string host;           // an IP address, or a name where names are allowed; without brackets
  std::uint16_t port = 0;
};
/// "127.0.0.1:7001", "[::1]:7001", "node2.example:7001".
Expected<HostPort, std::string> parse_host_port(std::string_view text);

struct Config {
  std::uint32_t node = 0;
  std::filesystem::path data_dir, genesis;
  std::vector<PeerAddress> peers;
  HostPort link_listen{"127.0.0.1", 0}, api_listen{"127.0.0.1", 0};
  std::filesystem::path link_key_file, checkpoint_key_file;
  bool api_tls = true;
  unsigned api_threads = 1;
  std::string log_level = "info";
  std::filesystem::path log_file;             // empty: standard error
  std::chrono::milliseconds tick{50}, election_timeout{1000}, heartbeat{100};
  std::uint64_t log_retain_mib = 512, log_retain_for_laggards_mib = 2048;
  std::uint64_t memtable_mib = 64, block_cache_mib = 128, value_cache_mib = 256;
  std::uint64_t connections_max = 4096, connections_per_address_max = 1024, request_memory_mib = 256;
  unsigned verifier_threads = 0;
};

/// `base`: the directory of the file; relative paths in it are relative to that. All faults found, a sentence each.
Expected<Config, std::vector<std::string>> parse_config(std::string_view toml, const std::string& source, const std::filesystem::path& base);
Expected<Config, std::vector<std::string>> read_config(const std::filesystem::path& file);

struct OptionText {
  std::string section, key, unit, default_text, effect;
};
const std::vector<OptionText>& option_texts();

/// Reads genesis and key files that the configuration names and checks that they belong together. The sentence says what does not.
Expected<NodeOptions, std::string> load_node_options(const Config& config);

struct InitRequest {
  std::filesystem::path genesis, dir, link_seed_file, checkpoint_seed_file;
  std::uint32_t node = 0;
  std::string link_listen = "127.0.0.1:7000", api_listen = "127.0.0.1:8000";
  bool api_tls = true;
  std::vector<std::string> peers;             // "2=host:port", or "4=host:port=<hex of the link key>" of a node that the genesis does not name
  // Of a node that the genesis does not name (then the seed files may be empty: fresh keys are made):
  std::string operator_member, link_address;  // the address empty: link_listen
};
/// Where other nodes reach this one.
std::string announced_address(const InitRequest& request);
/// Makes `dir` (0700) with genesis.pb, link.key, checkpoint.key, config.toml; data go to dir/data. A node that the genesis does not name gets a
/// node.json beside them: what `daftar network add` proposes, public things only. Replaces nothing. Gives the config's path.
Expected<std::filesystem::path, std::string> init_node(const InitRequest& request);

}  // namespace daftar::node
