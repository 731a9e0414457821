// From a configuration to what a node needs to start, and the making of a new node's folder.
#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "contracts/nodes.h"
#include "ledger/ids.h"
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

/// A node of the genesis names all the others of it, so that they find each other before there is a ledger; a later node learns the others
/// from whoever it reaches first. Whom to believe is never learned from the network: a peer's link key stands in the genesis or beside its address.
std::optional<std::string> judge_peers(const Config& config, const std::vector<ledger::PublicKey>& genesis_link_keys) {
  const std::size_t validators = genesis_link_keys.size();
  std::size_t of_the_genesis = 0;
  for (const auto& peer : config.peers) {
    const std::string who = "network.peers names node " + std::to_string(peer.node);
    if (peer.node > validators && !peer.link_key) return who + ", but the genesis has " + std::to_string(validators) + " validators: give its link_key";
    if (peer.node > validators) continue;
    ++of_the_genesis;
    if (peer.link_key && *peer.link_key != genesis_link_keys[peer.node - 1]) return who + " with another link_key than the genesis";
  }
  if (config.node > validators && config.peers.empty()) return "network.peers must name at least one node that is in the ledger already";
  if (config.node <= validators && of_the_genesis + 1 != validators)
    return "network.peers must name all other validators: " + std::to_string(validators - 1) + ", not " + std::to_string(of_the_genesis);
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

/// "2=host:port" or, for a node that the genesis does not name, "4=host:port=<hex of its link key>".
Expected<PeerAddress, std::string> read_peer(const std::string& text) {
  const auto equals = text.find('=');
  const auto node = parse_u64(std::string_view(text).substr(0, equals));
  if (equals == std::string::npos || !node || *node > 1'000) return Unexpected<std::string>("--peer must be NODE=HOST:PORT, not '" + text + "'");
  const auto second = text.find('=', equals + 1);
  const auto address = parse_host_port(text.substr(equals + 1, second == std::string::npos ? second : second - equals - 1));
  if (!address) return Unexpected<std::string>("--peer " + std::to_string(*node) + " " + address.error());
  PeerAddress peer{static_cast<std::uint32_t>(*node), address->host, address->port};
  if (second == std::string::npos) return peer;
  peer.link_key = ledger::PublicKey::from_hex(std::string_view(text).substr(second + 1));
  if (!peer.link_key) return Unexpected<std::string>("--peer " + std::to_string(*node) + " has a link key that is not 64 hexadecimal digits");
  return peer;
}

Expected<std::string, std::string> config_text(const InitRequest& request, const std::vector<ledger::PublicKey>& genesis_link_keys) {
  std::string peers;
  Config judged;
  judged.node = request.node;
  for (const auto& text : request.peers) {
    const auto peer = read_peer(text);
    if (!peer) return Unexpected<std::string>(peer.error());
    judged.peers.push_back(*peer);
    const auto first = text.find('=') + 1;
    peers += "  { node = " + std::to_string(peer->node) + ", address = \"" + text.substr(first, text.find('=', first) - first) + "\"" +
             (peer->link_key ? ", link_key = \"" + peer->link_key->hex() + "\"" : "") + " },\n";
  }
  if (auto wrong = judge_peers(judged, genesis_link_keys)) return Unexpected<std::string>(*wrong + " (give --peer for each)");
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
  if (auto wrong = judge_peers(config, validators)) return Unexpected<std::string>(*wrong);
  // Of a node that came later the registry knows the keys, and the node compares once it has that part of the ledger.
  const bool in_genesis = config.node <= validators.size();
  auto link = in_genesis ? read_seed_of(config.link_key_file, validators[config.node - 1], "link", config.node) : read_seed_file(config.link_key_file);
  if (!link) return Unexpected<std::string>(link.error());
  auto checkpoint = in_genesis ? read_seed_of(config.checkpoint_key_file, (*genesis)->checkpoint_keys()[config.node - 1], "checkpoint", config.node)
                               : read_seed_file(config.checkpoint_key_file);
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

namespace {

/// The seed of the file or, where none is named, a fresh one.
Expected<std::string, std::string> given_or_fresh(const fs::path& file) {
  if (!file.empty()) return read_seed_file(file);
  return ledger::SigningKey::generate().seed();
}

struct Seeds {
  std::string link, checkpoint;
};

Expected<Seeds, std::string> seeds_for(const InitRequest& request, const ledger::Genesis& genesis) {
  const bool in_genesis = request.node <= genesis.link_keys().size();
  if (in_genesis && (request.link_seed_file.empty() || request.checkpoint_seed_file.empty()))
    return Unexpected<std::string>("node " + std::to_string(request.node) + " stands in the genesis: give its keys with --link-seed-file and --checkpoint-seed-file");
  auto link = in_genesis ? read_seed_of(request.link_seed_file, genesis.link_keys()[request.node - 1], "link", request.node) : given_or_fresh(request.link_seed_file);
  if (!link) return Unexpected<std::string>(link.error());
  auto checkpoint = in_genesis ? read_seed_of(request.checkpoint_seed_file, genesis.checkpoint_keys()[request.node - 1], "checkpoint", request.node)
                               : given_or_fresh(request.checkpoint_seed_file);
  if (!checkpoint) return Unexpected<std::string>(checkpoint.error());
  if (*link == *checkpoint) return Unexpected<std::string>("link key and checkpoint key must be two keys");
  return Seeds{std::move(*link), std::move(*checkpoint)};
}

/// What an operator gives to `daftar network add`: public things only.
std::string node_json(const InitRequest& request, const ledger::Genesis& genesis, const Seeds& seeds) {
  const auto public_key = [](const std::string& seed) { return ledger::SigningKey::from_seed(seed)->public_key().hex(); };
  const nlohmann::ordered_json content{{"format", "daftar-node"}, {"version", 1}, {"ledger_id", genesis.ledger_id().hex()}, {"node", request.node},
                                       {"operator", request.operator_member}, {"link_key", public_key(seeds.link)},
                                       {"checkpoint_key", public_key(seeds.checkpoint)}, {"link_address", announced_address(request)}};
  return content.dump(2) + "\n";
}

/// A node that the genesis does not name says who operates it and where the others reach it.
std::optional<std::string> judge_newcomer(const InitRequest& request, std::size_t validators) {
  const std::string who = "node " + std::to_string(request.node) + " is beyond the " + std::to_string(validators) + " of the genesis: ";
  if (!ledger::is_member_id(request.operator_member)) return who + "name the member who operates it with --operator";
  if (!contracts::is_link_address(announced_address(request)))
    return who + "say with --link-address where other nodes reach it, as host:port, not '" + announced_address(request) + "'";
  return std::nullopt;
}

}  // namespace

std::string announced_address(const InitRequest& request) { return request.link_address.empty() ? request.link_listen : request.link_address; }

Expected<fs::path, std::string> init_node(const InitRequest& request) {
  auto genesis = read_genesis_file(request.genesis);
  if (!genesis) return Unexpected<std::string>(genesis.error());
  if (request.node == 0) return Unexpected<std::string>("--node must be 1 or more");
  const bool newcomer = request.node > (*genesis)->link_keys().size();
  if (newcomer)
    if (auto wrong = judge_newcomer(request, (*genesis)->link_keys().size())) return Unexpected<std::string>(*wrong);
  auto seeds = seeds_for(request, **genesis);
  if (!seeds) return Unexpected<std::string>(seeds.error());
  auto text = config_text(request, (*genesis)->link_keys());
  if (!text) return Unexpected<std::string>(text.error());
  if (auto judged = parse_config(*text, "the configuration", request.dir); !judged) return Unexpected<std::string>(judged.error().front());

  std::error_code error;
  fs::create_directories(request.dir, error);
  if (error) return Unexpected<std::string>("cannot make " + request.dir.string() + ": " + error.message());
  for (const char* name : {"config.toml", "genesis.pb", "link.key", "checkpoint.key", "node.json"})
    if (fs::exists(request.dir / name)) return Unexpected<std::string>((request.dir / name).string() + " is there already; nothing is replaced");
  fs::permissions(request.dir, fs::perms::owner_all, error);
  if (error) return Unexpected<std::string>("cannot protect " + request.dir.string() + ": " + error.message());
  if (auto done = write_new_file(request.dir / "genesis.pb", (*genesis)->bytes()); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_seed_file(request.dir / "link.key", seeds->link); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_seed_file(request.dir / "checkpoint.key", seeds->checkpoint); !done) return Unexpected<std::string>(done.error());
  if (auto done = write_new_file(request.dir / "config.toml", *text); !done) return Unexpected<std::string>(done.error());
  if (newcomer)
    if (auto done = write_new_file(request.dir / "node.json", node_json(request, **genesis, *seeds)); !done) return Unexpected<std::string>(done.error());
  sodium_memzero(seeds->link.data(), seeds->link.size());
  sodium_memzero(seeds->checkpoint.data(), seeds->checkpoint.size());
  return request.dir / "config.toml";
}

}  // namespace daftar::node
