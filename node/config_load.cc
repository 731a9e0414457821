// From a configuration to what a node needs to start, and the making of a new node's folder.
#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "node/config.h"
#include "node/http_message.h"
#include "node/key_file.h"

namespace daftar::node {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t genesis_bytes_max = 256u << 20;

Expected<std::shared_ptr<const ledger::Genesis>, std::string> read_genesis_file(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return Unexpected<std::string>("cannot read the genesis " + file.string() + ": " + error.message());
  if (size > genesis_bytes_max) return Unexpected<std::string>("the genesis " + file.string() + " is larger than 256 MiB");
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  if (!in || (size > 0 && !(bytes << in.rdbuf()))) return Unexpected<std::string>("cannot read the genesis " + file.string());
  auto genesis = ledger::Genesis::parse(bytes.str());
  if (!genesis) return Unexpected<std::string>(file.string() + " is no genesis: " + genesis.error());
  return *genesis;
}

/// The seed, if its public key is the one the genesis names.
Expected<std::string, std::string> read_seed_of(const fs::path& file, const ledger::PublicKey& expected, std::string_view purpose, std::uint32_t node) {
  auto seed = read_seed_file(file);
  if (!seed) return seed;
  const auto key = ledger::SigningKey::from_seed(*seed);
  if (key && key->public_key() == expected) return seed;
  sodium_memzero(seed->data(), seed->size());
  return Unexpected<std::string>("key file " + file.string() + " is not the " + std::string(purpose) + " key that the genesis names for node " +
                                 std::to_string(node));
}

std::optional<std::string> judge_peers(const Config& config, std::size_t validators) {
  for (const auto& peer : config.peers)
    if (peer.node > validators) return "network.peers names node " + std::to_string(peer.node) + ", but the genesis has " + std::to_string(validators) + " validators";
  if (config.peers.size() + 1 != validators)
    return "network.peers must name all other validators: " + std::to_string(validators - 1) + ", not " + std::to_string(config.peers.size());
  return std::nullopt;
}

Expected<void, std::string> write_new_file(const fs::path& file, std::string_view content) {
  if (fs::exists(file)) return Unexpected<std::string>(file.string() + " is there already; nothing is replaced");
  std::ofstream out(file, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return Unexpected<std::string>("cannot write " + file.string());
  return {};
}

Expected<std::string, std::string> config_text(const InitRequest& request, std::size_t validators) {
  std::string peers;
  Config judged;
  judged.node = request.node;
  for (const auto& text : request.peers) {
    const auto equals = text.find('=');
    const auto node = parse_u64(std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || !node) return Unexpected<std::string>("--peer must be NODE=HOST:PORT, not '" + text + "'");
    const auto address = parse_host_port(text.substr(equals + 1));
    if (!address) return Unexpected<std::string>("--peer " + std::to_string(*node) + " " + address.error());
    judged.peers.push_back({static_cast<std::uint32_t>(*node), address->host, address->port});
    peers += "  { node = " + std::to_string(*node) + ", address = \"" + text.substr(equals + 1) + "\" },\n";
  }
  if (auto wrong = judge_peers(judged, validators)) return Unexpected<std::string>(*wrong + " (give --peer for each)");
  return "# A node of a Daftar network. Every option: docs/operators.md, or `daftard options`.\n\n[node]\nid = " + std::to_string(request.node) +
         "\ndata_dir = \"data\"\n\n[network]\ngenesis = \"genesis.pb\"\npeers = [\n" + peers + "]\n\n[link]\nlisten = \"" + request.link_listen +
         "\"\nkey_file = \"link.key\"\n\n[checkpoint]\nkey_file = \"checkpoint.key\"\n\n[api]\nlisten = \"" + request.api_listen +
         "\"\ntls = " + (request.api_tls ? "true" : "false") + "\n";
}

}  // namespace

Expected<NodeOptions, std::string> load_node_options(const Config& config) {
  auto genesis = read_genesis_file(config.genesis);
  if (!genesis) return Unexpected<std::string>(genesis.error());
  const auto& validators = (*genesis)->link_keys();
  if (config.node > validators.size())
    return Unexpected<std::string>("node.id is " + std::to_string(config.node) + ", but the genesis has " + std::to_string(validators.size()) + " validators");
  if (auto wrong = judge_peers(config, validators.size())) return Unexpected<std::string>(*wrong);
  auto link = read_seed_of(config.link_key_file, validators[config.node - 1], "link", config.node);
  if (!link) return Unexpected<std::string>(link.error());
  auto checkpoint = read_seed_of(config.checkpoint_key_file, (*genesis)->checkpoint_keys()[config.node - 1], "checkpoint", config.node);
  if (!checkpoint) return Unexpected<std::string>(checkpoint.error());
  NodeOptions options;
  options.node = config.node;
  options.data_dir = config.data_dir.string();
  options.genesis = *genesis;
  options.link_seed = std::move(*link);
  options.checkpoint_seed = std::move(*checkpoint);
  options.link_host = config.link_listen.host;
  options.link_port = config.link_listen.port;
  options.peers = config.peers;
  options.tick = config.tick;
  options.heartbeat = config.heartbeat;
  options.election_timeout = config.election_timeout;
  options.verifier_threads = config.verifier_threads;
  options.log_retain_bytes = config.log_retain_mib << 20;
  options.log_retain_for_laggards_bytes = config.log_retain_for_laggards_mib << 20;
  options.memtable_bytes = config.memtable_mib << 20;
  options.block_cache_bytes = config.block_cache_mib << 20;
  options.value_cache_bytes = config.value_cache_mib << 20;
  return options;
}

Expected<fs::path, std::string> init_node(const InitRequest& request) {
  auto genesis = read_genesis_file(request.genesis);
  if (!genesis) return Unexpected<std::string>(genesis.error());
  const auto& validators = (*genesis)->link_keys();
  if (request.node == 0 || request.node > validators.size())
    return Unexpected<std::string>("--node must be from 1 to " + std::to_string(validators.size()) + ", as the genesis has it");
  auto link = read_seed_of(request.link_seed_file, validators[request.node - 1], "link", request.node);
  if (!link) return Unexpected<std::string>(link.error());
  auto checkpoint = read_seed_of(request.checkpoint_seed_file, (*genesis)->checkpoint_keys()[request.node - 1], "checkpoint", request.node);
  if (!checkpoint) return Unexpected<std::string>(checkpoint.error());
  auto text = config_text(request, validators.size());
  if (!text) return Unexpected<std::string>(text.error());
  if (auto judged = parse_config(*text, "the configuration", request.dir); !judged) return Unexpected<std::string>(judged.error().front());

  std::error_code error;
  fs::create_directories(request.dir, error);
  if (error) return Unexpected<std::string>("cannot make " + request.dir.string() + ": " + error.message());
  for (const char* name : {"config.toml", "genesis.pb", "link.key", "checkpoint.key"})
    if (fs::exists(request.dir / name)) return Unexpected<std::string>((request.dir / name).string() + " is there already; nothing is replaced");
  fs::permissions(request.dir, fs::perms::owner_all, error);
  if (error) return Unexpected<std::string>("cannot protect " + request.dir.string() + ": " + error.message());
  if (auto done = write_new_file(request.dir / "genesis.pb", (*genesis)->bytes()); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_seed_file(request.dir / "link.key", *link); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_seed_file(request.dir / "checkpoint.key", *checkpoint); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_new_file(request.dir / "config.toml", *text); !done) return Unexpected<std::string>(done.error());
  return request.dir / "config.toml";
}

}  // namespace daftar::node
