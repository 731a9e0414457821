#include "tools/local_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "tools/files.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

std::uint64_t to_number(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// The words of a running process, joined by spaces; empty when it is gone (or a zombie).
std::string command_line(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (char& c : text)
    if (c == '\0') c = ' ';
  return text;
}

std::string last_lines(const fs::path& file, std::size_t bytes_max) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t from = size > bytes_max ? size - bytes_max : 0;
  in.seekg(static_cast<std::streamoff>(from));
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

}  // namespace

std::uint16_t free_loopback_port(std::set<std::uint16_t>& taken) {
  std::random_device random;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(12000 + random() % 20000);
    if (taken.contains(port)) continue;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (bound) {
      taken.insert(port);
      return port;
    }
  }
  return 0;
}

fs::path program_dir() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

Result<std::shared_ptr<const ledger::Genesis>> read_genesis(const fs::path& file) {
  auto bytes = read_file(file, 256u << 20);
  if (!bytes) return Unexpected<ToolError>(bytes.error());
  auto genesis = ledger::Genesis::parse(std::move(*bytes));
  if (!genesis) return failure(Exit::usage, "genesis", file.string() + " is no genesis: " + genesis.error());
  return std::move(*genesis);
}

Result<NetworkDescription> read_network_description(const fs::path& dir) {
  const fs::path file = dir / "network.json";
  std::error_code ec;
  if (!fs::exists(file, ec))
    return failure(Exit::usage, "no_network", "There is no network in " + dir.string() + ".",
                   "Start one with `daftar network up`, or name its folder with --network DIR.");
  auto text = read_file(file, 1u << 20);
  if (!text) return Unexpected<ToolError>(text.error());
  const json document = json::parse(*text, nullptr, false);
  const auto wrong = [&](const std::string& why) { return failure(Exit::usage, "network_json", file.string() + ": " + why + "."); };
  if (!document.is_object() || document.value("version", json()) != 1) return wrong("not a network description of version 1");
  NetworkDescription out;
  out.dir = fs::absolute(dir);
  const auto path_of = [&](const char* key) -> fs::path {
    const auto it = document.find(key);
    if (it == document.end() || !it->is_string()) return {};
    return out.dir / it->get<std::string>();  // an absolute path stays as it is
  };
  out.name = document.value("name", json("")).is_string() ? document.value("name", "") : "";
  out.genesis_file = path_of("genesis");
  out.keystores = path_of("keystores");
  if (out.genesis_file.empty()) return wrong("'genesis' is missing");
  auto genesis = read_genesis(out.genesis_file);
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  const auto nodes = document.find("nodes");
  if (nodes == document.end() || !nodes->is_array() || nodes->empty()) return wrong("'nodes' is missing");
  for (const json& node : *nodes) {
    Endpoint endpoint;
    endpoint.node = static_cast<std::uint32_t>(to_number(node, "node"));
    endpoint.port = static_cast<std::uint16_t>(to_number(node, "api_port"));
    if (node.contains("host") && node["host"].is_string()) endpoint.host = node["host"].get<std::string>();
    endpoint.tls = node.value("tls", json(true)) != false;
    if (endpoint.node == 0 || endpoint.port == 0) return wrong("a node has no number or no api_port");
    // Whom to believe is never learned from the network: a node that came later is pinned here, by whoever wrote this file.
    const bool in_genesis = endpoint.node <= (*genesis)->link_keys().size();
    const auto pinned = node.contains("link_key") && node["link_key"].is_string() ? ledger::PublicKey::from_hex(node["link_key"].get<std::string>()) : std::nullopt;
    if (!in_genesis && !pinned) return wrong("node " + std::to_string(endpoint.node) + " is not in the genesis and has no 'link_key'");
    endpoint.link_key = in_genesis ? (*genesis)->link_keys()[endpoint.node - 1] : *pinned;
    out.endpoints.push_back(std::move(endpoint));
  }
  return out;
}

struct LocalNetwork::Impl {
  struct Process {
    long pid = 0;
    bool child = false;
    std::optional<int> exit_status;
    std::vector<std::string> wrapper;
  };

  fs::path dir, daftard;
  std::shared_ptr<const ledger::Genesis> genesis;
  std::vector<Endpoint> endpoints;
  std::vector<Process> processes;
  std::map<std::string, ledger::SigningKey> member_keys;
  std::vector<ValidatorKeys> validators;
  bool stop_on_destruction = false;

  fs::path node_dir(unsigned node) const { return dir / ("node-" + std::to_string(node)); }
  fs::path config(unsigned node) const { return node_dir(node) / "config.toml"; }

  bool running(unsigned node) {
    Process& process = processes.at(node - 1);
    if (process.pid == 0) return false;
    if (process.child) {
      int status = 0;
      const pid_t got = ::waitpid(static_cast<pid_t>(process.pid), &status, WNOHANG);
      if (got == 0) return true;
      process.exit_status = got > 0 ? std::optional(status) : std::nullopt;
      process.pid = 0;
      return false;
    }
    // Not our child: a pid may have been given to somebody else since; only a process that names our config is ours.
    if (command_line(process.pid).find(config(node).string()) != std::string::npos) return true;
    process.pid = 0;
    return false;
  }

  Result<void> write_node(unsigned node, const LocalNetworkOptions& options, const ValidatorKeys& keys, const std::vector<std::uint16_t>& link_ports) {
    const fs::path folder = node_dir(node);
    if (auto made = make_private_dir(folder); !made) return made;
    std::string peers = "[";
    for (unsigned other = 1; other <= link_ports.size(); ++other)
      if (other != node)
        peers += (peers.size() > 1 ? ", " : "") + std::string("{ node = ") + std::to_string(other) + ", address = \"127.0.0.1:" +
                 std::to_string(link_ports[other - 1]) + "\" }";
    peers += "]";
    std::map<std::string, std::map<std::string, std::string>> sections;
    sections["node"] = {{"id", std::to_string(node)}, {"data_dir", quoted((folder / "data").string())}};
    sections["network"] = {{"genesis", quoted((dir / "genesis.pb").string())}, {"peers", peers}};
    sections["link"] = {{"listen", quoted("127.0.0.1:" + std::to_string(link_ports[node - 1]))}, {"key_file", quoted((folder / "link.key").string())}};
    sections["checkpoint"] = {{"key_file", quoted((folder / "checkpoint.key").string())}};
    sections["api"] = {{"listen", quoted("127.0.0.1:" + std::to_string(endpoints[node - 1].port))}, {"tls", options.api_tls ? "true" : "false"}};
    for (const auto& [key, value] : options.extra_config) {
      const auto dot = key.find('.');
      if (dot == std::string::npos) return failure(Exit::usage, "extra_config", "'" + key + "' is not written as section.key.");
      sections[key.substr(0, dot)][key.substr(dot + 1)] = value;
    }
    std::string text = "# Node " + std::to_string(node) + " of a development network. Every option: docs/operators.md\n";
    for (const auto& [section, values] : sections) {
      text += "\n[" + section + "]\n";
      for (const auto& [key, value] : values) text += key + " = " + value + "\n";
    }
    if (auto wrote = write_file(config(node), text, 0600); !wrote) return wrote;
    for (const auto& [name, key] : {std::pair{"link.key", &keys.link}, std::pair{"checkpoint.key", &keys.checkpoint}}) {
      const Secret seed(key->seed());
      const Secret line(ledger::to_hex(seed.bytes()) + "\n");
      if (auto wrote = write_file(folder / name, line.bytes(), 0600); !wrote) return wrote;
    }
    return {};
  }
};

LocalNetwork::LocalNetwork() : impl_(std::make_unique<Impl>()) {}
LocalNetwork::LocalNetwork(LocalNetwork&&) noexcept = default;
LocalNetwork& LocalNetwork::operator=(LocalNetwork&&) noexcept = default;
LocalNetwork::~LocalNetwork() {
  if (impl_ && impl_->stop_on_destruction) stop_all(SIGTERM);
}

Result<LocalNetwork> LocalNetwork::create(LocalNetworkOptions options) {
  const fs::path dir = fs::absolute(options.dir).lexically_normal();
  std::error_code ec;
  if (fs::exists(dir / "network.json", ec))
    return failure(Exit::usage, "network_exists", "There is a network in " + dir.string() + " already.", "`daftar network up` starts it again.");
  auto plan = read_network(options.genesis_dir / "network.toml");
  if (!plan) return Unexpected<ToolError>(plan.error());
  auto compiled = compile_genesis(*plan, {.validators = options.nodes, .edit = options.edit_genesis});
  if (!compiled) return Unexpected<ToolError>(compiled.error());

  LocalNetwork network;
  Impl& impl = *network.impl_;
  impl.dir = dir;
  impl.daftard = options.daftard.empty() ? program_dir() / "daftard" : fs::absolute(options.daftard);
  impl.genesis = compiled->genesis;
  const auto nodes = static_cast<unsigned>(impl.genesis->link_keys().size());
  if (auto made = make_private_dir(dir); !made) return Unexpected<ToolError>(made.error());
  if (auto wrote = write_file(dir / "genesis.pb", impl.genesis->bytes()); !wrote) return Unexpected<ToolError>(wrote.error());
  std::string vkeys;
  for (const auto& key : impl.genesis->checkpoint_keys()) vkeys += ledger::note_vkey(impl.genesis->origin(), key) + "\n";
  if (auto wrote = write_file(dir / "vkeys", vkeys); !wrote) return Unexpected<ToolError>(wrote.error());

  std::set<std::uint16_t> taken;
  std::vector<std::uint16_t> link_ports;
  json described = json::array();
  for (unsigned node = 1; node <= nodes; ++node) {
    Endpoint endpoint;
    endpoint.node = node;
    endpoint.port = free_loopback_port(taken);
    endpoint.tls = options.api_tls;
    endpoint.link_key = impl.genesis->link_keys()[node - 1];
    link_ports.push_back(free_loopback_port(taken));
    if (endpoint.port == 0 || link_ports.back() == 0) return failure(Exit::usage, "ports", "No free port was found on 127.0.0.1.");
    described.push_back({{"node", node}, {"host", endpoint.host}, {"api_port", endpoint.port}, {"link_port", link_ports.back()}, {"tls", endpoint.tls}});
    impl.endpoints.push_back(std::move(endpoint));
  }
  impl.processes.resize(nodes);
  for (auto& process : impl.processes) process.wrapper = options.node_wrapper;
  for (unsigned node = 1; node <= nodes; ++node)
    if (auto wrote = impl.write_node(node, options, compiled->validators[node - 1], link_ports); !wrote) return Unexpected<ToolError>(wrote.error());

  if (options.passphrase != nullptr) {
    // One derivation per member, two at a time.
    std::vector<std::pair<const std::string*, const ledger::SigningKey*>> todo;
    for (const auto& [member, key] : compiled->member_keys) todo.emplace_back(&member, &key);
    const auto write_every_second = [&](std::size_t from) -> Result<void> {
      for (std::size_t i = from; i < todo.size(); i += 2)
        if (auto wrote = write_keystore(dir / "keys" / (*todo[i].first + ".json"), *todo[i].first, *todo[i].second, *options.passphrase); !wrote)
          return wrote;
      return {};
    };
    if (auto made = make_private_dir(dir / "keys"); !made) return Unexpected<ToolError>(made.error());
    auto other = std::async(std::launch::async, write_every_second, 1);
    auto one = write_every_second(0);
    auto two = other.get();
    if (!one) return Unexpected<ToolError>(one.error());
    if (!two) return Unexpected<ToolError>(two.error());
  } else {
    impl.member_keys = std::move(compiled->member_keys);
  }
  impl.validators = std::move(compiled->validators);
  const json description = {{"version", 1}, {"name", impl.genesis->content().name()}, {"genesis", "genesis.pb"}, {"keystores", "keys"}, {"nodes", described}};
  if (auto wrote = write_file(dir / "network.json", description.dump(2) + "\n"); !wrote) return Unexpected<ToolError>(wrote.error());
  return network;
}

Result<LocalNetwork> LocalNetwork::open(const fs::path& dir, const fs::path& daftard) {
  auto description = read_network_description(fs::absolute(dir).lexically_normal());
  if (!description) return Unexpected<ToolError>(description.error());
  auto genesis = read_genesis(description->genesis_file);
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  LocalNetwork network;
  Impl& impl = *network.impl_;
  impl.dir = description->dir;
  impl.daftard = daftard.empty() ? program_dir() / "daftard" : fs::absolute(daftard);
  impl.genesis = std::move(*genesis);
  impl.endpoints = std::move(description->endpoints);
  impl.processes.resize(impl.endpoints.size());
  for (unsigned node = 1; node <= impl.endpoints.size(); ++node) {
    std::ifstream file(impl.node_dir(node) / "pid");
    file >> impl.processes[node - 1].pid;
    if (!file) impl.processes[node - 1].pid = 0;
  }
  return network;
}

Result<void> LocalNetwork::adopt_node(Endpoint endpoint) {
  const fs::path file = impl_->dir / "network.json";
  if (endpoint.node != nodes() + 1) return failure(Exit::usage, "node_number_not_next", "The next node of this network is " + std::to_string(nodes() + 1) + ".");
  auto text = read_file(file, 1u << 20);
  if (!text) return Unexpected<ToolError>(text.error());
  json document = json::parse(*text, nullptr, false);
  if (!document.is_object() || !document["nodes"].is_array()) return failure(Exit::usage, "network_json", file.string() + ": not a network description.");
  document["nodes"].push_back({{"node", endpoint.node}, {"host", endpoint.host}, {"api_port", endpoint.port}, {"tls", endpoint.tls}, {"link_key", endpoint.link_key.hex()}});
  if (auto wrote = write_file(file, document.dump(2) + "\n"); !wrote) return wrote;
  impl_->endpoints.push_back(std::move(endpoint));
  impl_->processes.emplace_back();
  return {};
}

const fs::path& LocalNetwork::dir() const { return impl_->dir; }
std::shared_ptr<const ledger::Genesis> LocalNetwork::genesis() const { return impl_->genesis; }
unsigned LocalNetwork::nodes() const { return static_cast<unsigned>(impl_->endpoints.size()); }
const std::vector<Endpoint>& LocalNetwork::endpoints() const { return impl_->endpoints; }
fs::path LocalNetwork::node_dir(unsigned node) const { return impl_->node_dir(node); }
fs::path LocalNetwork::log_file(unsigned node) const { return impl_->node_dir(node) / "log"; }
const ledger::SigningKey& LocalNetwork::member_key(const std::string& member) const {
  const auto it = impl_->member_keys.find(member);
  DAFTAR_CHECK(it != impl_->member_keys.end());
  return it->second;
}
const ValidatorKeys& LocalNetwork::validator_keys(unsigned node) const { return impl_->validators.at(node - 1); }
void LocalNetwork::stop_on_destruction(bool stop) { impl_->stop_on_destruction = stop; }
void LocalNetwork::wrap_node(unsigned node, std::vector<std::string> words) { impl_->processes.at(node - 1).wrapper = std::move(words); }
bool LocalNetwork::running(unsigned node) const { return impl_->running(node); }
long LocalNetwork::pid(unsigned node) const { return impl_->running(node) ? impl_->processes[node - 1].pid : 0; }

Result<void> LocalNetwork::start_node(unsigned node) {
  if (impl_->running(node)) return {};
  if (::access(impl_->daftard.c_str(), X_OK) != 0)
    return failure(Exit::usage, "daftard_missing", "There is no program " + impl_->daftard.string() + ".", "Build it with tools/build, or name it with --daftard.");
  auto& process = impl_->processes.at(node - 1);
  std::vector<std::string> words = process.wrapper;
  words.insert(words.end(), {impl_->daftard.string(), "run", "--config", impl_->config(node).string()});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int log = ::open(log_file(node).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (log < 0 || null < 0) return failure(Exit::usage, "log", "Cannot write " + log_file(node).string() + ": " + std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    // Only async-signal-safe calls until exec: the parent may have threads.
    ::setsid();
    ::dup2(null, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::signal(SIGPIPE, SIG_DFL);
    // No descriptor of ours may live on in a node: a pipe that a script waits on would never end.
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
    ::execvp(arguments[0], arguments.data());
    _exit(127);
  }
  ::close(log);
  ::close(null);
  if (child < 0) return failure(Exit::usage, "fork", std::string("Cannot start a process: ") + std::strerror(errno));
  process.pid = child;
  process.child = true;
  process.exit_status.reset();
  return write_file(impl_->node_dir(node) / "pid", std::to_string(child) + "\n");
}

Result<void> LocalNetwork::start_all() {
  for (unsigned node = 1; node <= nodes(); ++node)
    if (auto started = start_node(node); !started) return started;
  return {};
}

std::optional<int> LocalNetwork::stop_node(unsigned node, int signal, milliseconds patience) {
  if (!impl_->running(node)) return impl_->processes[node - 1].exit_status;
  auto& process = impl_->processes[node - 1];
  ::kill(static_cast<pid_t>(process.pid), signal);
  if (signal != SIGKILL && signal != SIGTERM && signal != SIGINT) return std::nullopt;
  const auto deadline = Clock::now() + patience;
  bool killed = signal == SIGKILL;
  while (impl_->running(node)) {
    if (!killed && Clock::now() >= deadline) {
      ::kill(static_cast<pid_t>(process.pid), SIGKILL);
      killed = true;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  std::error_code ec;
  fs::remove(impl_->node_dir(node) / "pid", ec);
  return process.exit_status;
}

void LocalNetwork::stop_all(int signal) {
  for (unsigned node = 1; node <= nodes(); ++node)
    if (impl_->running(node)) ::kill(static_cast<pid_t>(impl_->processes[node - 1].pid), signal);
  for (unsigned node = 1; node <= nodes(); ++node) stop_node(node, signal);
}

Result<json> LocalNetwork::node_status(unsigned node) {
  NodeConnection connection(impl_->endpoints.at(node - 1), {milliseconds(1000), milliseconds(3000)});
  auto answer = connection.request("GET", "/v1/status");
  if (!answer) return Unexpected<ToolError>(answer.error());
  json document = json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !document.is_object())
    return failure(Exit::unreachable, "status", "Node " + std::to_string(node) + " answered its status with HTTP " + std::to_string(answer->status) + ".");
  return document;
}

std::optional<unsigned> LocalNetwork::leader() {
  std::optional<std::uint64_t> found;
  for (unsigned node = 1; node <= nodes(); ++node) {
    if (!impl_->running(node)) continue;
    const auto status = node_status(node);
    if (!status) return std::nullopt;
    const std::uint64_t leader = to_number(*status, "leader");
    if (leader == 0 || (found && *found != leader)) return std::nullopt;
    found = leader;
  }
  if (!found || *found > nodes() || !impl_->running(static_cast<unsigned>(*found))) return std::nullopt;
  return static_cast<unsigned>(*found);
}

Result<void> LocalNetwork::wait_ready(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::vector<bool> was_running(nodes() + 1);
  for (unsigned node = 1; node <= nodes(); ++node) was_running[node] = impl_->running(node);
  std::string because = "no node runs";
  for (;;) {
    bool all = true, any = false;
    std::set<std::uint64_t> leaders;
    for (unsigned node = 1; node <= nodes() && all; ++node) {
      if (!impl_->running(node)) {
        if (was_running[node])
          return failure(Exit::unreachable, "node_died", "Node " + std::to_string(node) + " stopped. The end of its log:\n" + last_lines(log_file(node), 2000),
                         "The whole log: " + log_file(node).string());
        continue;
      }
      any = true;
      const auto status = node_status(node);
      if (!status || status->value("ready", json()) != true) {
        all = false;
        because = "node " + std::to_string(node) + ": " +
                  (!status ? status.error().sentence
                           : status->value("not_ready_because", json("")).is_string() ? status->value("not_ready_because", "") : "not ready");
      } else {
        leaders.insert(to_number(*status, "leader"));
      }
    }
    if (all && any && leaders.size() == 1 && *leaders.begin() != 0) return {};
    if (all && any) because = "the nodes name different leaders";
    if (Clock::now() >= deadline)
      return failure(Exit::unreachable, "not_ready", "The network is not ready after " + std::to_string(timeout.count() / 1000) + " s: " + because + ".",
                     "Logs: " + (impl_->dir / "node-*/log").string());
    std::this_thread::sleep_for(milliseconds(20));
  }
}

ApiClient LocalNetwork::client() const { return ApiClient(impl_->endpoints, impl_->genesis->ledger_id()); }

}  // namespace daftar::tools
