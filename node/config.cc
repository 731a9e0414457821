#include "node/config.h"

#include <toml++/toml.h>

#include <boost/asio/ip/address.hpp>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "node/http_message.h"
#include "node/key_file.h"

namespace daftar::node {
namespace {

namespace fs = std::filesystem;

/// Takes a value into the configuration; the sentence goes on after "section.key ".
using Take = std::function<std::optional<std::string>(Config&, const toml::node&, const fs::path& base)>;

struct Option {
  OptionText text;
  bool required = false;
  Take take;
};

Take number(std::uint64_t low, std::uint64_t high, std::function<void(Config&, std::uint64_t)> set) {
  return [=](Config& config, const toml::node& node, const fs::path&) -> std::optional<std::string> {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low || static_cast<std::uint64_t>(*value) > high)
      return "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    set(config, static_cast<std::uint64_t>(*value));
    return std::nullopt;
  };
}

Take path(fs::path Config::*field) {
  return [=](Config& config, const toml::node& node, const fs::path& base) -> std::optional<std::string> {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) return "must be a path in quotes";
    config.*field = (base / *value).lexically_normal();
    return std::nullopt;
  };
}

Take listen(HostPort Config::*field) {
  return [=](Config& config, const toml::node& node, const fs::path&) -> std::optional<std::string> {
    const auto value = node.value_exact<std::string>();
    if (!value) return "must be \"address:port\"";
    auto parsed = parse_host_port(*value);
    if (!parsed) return parsed.error();
    boost::system::error_code error;
    boost::asio::ip::make_address(parsed->host, error);
    if (error) return "must name an IP address to listen on, not '" + parsed->host + "'";
    config.*field = *parsed;
    return std::nullopt;
  };
}

std::optional<std::string> take_tls(Config& config, const toml::node& node, const fs::path&) {
  const auto value = node.value_exact<bool>();
  if (!value) return "must be true or false";
  config.api_tls = *value;
  return std::nullopt;
}

std::optional<std::string> take_level(Config& config, const toml::node& node, const fs::path&) {
  const auto value = node.value_exact<std::string>().value_or("");
  static const std::set<std::string> levels = {"trace", "debug", "info", "warn", "error", "critical", "off"};
  if (!levels.contains(value)) return "must be one of trace, debug, info, warn, error, critical, off";
  config.log_level = value;
  return std::nullopt;
}

std::optional<std::string> take_peers(Config& config, const toml::node& node, const fs::path&) {
  const auto* list = node.as_array();
  if (list == nullptr) return "must be a list of { node = 2, address = \"host:port\" }";
  constexpr std::string_view shape = "must hold tables of exactly node and address, and link_key for a node that the genesis does not name";
  for (const auto& element : *list) {
    const auto* table = element.as_table();
    if (table == nullptr || !table->contains("node") || !table->contains("address") || table->size() != (table->contains("link_key") ? 3 : 2))
      return std::string(shape);
    const auto number = table->get("node")->value_exact<std::int64_t>().value_or(0);
    if (number < 1 || number > 1'000) return "names a peer whose node is not a whole number from 1 to 1000";
    auto address = parse_host_port(table->get("address")->value_exact<std::string>().value_or(""));
    if (!address) return "names peer " + std::to_string(number) + ", whose address " + address.error();
    if (address->port == 0) return "names peer " + std::to_string(number) + " with port 0";
    for (const auto& known : config.peers)
      if (known.node == number) return "names peer " + std::to_string(number) + " twice";
    std::optional<ledger::PublicKey> link_key;
    if (const auto* pinned = table->get("link_key")) {
      link_key = ledger::PublicKey::from_hex(pinned->value_exact<std::string>().value_or(""));
      if (!link_key || !ledger::check_registrable(*link_key)) return "names peer " + std::to_string(number) + ", whose link_key is not the hex of a public key";
    }
    config.peers.push_back({static_cast<std::uint32_t>(number), address->host, address->port, link_key});
  }
  return std::nullopt;
}

const std::vector<Option>& options() {
  using C = Config;
  static const std::vector<Option> table = {
      {{"node", "id", "number", "none, required", "This node's number in the genesis, from 1, or in the registry of the ledger."}, true,
       number(1, 1'000, [](C& c, auto v) { c.node = static_cast<std::uint32_t>(v); })},
      {{"node", "data_dir", "path", "none, required", "Folder of the Raft log and the executed state; made if absent. One node only."}, true, path(&C::data_dir)},
      {{"network", "genesis", "path", "none, required", "The genesis.pb of the ledger, the same bytes on every node."}, true, path(&C::genesis)},
      {{"network", "peers", "list", "[]", "Links of the other nodes: { node = 2, address = \"host:port\" }, with link_key = \"hex\" for one that the genesis does not name. A node of the genesis names all others of it, a later node at least one."}, false, take_peers},
      {{"link", "listen", "address:port", "\"127.0.0.1:0\"", "Where the other nodes reach this one; port 0: the system chooses."}, false, listen(&C::link_listen)},
      {{"link", "key_file", "path", "none, required", "Seed of the link key (TLS between nodes and to clients), mode 0600."}, true, path(&C::link_key_file)},
      {{"checkpoint", "key_file", "path", "none, required", "Seed of the key that signs checkpoints, mode 0600."}, true, path(&C::checkpoint_key_file)},
      {{"api", "listen", "address:port", "\"127.0.0.1:0\"", "Where clients reach the HTTP API; port 0: the system chooses."}, false, listen(&C::api_listen)},
      {{"api", "tls", "true or false", "true", "TLS 1.3 with the link key. false is allowed on a loopback address only."}, false, take_tls},
      {{"api", "threads", "threads", "1", "Threads that serve clients; a connection stays on one of them."}, false,
       number(1, 64, [](C& c, auto v) { c.api_threads = static_cast<unsigned>(v); })},
      {{"log", "level", "word", "\"info\"", "The least that is logged: trace, debug, info, warn, error, critical, off."}, false, take_level},
      {{"log", "file", "path", "standard error", "Where log lines go; appended to, opened at the start."}, false, path(&C::log_file)},
      {{"raft", "tick_ms", "ms", "50", "The core's unit of time; the other two are counted in it."}, false,
       number(5, 1'000, [](C& c, auto v) { c.tick = std::chrono::milliseconds(v); })},
      {{"raft", "election_timeout_ms", "ms", "1000", "Silence of the leader after which a node stands for election; each wait is drawn from 1 to 2 times this."}, false,
       number(50, 60'000, [](C& c, auto v) { c.election_timeout = std::chrono::milliseconds(v); })},
      {{"raft", "heartbeat_ms", "ms", "100", "How often an idle leader shows that it lives; at most half the election timeout."}, false,
       number(5, 10'000, [](C& c, auto v) { c.heartbeat = std::chrono::milliseconds(v); })},
      {{"storage", "log_retain_mib", "MiB", "512", "Raft log kept behind what is executed and flushed; a node that was away longer gets a snapshot instead of it."}, false,
       number(1, 1'048'576, [](C& c, auto v) { c.log_retain_mib = v; })},
      {{"storage", "log_retain_for_laggards_mib", "MiB", "2048", "The same, while the leader knows of a node that still needs it; while one within reach is sent the state, as much log as the state has bytes, if that is more."}, false,
       number(1, 1'048'576, [](C& c, auto v) { c.log_retain_for_laggards_mib = v; })},
      {{"storage", "memtable_mib", "MiB", "64", "State kept in memory before it is flushed: bounds what is executed again after a crash."}, false,
       number(4, 4'096, [](C& c, auto v) { c.memtable_mib = v; })},
      {{"storage", "block_cache_mib", "MiB", "128", "Cache of state read from disk."}, false, number(1, 65'536, [](C& c, auto v) { c.block_cache_mib = v; })},
      {{"storage", "value_cache_mib", "MiB", "256", "Newest values of the state kept in memory for execution."}, false, number(0, 65'536, [](C& c, auto v) { c.value_cache_mib = v; })},
      {{"limits", "connections_max", "connections", "4096", "Client connections in all; further ones are closed at once."}, false,
       number(1, 65'536, [](C& c, auto v) { c.connections_max = v; })},
      {{"limits", "connections_per_address_max", "connections", "1024", "Client connections of one address."}, false,
       number(1, 65'536, [](C& c, auto v) { c.connections_per_address_max = v; })},
      {{"limits", "request_memory_mib", "MiB", "256", "Memory that the bodies of all requests together may take; beyond it: 503."}, false,
       number(8, 65'536, [](C& c, auto v) { c.request_memory_mib = v; })},
      {{"limits", "verifier_threads", "threads", "0", "Threads that verify signatures; 0: one per core."}, false,
       number(0, 256, [](C& c, auto v) { c.verifier_threads = static_cast<unsigned>(v); })},
  };
  return table;
}

const Option* find_option(std::string_view section, std::string_view key) {
  for (const auto& option : options())
    if (option.text.section == section && option.text.key == key) return &option;
  return nullptr;
}

bool known_section(std::string_view section) {
  for (const auto& option : options())
    if (option.text.section == section) return true;
  return false;
}

/// What no single option can judge.
void judge_together(const Config& config, std::vector<std::string>& faults) {
  for (const auto& peer : config.peers)
    if (peer.node == config.node) faults.push_back("network.peers names node " + std::to_string(peer.node) + ", which is this node");
  if (config.heartbeat * 2 > config.election_timeout) faults.emplace_back("raft.heartbeat_ms must be at most half of raft.election_timeout_ms");
  if (config.tick > config.heartbeat) faults.emplace_back("raft.tick_ms must not be longer than raft.heartbeat_ms");
  boost::system::error_code ignored;
  if (!config.api_tls && !boost::asio::ip::make_address(config.api_listen.host, ignored).is_loopback())
    faults.push_back("api.tls = false is allowed on a loopback address only, not on " + config.api_listen.host);
}

Unexpected<std::vector<std::string>> one_fault(std::string sentence) {
  return Unexpected<std::vector<std::string>>(std::vector<std::string>{std::move(sentence)});
}

}  // namespace

Expected<HostPort, std::string> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const Unexpected<std::string> shape("must be \"host:port\" ([address]:port for IPv6), not '" + std::string(text) + "'");
  if (colon == std::string_view::npos || colon == 0) return shape;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return shape;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return shape;
  }
  const auto port = parse_u64(text.substr(colon + 1));
  if (!port || *port > 65'535) return Unexpected<std::string>("has no port from 0 to 65535: '" + std::string(text) + "'");
  return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

Expected<Config, std::vector<std::string>> parse_config(std::string_view text, const std::string& source, const fs::path& base) {
  toml::table document;
  try {
    document = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return one_fault(source + " line " + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
  }
  Config config;
  std::vector<std::string> faults;
  std::set<const Option*> given;
  const auto at = [&](const toml::node& node) { return source + " line " + std::to_string(node.source().begin.line) + ": "; };
  for (const auto& [section, content] : document) {
    const auto* table = content.as_table();
    if (table == nullptr || !known_section(section.str())) {
      faults.push_back(at(content) + "there is no section [" + std::string(section.str()) + "]");
      continue;
    }
    for (const auto& [key, value] : *table) {
      const Option* option = find_option(section.str(), key.str());
      const std::string name = std::string(section.str()) + "." + std::string(key.str());
      if (option == nullptr) {
        faults.push_back(at(value) + "there is no option " + name);
        continue;
      }
      given.insert(option);
      if (const auto wrong = option->take(config, value, base)) faults.push_back(at(value) + name + " " + *wrong);
    }
  }
  for (const auto& option : options())
    if (option.required && !given.contains(&option)) faults.push_back(source + ": " + option.text.section + "." + option.text.key + " is missing");
  if (faults.empty()) judge_together(config, faults);
  if (!faults.empty()) return Unexpected<std::vector<std::string>>(std::move(faults));
  return config;
}

Expected<Config, std::vector<std::string>> read_config(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return one_fault("cannot read the configuration " + file.string());
  return parse_config(text.str(), file.string(), fs::absolute(file).parent_path());
}

const std::vector<OptionText>& option_texts() {
  static const std::vector<OptionText> texts = [] {
    std::vector<OptionText> out;
    for (const auto& option : options()) out.push_back(option.text);
    return out;
  }();
  return texts;
}

}  // namespace daftar::node
